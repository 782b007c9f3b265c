"""Exercises of chapter 2: stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from sgdcourse.exercises.draws import number, vector, whole
from sgdcourse.exercises.model import Exercise, Slip

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
    slips=(
        Slip(
            "full gradient at every step",
            _pass(lambda w, start, x, y, i: 2 * x.T @ (x @ w - y) / len(x)),
            "**Full gradient at every step**: each step may look at one example only.",
            1,
        ),
        Slip(
            "gradients at the starting point",
            _pass(lambda w, start, x, y, i: _one(start, start, x, y, i)),
            "**Gradients at the starting point**: each example must see the weights that the "
            "one before it left behind.",
            2,
        ),
        Slip(
            "order ignored",
            _pass(_one, ordered=False),
            "**Order ignored**: you go through the examples as they lie, not as `order` says.",
            5,
        ),
        Slip(
            "divided by the number of examples",
            _pass(lambda w, start, x, y, i: _one(w, start, x, y, i) / len(x)),
            "**Divided by N**: the gradient of one example stands for the mean as it is; "
            "dividing makes the steps N times too small.",
            1,
        ),
        Slip(
            "derivative of the square",
            _pass(lambda w, start, x, y, i: _one(w, start, x, y, i) / 2),
            "**Derivative of the square**: (x·w − y)² has the derivative 2(x·w − y)·x.",
            1,
        ),
        Slip(
            "wrong sign",
            _pass(_one, sign=1.0),
            "**Wrong sign**: every step climbs.",
            1,
        ),
    ),
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
    slips=(
        Slip(
            "no weight",
            lambda gradients, p, i: gradients[i],
            "**No weight**: this is the bug itself. Examples that are drawn often pull the mean "
            "towards them.",
            1,
        ),
        Slip(
            "sum instead of mean",
            lambda gradients, p, i: gradients[i] / p[i],
            "**Sum instead of mean**: on average this is the *sum* of the gradients, N times the "
            "full gradient.",
            1,
        ),
        Slip(
            "weight upside down",
            lambda gradients, p, i: gradients[i] * len(gradients) * p[i],
            "**Weight upside down**: an example that is drawn more often must count less, "
            "not more.",
            1,
        ),
        Slip(
            "full gradient",
            lambda gradients, p, i: gradients.mean(0),
            "**Full gradient**: right on average, but it needs all N gradients for one step.",
            2,
        ),
    ),
)


def _variance(lr: float, curvature: float, sigma: float) -> float:
    return lr * sigma**2 / (curvature * (2 - lr * curvature))


def _floor_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(0.6, 2.0, 3.0), (0.3, 1.5, 0.5), (1.2, 1.0, 2.0)]


MEASURE_FLOOR = Exercise(
    name="measure_floor",
    truth=_variance,
    cases=_floor_cases,
    rtol=0.08,
    remark="It agrees with ησ²/(λ(2 − ηλ)) within 8 %.",
    slips=(
        Slip(
            "standard deviation",
            lambda lr, curvature, sigma: _variance(lr, curvature, sigma) ** 0.5,
            "**Standard deviation**: asked for is the variance, its square.",
            3,
        ),
        Slip(
            "loss instead of variance",
            lambda lr, curvature, sigma: 0.5 * curvature * _variance(lr, curvature, sigma),
            "**Loss instead of variance**: ½λw² is the height of the floor in the loss; asked "
            "for is the variance of `w`.",
            3,
        ),
        Slip(
            "noise added to w",
            lambda lr, curvature, sigma: _variance(lr, curvature, sigma) / lr**2,
            "**Noise added to w**: the noise is part of the gradient, so the learning rate "
            "multiplies it too.",
            3,
        ),
        Slip(
            "square root of lr",
            lambda lr, curvature, sigma: _variance(lr, curvature, sigma) / lr,
            "**√lr instead of lr on the noise**: that is how a diffusion is simulated; here "
            "the whole noisy gradient is multiplied by lr.",
            3,
        ),
        Slip(
            "small-lr formula",
            lambda lr, curvature, sigma: lr * sigma**2 / (2 * curvature),
            "**Formula for tiny steps**: ησ²/(2λ) holds only while ηλ is far below 2.",
            3,
        ),
        Slip(
            "variance of the gradient",
            lambda lr, curvature, sigma: float(sigma**2),
            "**Variance of the gradient noise**: asked for is the variance of the iterates.",
            3,
        ),
    ),
)


def _power_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(p,) for p in (0.0, 0.25, 0.5, 0.51, 0.75, 0.99, 1.0, 1.01, 2.0)]


CHOOSE_DECAY = Exercise(
    name="decay_converges",
    truth=lambda power: 0.5 < power <= 1,
    cases=_power_cases,
    slips=(
        Slip(
            "first condition only",
            lambda power: power <= 1,
            "**Only Ση = ∞ is tested**: the steps reach everywhere, but their noise, Ση², "
            "must stay finite as well.",
            4,
        ),
        Slip(
            "second condition only",
            lambda power: power > 0.5,
            "**Only Ση² < ∞ is tested**: steps that shrink too fast stop before they arrive.",
            4,
        ),
        Slip(
            "harmonic series",
            lambda power: 0.5 < power < 1,
            "**The harmonic series diverges**: Σ 1/t = ∞, so the power 1 is allowed.",
            4,
        ),
        Slip(
            "one half included",
            lambda power: 0.5 <= power <= 1,
            "**One half is too slow**: with 1/√t the squares are 1/t, and their sum is infinite.",
            4,
        ),
        Slip(
            "any decay",
            lambda power: power > 0,
            "**Any decay**: that the lr goes to zero is not enough, and too fast is also wrong.",
            4,
        ),
    ),
)


def _iterate_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [([number(g, -3, 3) for _ in range(n)],) for n in (1, 4, 6, 5)]


def _averages(weight: Callable[[int], float], first: int = 0) -> Callable[[list[float]], Any]:
    """Return running averages with m ← m + weight(t)·(w − m), t = 1, 2, …"""

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
    slips=(
        Slip(
            "zero counted as an iterate",
            _averages(lambda t: 1 / (t + 1)),
            "**Zero counted as an iterate**: the first average must be the first iterate.",
            4,
        ),
        Slip(
            "halving",
            _averages(lambda t: 0.5, first=1),
            "**Half old, half new**: that forgets the past quickly; an average weighs all "
            "iterates alike.",
            4,
        ),
        Slip(
            "running sum",
            lambda iterates: [sum(iterates[: t + 1]) for t in range(len(iterates))],
            "**Running sum**: divide by the number of iterates so far.",
            4,
        ),
        Slip(
            "divided by the final count",
            lambda iterates: [sum(iterates[: t + 1]) / len(iterates) for t in range(len(iterates))],
            "**Divided by the final count**: the average after t iterates divides by t.",
            4,
        ),
    ),
)

EXERCISES = (SGD_EPOCH, UNBIASED, MEASURE_FLOOR, CHOOSE_DECAY, AVERAGE)
