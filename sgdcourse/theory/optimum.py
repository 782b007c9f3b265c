"""Best settings on a quadratic: gradient descent, heavy ball, Nesterov."""

from __future__ import annotations

import math
from typing import NamedTuple

from sgdcourse.theory._arguments import scale_pair

__all__ = ["Optimum", "gd_optimum", "momentum_optimum", "nesterov_optimum"]


class Optimum(NamedTuple):
    """Best setting of a method on a quadratic, and the rate it reaches.

    Attributes
    ----------
    lr : float
        Best step size η.
    momentum : float
        Best momentum μ; 0 for gradient descent.
    rate : float
        Factor by which the error shrinks per step in the long run.

    Examples
    --------
    >>> Optimum(lr=0.5, momentum=0.0, rate=0.2).rate
    0.2
    """

    lr: float
    momentum: float
    rate: float


def gd_optimum(smallest: float, largest: float) -> Optimum:
    """Best step size of gradient descent on a quadratic, and the rate it gives.

    η = 2/(λmin + λmax), rate = (κ − 1)/(κ + 1) with κ = λmax/λmin.

    Parameters
    ----------
    smallest, largest : float, 0 < smallest ≤ largest
        Extreme curvatures λmin and λmax.

    Returns
    -------
    Optimum
        With `momentum` 0.

    Raises
    ------
    ValueError
        If the curvatures are not positive or in the wrong order.

    References
    ----------
    Polyak (1987), Introduction to Optimization, section 1.4, theorem 3.

    Examples
    --------
    >>> gd_optimum(1.0, 3.0)
    Optimum(lr=0.5, momentum=0.0, rate=0.5)
    """
    low, high = scale_pair(smallest, largest)
    return Optimum(lr=2 / (low + high), momentum=0.0, rate=(high - low) / (high + low))


def momentum_optimum(smallest: float, largest: float) -> Optimum:
    """Best step size and momentum of the heavy ball on a quadratic.

    η = (2/(√L + √m))², μ = rate², rate = (√κ − 1)/(√κ + 1), with κ = L/m.

    Parameters
    ----------
    smallest, largest : float, 0 < smallest ≤ largest
        Extreme curvatures m and L.

    Returns
    -------
    Optimum
        At this setting the extreme directions have a double root, so that the measured error
        falls like t·rateᵗ, a little slower than rateᵗ.

    Raises
    ------
    ValueError
        If the curvatures are not positive or in the wrong order.

    References
    ----------
    Polyak (1964), USSR Comp. Math. Math. Phys. 4(5):1, theorem 9.

    Examples
    --------
    >>> momentum_optimum(1.0, 9.0)
    Optimum(lr=0.25, momentum=0.25, rate=0.5)
    """
    low, high = map(math.sqrt, scale_pair(smallest, largest))
    rate = (high - low) / (high + low)
    return Optimum(lr=(2 / (high + low)) ** 2, momentum=rate**2, rate=rate)


def nesterov_optimum(smallest: float, largest: float) -> Optimum:
    """Best step size and momentum of Nesterov's method on a quadratic.

    η = 4/(3L + m), μ = (√(3κ + 1) − 2)/(√(3κ + 1) + 2), rate = 1 − 2/√(3κ + 1), κ = L/m.

    Parameters
    ----------
    smallest, largest : float, 0 < smallest ≤ largest
        Extreme curvatures m and L.

    Returns
    -------
    Optimum

    Raises
    ------
    ValueError
        If the curvatures are not positive or in the wrong order.

    References
    ----------
    Lessard, Recht, Packard (2016), SIAM J. Optim. 26(1):57, proposition 1.

    Examples
    --------
    >>> nesterov_optimum(1.0, 5.0)
    Optimum(lr=0.25, momentum=0.3333333333333333, rate=0.5)
    """
    low, high = scale_pair(smallest, largest)
    root = math.sqrt(3 * high / low + 1)
    return Optimum(lr=4 / (3 * high + low), momentum=(root - 2) / (root + 2), rate=1 - 2 / root)
