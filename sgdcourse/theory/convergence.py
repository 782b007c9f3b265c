"""How noise is got rid of: decaying steps, averages, and data that can be fitted exactly."""

from __future__ import annotations

import torch
from torch import Tensor

from sgdcourse import _checks
from sgdcourse.theory._arguments import Value, answer, fraction, positive, real
from sgdcourse.theory.noise import stationary_variance

__all__ = ["averaged_variance", "decaying_variance", "ema_variance", "interpolation_factor"]


def decaying_variance(
    steps: Value, *, scale: float, curvature: float, noise_variance: float
) -> Value:
    """Variance of the iterates after T steps of size c/t, for large T.

    With ηₜ = c/t and cλ > ½: c²σ² / ((2cλ − 1)T). Least at c = 1/λ, where it is σ²/(λ²T).

    Parameters
    ----------
    steps : int or Tensor, ≥ 1
        T, number of steps.
    scale : float, > 1/(2λ)
        c, the step size at t = 1.
    curvature : float, > 0
        Curvature λ.
    noise_variance : float, ≥ 0
        σ², variance of the gradient noise.

    Returns
    -------
    float or Tensor
        E[w_T²]; what is left of the start falls faster and is not counted.

    Raises
    ------
    ValueError
        If `scale` is not above 1/(2λ): then the error falls slower than 1/T.

    References
    ----------
    Chung (1954), Ann. Math. Statist. 25(3):463, theorem 1.
    Bottou, Curtis, Nocedal (2018), SIAM Review 60(2):223, theorem 4.7.

    Examples
    --------
    >>> decaying_variance(100, scale=0.5, curvature=2.0, noise_variance=4.0)
    0.01
    """
    count, lam = real("steps", steps, low=1), _checks.number("curvature", curvature, low=0)
    positive("curvature", curvature)
    hint = "below 1/(2·curvature) the error falls slower than 1/T"
    c = _checks.number("scale", scale, low=0.5 / lam, open_low=True, hint=hint)
    sigma2 = _checks.number("noise_variance", noise_variance, low=0)
    return answer(c * c * sigma2 / ((2 * c * lam - 1) * count), steps)


def averaged_variance(lr: Value, curvature: Value, noise_variance: Value, *, steps: Value) -> Value:
    """Variance of the mean of T successive iterates of SGD with a constant step size.

    With φ = 1 − ηλ and s the stationary variance, (s/T)[(1 + φ)/(1 − φ) − 2φ(1 − φᵀ)/(T(1 − φ)²)];
    for large T it is σ²/(λ²T), whatever η is.

    Parameters
    ----------
    lr : float or Tensor, > 0
        Step size η, below 2/λ.
    curvature : float or Tensor, > 0
        Curvature λ.
    noise_variance : float or Tensor, ≥ 0
        σ², variance of the gradient noise.
    steps : int or Tensor, ≥ 1
        T, number of iterates in the mean, all taken after the start is forgotten.

    Returns
    -------
    float or Tensor
        Variance of the mean.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Polyak, Juditsky (1992), SIAM J. Control Optim. 30(4):838, theorem 1 (large T).

    Examples
    --------
    >>> round(averaged_variance(0.1, 1.0, 1.0, steps=10_000) * 10_000, 2)
    1.0
    """
    s = torch.as_tensor(stationary_variance(lr, curvature, noise_variance))
    phi = 1 - real("lr", lr) * real("curvature", curvature)
    count = real("steps", steps, low=1)
    edge = 2 * phi * (1 - phi**count) / (count * (1 - phi) ** 2)
    mean = s / count * ((1 + phi) / (1 - phi) - edge)
    return answer(mean, lr, curvature, noise_variance, steps)


def ema_variance(lr: Value, curvature: Value, noise_variance: Value, *, decay: Value) -> Value:
    """Variance of the exponential moving average of SGD's iterates, in the long run.

    a ← βa + (1 − β)w. With φ = 1 − ηλ and s the stationary variance of w,
    Var[a] = s · (1 − β)/(1 + β) · (1 + βφ)/(1 − βφ).

    Parameters
    ----------
    lr : float or Tensor, > 0
        Step size η, below 2/λ.
    curvature : float or Tensor, > 0
        Curvature λ.
    noise_variance : float or Tensor, ≥ 0
        σ², variance of the gradient noise.
    decay : float or Tensor, in [0, 1)
        β, how much of the average is kept at each step.

    Returns
    -------
    float or Tensor
        Variance of the average.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Box, Jenkins (1976), Time Series Analysis, section 3.4 (variance of an ARMA process).

    Examples
    --------
    >>> round(ema_variance(0.5, 1.0, 1.0, decay=0.9), 4)
    0.0463
    """
    s = torch.as_tensor(stationary_variance(lr, curvature, noise_variance))
    phi, beta = 1 - real("lr", lr) * real("curvature", curvature), fraction("decay", decay)
    result = s * (1 - beta) / (1 + beta) * (1 + beta * phi) / (1 - beta * phi)
    return answer(result, lr, curvature, noise_variance, decay)


def interpolation_factor(lr: float, hessians: Tensor, *, batch_size: int = 1) -> float:
    """Factor per step of the mean square error, where every example can be fitted exactly.

    At a solution that fits all examples the noise vanishes with the error e, and E[eeᵀ] is
    multiplied by (I − ηH)⊗(I − ηH) + (η²/B)(mean Hᵢ⊗Hᵢ − H⊗H), of which this is the largest
    eigenvalue. Below 1 a constant step converges. Where H has a zero curvature, as with fewer
    examples than weights, the factor is never below 1, although the loss may converge: restrict
    the Hessians to the span of the inputs first.

    Parameters
    ----------
    lr : float, ≥ 0
        Step size η.
    hessians : Tensor of shape (n, d, d)
        Hessian Hᵢ of each example's loss: 2xxᵀ for (x·w − y)². Made for small d.
    batch_size : int, ≥ 1, default 1
        B, examples drawn with replacement for each step.

    Returns
    -------
    float
        Factor of E‖e‖² per step in the long run; its root is the rate of the error.

    Raises
    ------
    ValueError
        If an argument is out of range or `hessians` not a stack of square matrices.

    References
    ----------
    Ma, Bassily, Belkin (2018), ICML, arXiv:1712.06559, section 3.

    Examples
    --------
    >>> interpolation_factor(0.5, torch.tensor([[[0.0]], [[2.0]]]))
    0.5
    """
    eta, size = _checks.number("lr", lr, low=0), _checks.integer("batch_size", batch_size, low=1)
    each = _checks.tensor("hessians", hessians, ndim=3).to(torch.float64)
    dim = each.shape[-1]
    if each.shape[-2] != dim:
        _checks.fail("hessians", "of shape (n, d, d)", tuple(each.shape))
    mean = each.mean(0)
    pairs = torch.einsum("nij,nkl->ikjl", each, each).reshape(dim**2, dim**2) / len(each)
    step = torch.eye(dim, dtype=torch.float64) - eta * mean
    factor = torch.kron(step, step) + eta**2 / size * (pairs - torch.kron(mean, mean))
    return torch.linalg.eigvals(factor).abs().max().item()
