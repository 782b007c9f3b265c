"""Numbers read off curves: rates, slopes, steps to a target, the price of a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = [
    "Hyperbola",
    "PowerLaw",
    "first_below",
    "fit_hyperbola",
    "fit_power_law",
    "measure_rate",
]

Series = Tensor | Sequence[float]


class PowerLaw(NamedTuple):
    """The law y = factor · x^exponent.

    Attributes
    ----------
    exponent : float
        Slope on log-log paper.
    factor : float
        Value at x = 1.

    Examples
    --------
    >>> PowerLaw(exponent=-0.5, factor=2.0).exponent
    -0.5
    """

    exponent: float
    factor: float


class Hyperbola(NamedTuple):
    """The law (S/Smin − 1)(E/Emin − 1) = 1 between steps S and examples E to a target.

    Attributes
    ----------
    min_steps : float
        Smin.
    min_examples : float
        Emin.
    critical_batch : float
        Emin/Smin, the batch size at which both are twice their least.

    Examples
    --------
    >>> Hyperbola(100.0, 1000.0, 10.0).critical_batch
    10.0
    """

    min_steps: float
    min_examples: float
    critical_batch: float


def _series(name: str, value: Series, *, positive: bool = True) -> Tensor:
    """Return a sequence or a 1-D tensor as float64, all of it above 0 if `positive`."""
    if not isinstance(value, Tensor):
        listed = _checks.sequence(name, value)
        value = torch.tensor([_checks.number(name, v) for v in listed], dtype=torch.float64)
    result = _checks.tensor(name, value, ndim=1).to(torch.float64)
    if positive and not bool((result > 0).all()):
        _checks.fail(name, "above 0 everywhere", result.min().item())
    return result


def _different(name: str, value: Series) -> Tensor:
    """Return a series of which not all values are equal, so that a line can go through it."""
    result = _series(name, value)
    if len(result) > 1 and bool((result == result[0]).all()):
        _checks.fail(name, "different values", result.tolist()[:3])
    return result


def first_below(losses: Tensor, target: float) -> Tensor:
    """Find the first step at which a curve is at or below a target.

    Parameters
    ----------
    losses : Tensor of shape (..., t)
        One or many curves; NaN and infinity count as above.
    target : float
        The level to reach.

    Returns
    -------
    Tensor of shape (...)
        Index of the first such step, float64; infinity where it is never reached.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Shallue et al. (2019), JMLR 20(112), section 3.1 (steps to result).

    Examples
    --------
    >>> first_below(torch.tensor([[3.0, 2.0, 1.0], [3.0, 3.0, 3.0]]), 2.0)
    tensor([1., inf], dtype=torch.float64)
    """
    curves = _checks.tensor("losses", losses, finite=False)
    if curves.ndim == 0:
        _checks.fail("losses", "of shape (..., t)", tuple(curves.shape))
    hit = curves <= _checks.number("target", target)
    first = hit.to(torch.uint8).argmax(-1).to(torch.float64)
    return torch.where(hit.any(-1), first, torch.inf)


def measure_rate(errors: Series, *, last: float = 0.5) -> float:
    """Factor by which an error shrinks per step, from a straight line through its logarithm.

    Parameters
    ----------
    errors : Tensor of shape (t,) or sequence of float, > 0
        ‖w − w*‖, or the square root of f − f*, after every step. Ringing is averaged out.
    last : float in (0, 1], default 0.5
        Part of the curve that is used, counted from its end.

    Returns
    -------
    float
        exp of the slope: below 1 it converges.

    Raises
    ------
    ValueError, TypeError
        On a bad argument, or fewer than two points.

    References
    ----------
    Nocedal, Wright (2006), Numerical Optimization, appendix A.2 (linear convergence).

    Examples
    --------
    >>> round(measure_rate([0.5**t for t in range(20)]), 6)
    0.5
    """
    part = _checks.number("last", last, low=0, high=1, open_low=True)
    values = _series("errors", errors)
    tail = values[len(values) - math.ceil(part * len(values)) :]
    if len(tail) < 2:
        _checks.fail("errors", "at least two points in the part that is used", len(tail))
    steps = torch.arange(len(tail), dtype=torch.float64)
    return math.exp(_line(steps, tail.log())[0])


def fit_power_law(x: Series, y: Series) -> PowerLaw:
    """Fit a straight line on log-log paper.

    log y = exponent · log x + log factor, by least squares.

    Parameters
    ----------
    x, y : Tensor of shape (n,) or sequence of float, > 0
        At least two points.

    Returns
    -------
    PowerLaw
        With `exponent` and `factor`.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Least squares: Gauss (1809), Theoria motus, section 179.

    Examples
    --------
    >>> law = fit_power_law([1.0, 10.0, 100.0], [3.0, 30.0, 300.0])
    >>> round(law.exponent, 6), round(law.factor, 6)
    (1.0, 3.0)
    """
    across, up = _different("x", x), _series("y", y)
    if len(across) != len(up) or len(across) < 2:
        _checks.fail("y", f"as long as x ({len(across)}) and at least 2", len(up))
    slope, offset = _line(across.log(), up.log())
    return PowerLaw(exponent=slope, factor=math.exp(offset))


def _line(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return slope and offset of the least-squares line."""
    centred = x - x.mean()
    slope = (centred @ (y - y.mean()) / (centred @ centred)).item()
    return slope, (y.mean() - slope * x.mean()).item()


def fit_hyperbola(batch_sizes: Series, steps: Series) -> Hyperbola:
    """Fit the law of steps and examples to a target, from measured steps.

    S(B) = Smin(1 + 𝓑/B) with 𝓑 = Emin/Smin, by least squares in log S.

    Parameters
    ----------
    batch_sizes : Tensor of shape (n,) or sequence of float, > 0
        B, at least two sizes.
    steps : Tensor of shape (n,) or sequence of float, > 0
        S, steps to the target at each; every batch size with its own best lr.

    Returns
    -------
    Hyperbola
        With `min_steps`, `min_examples` and `critical_batch`. The critical batch is searched
        between a thousandth of the smallest and a thousand times the largest size; at those
        ends the data do not bend and it means nothing.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.11.

    Examples
    --------
    >>> fit = fit_hyperbola([1, 10, 100], [1100.0, 200.0, 110.0])
    >>> round(fit.min_steps, 2), round(fit.min_examples, 1)
    (100.0, 1000.0)
    """
    sizes, needed = _different("batch_sizes", batch_sizes), _series("steps", steps)
    if len(sizes) != len(needed) or len(sizes) < 2:
        _checks.fail("steps", f"as long as batch_sizes ({len(sizes)}) and at least 2", len(needed))
    low, high = math.log(sizes.min().item() / 1e3), math.log(sizes.max().item() * 1e3)
    for _ in range(12):
        grid = torch.linspace(low, high, 201, dtype=torch.float64)
        rest = needed.log() - torch.log1p(grid.exp()[:, None] / sizes)
        best = int(rest.var(1, correction=0).argmin())
        low, high = grid[max(best - 1, 0)].item(), grid[min(best + 1, 200)].item()
    critical = math.exp(grid[best].item())
    min_steps = math.exp(rest[best].mean().item())
    return Hyperbola(min_steps, min_steps * critical, critical)
