"""The explorers of smooth descent; their figures are in `js/src`, bundled into `static`."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from sgdcourse.widgets import _paths
from sgdcourse.widgets._explorer import RUN_IT, Explorer
from sgdcourse.widgets._parameters import STATIC, Parameter
from sgdcourse.widgets._still import COLORS, Picture

__all__ = ["Descent", "Momentum"]

_POWERS = {
    "quadratic": 2.0,
    "double_well": 2.5,
    "saddle": 2.0,
    "rosenbrock": 4.0,
    "beale": 5.0,
    "himmelblau": 2.5,
}


def _color(momentum: float, nesterov: bool) -> str:
    """Colour of the method that these two settings make."""
    return COLORS["gd" if momentum == 0 else "nesterov" if nesterov else "momentum"]


class Descent(Explorer):
    """Gradient descent, momentum and Nesterov on a surface; the start can be dragged.

    w ← w − ηv, as `torch.optim.SGD` does it, with η `lr` and μ `momentum`.

    Parameters
    ----------
    surface : str, default "quadratic"
        "quadratic", "double_well", "saddle", "rosenbrock", "beale" or "himmelblau".
    curvature : float in [1, 1000], default 10
        κ of the quadratic ½(x² + κy²).
    lr : float in [1e-5, 4], default 0.17
    momentum : float in [0, 0.99], default 0
    nesterov : bool, default False
    steps : int in [1, 500], default 100
    x, y : float in [-5, 5], default 2 and 1
        Start.

    Raises
    ------
    ValueError, TypeError
        When a parameter is set to something that its range does not allow.

    Examples
    --------
    >>> explorer = Descent(lr=0.1, steps=3)
    >>> explorer
    Descent(lr=0.1, steps=3)
    >>> explorer.path[:, 0]
    tensor([2.0000, 1.8000, 1.6200, 1.4580], dtype=torch.float64)
    """

    kind: ClassVar[str] = "descent"
    _esm = STATIC / "descent.mjs"
    surface = Parameter("descent", "surface")
    curvature = Parameter("descent", "curvature")
    lr = Parameter("descent", "lr")
    momentum = Parameter("descent", "momentum")
    nesterov = Parameter("descent", "nesterov")
    steps = Parameter("descent", "steps")
    x = Parameter("descent", "x")
    y = Parameter("descent", "y")

    @property
    def path(self) -> Tensor:
        """Points of the path, shape (steps + 1, 2), float64."""
        return _paths.descend(
            _paths.problem_of(self.surface, self.curvature),
            (self.x, self.y),
            steps=self.steps,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )

    def sentence(self) -> str:
        """Say what is drawn and where the path leads."""
        problem = _paths.problem_of(self.surface, self.curvature)
        path = self.path
        first, last = problem(path[0]).item(), problem(path[-1]).item()
        end = f"ends at a loss of {last:.2g}"
        if torch.equal(path[0], path[-1]):
            end = "stays where it is"
        elif not last < 1e6:
            end = "leaves for good"
        elif last < 1e-6 * first:
            end = "ends below a millionth of that"
        return (
            f"Descent on the {problem.name} surface with learning rate {self.lr:g} and momentum"
            f" {self.momentum:g}: from a loss of {first:.3g} the path of {self.steps} steps {end}."
            f" {RUN_IT}"
        )

    def still(self) -> str:
        """Draw contours and path."""
        problem = _paths.problem_of(self.surface, self.curvature)
        picture = Picture(problem.window[0], problem.window[1])
        picture.contours(problem, _POWERS[self.surface])
        picture.dots(problem.minimisers.tolist(), COLORS["theory"], radius=4)
        color = _color(self.momentum, self.nesterov)
        picture.path(self.path.tolist(), color)
        return picture.svg(f"Path of descent on the {problem.name} surface")


class Momentum(Explorer):
    """The plane of learning rate and momentum, the roots behind it, and the path.

    In a direction of curvature λ the error follows z² − (1 + μ − ηλ)z + μ, with η `lr` and
    μ `momentum`; the larger modulus of its roots is the factor per step.

    Parameters
    ----------
    curvature : float in [1, 1000], default 10
        κ of the quadratic ½(x² + κy²).
    lr : float in [1e-5, 4], default 0.1
    momentum : float in [0, 0.99], default 0.8
    nesterov : bool, default False
    steps : int in [1, 500], default 100
    x, y : float in [-2.5, 2.5], default 2 and 1
        Start.

    Raises
    ------
    ValueError, TypeError
        When a parameter is set to something that its range does not allow.

    References
    ----------
    Polyak (1964); Goh (2017), doi:10.23915/distill.00006.

    Examples
    --------
    >>> Momentum(momentum=0.5, steps=2).path.shape
    torch.Size([3, 2])
    """

    kind: ClassVar[str] = "momentum"
    _esm = STATIC / "momentum.mjs"
    curvature = Parameter("momentum", "curvature")
    lr = Parameter("momentum", "lr")
    momentum = Parameter("momentum", "momentum")
    nesterov = Parameter("momentum", "nesterov")
    steps = Parameter("momentum", "steps")
    x = Parameter("momentum", "x")
    y = Parameter("momentum", "y")

    @property
    def path(self) -> Tensor:
        """Points of the path, shape (steps + 1, 2), float64."""
        return _paths.descend(
            _paths.problem_of("quadratic", self.curvature),
            (self.x, self.y),
            steps=self.steps,
            lr=self.lr,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )

    def sentence(self) -> str:
        """Say what is drawn and whether the setting is stable."""
        stretch = 1 + 2 * self.momentum if self.nesterov else 1.0
        limit = (2 + 2 * self.momentum) / (stretch * self.curvature)
        side = "below" if self.lr < limit else "not below"
        return (
            f"Learning rate {self.lr:g} and momentum {self.momentum:g} on a quadratic of condition"
            f" number {self.curvature:g}: {side} the limit of stability {limit:.3g}. {RUN_IT}"
        )

    def still(self) -> str:
        """Draw contours and path."""
        problem = _paths.problem_of("quadratic", self.curvature)
        picture = Picture(problem.window[0], problem.window[1])
        picture.contours(problem, 2.0)
        color = _color(self.momentum, self.nesterov)
        picture.path(self.path.tolist(), color)
        return picture.svg("Path of descent with momentum on a quadratic")
