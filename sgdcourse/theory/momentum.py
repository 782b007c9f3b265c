"""Momentum on a quadratic: every direction is a 2×2 linear map, and its roots say everything.

Written as PyTorch writes it: v ← μv + g, then w ← w − ηv, or w ← w − η(g + μv) for Nesterov.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, Values, answer, positive, real, vector

__all__ = [
    "critical_momentum",
    "damping",
    "momentum_rate",
    "momentum_roots",
    "momentum_stability_limit",
]

_MOMENTUM_HINT = "at 1 or more the velocity never forgets"


def momentum_range(momentum: Value) -> Tensor:
    """Return `momentum` as a float64 tensor if all of it lies in [0, 1)."""
    return real("momentum", momentum, low=0, high=1, open_high=True, hint=_MOMENTUM_HINT)


def trace_and_determinant(a: Tensor, mu: Tensor, nesterov: bool) -> tuple[Tensor, Tensor]:
    """Return trace and determinant of one step's 2×2 matrix, with a = ηλ."""
    if nesterov:
        return (1 + mu) * (1 - a), mu * (1 - a)
    return 1 + mu - a, mu + 0 * a


def momentum_roots(
    lr: Value, momentum: Value, curvature: Value, *, nesterov: bool = False
) -> Tensor:
    """Roots that govern momentum along one direction of a quadratic.

    Heavy ball: z² − (1 + μ − ηλ)z + μ = 0.
    Nesterov as in PyTorch: z² − (1 + μ)(1 − ηλ)z + μ(1 − ηλ) = 0.

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η.
    momentum : float or Tensor, in [0, 1)
        Momentum μ.
    curvature : float or Tensor, > 0
        Curvature λ. The three broadcast.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    Tensor of shape (..., 2), complex128
        The two roots, the one of larger modulus first; of a complex pair the upper first.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Polyak (1964), USSR Comp. Math. Math. Phys. 4(5):1, section 2.
    Goh (2017), Why Momentum Really Works, Distill, doi:10.23915/distill.00006.

    Examples
    --------
    >>> momentum_roots(0.1, 0.81, 0.1).real
    tensor([0.9000, 0.9000], dtype=torch.float64)
    """
    eta, mu, lam = real("lr", lr, low=0), momentum_range(momentum), positive("curvature", curvature)
    _checks.flag("nesterov", nesterov)
    trace, determinant = trace_and_determinant(eta * lam, mu, nesterov)
    discriminant = (trace**2 - 4 * determinant).to(torch.complex128)
    sign = torch.where(trace < 0, -1.0, 1.0)
    shift = torch.where(discriminant.real < 0, torch.sqrt(discriminant), sign * discriminant.sqrt())
    return torch.stack([(trace + shift) / 2, (trace - shift) / 2], dim=-1)


def momentum_rate(
    lr: Value, momentum: Value, curvature: Values, *, nesterov: bool = False
) -> Value:
    """Rate of momentum on a quadratic: the largest modulus of all roots.

    Where the roots of the heavy ball are complex, the rate is √μ, whatever η and λ are.

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η.
    momentum : float or Tensor, in [0, 1)
        Momentum μ; broadcasts with `lr`.
    curvature : float, sequence of float or 1-D Tensor, > 0
        Eigenvalues λᵢ of the Hessian.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    float or Tensor of the shape of `lr` and `momentum` together
        Factor per step in the long run; above 1 the iteration diverges.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Polyak (1964), USSR Comp. Math. Math. Phys. 4(5):1, section 2.

    Examples
    --------
    >>> round(momentum_rate(0.1, 0.81, [1.0, 10.0]), 6)
    0.9
    """
    eta, mu = real("lr", lr, low=0), momentum_range(momentum)
    lam = vector("curvature", curvature)
    roots = momentum_roots(eta[..., None], mu[..., None], lam, nesterov=nesterov)
    return answer(roots.abs().amax((-2, -1)), lr, momentum)


def momentum_stability_limit(
    momentum: Value, curvature: Values, *, nesterov: bool = False
) -> Value:
    """Step size at and above which momentum no longer converges on a quadratic.

    Heavy ball: η < 2(1 + μ)/λmax. Nesterov as in PyTorch: η < (2 + 2μ)/((1 + 2μ)λmax).

    Parameters
    ----------
    momentum : float or Tensor, in [0, 1)
        Momentum μ.
    curvature : float, sequence of float or 1-D Tensor, > 0
        Eigenvalues of the Hessian; only the largest matters.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    float or Tensor of the shape of `momentum`
        The limit of η.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Goh (2017), Why Momentum Really Works, Distill, doi:10.23915/distill.00006.

    Examples
    --------
    >>> momentum_stability_limit(0.5, 1.0), momentum_stability_limit(0.5, 1.0, nesterov=True)
    (3.0, 1.5)
    """
    mu, largest = momentum_range(momentum), vector("curvature", curvature).max()
    limit = 2 * (1 + mu) / largest
    return answer(limit / (1 + 2 * mu) if _checks.flag("nesterov", nesterov) else limit, momentum)


def critical_momentum(lr: Value, curvature: Value) -> Value:
    """Momentum from which on the heavy ball rings.

    μ = (1 − √(ηλ))²: the two roots are equal. Above it they are complex. Below it they are real:
    for ηλ < 1 the ball creeps there, for ηλ > 1 it changes sides at every step.

    Parameters
    ----------
    lr : float or Tensor, ≥ 0
        Step size η, with ηλ < 4.
    curvature : float or Tensor, > 0
        Curvature λ.

    Returns
    -------
    float or Tensor
        The critical μ, in [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range, or ηλ ≥ 4, where no momentum below 1 is stable.

    References
    ----------
    Goh (2017), Why Momentum Really Works, Distill, doi:10.23915/distill.00006.

    Examples
    --------
    >>> round(critical_momentum(0.1, 0.1), 6)
    0.81
    """
    product = real("lr", lr, low=0) * positive("curvature", curvature)
    if bool((product >= 4).any()):
        _checks.fail("lr", "below 4/curvature", lr, "beyond it no momentum is stable")
    return answer((1 - product.sqrt()) ** 2, lr, curvature)


def damping(lr: float, momentum: float, curvature: float) -> str:
    """Say how the heavy ball moves along one direction of a quadratic.

    The discriminant (1 + μ − ηλ)² − 4μ is positive, zero or negative.

    Parameters
    ----------
    lr : float, ≥ 0
        Step size η.
    momentum : float, in [0, 1)
        Momentum μ.
    curvature : float, > 0
        Curvature λ.

    Returns
    -------
    str
        "overdamped" (two real roots; negative ones where ηλ > 1), "critical" (one double root, to
        1e-9) or "underdamped" (a complex pair: it rings, and shrinks by √μ per step).

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Goh (2017), Why Momentum Really Works, Distill, doi:10.23915/distill.00006.

    Examples
    --------
    >>> [damping(0.1, momentum, 0.1) for momentum in (0.5, 0.81, 0.9)]
    ['overdamped', 'critical', 'underdamped']
    """
    eta = _checks.number("lr", lr, low=0)
    lam = _checks.number("curvature", curvature, low=0, open_low=True)
    mu = _checks.number("momentum", momentum, low=0, high=1, open_high=True, hint=_MOMENTUM_HINT)
    discriminant = (1 + mu - eta * lam) ** 2 - 4 * mu
    if abs(discriminant) < 1e-9:
        return "critical"
    return "overdamped" if discriminant > 0 else "underdamped"
