"""What gradient noise leaves over: the floor, and the way there.

The model is the noisy quadratic: in each direction f = ½λw², and the gradient that is seen is
λw + ξ, with E[ξ] = 0, Var[ξ] = σ², independent from step to step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, Values, answer, positive, real, vector
from sgdcourse.theory.momentum import (
    momentum_range,
    momentum_stability_limit,
    trace_and_determinant,
)

__all__ = [
    "expected_loss",
    "stationary_loss",
    "stationary_variance",
]

Schedule = Callable[[int], float]


def stationary_variance(
    lr: Value,
    curvature: Value,
    noise_variance: Value,
    *,
    momentum: Value = 0.0,
    nesterov: bool = False,
) -> Value:
    """Variance of the iterates in the long run, at a constant step size.

    SGD: ησ² / (λ(2 − ηλ)). Heavy ball: ησ²(1 + μ) / (λ(1 − μ)(2(1 + μ) − ηλ)).
    In general Var = σ²[(1 + D)(p² + q²) + 2Tpq] / ((1 − D)(1 − T + D)(1 + T + D)), with trace T
    and determinant D of one step and its weights p, q of the newest and the last noise.

    Parameters
    ----------
    lr : float or Tensor, > 0
        Step size η, below the stability limit.
    curvature : float or Tensor, > 0
        Curvature λ.
    noise_variance : float or Tensor, ≥ 0
        σ², variance of the gradient noise; σ²/B for batches of B.
    momentum : float or Tensor, in [0, 1), default 0
        Momentum μ. All four broadcast.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    float or Tensor
        E[w²] in the long run.

    Raises
    ------
    ValueError
        If `lr` is at or above the stability limit, or an argument out of range.

    References
    ----------
    Mandt, Hoffman, Blei (2017), JMLR 18(134), arXiv:1704.04289, section 4 (small η).
    Zhang et al. (2019), NeurIPS, arXiv:1907.04164, section 3 (noisy quadratic model).

    Examples
    --------
    >>> stationary_variance(0.5, 2.0, 4.0)
    1.0
    >>> round(stationary_variance(0.5, 2.0, 4.0, momentum=0.9), 3)
    6.786
    """
    eta, lam, mu = positive("lr", lr), positive("curvature", curvature), momentum_range(momentum)
    sigma2 = real("noise_variance", noise_variance, low=0)
    limit = torch.as_tensor(momentum_stability_limit(mu, 1.0, nesterov=nesterov))
    if bool((eta * lam >= limit).any()):
        _checks.fail("lr", "below the stability limit", lr, "the iterates have no finite variance")
    trace, det = trace_and_determinant(eta * lam, mu, nesterov)
    newest, last = (eta * (1 + mu), -eta * mu) if nesterov else (eta, 0 * eta)
    top = (1 + det) * (newest**2 + last**2) + 2 * trace * newest * last
    bottom = (1 - det) * (1 - trace + det) * (1 + trace + det)
    return answer(sigma2 * top / bottom, lr, curvature, noise_variance, momentum)


def stationary_loss(
    lr: Value,
    curvature: Values,
    noise_variance: Values,
    *,
    momentum: Value = 0.0,
    nesterov: bool = False,
) -> Value:
    """Mean loss in the long run at a constant step size: the floor under the curve.

    ½ Σᵢ λᵢ Var[wᵢ].

    Parameters
    ----------
    lr : float or Tensor, > 0
        Step size η, below the stability limit.
    curvature : float, sequence of float or 1-D Tensor, > 0
        Curvatures λᵢ.
    noise_variance : float, sequence of float or 1-D Tensor, ≥ 0
        σᵢ², one for all directions or one for each.
    momentum : float or Tensor, in [0, 1), default 0
        Momentum μ; broadcasts with `lr`.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    float or Tensor of the shape of `lr` and `momentum` together
        E[f] − f* in the long run.

    Raises
    ------
    ValueError
        If `lr` is at or above the stability limit, or an argument out of range.

    References
    ----------
    Zhang et al. (2019), NeurIPS, arXiv:1907.04164, section 3.

    Examples
    --------
    >>> stationary_loss(0.5, [1.0, 2.0], 4.0)
    1.6666666666666665
    """
    lam, sigma2 = _spectrum(curvature, noise_variance)
    eta, mu = positive("lr", lr)[..., None], momentum_range(momentum)[..., None]
    variance = stationary_variance(eta, lam, sigma2, momentum=mu, nesterov=nesterov)
    return answer((0.5 * lam * variance).sum(-1), lr, momentum)


def expected_loss(
    lr: float | Sequence[float] | Tensor | Schedule,
    curvature: Values,
    noise_variance: Values,
    *,
    start: Values,
    steps: int,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Tensor:
    """Mean loss on the noisy quadratic after every step, under any schedule.

    With s = E[w²] in each direction, SGD gives s ← (1 − ηₜλ)²s + ηₜ²σ² and E[f] = ½ Σ λs.
    With momentum E[w²], E[wv] and E[v²] are carried along in the same way; all is exact.

    Parameters
    ----------
    lr : float, sequence or Tensor of `steps` numbers, or callable, ≥ 0
        ηₜ: one for all steps, one for each, or a schedule step → lr (steps from 0).
    curvature : float, sequence of float or 1-D Tensor, > 0
        Curvatures λᵢ.
    noise_variance : float, sequence of float or 1-D Tensor, ≥ 0
        σᵢ², one for all directions or one for each.
    start : float, sequence of float or 1-D Tensor
        w₀, one for all directions or one for each.
    steps : int, ≥ 0
        Number of steps T.
    momentum : float, in [0, 1), default 0
        Momentum μ, as PyTorch writes it.
    nesterov : bool, default False
        Whether the step looks ahead.

    Returns
    -------
    Tensor of shape (steps + 1,)
        E[f(wₜ)] − f*, first before the first step. Grows without bound where η is too large.

    Raises
    ------
    ValueError
        If an argument is out of range, or lengths do not fit.

    References
    ----------
    Zhang et al. (2019), NeurIPS, arXiv:1907.04164, section 3.

    Examples
    --------
    >>> expected_loss(0.5, 1.0, 1.0, start=2.0, steps=2)
    tensor([2.0000, 0.6250, 0.2812], dtype=torch.float64)
    """
    lam, sigma2 = _spectrum(curvature, noise_variance)
    lam, place = torch.broadcast_tensors(lam, _fit("start", start, lam, positive=False))
    mu = momentum_range(_checks.number("momentum", momentum))
    rates = _lr_of_each_step(lr, _checks.integer("steps", steps, low=0))
    moments = [torch.diag_embed(torch.stack([place**2, 0 * place], -1))]
    matrices, pushes = _all_steps(rates, lam, mu, _checks.flag("nesterov", nesterov))
    noise = sigma2[:, None, None] * (pushes[:, :, None] * pushes[:, None, :])[:, None]
    for matrix, added in zip(matrices, noise, strict=True):
        moments.append(torch.baddbmm(added, matrix @ moments[-1], matrix.mT))
    return 0.5 * (torch.stack(moments)[:, :, 0, 0] * lam).sum(1)


def _all_steps(rates: Tensor, lam: Tensor, mu: Tensor, nesterov: bool) -> tuple[Tensor, Tensor]:
    """Return each step's matrices on (w, v), shape (T, n, 2, 2), and noise weights (T, 2)."""
    eta = rates[:, None]
    gradient, velocity = (1 + mu, mu * mu) if nesterov else (torch.ones_like(mu), mu)
    rows = torch.broadcast_tensors(1 - eta * gradient * lam, -eta * velocity, lam, mu)
    push = torch.stack([-rates * gradient, torch.ones_like(rates)], -1)
    return torch.stack(rows, -1).unflatten(-1, (2, 2)), push


def _fit(
    name: str, value: Values, lam: Tensor, *, positive: bool, low: float | None = None
) -> Tensor:
    """Return `value` as a vector with one number, or one for each curvature."""
    result = vector(name, value, positive=positive, low=low)
    if len(result) not in (1, len(lam)) and len(lam) != 1:
        _checks.fail(name, f"one number or {len(lam)}, one for each curvature", len(result))
    return result


def _spectrum(curvature: Values, noise_variance: Values) -> tuple[Tensor, Tensor]:
    """Return curvatures and noise variances as vectors of one length."""
    lam = vector("curvature", curvature)
    sigma2 = _fit("noise_variance", noise_variance, lam, positive=False, low=0)
    lam, sigma2 = torch.broadcast_tensors(lam, sigma2)
    return lam, sigma2


def _lr_of_each_step(lr: float | Sequence[float] | Tensor | Schedule, steps: int) -> Tensor:
    """Return the step sizes as a vector of length `steps`."""
    if callable(lr):
        lr = [lr(step) for step in range(steps)] or 0.0
    rates = vector("lr", lr, positive=False, low=0)
    if len(rates) not in (1, steps):
        _checks.fail("lr", f"one number or {steps}, one for each step", len(rates))
    return rates.expand(steps)
