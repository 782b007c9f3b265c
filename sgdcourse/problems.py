"""Functions to descend on, small enough to draw and to solve by hand.

Each factory returns a `Problem`: the function, its gradient and Hessian, where its minimisers
lie, and a window worth drawing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = [
    "Problem",
    "beale",
    "double_well",
    "himmelblau",
    "quadratic",
    "rosenbrock",
    "saddle",
]

Window = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Problem:
    """A function to minimise, with what is known about it.

    Call it with points of shape (..., dim) to get values of shape (...).

    Parameters
    ----------
    name : str
        Its usual name.
    function : callable
        Maps a tensor of shape (..., dim) to one of shape (...).
    dim : int
        Number of parameters.
    minimisers : Tensor of shape (m, dim)
        Every global minimiser, float64.
    window : tuple of (low, high)
        For each coordinate the interval worth drawing.
    start : Tensor of shape (dim,)
        A telling place to start from, float64.
    derivative : callable, optional
        Its gradient in closed form, from shape (..., dim) to the same shape; saves a step of
        gradient descent two thirds of its time.

    Examples
    --------
    >>> bowl = quadratic(curvature=(1.0, 10.0))
    >>> bowl(torch.tensor([2.0, 1.0]))
    tensor(7.)
    >>> bowl.gradient(torch.tensor([2.0, 1.0]))
    tensor([ 2., 10.])
    """

    name: str
    function: Callable[[Tensor], Tensor]
    dim: int
    minimisers: Tensor
    window: Window
    start: Tensor
    derivative: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        _checks.text("name", self.name)
        _checks.function("function", self.function, "of a point")
        _checks.integer("dim", self.dim, low=1)
        _checks.tensor("minimisers", self.minimisers, ndim=2)
        _checks.intervals("window", self.window, "made of pairs (low, high)")
        _checks.tensor("start", self.start, ndim=1)
        if self.derivative is not None:
            _checks.function("derivative", self.derivative, "of a point")

    def __call__(self, w: Tensor) -> Tensor:
        """Value at `w` of shape (..., dim), as a tensor of shape (...)."""
        return self.function(self._point(w))

    def gradient(self, w: Tensor) -> Tensor:
        """Gradient at every point of `w` of shape (..., dim), in the same shape.

        By `derivative`, or by autograd where a problem has none.
        """
        leaf = self._point(w).detach()
        if self.derivative is not None:
            return self.derivative(leaf)
        leaf.requires_grad_(True)
        with torch.enable_grad():
            total = self.function(leaf).sum()
        return torch.autograd.grad(total, leaf)[0]

    def hessian(self, w: Tensor) -> Tensor:
        """Second derivatives at every point of `w`, shape (..., dim, dim), by autograd."""
        leaf = self._point(w).detach().requires_grad_(True)
        with torch.enable_grad():
            gradient = torch.autograd.grad(self.function(leaf).sum(), leaf, create_graph=True)[0]
            rows = [
                torch.autograd.grad(gradient[..., i].sum(), leaf, retain_graph=True)[0]
                for i in range(self.dim)
            ]
        return torch.stack(rows, dim=-2)

    def _point(self, w: Tensor) -> Tensor:
        _checks.tensor("w", w, finite=False)
        if not w.is_floating_point():
            _checks.fail("w", "a floating-point tensor", w.dtype, error=TypeError)
        if w.ndim == 0 or w.shape[-1] != self.dim:
            _checks.fail("w", f"of shape (..., {self.dim})", tuple(w.shape))
        return w


def _double(*rows: Sequence[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def quadratic(curvature: Sequence[float] = (1.0, 10.0), *, rotation: float = 0.0) -> Problem:
    """Quadratic bowl with chosen curvatures.

    f(w) = ½ Σᵢ λᵢ uᵢ²,  where u is w turned by `rotation`.

    Parameters
    ----------
    curvature : sequence of float, each > 0
        Eigenvalues λ of the Hessian; their number is the dimension.
    rotation : float, radians, default 0
        Angle by which the axes of a two-dimensional bowl are turned.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        If a curvature is not positive, or a bowl of another dimension than 2 is to be turned.

    Examples
    --------
    >>> quadratic((1.0, 25.0)).hessian(torch.zeros(2))
    tensor([[ 1.,  0.],
            [ 0., 25.]])
    """
    listed = _checks.sequence("curvature", curvature)
    values = [_checks.number("curvature", c, low=0, open_low=True) for c in listed]
    if not values:
        _checks.fail("curvature", "a sequence with at least one number", curvature)
    angle = _checks.number("rotation", rotation)
    dim = len(values)
    if angle and dim != 2:
        _checks.fail("rotation", "0 unless the bowl has two dimensions", rotation)
    lam = torch.tensor(values, dtype=torch.float64)
    c, s = math.cos(angle), math.sin(angle)
    turn = _double((c, s), (-s, c))

    def value(w: Tensor) -> Tensor:
        u = w @ turn.to(w).T if angle else w
        return 0.5 * (lam.to(w) * u * u).sum(-1)

    def derivative(w: Tensor) -> Tensor:
        return lam.to(w) * (w @ turn.to(w).T) @ turn.to(w) if angle else lam.to(w) * w

    return Problem(
        name="quadratic",
        function=value,
        dim=dim,
        minimisers=torch.zeros(1, dim, dtype=torch.float64),
        window=((-2.5, 2.5),) * dim,
        start=torch.tensor([2.0] + [1.0] * (dim - 1), dtype=torch.float64),
        derivative=derivative,
    )


def double_well(*, dim: int = 1, tilt: float = 0.0) -> Problem:
    """Two valleys with a hill between them.

    f(w) = ¼(x² − 1)² + tilt·x + ½ Σ y²,  x the first coordinate, y the others.

    Parameters
    ----------
    dim : int, ≥ 1, default 1
        Number of coordinates.
    tilt : float in (−0.38, 0.38), default 0
        Slope added along x; a positive one makes the left valley the deeper.
        Beyond 2/(3√3) ≈ 0.385 only one valley is left.

    Returns
    -------
    Problem
        Its minimisers are the global ones: two without tilt, one with.

    Examples
    --------
    >>> double_well()(torch.tensor([[-1.0], [0.0], [1.0]]))
    tensor([0.0000, 0.2500, 0.0000])
    """
    _checks.integer("dim", dim, low=1)
    slope = _checks.number("tilt", tilt, low=-0.38, high=0.38)

    def value(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1:]
        return 0.25 * (x * x - 1) ** 2 + slope * x + 0.5 * (y * y).sum(-1)

    def derivative(w: Tensor) -> Tensor:
        x, y = w[..., :1], w[..., 1:]
        along = (x * x - 1) * x + slope
        return torch.cat((along, y), -1) if dim > 1 else along

    wells = [-1.0, 1.0] if slope == 0 else [_deeper_well(slope)]
    minimisers = torch.zeros(len(wells), dim, dtype=torch.float64)
    minimisers[:, 0] = torch.tensor(wells, dtype=torch.float64)
    return Problem(
        name="double well",
        function=value,
        dim=dim,
        minimisers=minimisers,
        window=((-2.0, 2.0),) + ((-1.5, 1.5),) * (dim - 1),
        start=torch.tensor([0.2] + [1.0] * (dim - 1), dtype=torch.float64),
        derivative=derivative,
    )


def _deeper_well(tilt: float) -> float:
    """Root of x³ − x + tilt on the side of the deeper valley, by Newton's method."""
    x = -math.copysign(1.2, tilt)
    for _ in range(50):
        x -= (x**3 - x + tilt) / (3 * x * x - 1)
    return x


def saddle() -> Problem:
    """Saddle at the origin between two minima.

    f(x, y) = ½x² − ½y² + ¼y⁴; minima at (0, ±1), both −¼.

    Returns
    -------
    Problem

    Examples
    --------
    >>> saddle().hessian(torch.zeros(2)).diagonal()
    tensor([ 1., -1.])
    """

    def value(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        return 0.5 * x * x - 0.5 * y * y + 0.25 * y**4

    def derivative(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        return torch.stack((x, y**3 - y), -1)

    return Problem(
        name="saddle",
        function=value,
        dim=2,
        minimisers=_double((0.0, -1.0), (0.0, 1.0)),
        window=((-1.5, 1.5), (-1.5, 1.5)),
        start=torch.tensor([1.2, 0.01], dtype=torch.float64),
        derivative=derivative,
    )


def rosenbrock(a: float = 1.0, b: float = 100.0) -> Problem:
    """Rosenbrock's curved valley.

    f(x, y) = (a − x)² + b(y − x²)²; minimum 0 at (a, a²).

    Parameters
    ----------
    a : float, default 1
        Where the minimum lies.
    b : float, > 0, default 100
        How steep the walls of the valley are.

    Returns
    -------
    Problem

    References
    ----------
    Rosenbrock (1960), The Computer Journal 3(3):175.

    Examples
    --------
    >>> rosenbrock()(torch.tensor([1.0, 1.0]))
    tensor(0.)
    """
    place = _checks.number("a", a)
    wall = _checks.number("b", b, low=0, open_low=True)

    def value(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        return (place - x) ** 2 + wall * (y - x * x) ** 2

    def derivative(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        off = 2 * wall * (y - x * x)
        return torch.stack((2 * (x - place) - 2 * x * off, off), -1)

    return Problem(
        name="Rosenbrock",
        function=value,
        dim=2,
        minimisers=_double((place, place**2)),
        window=((-2.0, 2.0), (-1.0, 3.0)),
        start=torch.tensor([-1.2, 1.0], dtype=torch.float64),
        derivative=derivative,
    )


def beale() -> Problem:
    """Beale's function: flat plains and a sharp ridge.

    f = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²; minimum 0 at (3, ½).

    Returns
    -------
    Problem

    References
    ----------
    Beale (1958), On an iterative method for finding a local minimum, Princeton TR 25.

    Examples
    --------
    >>> beale()(torch.tensor([3.0, 0.5]))
    tensor(0.)
    """
    terms = ((1, 1.5), (2, 2.25), (3, 2.625))

    def value(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        return torch.stack([(c - x + x * y**k) ** 2 for k, c in terms]).sum(0)

    def derivative(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        errors = [(k, 2 * (c - x + x * y**k)) for k, c in terms]
        along_x = torch.stack([e * (y**k - 1) for k, e in errors]).sum(0)
        along_y = torch.stack([e * x * k * y ** (k - 1) for k, e in errors]).sum(0)
        return torch.stack((along_x, along_y), -1)

    return Problem(
        name="Beale",
        function=value,
        dim=2,
        minimisers=_double((3.0, 0.5)),
        window=((-1.0, 4.5), (-2.0, 2.0)),
        start=torch.tensor([1.0, 1.5], dtype=torch.float64),
        derivative=derivative,
    )


def himmelblau() -> Problem:
    """Himmelblau's function: four minima of equal depth.

    f(x, y) = (x² + y − 11)² + (x + y² − 7)²; 0 at all four.

    Returns
    -------
    Problem

    References
    ----------
    Himmelblau (1972), Applied Nonlinear Programming, McGraw-Hill.

    Examples
    --------
    >>> himmelblau()(torch.tensor([3.0, 2.0]))
    tensor(0.)
    """

    def value(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2

    def derivative(w: Tensor) -> Tensor:
        x, y = w[..., 0], w[..., 1]
        p, q = 2 * (x * x + y - 11), 2 * (x + y * y - 7)
        return torch.stack((2 * x * p + q, p + 2 * y * q), -1)

    return Problem(
        name="Himmelblau",
        function=value,
        dim=2,
        minimisers=_double(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        window=((-5.0, 5.0), (-5.0, 5.0)),
        start=torch.tensor([0.0, 0.0], dtype=torch.float64),
        derivative=derivative,
    )
