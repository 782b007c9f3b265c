"""Exercises of chapter 2: stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from sgdcourse.exercises.draws import number, vector, whole
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]


def _epoch_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for n in (4, 6, 5, 7):
        order = torch.randperm(n, generator=g)
        cases.append((vector(g, 2), vector(g, n, 2), vector(g, n), order, number(g, 0.02, 0.1)))
    return cases


def _pass(
    gradient: Callable[..., Tensor], *, ordered: bool = True, sign: float = -1.0
) -> Callable[..., Tensor]:
    """Return a pass over the examples that uses `gradient(w, start, x, y, i)`."""

    def epoch(w: Tensor, x: Tensor, y: Tensor, order: Tensor, lr: float) -> Tensor:
        start = w
        for i in order if ordered else range(len(x)):
            w = w + sign * lr * gradient(w, start, x, y, i)
        return w

    return epoch


def _one(w: Tensor, start: Tensor, x: Tensor, y: Tensor, i: Any) -> Tensor:
    return 2 * (x[i] @ w - y[i]) * x[i]


SGD_EPOCH = Exercise(
    name="sgd_epoch",
    truth=_pass(_one),
    cases=_epoch_cases,
    slips={
        "full gradient at every step": _pass(
            lambda w, start, x, y, i: 2 * x.T @ (x @ w - y) / len(x)
        ),
        "gradients at the starting point": _pass(
            lambda w, start, x, y, i: _one(start, start, x, y, i)
        ),
        "order ignored": _pass(_one, ordered=False),
        "divided by the number of examples": _pass(
            lambda w, start, x, y, i: _one(w, start, x, y, i) / len(x)
        ),
        "derivative of the square": _pass(lambda w, start, x, y, i: _one(w, start, x, y, i) / 2),
        "wrong sign": _pass(_one, sign=1.0),
    },
)


def _weight_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for n in (3, 5, 8, 4):
        p = torch.rand(n, generator=g) + 0.1
        p = (p / p.sum()).mul(100).round() / 100
        p[0] += 1 - p.sum()
        cases.append((vector(g, n, 2), p, whole(g, 0, n - 1)))
    return cases


UNBIASED = Exercise(
    name="unbiased_gradient",
    truth=lambda gradients, p, i: gradients[i] / (len(gradients) * p[i]),
    cases=_weight_cases,
    remark="What is drawn more often must count less.",
    slips={
        "no weight": lambda gradients, p, i: gradients[i],
        "sum instead of mean": lambda gradients, p, i: gradients[i] / p[i],
        "weight upside down": (
            lambda gradients, p, i: gradients[i] * len(gradients) * p[i],
            lambda gradients, p, i: gradients[i] * p[i],
        ),
        "brackets": lambda gradients, p, i: gradients[i] / p[i] * len(gradients),
        "full gradient": lambda gradients, p, i: gradients.mean(0),
    },
)


def _variance(lr: float, curvature: float, sigma: float) -> float:
    return lr * sigma**2 / (curvature * (2 - lr * curvature))


def _floor_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(0.6, 2.0, 3.0), (0.3, 1.5, 0.5), (0.05, 1.0, 2.0)]


def _stopped(steps: int) -> Callable[..., float]:
    """Return the variance after so few steps that it still grows."""

    def early(lr: float, curvature: float, sigma: float) -> float:
        return _variance(lr, curvature, sigma) * (1 - (1 - lr * curvature) ** (2 * steps))

    return early


MEASURE_FLOOR = Exercise(
    name="measure_floor",
    truth=_variance,
    cases=_floor_cases,
    rtol=0.08,
    remark="It agrees with ησ²/(λ(2 − ηλ)) within 8%.",
    slips={
        "standard deviation": lambda lr, curvature, sigma: _variance(lr, curvature, sigma) ** 0.5,
        "loss instead of variance": lambda lr, curvature, sigma: (
            0.5 * curvature * _variance(lr, curvature, sigma)
        ),
        "noise added to w": lambda lr, curvature, sigma: _variance(lr, curvature, sigma) / lr**2,
        "square root of lr": lambda lr, curvature, sigma: _variance(lr, curvature, sigma) / lr,
        "small-lr formula": lambda lr, curvature, sigma: lr * sigma**2 / (2 * curvature),
        "variance of the gradient": lambda lr, curvature, sigma: float(sigma**2),
        "stopped before it hovers": tuple(map(_stopped, range(1, 24))),
        "noise drawn once": lambda lr, curvature, sigma: (sigma / curvature) ** 2,
    },
)


def _power_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(p,) for p in (0.0, 0.25, 0.5, 0.51, 0.75, 0.99, 1.0, 1.01, 2.0)]


CHOOSE_DECAY = Exercise(
    name="decay_converges",
    truth=lambda power: 0.5 < power <= 1,
    cases=_power_cases,
    remark="False means no guarantee: on a parabola 1/√t converges too, only more slowly.",
    slips={
        "first condition only": lambda power: power <= 1,
        "second condition only": lambda power: power > 0.5,
        "harmonic series": lambda power: 0.5 < power < 1,
        "one half included": lambda power: 0.5 <= power <= 1,
        "any decay": lambda power: power > 0,
    },
)


def _iterate_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [([number(g, -3, 3) for _ in range(n)],) for n in (1, 4, 6, 5)]


def _averages(weight: Callable[[int], float], first: int = 0) -> Callable[[list[float]], Any]:
    """Return running averages with m ← m + weight(t)·(w − m), with t from 1."""

    def average(iterates: list[float]) -> list[float]:
        mean, found = (iterates[0] if first else 0.0), []
        for t, w in enumerate(iterates, start=1):
            mean = mean + weight(t) * (w - mean)
            found.append(mean)
        return found

    return average


AVERAGE = Exercise(
    name="average_iterates",
    truth=_averages(lambda t: 1 / t),
    cases=_iterate_cases,
    slips={
        "zero counted as an iterate": _averages(lambda t: 1 / (t + 1)),
        "halving": _averages(lambda t: 0.5, first=1),
        "running sum": lambda iterates: [sum(iterates[: t + 1]) for t in range(len(iterates))],
        "divided by the final count": lambda iterates: [
            sum(iterates[: t + 1]) / len(iterates) for t in range(len(iterates))
        ],
    },
)

EXERCISES = (SGD_EPOCH, UNBIASED, MEASURE_FLOOR, CHOOSE_DECAY, AVERAGE)
