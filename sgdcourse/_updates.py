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

__all__ = [
    "add_",
    "add_ratio_",
    "add_square_",
    "count",
    "directed",
    "on_copies",
    "one_hyper",
    "slot",
    "used",
]

Number = float | Tensor
State = dict[str, Tensor]

FLAGS = ("nesterov", "maximize", "centered")


def on_copies(
    rule: Callable[..., None], param: Tensor, grad: Tensor, state: State, hyper: dict[str, Any]
) -> tuple[Tensor, State]:
    """Check the arguments of a rule, then apply its in-place twin to copies."""
    _checks.tensor("param", param, finite=False)
    if not param.is_floating_point() and not param.is_complex():
        _checks.fail("param", "a floating-point tensor", param.dtype, error=TypeError)
    if _checks.tensor("grad", grad, finite=False).shape != param.shape:
        _checks.fail("grad", f"of the shape of param {tuple(param.shape)}", tuple(grad.shape))
    if not isinstance(state, dict):
        _checks.fail("state", "a dictionary, empty before the first step", state, error=TypeError)
    for name, value in hyper.items():
        check_hyper(name, value, param.shape)
    new_param = param.detach().clone()
    new_state = {key: value.clone() for key, value in state.items() if value is not None}
    rule(new_param, grad, new_state, **hyper)
    return new_param, new_state


def check_hyper(name: str, value: Any, shape: torch.Size) -> None:
    """Check a hyper-parameter: a number, or a tensor of them that broadcasts to `shape`."""
    if not isinstance(value, Tensor) or name in ("maximize", "centered"):
        one_hyper(name, value)
        return
    if not _broadcasts(value, shape):
        _checks.fail(name, f"a tensor that broadcasts to {tuple(shape)}", tuple(value.shape))
    for one in set(value.flatten().tolist()):
        one_hyper(name, one)


def one_hyper(name: str, value: Any) -> bool | float:
    """Return a hyper-parameter if it is a flag, or a number in the range of its name."""
    if name in FLAGS:
        return _checks.flag(name, value)
    high = 1 if name in ("alpha", "beta1", "beta2") else None
    return _checks.number(name, value, low=0, high=high, open_high=name != "alpha")


def _broadcasts(value: Tensor, shape: torch.Size) -> bool:
    """Say whether a tensor fits another one's shape without enlarging it."""
    try:
        return torch.broadcast_shapes(value.shape, shape) == shape
    except RuntimeError:
        return False


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
