"""The explorers of noisy descent; their figures are in `js/src`, bundled into `static`."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from sgdcourse.widgets import _batches, _paths
from sgdcourse.widgets._explorer import RUN_IT, Explorer
from sgdcourse.widgets._parameters import STATIC, Parameter
from sgdcourse.widgets._still import COLORS, Picture

__all__ = ["BatchSize", "NoiseBall", "Schedule"]


class NoiseBall(Explorer):
    """SGD on a noisy quadratic: a cloud of runs and the predicted ellipse around it.

    w ← w − η(λw + σξ/√B), ξ standard normal, independent in both weights.

    Parameters
    ----------
    lr : float in [0.001, 2], default 0.2
    batch_size : int in [1, 1024], default 1
    schedule : str, default "constant"
        "constant", "inverse_time", "inverse_sqrt", "linear" or "cosine".
    noise : float in [0, 4], default 1
        σ, standard deviation of one example's gradient.
    curvature : float in [1, 20], default 4
        κ of the quadratic ½(x² + κy²).
    steps : int in [1, 500], default 200
    seed : int in [0, 9999], default 0
    x, y : float in [-3, 3] and [-2, 2], default -2 and 1.5
        Start.

    Raises
    ------
    ValueError, TypeError
        When a parameter is set to something that its range does not allow.

    References
    ----------
    Mandt et al. (2017), JMLR 18(134): stationary variance ησ²/(Bλ(2 − ηλ)).

    Examples
    --------
    >>> NoiseBall(steps=5).path.shape
    torch.Size([6, 2])
    """

    kind: ClassVar[str] = "noise_ball"
    _esm = STATIC / "noise_ball.mjs"
    lr = Parameter("noise_ball", "lr")
    batch_size = Parameter("noise_ball", "batch_size")
    schedule = Parameter("noise_ball", "schedule")
    noise = Parameter("noise_ball", "noise")
    curvature = Parameter("noise_ball", "curvature")
    steps = Parameter("noise_ball", "steps")
    seed = Parameter("noise_ball", "seed")
    x = Parameter("noise_ball", "x")
    y = Parameter("noise_ball", "y")

    @property
    def path(self) -> Tensor:
        """Points of the run that is drawn as a line, shape (steps + 1, 2), float64."""
        return _paths.noisy_descend(
            (self.x, self.y),
            curvature=self.curvature,
            noise=self.noise / math.sqrt(self.batch_size),
            lr=self.lr,
            steps=self.steps,
            seed=self.seed,
            schedule=_paths.BALL_SCHEDULES[self.schedule](self.steps),
        )

    def sentence(self) -> str:
        """Say what is drawn and how wide the ball is predicted to be."""
        head = (
            f"One run of SGD on a noisy quadratic with learning rate {self.lr:g},"
            f" batch size {self.batch_size} and a {self.schedule.replace('_', ' ')} schedule"
        )
        if self.lr * self.curvature >= 2:
            return f"{head}: {self._wild()}. {RUN_IT}"
        sd = [self._deviation(curvature) for curvature in (1.0, self.curvature)]
        return (
            f"{head}; with a constant one the weights settle with standard deviations"
            f" {sd[0]:.3g} and {sd[1]:.3g}. {RUN_IT}"
        )

    def _wild(self) -> str:
        """Say what becomes of a run whose first ηλ is 2 or more."""
        steepest = self.lr * self.curvature
        if self.schedule == "constant" and math.isclose(steepest, 2):
            return "ηλ is exactly 2 in the steep direction and the weights flip for ever"
        factor = _paths.BALL_SCHEDULES[self.schedule](self.steps)
        wild = sum(steepest * factor(t) > 2 * (1 + 1e-9) for t in range(self.steps))
        losses = _paths.expected_losses(
            (self.x, self.y),
            curvature=self.curvature,
            variance=self.noise**2 / self.batch_size,
            lr=self.lr,
            steps=self.steps,
            schedule=factor,
        )
        if wild == self.steps or not losses[-1] < 1e3:
            return "it diverges"
        return f"ηλ lies above 2 for {wild} of {self.steps} steps, then the steps are small enough"

    def _deviation(self, curvature: float) -> float:
        room = curvature * (2 - self.lr * curvature)
        return math.sqrt(self.lr * self.noise**2 / self.batch_size / room)

    def still(self) -> str:
        """Draw contours, the run, and the ellipse of one predicted standard deviation."""
        picture = Picture((-3.2, 3.2), (-2.2, 2.2))
        picture.contours(_paths.problem_of("quadratic", self.curvature), 2.0)
        color = COLORS["sgd"] if self.batch_size == 1 else COLORS["mini-batch"]
        picture.path(self.path.tolist(), color)
        if self.lr * self.curvature < 2:
            a, b = self._deviation(1.0), self._deviation(self.curvature)
            turns = [2 * math.pi * i / 48 for i in range(49)]
            ring = [(a * math.cos(u), b * math.sin(u)) for u in turns]
            picture.line(ring, COLORS["theory"], dash="6 4")
        return picture.svg("Run of SGD on a noisy quadratic with the predicted ellipse")


class BatchSize(Explorer):
    """Steps and examples to a target loss as the batch grows, on the noisy quadratic model.

    (S/Smin − 1)(E/Emin − 1) = 1 with steps S and examples E = BS, each batch size with its own
    best learning rate, beside a rule that scales one learning rate.

    Parameters
    ----------
    batch_size : int in [1, 16384], default 64
    scaling : str, default "linear"
        "linear" (lr ∝ B), "sqrt" (lr ∝ √B) or "fixed".
    base_lr : float in [0.0001, 1], default 0.006
        Learning rate of that rule at batch size 1.
    noise : float in [0.3, 30], default 3
        σ, size of one example's gradient noise.
    target : float in [0.01, 0.5], default 0.05
        Loss to reach; it starts at 1.

    Raises
    ------
    ValueError, TypeError
        When a parameter is set to something that its range does not allow.

    References
    ----------
    McCandlish et al. (2018), arXiv:1812.06162, eq. 2.11; Zhang et al. (2019), arXiv:1907.04164.

    Examples
    --------
    >>> BatchSize(target=0.2).path.shape
    torch.Size([15, 4])
    """

    kind: ClassVar[str] = "batch_size"
    _esm = STATIC / "batch_size.mjs"
    batch_size = Parameter("batch_size", "batch_size")
    scaling = Parameter("batch_size", "scaling")
    base_lr = Parameter("batch_size", "base_lr")
    noise = Parameter("batch_size", "noise")
    target = Parameter("batch_size", "target")

    def _row(self, batch: int) -> tuple[float, float, float, float]:
        lr = _batches.best_lr(self.target, batch=batch, noise=self.noise)
        steps = _batches.steps_to(self.target, lr=lr, batch=batch, noise=self.noise)
        return float(batch), lr, steps, steps * batch

    @property
    def path(self) -> Tensor:
        """Batch size, its best lr, steps and examples to the target; shape (15, 4), float64."""
        return torch.tensor([self._row(b) for b in _batches.BATCHES], dtype=torch.float64)

    def sentence(self) -> str:
        """Say what the chosen batch size costs."""
        _, lr, steps, _ = self._row(self.batch_size)
        whole = math.ceil(steps)
        examples = whole * self.batch_size
        return (
            f"Batch size {self.batch_size} with its own best learning rate {lr:.2g} reaches the"
            f" target loss {self.target:g} in {whole} step{'s'[: whole > 1]},"
            f" {examples} example{'s'[: examples > 1]}. {RUN_IT}"
        )

    def still(self) -> str:
        """Draw the steps to the target against the batch size, tuned and by the rule."""
        tuned = self.path[:, [0, 2]].tolist()
        ruled = []
        for batch in _batches.BATCHES:
            lr = _batches.scaled_lr(self.scaling, self.base_lr, batch)
            steps = _batches.steps_to(self.target, lr=lr, batch=batch, noise=self.noise)
            ruled.append((float(batch), steps))
        highest = max(steps for _, steps in [*tuned, *ruled] if math.isfinite(steps))
        picture = Picture((0.8, 20000.0), (0.8 * tuned[-1][1], 1.3 * highest), log="xy")
        for points, color in ((ruled, COLORS["sgd"]), (tuned, COLORS["mini-batch"])):
            picture.line(points, color)
            picture.dots(points, color, radius=4)
        return picture.svg("Steps to the target loss against the batch size, both logarithmic")


class Schedule(Explorer):
    """Shape a learning-rate schedule and see the loss on a noisy quadratic.

    Parameters
    ----------
    schedule : str, default "cosine"
        "constant", "step", "exponential", "polynomial", "linear", "inverse_time",
        "inverse_sqrt", "cosine", "warm_restarts", "one_cycle" or "wsd".
    lr : float in [0.001, 0.5], default 0.15
        Highest learning rate.
    warmup : int in [0, 200], default 0
        Steps of a linear warm-up before the schedule; half of the run at most.
    shape : float in [0.02, 1], default 0.3
        Share of the run that says where the schedule bends: each schedule's own time scale.
    end : float in [0, 1], default 0
        Last value as a share of `lr`, where the schedule has one.
    steps : int in [10, 500], default 200
    noise : float in [0, 4], default 1
    curvature : float in [1, 20], default 10
        κ of the quadratic ½(x² + κy²).
    seed : int in [0, 9999], default 0

    Raises
    ------
    ValueError, TypeError
        When a parameter is set to something that its range does not allow.

    Examples
    --------
    >>> Schedule(schedule="linear", lr=0.1, steps=10).path[5]
    tensor([0.0500, 0.9019], dtype=torch.float64)
    """

    kind: ClassVar[str] = "schedule"
    _esm = STATIC / "schedule.mjs"
    schedule = Parameter("schedule", "schedule")
    lr = Parameter("schedule", "lr")
    warmup = Parameter("schedule", "warmup")
    shape = Parameter("schedule", "shape")
    end = Parameter("schedule", "end")
    steps = Parameter("schedule", "steps")
    noise = Parameter("schedule", "noise")
    curvature = Parameter("schedule", "curvature")
    seed = Parameter("schedule", "seed")

    @property
    def path(self) -> Tensor:
        """Learning rate of each update and expected loss before it; shape (steps, 2), float64."""
        factor = _paths.warm_schedule(
            self.schedule, steps=self.steps, warmup=self.warmup, shape=self.shape, end=self.end
        )
        rates = torch.tensor([self.lr * factor(t) for t in range(self.steps)], dtype=torch.float64)
        losses = _paths.expected_losses(
            (2.0, 1.0),
            curvature=self.curvature,
            variance=self.noise**2,
            lr=self.lr,
            steps=self.steps,
            schedule=factor,
        )
        return torch.stack([rates, losses[:-1]], dim=1)

    def sentence(self) -> str:
        """Say what is drawn and where the learning rate ends."""
        rates = self.path[:, 0]
        name = self.schedule.replace("_", " ")
        return (
            f"A {name} schedule over {self.steps} steps: the learning rate starts at"
            f" {rates[0].item():.3g}, is never above {rates.max().item():.3g} and ends at"
            f" {rates[-1].item():.2g}. {RUN_IT}"
        )

    def still(self) -> str:
        """Draw the learning rate against the step."""
        picture = Picture((0.0, float(self.steps)), (0.0, 1.15 * self.lr))
        picture.line(enumerate(self.path[:, 0].tolist()), COLORS["schedule"], width=3)
        return picture.svg("Learning rate against the step")
