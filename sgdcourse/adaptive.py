"""Update rules that give every parameter a step size of its own. `sgdcourse.rules` holds them all.

Conventions are those of `sgdcourse.rules`: `adam` returns new tensors, `adam_` works in place.
"""

from __future__ import annotations

from torch import Tensor

from sgdcourse._updates import (
    Number,
    State,
    add_,
    add_ratio_,
    add_square_,
    count,
    directed,
    on_copies,
    slot,
    used,
)

__all__ = [
    "adagrad",
    "adagrad_",
    "adam",
    "adam_",
    "adamw",
    "adamw_",
    "rmsprop",
    "rmsprop_",
]


def adagrad_(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number = 0.01,
    lr_decay: Number = 0.0,
    weight_decay: Number = 0.0,
    eps: Number = 1e-10,
    maximize: bool = False,
) -> None:
    """Do one step of `adagrad` in place; see there. Arguments are not checked."""
    grad = directed(grad, param, weight_decay, maximize)
    step = count(state)
    total = slot(state, "sum", param)
    total.addcmul_(grad, grad)
    add_ratio_(param, grad, add_(total.sqrt(), 1.0, eps), -(lr / (1 + (step - 1) * lr_decay)))


def adagrad(param: Tensor, grad: Tensor, state: State, **hyper: Number) -> tuple[Tensor, State]:
    """Return a parameter and its state after one step of Adagrad.

    With `lr` η, `eps` ε, `lr_decay` δ and the step number t = 1, 2, …::

        s ← s + g²
        w ← w − η / (1 + (t − 1)δ) · g / (√s + ε)

    Parameters
    ----------
    param, grad, state, weight_decay, maximize
        As in `sgd`; the state's keys are "step" and "sum".
    lr, lr_decay, eps : float or Tensor, ≥ 0
        Numbers, or tensors that broadcast against `param`; default 0.01, 0 and 1e-10.

    Returns
    -------
    tuple of (Tensor, dict)
        New parameter and new state.

    Raises
    ------
    ValueError, TypeError
        As in `sgd`.

    References
    ----------
    Duchi, Hazan, Singer (2011), JMLR 12, figure 1 (diagonal version).

    Examples
    --------
    >>> import torch
    >>> w, state = adagrad(torch.tensor(1.0), torch.tensor(4.0), {}, lr=0.1)
    >>> round(w.item(), 4)
    0.9
    """
    return on_copies(adagrad_, param, grad, state, hyper)


def rmsprop_(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number = 0.01,
    alpha: Number = 0.99,
    eps: Number = 1e-8,
    weight_decay: Number = 0.0,
    momentum: Number = 0.0,
    centered: bool = False,
    maximize: bool = False,
) -> None:
    """Do one step of `rmsprop` in place; see there. Arguments are not checked."""
    grad = directed(grad, param, weight_decay, maximize)
    square = slot(state, "square_avg", param)
    add_square_(square.mul_(alpha), grad, 1 - alpha)
    scale = square
    if centered:
        mean = slot(state, "grad_avg", param)
        mean.lerp_(grad, 1 - alpha)
        scale = square.addcmul(mean, mean, value=-1)
    scale = add_(scale.sqrt(), 1.0, eps)
    if used(momentum):
        velocity = slot(state, "momentum_buffer", param).mul_(momentum).addcdiv_(grad, scale)
        add_(param, velocity, -lr)
    else:
        add_ratio_(param, grad, scale, -lr)


def rmsprop(param: Tensor, grad: Tensor, state: State, **hyper: Number) -> tuple[Tensor, State]:
    """Return a parameter and its state after one step of RMSProp.

    With `lr` η, `alpha` α, `eps` ε and `momentum` μ::

        s ← αs + (1 − α)g²
        v ← μv + g / (√s + ε)
        w ← w − ηv

    With `centered` the square of the running mean of g is taken from s before the root.

    Parameters
    ----------
    param, grad, state, weight_decay, maximize
        As in `sgd`; the state's keys are "square_avg" and, where used, "grad_avg" and
        "momentum_buffer".
    lr, alpha, eps, momentum : float or Tensor, ≥ 0, alpha ≤ 1
        Numbers, or tensors that broadcast against `param`; default 0.01, 0.99, 1e-8 and 0.
    centered : bool
        Divide by an estimate of the standard deviation instead of the root mean square.

    Returns
    -------
    tuple of (Tensor, dict)
        New parameter and new state.

    Raises
    ------
    ValueError, TypeError
        As in `sgd`, or if `alpha` is above 1.

    References
    ----------
    Tieleman, Hinton (2012), lecture 6.5; centered: Graves (2013), arXiv:1308.0850, eqs. 38-45.

    Examples
    --------
    >>> import torch
    >>> w, state = rmsprop(torch.tensor(1.0), torch.tensor(4.0), {}, lr=0.1, alpha=0.75)
    >>> round(w.item(), 4)
    0.8
    """
    return on_copies(rmsprop_, param, grad, state, hyper)


def adam_(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number = 1e-3,
    beta1: Number = 0.9,
    beta2: Number = 0.999,
    eps: Number = 1e-8,
    weight_decay: Number = 0.0,
    maximize: bool = False,
) -> None:
    """Do one step of `adam` in place; see there. Arguments are not checked."""
    grad = directed(grad, param, weight_decay, maximize)
    step = count(state)
    mean = slot(state, "exp_avg", param).lerp_(grad, 1 - beta1)
    square = add_square_(slot(state, "exp_avg_sq", param).mul_(beta2), grad, 1 - beta2)
    scale = add_(square.sqrt() / (1 - beta2**step) ** 0.5, 1.0, eps)
    add_ratio_(param, mean, scale, -(lr / (1 - beta1**step)))


def adam(param: Tensor, grad: Tensor, state: State, **hyper: Number) -> tuple[Tensor, State]:
    """Return a parameter and its state after one step of Adam.

    With `lr` η, `beta1` β₁, `beta2` β₂, `eps` ε and the step number t = 1, 2, …::

        m ← β₁m + (1 − β₁)g
        s ← β₂s + (1 − β₂)g²
        w ← w − η · m/(1 − β₁ᵗ) / (√(s/(1 − β₂ᵗ)) + ε)

    Parameters
    ----------
    param, grad, state, maximize
        As in `sgd`; the state's keys are "step", "exp_avg" and "exp_avg_sq".
    lr, beta1, beta2, eps : float or Tensor, ≥ 0
        Numbers, or tensors that broadcast against `param`; default 1e-3, 0.9, 0.999 and 1e-8.
    weight_decay : float or Tensor, ≥ 0
        Added to the gradient as λw, as in `sgd`; `adamw` shrinks the weights instead.

    Returns
    -------
    tuple of (Tensor, dict)
        New parameter and new state.

    Raises
    ------
    ValueError, TypeError
        As in `sgd`, or if a beta is 1 or more.

    References
    ----------
    Kingma, Ba (2015), arXiv:1412.6980, algorithm 1.

    Examples
    --------
    >>> import torch
    >>> w, state = adam(torch.tensor(1.0), torch.tensor(4.0), {}, lr=0.1)
    >>> round(w.item(), 4)
    0.9
    """
    return on_copies(adam_, param, grad, state, hyper)


def adamw_(
    param: Tensor,
    grad: Tensor,
    state: State,
    *,
    lr: Number = 1e-3,
    beta1: Number = 0.9,
    beta2: Number = 0.999,
    eps: Number = 1e-8,
    weight_decay: Number = 0.01,
    maximize: bool = False,
) -> None:
    """Do one step of `adamw` in place; see there. Arguments are not checked."""
    if used(weight_decay):
        param.mul_(1 - lr * weight_decay)
    adam_(param, grad, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, maximize=maximize)


def adamw(param: Tensor, grad: Tensor, state: State, **hyper: Number) -> tuple[Tensor, State]:
    """Return a parameter and its state after one step of AdamW.

    With `lr` η and `weight_decay` λ::

        w ← (1 − ηλ)w,  then the step of `adam` without weight decay.

    Parameters
    ----------
    param, grad, state, lr, beta1, beta2, eps, maximize
        As in `adam`.
    weight_decay : float or Tensor, ≥ 0
        Shrinks the weights by the factor 1 − ηλ, apart from the gradient; default 0.01.

    Returns
    -------
    tuple of (Tensor, dict)
        New parameter and new state.

    Raises
    ------
    ValueError, TypeError
        As in `sgd`, or if a beta is 1 or more.

    References
    ----------
    Loshchilov, Hutter (2019), arXiv:1711.05101, algorithm 2, in PyTorch's form (ηλ, not λ).

    Examples
    --------
    >>> import torch
    >>> w, state = adamw(torch.tensor(1.0), torch.tensor(0.0), {}, lr=0.1, weight_decay=0.5)
    >>> round(w.item(), 4)
    0.95
    """
    return on_copies(adamw_, param, grad, state, hyper)
