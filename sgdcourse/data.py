"""Data sets of the course: generated from a seed, or bundled; nothing is downloaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = ["digits", "linear_regression", "noisy_parabola", "spirals", "split"]

Pair = tuple[Tensor, Tensor]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(_checks.seed(seed))


def noisy_parabola(
    n: int = 100, *, noise: float = 0.2, seed: int = 0, dtype: torch.dtype = torch.float32
) -> Pair:
    """Points on a parabola, lifted by uniform noise.

    y = x² + noise · u,  u uniform on [0, 1),  x evenly spaced from −1 to 1, in that order.

    Parameters
    ----------
    n : int, ≥ 2, default 100
    noise : float, ≥ 0, default 0.2
    seed : int in [0, 2³¹), default 0
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    x, y : Tensor of shape (n, 1)

    Examples
    --------
    >>> x, y = noisy_parabola()
    >>> x.shape, y.shape, x.min().item(), x.max().item()
    (torch.Size([100, 1]), torch.Size([100, 1]), -1.0, 1.0)
    """
    _checks.integer("n", n, low=2)
    _checks.number("noise", noise, low=0)
    _checks.dtype("dtype", dtype)
    x = torch.linspace(-1, 1, n, dtype=torch.float64).unsqueeze(1)
    y = x**2 + noise * torch.rand(n, 1, generator=_generator(seed), dtype=torch.float64)
    return x.to(dtype), y.to(dtype)


def linear_regression(
    n: int = 200,
    *,
    weights: Sequence[float] = (2.0, -3.4),
    bias: float = 4.2,
    noise: float = 0.1,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Pair:
    """Points near a plane.

    y = x · weights + bias + noise · ε,  x and ε standard normal.

    Parameters
    ----------
    n : int, ≥ 2, default 200
    weights : sequence of d floats, default (2, −3.4)
    bias : float, default 4.2
    noise : float, ≥ 0, default 0.1
        Standard deviation; 0 makes every point fit exactly.
    seed : int in [0, 2³¹), default 0
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    x : Tensor of shape (n, d)
    y : Tensor of shape (n, 1)

    Examples
    --------
    >>> x, y = linear_regression(weights=(1.0, 2.0, 3.0))
    >>> x.shape, y.shape
    (torch.Size([200, 3]), torch.Size([200, 1]))
    """
    _checks.integer("n", n, low=2)
    slope = [_checks.number("weights", w) for w in _checks.sequence("weights", weights)]
    if not slope:
        _checks.fail("weights", "a sequence with at least one number", weights)
    _checks.number("bias", bias)
    _checks.number("noise", noise, low=0)
    _checks.dtype("dtype", dtype)
    generator = _generator(seed)
    x = torch.randn(n, len(slope), generator=generator, dtype=torch.float64)
    error = torch.randn(n, 1, generator=generator, dtype=torch.float64)
    y = x @ torch.tensor(slope, dtype=torch.float64).unsqueeze(1) + bias + noise * error
    return x.to(dtype), y.to(dtype)


def spirals(
    n: int = 300,
    *,
    classes: int = 3,
    turns: float = 0.75,
    noise: float = 0.05,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Pair:
    """Interleaved spiral arms, one for each class.

    Point j of class k lies at radius r = j/m and angle 2π(turns · r + k/classes), plus noise.

    Parameters
    ----------
    n : int, ≥ classes, default 300
        Rounded down to a multiple of `classes`.
    classes : int, ≥ 2, default 3
    turns : float, > 0, default 0.75
        How far each arm winds.
    noise : float, ≥ 0, default 0.05
        Standard deviation of the shift of each coordinate.
    seed : int in [0, 2³¹), default 0
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    x : Tensor of shape (n, 2)
    y : Tensor of shape (n,), int64
        Class of each point, 0 to classes − 1.

    Examples
    --------
    >>> x, y = spirals(9)
    >>> y
    tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])
    """
    _checks.integer("classes", classes, low=2)
    _checks.integer("n", n, low=classes)
    _checks.number("turns", turns, low=0, open_low=True)
    _checks.number("noise", noise, low=0)
    _checks.dtype("dtype", dtype)
    each = n // classes
    radius = torch.linspace(1 / each, 1, each, dtype=torch.float64).repeat(classes)
    y = torch.arange(classes).repeat_interleave(each)
    angle = 2 * math.pi * (turns * radius + y / classes)
    x = radius.unsqueeze(1) * torch.stack([angle.cos(), angle.sin()], dim=1)
    shift = torch.randn(x.shape, generator=_generator(seed), dtype=torch.float64)
    return (x + noise * shift).to(dtype), y


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    with resources.files("sgdcourse").joinpath("digits.npz").open("rb") as file:
        arrays = np.load(file)
        return arrays["x"], arrays["y"]


def digits(*, dtype: torch.dtype = torch.float32) -> Pair:
    """1797 handwritten digits, 8×8 pixels each, bundled with the package.

    Parameters
    ----------
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    x : Tensor of shape (1797, 64)
        Ink of each pixel, 0 to 1, row by row.
    y : Tensor of shape (1797,), int64
        The digit, 0 to 9.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, doi:10.24432/C50P49, CC BY 4.0; its test part, divided by 16.

    Examples
    --------
    >>> x, y = digits()
    >>> x.shape, x.max().item(), y[:5]
    (torch.Size([1797, 64]), 1.0, tensor([0, 1, 2, 3, 4]))
    """
    x, y = _digits()
    return torch.from_numpy(x).to(_checks.dtype("dtype", dtype)) / 16, torch.from_numpy(y).to(
        torch.int64
    )


def split(
    x: Tensor, y: Tensor, *, fractions: Sequence[float] = (0.6, 0.2, 0.2), seed: int = 0
) -> tuple[Pair, ...]:
    """Deal the examples at random into parts, such as training, validation and test.

    Parameters
    ----------
    x, y : Tensor of n rows each
    fractions : sequence of float, each > 0, together 1, default (0.6, 0.2, 0.2)
        Share of each part; rounding goes to the last.
    seed : int in [0, 2³¹), default 0

    Returns
    -------
    tuple of (x, y)
        One pair for each fraction, none of them empty.

    Examples
    --------
    >>> train, valid, test = split(*digits())
    >>> len(train[0]), len(valid[0]), len(test[0])
    (1078, 359, 360)
    """
    x, y = _checks.rows({"x": x, "y": y})
    listed = _checks.sequence("fractions", fractions)
    shares = [_checks.number("fractions", f, low=0, high=1, open_low=True) for f in listed]
    if not math.isclose(sum(shares), 1):
        _checks.fail("fractions", "numbers that add up to 1", fractions)
    sizes = [round(f * len(x)) for f in shares[:-1]]
    sizes.append(len(x) - sum(sizes))
    if min(sizes) < 1:
        _checks.fail("fractions", f"large enough for one example each of {len(x)}", fractions)
    order = torch.randperm(len(x), generator=_generator(seed))
    return tuple((x[part], y[part]) for part in order.split(sizes))
