"""Arithmetic that update rules share: in place, and with numbers or tensors alike.

With numbers every function here is one PyTorch call with `alpha=` or `value=`, in the order in
which PyTorch's own optimizers make them, so that results agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = ["add_", "add_ratio_", "add_square_", "count", "directed", "on_copies", "slot", "used"]

Number = float | Tensor
State = dict[str, Tensor]


def on_copies(
    rule: Callable[..., None], param: Tensor, grad: Tensor, state: State, hyper: dict[str, Any]
) -> tuple[Tensor, State]:
    """Check the hyper-parameters, then apply an in-place rule to copies."""
    for name, value in hyper.items():
        if not isinstance(value, Tensor | bool):
            _checks.number(
                name, value, low=0, high=1 if "beta" in name else None, open_high="beta" in name
            )
    new_param = param.detach().clone()
    new_state = {key: value.clone() for key, value in state.items()}
    rule(new_param, grad, new_state, **hyper)
    return new_param, new_state


def used(value: Number) -> bool:
    """Say whether a hyper-parameter can have an effect (a tensor always can)."""
    return isinstance(value, Tensor) or value != 0


def directed(grad: Tensor, param: Tensor, weight_decay: Number, maximize: bool) -> Tensor:
    """Return the gradient with its sign and the weight decay in it."""
    grad = -grad if maximize else grad
    if not used(weight_decay):
        return grad
    if isinstance(weight_decay, Tensor):
        return grad.addcmul(param, weight_decay)
    return grad.add(param, alpha=weight_decay)


def count(state: State) -> float:
    """Add one to the state's step number and return it."""
    state["step"] = state.get("step", torch.tensor(0.0)) + 1
    return state["step"].item()


def slot(state: State, key: str, like: Tensor) -> Tensor:
    """Return the tensor of that name in the state, made of zeros when it is new."""
    return state.setdefault(key, torch.zeros_like(like)) if key not in state else state[key]


def add_(target: Tensor, source: Tensor | float, scale: Number) -> Tensor:
    """Add scale · source to the target in place."""
    if not isinstance(source, Tensor):
        return target.add_(scale * source)
    if isinstance(scale, Tensor):
        return target.addcmul_(source, scale)
    return target.add_(source, alpha=scale)


def add_square_(target: Tensor, source: Tensor, scale: Number) -> Tensor:
    """Add scale · source² to the target in place."""
    if isinstance(scale, Tensor):
        return target.add_(source * source * scale)
    return target.addcmul_(source, source, value=scale)


def add_ratio_(target: Tensor, top: Tensor, bottom: Tensor, scale: Number) -> None:
    """Add scale · top / bottom to the target in place."""
    if isinstance(scale, Tensor):
        target.add_(top / bottom * scale)
    else:
        target.addcdiv_(top, bottom, value=scale)
