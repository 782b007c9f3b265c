"""Exercises of chapter 5: learning-rate schedules."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import cos, pi
from typing import Any

import torch
from torch import Generator, Tensor

from sgdcourse.exercises.compare import freeze, show
from sgdcourse.exercises.draws import number, whole
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]

Schedule = Callable[[int], float]


def _warm_cases(g: Generator) -> list[tuple[Any, ...]]:
    rows = [(0, 10, 3), (1, 10, 3), (2, 10, 3), (3, 10, 3), (6, 10, 3), (9, 10, 3), (70, 100, 20)]
    return [(*row, number(g, 0.1, 0.9)) for row in rows]


def _warm(
    rise: Callable[[int, int], float], fall: Callable[[int, int, int], float]
) -> Callable[..., float]:
    """Return a schedule that rises as `rise(t, warmup)`, falls as `fall(t, steps, warmup)`."""

    def schedule(t: int, steps: int, warmup: int, lr: float) -> float:
        return lr * (rise(t, warmup) if t < warmup else fall(t, steps, warmup))

    return schedule


def _rise(t: int, warmup: int) -> float:
    return (t + 1) / warmup


def _fall(t: int, steps: int, warmup: int) -> float:
    return (1 + cos(pi * (t - warmup) / (steps - warmup))) / 2


WARMUP_COSINE = Exercise(
    name="warmup_cosine",
    truth=_warm(_rise, _fall),
    cases=_warm_cases,
    slips={
        "first step wasted": _warm(lambda t, warmup: t / warmup, _fall),
        "cosine starts too early": _warm(
            _rise, lambda t, steps, warmup: (1 + cos(pi * t / steps)) / 2
        ),
        "cosine ends too late": _warm(
            _rise, lambda t, steps, warmup: (1 + cos(pi * (t - warmup) / steps)) / 2
        ),
        "whole period": _warm(
            _rise,
            lambda t, steps, warmup: (1 + cos(2 * pi * (t - warmup) / (steps - warmup))) / 2,
        ),
        "half forgotten": _warm(_rise, lambda t, steps, warmup: 2 * _fall(t, steps, warmup)),
        "cosine alone": _warm(_rise, lambda t, steps, warmup: 2 * _fall(t, steps, warmup) - 1),
        "a quarter": _warm(_rise, lambda t, steps, warmup: _fall(t, steps, warmup) ** 0.5),
        "one step ahead": _warm(_rise, lambda t, steps, warmup: _fall(t + 1, steps, warmup)),
        "zero too early": _warm(_rise, lambda t, steps, warmup: _fall(t, steps - 1, warmup)),
        "warm-up one step too long": _warm(
            _rise,
            lambda t, steps, warmup: _rise(t, warmup) if t == warmup else _fall(t, steps, warmup),
        ),
    },
)


def _curve(start: float, decay: float) -> Schedule:
    def schedule(epoch: int) -> float:
        return start / (1 + decay * epoch)

    schedule.__name__ = f"{show(start)}/(1 + {show(decay)}·epoch)"
    return schedule


def _late_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(_curve(number(g, 0.1, 1), number(g, 0.2, 2)), number(g, 0.1, 1), n) for n in (1, 3, 5)]


LRS_USED = Exercise(
    name="lrs_really_used",
    truth=lambda schedule, lr, epochs: [lr, *map(schedule, range(epochs - 1))],
    cases=_late_cases,
    remark="Every epoch trains with the lr meant for the one before.",
    slips={
        "what was meant": lambda schedule, lr, epochs: [schedule(epoch) for epoch in range(epochs)],
        "shifted the other way": lambda schedule, lr, epochs: [
            schedule(epoch + 1) for epoch in range(epochs)
        ],
        "one epoch too many": lambda schedule, lr, epochs: [lr, *map(schedule, range(epochs))],
        "first value skipped": lambda schedule, lr, epochs: [lr, *map(schedule, range(1, epochs))],
        "never changed": lambda schedule, lr, epochs: [lr] * epochs,
        "epoch −1": lambda schedule, lr, epochs: [schedule(epoch - 1) for epoch in range(epochs)],
    },
)


def _decay_cases(g: Generator) -> list[tuple[Any, ...]]:
    rows = ((0, 8, 2), (15, 8, 2), (16, 8, 2), (10, 8, 2), (100, 10, 3), (89, 10, 3))
    return [(*row, number(g, 0.1, 0.6), number(g, 0.1, 0.9)) for row in rows]


def _decay(power: Callable[[int, int, int], float]) -> Callable[..., float]:
    """Return lr·gamma**power(step, steps_per_epoch, every)."""

    def schedule(step: int, steps_per_epoch: int, every: int, gamma: float, lr: float) -> float:
        return lr * gamma ** power(step, steps_per_epoch, every)

    return schedule


STEP_DECAY = Exercise(
    name="step_decay",
    truth=_decay(lambda step, length, every: step // length // every),
    cases=_decay_cases,
    slips={
        "steps taken for epochs": _decay(lambda step, length, every: step // every),
        "every epoch": _decay(lambda step, length, every: step // length),
        "smooth instead of steps": (
            _decay(lambda step, length, every: step / length / every),
            _decay(lambda step, length, every: step // length / every),
        ),
        "one epoch early": _decay(lambda step, length, every: (step // length + 1) // every),
        "one step early": _decay(lambda step, length, every: (step + 1) // length // every),
        "a single drop": _decay(lambda step, length, every: step >= length * every),
        "product instead of power": lambda step, steps_per_epoch, every, gamma, lr: (
            lr * gamma * (step // steps_per_epoch // every)
        ),
    },
)

_STEPS, _NOISE, _TARGET = 200, 0.5, 0.015


def _parts(lrs: list[float]) -> tuple[float, float]:
    """Return the part of the final expected loss that is bias, and the part that is noise."""
    bias = noise = 0.0
    for curvature in (1.0, 0.1):
        mean, variance = 5.0, 0.0
        for lr in lrs:
            mean, keep = (1 - lr * curvature) * mean, (1 - lr * curvature) ** 2
            variance = keep * variance + (lr * _NOISE) ** 2
            if not math.isfinite(mean) or abs(mean) > 1e6:
                return math.inf, math.inf
        bias, noise = bias + curvature * mean**2 / 2, noise + curvature * variance / 2
    return bias, noise


def _number(lr: Any, t: int) -> float:
    try:
        return float(lr)
    except (TypeError, ValueError, RuntimeError):
        told = f"at t = {t} the schedule must return a number, got {show(freeze(lr))}"
        raise TypeError(told) from None


_BEST = min((k / 1000 for k in range(100, 200)), key=lambda lr: sum(_parts([lr] * _STEPS)))


def _judge(schedule: Schedule) -> str:
    """Name what a schedule does with the budget."""
    given = [schedule(t) for t in range(_STEPS)]
    if any(lr is ... for lr in given):
        return ...  # type: ignore[return-value]
    lrs = [_number(lr, t) for t, lr in enumerate(given)]
    bias, noise = _parts(lrs)
    if not math.isfinite(bias) or bias > 100:
        return "diverges"
    if bias + noise <= _TARGET:
        return "reached"
    if max(lrs) - min(lrs) < 1e-9:
        return "constant"
    return "noise left" if noise > bias else "distance left"


BUDGET = Exercise(
    name="budget_schedule",
    truth=lambda t: 0.35 * (1 - t / 200),
    cases=lambda g: [()],
    run=_judge,
    remark="Large early, small late: at least a third less loss than the "
    f"{sum(_parts([_BEST] * _STEPS)):.4f} that the best constant lr, {_BEST:.3f}, leaves.",
    slips={
        "constant": lambda t: _BEST,
        "noise left": lambda t: 1.0 - 0.5 * t / 200,
        "distance left": lambda t: 0.5 * 0.9**t,
        "diverges": lambda t: 2.5 * (1 - t / 400),
    },
)


def _range_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for tail in ([9.0, math.nan], [4.0, 30.0], [math.inf, math.nan], [2.5, 8.0]):
        n = whole(g, 5, 8)
        falling = torch.linspace(2.3, number(g, 0.3, 0.8), n).tolist()
        losses = torch.tensor([2.31, 2.305, *falling, *tail])
        cases.append((torch.logspace(-4, 1, len(losses)), losses))
    return cases


def _lowest(losses: Tensor) -> int:
    return int(torch.nan_to_num(losses, nan=math.inf).argmin())


READ_RANGE = Exercise(
    name="read_range_test",
    truth=lambda lrs, losses: lrs[_lowest(losses)] / 2,
    cases=_range_cases,
    remark="It is a first guess; a sweep around it decides.",
    slips={
        "at the edge": lambda lrs, losses: lrs[_lowest(losses)],
        "a tenth": lambda lrs, losses: lrs[_lowest(losses)] / 10,
        "NaN taken for the lowest": lambda lrs, losses: lrs[losses.argmin()] / 2,
        "last finite lr": (
            lambda lrs, losses: lrs[torch.isfinite(losses)][-1],
            lambda lrs, losses: lrs[torch.isfinite(losses)][-1] / 2,
        ),
        "half the place": lambda lrs, losses: lrs[_lowest(losses) // 2],
        "loss instead of lr": lambda lrs, losses: losses[_lowest(losses)] / 2,
        "place instead of lr": lambda lrs, losses: _lowest(losses),
    },
)

EXERCISES = (WARMUP_COSINE, LRS_USED, STEP_DECAY, BUDGET, READ_RANGE)
