"""Update rules: how a gradient changes a parameter. The one place where an update is written.

Every rule comes twice. `sgd_` works in place, as PyTorch's optimizers do, and is the inner loop
of everything in this package that trains: it checks no argument, and takes whatever is true or
false for a flag, as PyTorch does. `sgd` gives back new tensors and leaves its arguments alone: it
checks them, every number in a tensor too, and then applies the same function to copies.

A rule's `state` is a dictionary of tensors, empty before the first step. Hyper-parameters are
numbers or tensors that broadcast against the parameter, so that one call can update a thousand
runs that each have their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sgdcourse import _checks
from sgdcourse._updates import Number, State, add_, directed, on_copies, used
from sgdcourse.adaptive import (
    adagrad,
    adagrad_,
    adam,
    adam_,
    adamw,
    adamw_,
    rmsprop,
    rmsprop_,
)

__all__ = [
    "RULES",
    "adagrad",
    "adagrad_",
    "adam",
    "adam_",
    "adamw",
    "adamw_",
    "hyperparameters",
    "rmsprop",
    "rmsprop_",
    "sgd",
    "sgd_",
]


def sgd_(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number,
    momentum: Number = 0.0,
    dampening: Number = 0.0,
    nesterov: bool | Tensor = False,
    weight_decay: Number = 0.0,
    maximize: bool = False,
) -> None:
    """Do one step of `sgd` in place; see there. Arguments are not checked."""
    grad = directed(grad, param, weight_decay, maximize)
    if used(momentum):
        grad = _velocity(grad, state, momentum, dampening, nesterov)
    add_(param, grad, -lr)


def sgd(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number,
    momentum: Number = 0.0,
    dampening: Number = 0.0,
    nesterov: bool | Tensor = False,
    weight_decay: Number = 0.0,
    maximize: bool = False,
) -> tuple[Tensor, State]:
    """Return a parameter and its state after one step of stochastic gradient descent.

    With the parameter w, its gradient g, the velocity v, `lr` η, `momentum` μ, `dampening` τ and
    `weight_decay` λ::

        g ← g + λw
        v ← μv + (1 − τ)g        (v ← g on the first step)
        w ← w − ηv               (w ← w − η(g + μv) with nesterov)

    Parameters
    ----------
    param, grad : Tensor
        A parameter and its gradient, of one shape.
    state : dict
        Empty before the first step; then what the last call returned (key "momentum_buffer").
    lr, momentum, dampening, weight_decay : float or Tensor, ≥ 0
        Numbers, or tensors that broadcast against `param`.
    nesterov : bool or Tensor of bool
        Look ahead along the velocity. Without momentum it changes nothing.
    maximize : bool
        Climb instead of descend.

    Returns
    -------
    tuple of (Tensor, dict)
        New parameter and new state; the arguments are left alone.

    Raises
    ------
    ValueError, TypeError
        If `grad` has another shape than `param`, a hyper-parameter is negative, not finite or
        does not broadcast against `param`, or a flag is neither True nor False.

    References
    ----------
    Sutskever et al. (2013), eqs. 1-4; PyTorch's form, where η stands outside the velocity.

    Examples
    --------
    >>> w, state = sgd(torch.tensor(1.0), torch.tensor(2.0), {}, lr=0.1, momentum=0.9)
    >>> w, state = sgd(w, torch.tensor(2.0), state, lr=0.1, momentum=0.9)
    >>> round(w.item(), 4), round(state["momentum_buffer"].item(), 4)
    (0.42, 3.8)
    """
    hyper = {
        "lr": lr,
        "momentum": momentum,
        "dampening": dampening,
        "nesterov": nesterov,
        "weight_decay": weight_decay,
        "maximize": maximize,
    }
    return on_copies(sgd_, param, grad, state, hyper)


def _velocity(
    grad: Tensor, state: State, momentum: Number, dampening: Number, nesterov: bool | Tensor
) -> Tensor:
    """Update the velocity and return the direction of the step."""
    if state.get("momentum_buffer") is None:
        velocity = state["momentum_buffer"] = grad.clone()
    else:
        velocity = state["momentum_buffer"].mul_(momentum)
        if isinstance(momentum, Tensor) and used(dampening):
            unused = momentum == 0  # a run without momentum ignores it
            dampening = torch.where(unused, torch.zeros_like(momentum), dampening)
        add_(velocity, grad, 1 - dampening)
    if not isinstance(nesterov, Tensor) and not nesterov:
        return velocity
    ahead = add_(grad.clone(), velocity, momentum)
    return torch.where(nesterov, ahead, velocity) if isinstance(nesterov, Tensor) else ahead


#: The update rules in place, by the names that `sweep` takes as `rule`.
#:
#: :meta hide-value:
RULES: dict[str, Callable[..., None]] = {
    "sgd": sgd_,
    "adagrad": adagrad_,
    "rmsprop": rmsprop_,
    "adam": adam_,
    "adamw": adamw_,
}


def hyperparameters(rule: str) -> dict[str, Any]:
    """Return the hyper-parameters of a rule and their defaults.

    Parameters
    ----------
    rule : str
        One of the names in `RULES`.

    Returns
    -------
    dict
        Name → default; `inspect.Parameter.empty` where there is none.

    Raises
    ------
    ValueError
        If there is no rule of that name.

    Examples
    --------
    >>> hyperparameters("adam")["beta2"]
    0.999
    """
    _checks.one_of("rule", rule, RULES)
    parameters = inspect.signature(RULES[rule]).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
