"""Exercises of chapter 4: momentum."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import log, sqrt
from typing import Any

from torch import Generator, Tensor

from sgdcourse.exercises.draws import number, vector
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]

Pair = tuple[Tensor, Tensor]


def _step_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [
        (vector(g, 3), vector(g, 3), vector(g, 3), number(g, 0.05, 0.4), number(g, 0.5, 0.95))
        for _ in range(5)
    ]


def _step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    v = momentum * v + grad
    return w - lr * v, v


def _keras_step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    v = momentum * v - lr * grad
    return w + v, v


def _scaled_step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    v = momentum * v + lr * grad
    return w - v, v


def _averaging_step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    v = momentum * v + (1 - momentum) * grad
    return w - lr * v, v


MOMENTUM_STEP = Exercise(
    name="momentum_step",
    truth=_step,
    cases=_step_cases,
    slips={
        "velocity scaled by lr": (_scaled_step, _keras_step),
        "averaging form": _averaging_step,
        "old velocity used": lambda w, v, grad, lr, momentum: (w - lr * v, momentum * v + grad),
        "wrong sign": lambda w, v, grad, lr, momentum: (
            w + lr * (momentum * v + grad),
            momentum * v + grad,
        ),
        "learning rate forgotten": lambda w, v, grad, lr, momentum: (
            w - (momentum * v + grad),
            momentum * v + grad,
        ),
        "gradient alone moves": lambda w, v, grad, lr, momentum: (
            w - lr * grad,
            momentum * v + grad,
        ),
        "velocity not updated": lambda w, v, grad, lr, momentum: (
            w - lr * (momentum * v + grad),
            v,
        ),
    },
)


def _run_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [
        (
            number(g, -2, 2),
            [number(g, -3, 3) for _ in range(n)],
            [number(g, 0.05, 0.5) for _ in range(n)],
            number(g, 0.5, 0.95),
            number(g, 0.1, 0.6),
        )
        for n in (1, 3, 5, 4)
    ]


def _run(velocity: Callable[..., float], *, inside: bool = False) -> Callable[..., float]:
    """Return a run with `v = velocity(v, grad, momentum, dampening, t)`."""

    def run(
        w: float, grads: list[float], lrs: list[float], momentum: float, dampening: float
    ) -> float:
        v = 0.0
        for t, (grad, lr) in enumerate(zip(grads, lrs, strict=True)):
            v = velocity(v, lr * grad if inside else grad, momentum, dampening, t)
            w = w - (1 if inside else lr) * v
        return w

    return run


def _torch_velocity(v: float, grad: float, momentum: float, dampening: float, t: int) -> float:
    return grad if t == 0 else momentum * v + (1 - dampening) * grad


MOMENTUM_RUN = Exercise(
    name="momentum_run",
    truth=_run(_torch_velocity),
    cases=_run_cases,
    slips={
        "dampening on the first step": _run(
            lambda v, grad, momentum, dampening, t: momentum * v + (1 - dampening) * grad
        ),
        "velocity scaled by lr": _run(_torch_velocity, inside=True),
        "dampening on the velocity": (
            _run(
                lambda v, grad, momentum, dampening, t: (
                    grad if t == 0 else (1 - dampening) * momentum * v + grad
                )
            ),
            _run(
                lambda v, grad, momentum, dampening, t: (
                    grad if t == 0 else (1 - dampening) * (momentum * v + grad)
                )
            ),
        ),
        "dampening forgotten": _run(lambda v, grad, momentum, dampening, t: momentum * v + grad),
        "dampening instead of the rest": _run(
            lambda v, grad, momentum, dampening, t: (
                grad if t == 0 else momentum * v + dampening * grad
            )
        ),
        "averaging form": _run(
            lambda v, grad, momentum, dampening, t: (
                grad if t == 0 else momentum * v + (1 - momentum) * grad
            )
        ),
    },
)


def _damping_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(number(g, 0.01, 0.2), number(g, 0.2, 4)) for _ in range(6)]


CRITICAL = Exercise(
    name="critical_momentum",
    truth=lambda lr, curvature: (1 - sqrt(lr * curvature)) ** 2,
    cases=_damping_cases,
    remark="Less momentum crawls, more momentum rings.",
    slips={
        "square missing": lambda lr, curvature: 1 - sqrt(lr * curvature),
        "root missing": lambda lr, curvature: (1 - lr * curvature) ** 2,
        "the other solution": lambda lr, curvature: (1 + sqrt(lr * curvature)) ** 2,
        "plain gradient descent's factor": lambda lr, curvature: 1 - lr * curvature,
    },
)


def _recipe_cases(g: Generator) -> list[tuple[Any, ...]]:
    drawn = [([number(g, 0.05, 0.5) for _ in range(n)], number(g, 0.6, 0.95)) for n in (3, 5, 4)]
    return [([0.1, 0.1, 0.1], 0.9), *drawn]


def _ratios(make: Callable[[float, float], float]) -> Callable[..., list[float]]:
    """Return momenta scaled by `make(previous lr, lr)` from the second step on."""

    def convert(lrs: list[float], momentum: float) -> list[float]:
        return [momentum, *[momentum * make(old, new) for old, new in pairwise(lrs)]]

    return convert


KERAS_TO_TORCH = Exercise(
    name="keras_to_torch",
    truth=_ratios(lambda old, new: old / new),
    cases=_recipe_cases,
    remark="At a constant lr nothing changes; when the lr drops, the old velocity weighs more.",
    slips={
        "momentum unchanged": lambda lrs, momentum: [momentum] * len(lrs),
        "ratio upside down": _ratios(lambda old, new: new / old),
        "compared with the first lr": lambda lrs, momentum: [momentum * lrs[0] / lr for lr in lrs],
        "one step early": lambda lrs, momentum: [
            momentum * a / b for a, b in zip(lrs, [*lrs[1:], lrs[-1]], strict=True)
        ],
        "wraps round": lambda lrs, momentum: [
            momentum * lrs[t - 1] / lr for t, lr in enumerate(lrs)
        ],
        "momentum forgotten": lambda lrs, momentum: [momentum, *[a / b for a, b in pairwise(lrs)]],
    },
)


def _ringing_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(number(g, 0.02, 0.8), n) for n in (5, 10, 20, 40, 8)]


RINGING = Exercise(
    name="momentum_from_ringing",
    truth=lambda ratio, steps: ratio ** (1 / steps),
    cases=_ringing_cases,
    remark="The rings fade at a pace that μ alone sets, whatever the lr.",
    slips={
        "loss taken for distance": lambda ratio, steps: ratio ** (2 / steps),
        "rate instead of momentum": lambda ratio, steps: ratio ** (1 / (2 * steps)),
        "divided by the steps": lambda ratio, steps: ratio / steps,
        "straight line": lambda ratio, steps: 1 - (1 - ratio) / steps,
        "power instead of root": lambda ratio, steps: ratio**steps,
        "upside down": lambda ratio, steps: ratio ** (-1 / steps),
        "logarithm": lambda ratio, steps: log(ratio) / steps,
    },
)


def _nesterov(
    make: Callable[[Tensor, Tensor, Tensor, float], Tensor],
) -> Callable[..., Pair]:
    """Return a step along `make(v, new_v, grad, momentum)`."""

    def step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
        new = momentum * v + grad
        return w - lr * make(v, new, grad, momentum), new

    return step


def _keras_nesterov(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    new = momentum * v - lr * grad
    return w + momentum * new - lr * grad, new


def _scaled_nesterov(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
    new = momentum * v + lr * grad
    return w - momentum * new - lr * grad, new


def _nesterov_but(velocity: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., Pair]:
    """Return PyTorch's step with `velocity(v, new_v, direction)` handed on."""

    def step(w: Tensor, v: Tensor, grad: Tensor, lr: float, momentum: float) -> Pair:
        new = momentum * v + grad
        along = grad + momentum * new
        return w - lr * along, velocity(v, new, along)

    return step


NESTEROV = Exercise(
    name="nesterov_step",
    truth=_nesterov(lambda v, new, grad, momentum: grad + momentum * new),
    cases=_step_cases,
    slips={
        "plain momentum": _nesterov(lambda v, new, grad, momentum: new),
        "old velocity in the look-ahead": _nesterov(
            lambda v, new, grad, momentum: v + momentum * new
        ),
        "gradient forgotten": _nesterov(lambda v, new, grad, momentum: momentum * new),
        "gradient added to the whole velocity": _nesterov(
            lambda v, new, grad, momentum: grad + new
        ),
        "velocity scaled by lr": (_keras_nesterov, _scaled_nesterov),
        "velocity not updated": _nesterov_but(lambda v, new, along: v),
        "direction handed on": _nesterov_but(lambda v, new, along: along),
    },
)

EXERCISES = (MOMENTUM_STEP, MOMENTUM_RUN, CRITICAL, KERAS_TO_TORCH, RINGING, NESTEROV)
