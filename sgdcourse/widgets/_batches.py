"""The noisy quadratic model of the batch-size explorer, in closed form, as the page computes it."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["BATCHES", "best_lr", "expected_loss", "scaled_lr", "steps_to"]

BATCHES = [2**i for i in range(15)]
_CURVATURES = [1 / (i + 1) for i in range(16)]
_START = 2 / sum(_CURVATURES)
_LONGEST = 1e7
_GOLDEN = (math.sqrt(5) - 1) / 2


def expected_loss(t: float, *, lr: float, batch: float, noise: float) -> float:
    """Return the expected loss after `t` steps; it starts at 1.

    L = ½ Σ λ e with e(t) = (1 − ηλ)²ᵗ e₀ + (1 − (1 − ηλ)²ᵗ) ησ²e₀/(B(2 − ηλ)),  λ = 1, ½, … 1/16.

    References
    ----------
    Zhang et al. (2019), arXiv:1907.04164, section 3.

    Examples
    --------
    >>> round(expected_loss(0, lr=0.1, batch=1, noise=3.0), 12)
    1.0
    """
    loss = 0.0
    for curvature in _CURVATURES:
        left = ((1 - lr * curvature) ** 2) ** t
        floor = lr * noise**2 * _START / (batch * (2 - lr * curvature))
        loss += 0.5 * curvature * (left * _START + (1 - left) * floor)
    return loss


def steps_to(target: float, *, lr: float, batch: float, noise: float) -> float:
    """Return the steps, as a real number, until the expected loss reaches `target`; inf if never.

    Examples
    --------
    >>> steps_to(0.05, lr=2.0, batch=1, noise=3.0)
    inf
    """

    def loss(t: float) -> float:
        return expected_loss(t, lr=lr, batch=batch, noise=noise)

    if lr >= 2 or not loss(_LONGEST) < target:
        return math.inf
    high = 1.0
    while high < _LONGEST and loss(high) > target:
        high *= 1.5
    low = 0.0 if high == 1 else high / 1.5
    for _ in range(30):
        middle = (low + high) / 2
        if loss(middle) > target:
            low = middle
        else:
            high = middle
    return high


def best_lr(target: float, *, batch: float, noise: float) -> float:
    """Return the learning rate that reaches `target` first, by golden section on its logarithm.

    Examples
    --------
    >>> best_lr(0.05, batch=1, noise=3.0) < best_lr(0.05, batch=64, noise=3.0)
    True
    """

    def steps(z: float) -> float:
        return steps_to(target, lr=math.exp(z), batch=batch, noise=noise)

    return math.exp(_golden_section(steps, math.log(1e-6), math.log(1.999)))


def _golden_section(cost: Callable[[float], float], a: float, b: float) -> float:
    """Return where a function with one valley, infinite towards `b`, is lowest."""
    c, d = b - _GOLDEN * (b - a), a + _GOLDEN * (b - a)
    at_c, at_d = cost(c), cost(d)
    for _ in range(32):
        if at_d == math.inf or at_c <= at_d:
            b, d, at_d = d, c, at_c
            c = b - _GOLDEN * (b - a)
            at_c = cost(c)
        else:
            a, c, at_c = c, d, at_d
            d = a + _GOLDEN * (b - a)
            at_d = cost(d)
    return c if at_c < at_d else d


def scaled_lr(scaling: str, base: float, batch: float) -> float:
    """Return the learning rate of a scaling rule that starts from `base` at batch size 1.

    Examples
    --------
    >>> scaled_lr("sqrt", 0.1, 16)
    0.4
    """
    return base * {"linear": batch, "sqrt": math.sqrt(batch), "fixed": 1.0}[scaling]
