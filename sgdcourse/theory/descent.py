"""Gradient descent without noise: contraction, stability, bounds, saddles."""

from __future__ import annotations

import math

import torch

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, Values, answer, positive, real, vector

__all__ = [
    "gd_factor",
    "gd_rate",
    "gd_stability_limit",
    "saddle_escape_steps",
    "smooth_bound",
    "steps_to",
]


def gd_factor(lr: Value, curvature: Value) -> Value:
    """Factor by which one step multiplies the error along one direction.

    On f = ½λw² a step of gradient descent gives w ← (1 − ηλ)w.

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η.
    curvature : float or Tensor
        Curvature λ; negative at a saddle. Broadcasts with `lr`.

    Returns
    -------
    float or Tensor
        1 − ηλ: above 0 the error keeps its sign, below 0 it changes sign at every step.

    Raises
    ------
    ValueError
        If `lr` is negative or something is not finite.

    References
    ----------
    Polyak (1987), Introduction to Optimization, section 1.4.

    Examples
    --------
    >>> gd_factor(0.25, 2.0)
    0.5
    """
    eta, lam = real("lr", lr, low=0), real("curvature", curvature)
    return answer(1 - eta * lam, lr, curvature)


def gd_rate(lr: Value, curvature: Values) -> Value:
    """Rate of gradient descent on a quadratic: the slowest direction rules.

    rate = maxᵢ |1 − ηλᵢ|.

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η, of any shape.
    curvature : float, sequence of float or 1-D Tensor, > 0
        Eigenvalues λᵢ of the Hessian.

    Returns
    -------
    float or Tensor of the shape of `lr`
        Factor per step in the long run; above 1 the iteration diverges.

    Raises
    ------
    ValueError
        If `lr` is negative or a curvature is not positive.

    References
    ----------
    Polyak (1987), Introduction to Optimization, section 1.4.

    Examples
    --------
    >>> gd_rate(0.125, [1.0, 10.0])
    0.875
    """
    eta, lam = real("lr", lr, low=0), vector("curvature", curvature)
    return answer((1 - eta[..., None] * lam).abs().amax(-1), lr)


def gd_stability_limit(curvature: Values) -> float:
    """Largest step size: at and above it gradient descent no longer converges.

    η < 2/λmax.

    Parameters
    ----------
    curvature : float, sequence of float or 1-D Tensor, > 0
        Eigenvalues of the Hessian; only the largest matters.

    Returns
    -------
    float
        2/λmax.

    Raises
    ------
    ValueError
        If a curvature is not positive.

    References
    ----------
    Polyak (1987), Introduction to Optimization, section 1.4.

    Examples
    --------
    >>> gd_stability_limit([1.0, 10.0])
    0.2
    """
    return 2 / vector("curvature", curvature).max().item()


def steps_to(tolerance: float, rate: float) -> int:
    """Count the steps until the error has shrunk to a fraction of what it was.

    T = ⌈log tolerance / log rate⌉.

    Parameters
    ----------
    tolerance : float, in (0, 1]
        Wanted ratio of the last error to the first.
    rate : float, in [0, 1)
        Factor per step.

    Returns
    -------
    int
        Smallest T with rateᵀ ≤ tolerance (up to rounding).

    Raises
    ------
    ValueError
        If `rate` is 1 or more: that iteration never gets there.

    References
    ----------
    Bottou, Curtis, Nocedal (2018), SIAM Review 60(2):223, section 4.

    Examples
    --------
    >>> steps_to(1e-6, rate=99 / 101)
    691
    """
    wanted = _checks.number("tolerance", tolerance, low=0, high=1, open_low=True)
    factor = _checks.number("rate", rate, low=0, high=1, open_high=True)
    if factor == 0:
        return 0 if wanted == 1 else 1
    return math.ceil(math.log(wanted) / math.log(factor) - 1e-9)


def smooth_bound(distance: Value, lr: Value, steps: Value) -> Value:
    """Bound on the loss after T steps on any smooth convex function.

    f(w_T) − f* ≤ ‖w₀ − w*‖² / (2ηT), for η ≤ 1/L, L the largest curvature anywhere.

    Parameters
    ----------
    distance : float or Tensor, ≥ 0
        ‖w₀ − w*‖, how far from a minimiser the start lies.
    lr : float or Tensor, > 0
        Step size η; the bound holds for η ≤ 1/L, which is not checked here.
    steps : int or Tensor, ≥ 1
        Number of steps T.

    Returns
    -------
    float or Tensor
        The bound on f(w_T) − f*; no function needs more than about half of it.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Nesterov (2004), Introductory Lectures on Convex Optimization, section 2.1.5.
    Drori, Teboulle (2014), Math. Program. 145:451, theorem 2 (half of the bound is reached).

    Examples
    --------
    >>> smooth_bound(2.0, 0.1, 100)
    0.2
    """
    far, eta = real("distance", distance, low=0), positive("lr", lr)
    count = real("steps", steps, low=1)
    return answer(far**2 / (2 * eta * count), distance, lr, steps)


def saddle_escape_steps(offset: Value, lr: Value, curvature: Value, distance: Value = 1.0) -> Value:
    """Count the steps that gradient descent needs to leave a saddle.

    Along a direction of curvature −γ the offset ε grows by (1 + ηγ) per step, so that it reaches
    the distance D after T = log(D/ε) / log(1 + ηγ) steps.

    Parameters
    ----------
    offset : float or Tensor, > 0
        |ε|, how far the start lies from the saddle along the downhill direction.
    lr : float or Tensor, > 0
        Step size η.
    curvature : float or Tensor, < 0
        The negative curvature −γ.
    distance : float or Tensor, > 0, default 1
        D, where the saddle counts as left.

    Returns
    -------
    float or Tensor
        T, not rounded; 0 if the start is already further away than `distance`.

    Raises
    ------
    ValueError
        If `curvature` is not negative or another argument not positive.

    References
    ----------
    Lee, Simchowitz, Jordan, Recht (2016), COLT, arXiv:1602.04915, section 3.

    Examples
    --------
    >>> round(saddle_escape_steps(1e-3, 0.1, -1.0), 2)
    72.48
    """
    start, eta, far = positive("offset", offset), positive("lr", lr), positive("distance", distance)
    lam = real("curvature", curvature, high=0, open_high=True)
    steps = torch.log(far / start) / torch.log1p(-eta * lam)
    return answer(steps.clamp(min=0), offset, lr, curvature, distance)
