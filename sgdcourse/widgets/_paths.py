"""What the explorers show, computed in Python with the package's own rules and problems."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sgdcourse import problems, rules, schedules
from sgdcourse.widgets._random import normals

__all__ = [
    "BALL_SCHEDULES",
    "SCHEDULES",
    "descend",
    "expected_losses",
    "noisy_descend",
    "problem_of",
    "warm_schedule",
]

_SURFACES: dict[str, Callable[[], problems.Problem]] = {
    "double_well": lambda: problems.double_well(dim=2),
    "saddle": problems.saddle,
    "rosenbrock": problems.rosenbrock,
    "beale": problems.beale,
    "himmelblau": problems.himmelblau,
}


def _whole(value: float) -> int:
    """Round halves up, as JavaScript does; at least 1."""
    return max(1, math.floor(value + 0.5))


# Shapes of the schedules as the noise-ball explorer sets them for a run of n steps.
BALL_SCHEDULES: dict[str, Callable[[int], schedules.Schedule]] = {
    "constant": lambda n: schedules.constant(),
    "inverse_time": lambda n: schedules.inverse_time(10 / n),
    "inverse_sqrt": lambda n: schedules.inverse_sqrt(n / 10),
    "linear": schedules.linear,
    "cosine": schedules.cosine,
}

# The schedule explorer's "shape" p in (0, 1] and end e, read by each schedule in its own way.
SCHEDULES: dict[str, Callable[[int, float, float], schedules.Schedule]] = {
    "constant": lambda n, p, e: schedules.constant(),
    "step": lambda n, p, e: schedules.step(_whole(p * n)),
    "exponential": lambda n, p, e: schedules.exponential(0.1 ** (1 / (p * n))),
    "polynomial": lambda n, p, e: schedules.polynomial(n, power=1 / p, end=e),
    "linear": lambda n, p, e: schedules.linear(n, end=e),
    "inverse_time": lambda n, p, e: schedules.inverse_time(1 / (p * n)),
    "inverse_sqrt": lambda n, p, e: schedules.inverse_sqrt(p * n / 3),
    "cosine": lambda n, p, e: schedules.cosine(n, end=e),
    "warm_restarts": lambda n, p, e: schedules.warm_restarts(_whole(p * n), end=e),
    "one_cycle": lambda n, p, e: schedules.one_cycle(n, warm=min(0.9, max(p, 2 / n))),
    "wsd": lambda n, p, e: schedules.wsd(n, warmup=0, decay=_whole(p * n), end=e),
}


def problem_of(surface: str, curvature: float) -> problems.Problem:
    """Return the two-dimensional problem that an explorer's surface shows."""
    if surface == "quadratic":
        return problems.quadratic((1.0, curvature))
    return _SURFACES[surface]()


def descend(
    problem: problems.Problem,
    start: tuple[float, float],
    *,
    steps: int,
    lr: float,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> Tensor:
    """Return the path of full-gradient descent, shape (steps + 1, 2), float64."""
    w = torch.tensor(start, dtype=torch.float64)
    state: dict[str, Tensor] = {}
    path = [w.clone()]
    for _ in range(steps):
        gradient = problem.gradient(w)
        rules.sgd_(w, gradient, state, lr=lr, momentum=momentum, nesterov=nesterov)
        path.append(w.clone())
    return torch.stack(path)


def noisy_descend(
    start: tuple[float, float],
    *,
    curvature: float,
    noise: float,
    lr: float,
    steps: int,
    seed: int,
    schedule: Callable[[int], float],
) -> Tensor:
    """Return the path of SGD on ½(x² + κy²) with gradient noise, shape (steps + 1, 2), float64."""
    bend = torch.tensor([1.0, curvature], dtype=torch.float64)
    xi = normals(seed, 2 * steps).reshape(steps, 2)
    w = torch.tensor(start, dtype=torch.float64)
    path = [w.clone()]
    for t in range(steps):
        rules.sgd_(w, bend * w + noise * xi[t], {}, lr=lr * schedule(t))
        path.append(w.clone())
    return torch.stack(path)


def warm_schedule(
    name: str, *, steps: int, warmup: int, shape: float, end: float
) -> Callable[[int], float]:
    """Return the schedule explorer's schedule; the warm-up takes half of the run at most."""
    warm = min(warmup, steps // 2)
    then = SCHEDULES[name](steps - warm, shape, end)
    return schedules.warmup(warm, then) if warm else then


def expected_losses(
    start: tuple[float, float],
    *,
    curvature: float,
    variance: float,
    lr: float,
    steps: int,
    schedule: Callable[[int], float],
) -> Tensor:
    """Return the expected loss of SGD on ½(x² + κy²) with gradient noise, shape (steps + 1,).

    Mean m ← (1 − ηλ)m and variance v ← (1 − ηλ)²v + η²σ² in each direction; L = ½ Σ λ(m² + v).
    """
    bend = torch.tensor([1.0, curvature], dtype=torch.float64)
    mean = torch.tensor(start, dtype=torch.float64)
    spread = torch.zeros(2, dtype=torch.float64)
    losses = [0.5 * (bend * (mean**2 + spread)).sum()]
    for t in range(steps):
        eta = lr * schedule(t)
        shrink = 1 - eta * bend
        mean, spread = shrink * mean, shrink**2 * spread + eta**2 * variance
        losses.append(0.5 * (bend * (mean**2 + spread)).sum())
    return torch.stack(losses)
