"""The explorers, one class each; their figures are in `js/src`, bundled into `static`."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from sgdcourse.widgets import _paths
from sgdcourse.widgets._explorer import Explorer
from sgdcourse.widgets._parameters import STATIC, Parameter
from sgdcourse.widgets._still import Picture

__all__ = ["Descent"]

_GD, _MOMENTUM, _NESTEROV = "#0B6BA8", "#8A3FA0", "#B3326B"
_POWERS = {
    "quadratic": 2.0,
    "double_well": 2.5,
    "saddle": 2.0,
    "rosenbrock": 4.0,
    "beale": 5.0,
    "himmelblau": 2.5,
}
_RUN_IT = "Run the cell, or open this page with JavaScript, to move it."


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
        end = "leaves for good" if not last < 1e6 else f"ends at a loss of {last:.1g}"
        return (
            f"Descent on the {problem.name} surface with learning rate {self.lr:g} and momentum"
            f" {self.momentum:g}: from a loss of {first:.3g} the path of {self.steps} steps {end}."
            f" {_RUN_IT}"
        )

    def still(self) -> str:
        """Draw contours and path."""
        problem = _paths.problem_of(self.surface, self.curvature)
        picture = Picture(problem.window[0], problem.window[1])
        picture.contours(problem, _POWERS[self.surface])
        picture.dots(problem.minimisers.tolist(), "#444444", radius=4)
        color = _GD if self.momentum == 0 else _NESTEROV if self.nesterov else _MOMENTUM
        _draw_path(picture, self.path.tolist(), color)
        return picture.svg(f"Path of descent on the {problem.name} surface")


def _draw_path(picture: Picture, points: list[list[float]], color: str) -> None:
    """Draw a path with a dot at each step and a larger one at its start."""
    kept = [point for point in points if max(map(abs, point)) < 1e6]
    picture.line(kept, color)
    picture.dots(kept, color)
    picture.dots(kept[:1], color, radius=7)
