"""The ways in which libraries write momentum, and how to pass from one to another."""

from __future__ import annotations

from typing import NamedTuple

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, answer, fraction, positive, real
from sgdcourse.theory.momentum import momentum_range

__all__ = ["Setting", "convert_momentum", "effective_lr", "keras_momentum"]

CONVENTIONS = ("pytorch", "keras", "sutskever", "averaging")


class Setting(NamedTuple):
    """Learning rate and momentum in one library's convention.

    Attributes
    ----------
    lr : float
        Learning rate.
    momentum : float
        Momentum, or the averaging constant β.

    Examples
    --------
    >>> Setting(lr=0.1, momentum=0.9).lr
    0.1
    """

    lr: float
    momentum: float


def effective_lr(lr: Value, momentum: Value, *, dampening: Value = 0.0) -> Value:
    """Step that momentum takes, in the long run, along a gradient that does not change.

    η(1 − d)/(1 − μ), since the velocity tends to g(1 − d)/(1 − μ).

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η.
    momentum : float or Tensor, in [0, 1)
        Momentum μ.
    dampening : float or Tensor, in [0, 1], default 0
        Dampening d; PyTorch ignores it where the momentum is 0.

    Returns
    -------
    float or Tensor
        The effective step size. With Nesterov's method it is the same.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Wang, Malladi, Wang, Lyu, Li (2024), ICLR, arXiv:2307.15196, section 2.

    Examples
    --------
    >>> round(effective_lr(0.01, 0.9), 6)
    0.1
    """
    eta, mu = real("lr", lr, low=0), momentum_range(momentum)
    kept = 1 - real("dampening", dampening, low=0, high=1) * (mu > 0)
    return answer(eta * kept / (1 - mu), lr, momentum, dampening)


def convert_momentum(lr: float, momentum: float, *, source: str, target: str) -> Setting:
    """Translate a recipe with momentum from one convention to another, at a constant lr.

    ========== ============================== =====================
    name       velocity                       step
    ========== ============================== =====================
    pytorch    v ← μv + g                     w ← w − ηv
    keras      v ← μv − ηg                    w ← w + v
    sutskever  v ← μv − η∇f(w + μv)           w ← w + v
    averaging  v ← βv + (1 − β)g              w ← w − ηv
    ========== ============================== =====================

    The first three take the same η and μ; averaging needs η/(1 − β). Sutskever's is Nesterov's
    method: it walks PyTorch's path with `nesterov=True`, which stores the point looked ahead to,
    w + μv, and no numbers make it the heavy ball's.

    Parameters
    ----------
    lr : float, ≥ 0
        Learning rate in the source's convention.
    momentum : float, in [0, 1)
        Momentum μ or averaging constant β.
    source, target : {"pytorch", "keras", "sutskever", "averaging"}
        Names of the conventions.

    Returns
    -------
    Setting
        The `lr` and `momentum` of the same recipe.

    Raises
    ------
    ValueError
        If an argument is out of range or a name unknown.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton (2013), ICML, equations 1 to 4.

    Examples
    --------
    >>> convert_momentum(0.5, 0.75, source="averaging", target="pytorch")
    Setting(lr=0.125, momentum=0.75)
    """
    eta = _checks.number("lr", lr, low=0)
    mu = float(momentum_range(momentum).item())
    scale = {"averaging": 1 - mu}
    start = scale.get(_checks.one_of("source", source, CONVENTIONS), 1.0)
    end = scale.get(_checks.one_of("target", target, CONVENTIONS), 1.0)
    return Setting(lr=eta * start / end, momentum=mu)


def keras_momentum(momentum: Value, *, lr: Value, previous_lr: Value) -> Value:
    """Momentum for Keras that keeps on PyTorch's path when a schedule changes the lr.

    Keras keeps ηv as its velocity, so that old gradients keep the lr they were met with.
    PyTorch's path needs μ · ηₜ/ηₜ₋₁ at step t.

    Parameters
    ----------
    momentum : float or Tensor, in [0, 1)
        PyTorch's momentum μ.
    lr : float or Tensor, ≥ 0
        ηₜ, learning rate of this step.
    previous_lr : float or Tensor, > 0
        ηₜ₋₁, learning rate of the step before.

    Returns
    -------
    float or Tensor
        The momentum to give to Keras at this step; it may exceed 1 while the lr grows.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Goyal et al. (2017), arXiv:1706.02677, section 3, remark 2 (momentum correction).

    Examples
    --------
    >>> keras_momentum(0.9, lr=0.05, previous_lr=0.1)
    0.45
    """
    mu = fraction("momentum", momentum)
    ratio = real("lr", lr, low=0) / positive("previous_lr", previous_lr)
    return answer(mu * ratio, momentum, lr, previous_lr)
