"""Exercises of chapter 4: momentum."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from torch import Generator, Tensor

from sgdcourse.exercises.draws import number, vector
from sgdcourse.exercises.model import Exercise, Slip

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


_KERAS = (
    "**Velocity scaled by the learning rate**: that is Keras's convention. PyTorch keeps lr out "
    "of the velocity; the two differ as soon as the lr changes."
)
_AVERAGE = (
    "**Averaging form**: with the factor 1 − momentum on the gradient the steps are that much "
    "shorter; PyTorch adds the whole gradient."
)

MOMENTUM_STEP = Exercise(
    name="momentum_step",
    truth=_step,
    cases=_step_cases,
    slips=(
        Slip("velocity scaled by lr", _scaled_step, _KERAS, 7),
        Slip("Keras's sign and scale", _keras_step, _KERAS, 7),
        Slip("averaging form", _averaging_step, _AVERAGE, 7),
        Slip(
            "old velocity used",
            lambda w, v, grad, lr, momentum: (w - lr * v, momentum * v + grad),
            "**Old velocity used**: update the velocity first, then move with the new one.",
            1,
        ),
        Slip(
            "wrong sign",
            lambda w, v, grad, lr, momentum: (
                w + lr * (momentum * v + grad),
                momentum * v + grad,
            ),
            "**Wrong sign**: the velocity gathers gradients, which point uphill; subtract it.",
            1,
        ),
        Slip(
            "velocity not updated",
            lambda w, v, grad, lr, momentum: (w - lr * (momentum * v + grad), v),
            "**The velocity is not handed on**: the next step needs the new one.",
            1,
        ),
    ),
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
    slips=(
        Slip(
            "dampening on the first step",
            _run(lambda v, grad, momentum, dampening, t: momentum * v + (1 - dampening) * grad),
            "**Dampening on the first step**: PyTorch starts the velocity with the whole "
            "gradient and dampens from the second step on.",
            5,
        ),
        Slip("velocity scaled by lr", _run(_torch_velocity, inside=True), _KERAS, 7),
        Slip(
            "dampening on the velocity",
            _run(
                lambda v, grad, momentum, dampening, t: (
                    grad if t == 0 else (1 - dampening) * momentum * v + grad
                )
            ),
            "**Dampening on the velocity**: it scales the gradient that comes in, not the "
            "velocity that is kept.",
            5,
        ),
        Slip(
            "dampening forgotten",
            _run(lambda v, grad, momentum, dampening, t: momentum * v + grad),
            "**Dampening forgotten**: the incoming gradient is multiplied by 1 − dampening.",
            5,
        ),
        Slip(
            "averaging form",
            _run(
                lambda v, grad, momentum, dampening, t: (
                    grad if t == 0 else momentum * v + (1 - momentum) * grad
                )
            ),
            "**Averaging form**: the factor on the gradient is 1 − dampening, not 1 − momentum.",
            7,
        ),
    ),
)


def _damping_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(number(g, 0.01, 0.2), number(g, 0.2, 4)) for _ in range(6)]


CRITICAL = Exercise(
    name="critical_momentum",
    truth=lambda lr, curvature: (1 - sqrt(lr * curvature)) ** 2,
    cases=_damping_cases,
    remark="Less momentum crawls, more momentum rings.",
    slips=(
        Slip(
            "square missing",
            lambda lr, curvature: 1 - sqrt(lr * curvature),
            "**Square missing**: 1 − √(ηλ) is the double root, that is √μ; asked for is μ.",
            2,
        ),
        Slip(
            "root missing",
            lambda lr, curvature: (1 - lr * curvature) ** 2,
            "**Root missing**: set the discriminant (1 + μ − ηλ)² − 4μ to zero and solve for μ; "
            "√(ηλ) appears.",
            2,
        ),
        Slip(
            "the other solution",
            lambda lr, curvature: (1 + sqrt(lr * curvature)) ** 2,
            "**The other solution**: the quadratic for μ has two; momentum must be below 1.",
            2,
        ),
        Slip(
            "plain gradient descent's factor",
            lambda lr, curvature: 1 - lr * curvature,
            "**Plain gradient descent's factor**: 1 − ηλ is its rate, not a momentum.",
            2,
        ),
    ),
)


def _recipe_cases(g: Generator) -> list[tuple[Any, ...]]:
    drawn = [([number(g, 0.05, 0.5) for _ in range(n)], number(g, 0.6, 0.95)) for n in (3, 5, 4)]
    return [([0.1, 0.1, 0.1], 0.9), *drawn]


def _ratios(make: Callable[[float, float], float]) -> Callable[..., list[float]]:
    """Return momenta scaled by `make(previous lr, lr)` from the second step on."""

    def convert(lrs: list[float], momentum: float) -> list[float]:
        pairs = zip(lrs, lrs[1:], strict=False)
        return [momentum, *[momentum * make(old, new) for old, new in pairs]]

    return convert


KERAS_TO_TORCH = Exercise(
    name="keras_to_torch",
    truth=_ratios(lambda old, new: old / new),
    cases=_recipe_cases,
    remark="At a constant lr nothing changes; when the lr drops, the old velocity weighs more.",
    slips=(
        Slip(
            "momentum unchanged",
            lambda lrs, momentum: [momentum] * len(lrs),
            "**Momentum unchanged**: equal only while the lr is constant. Keras's velocity still "
            "carries the old lr.",
            7,
        ),
        Slip(
            "ratio upside down",
            _ratios(lambda old, new: new / old),
            "**Ratio upside down**: that is the way from PyTorch to Keras.",
            7,
        ),
        Slip(
            "compared with the first lr",
            lambda lrs, momentum: [momentum * lrs[0] / lr for lr in lrs],
            "**Compared with the first lr**: the velocity was last scaled one step ago, so the "
            "ratio is that of neighbouring steps.",
            7,
        ),
        Slip(
            "one step early",
            lambda lrs, momentum: [
                momentum * a / b for a, b in zip(lrs, [*lrs[1:], lrs[-1]], strict=True)
            ],
            "**One step early**: the factor of step t compares the lr of step t − 1 with that "
            "of step t.",
            7,
        ),
    ),
)


def _ringing_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(number(g, 0.02, 0.8), n) for n in (5, 10, 20, 40, 8)]


RINGING = Exercise(
    name="momentum_from_ringing",
    truth=lambda ratio, steps: ratio ** (1 / steps),
    cases=_ringing_cases,
    remark="The rings fade at a pace that μ alone sets, whatever the lr.",
    slips=(
        Slip(
            "loss taken for distance",
            lambda ratio, steps: ratio ** (2 / steps),
            "**Loss taken for distance**: the distance fades by √μ a step; the loss, its "
            "square, by μ.",
            2,
        ),
        Slip(
            "rate instead of momentum",
            lambda ratio, steps: ratio ** (1 / (2 * steps)),
            "**Rate instead of momentum**: √μ is the rate of the distance; asked for is μ.",
            2,
        ),
        Slip(
            "divided by the steps",
            lambda ratio, steps: ratio / steps,
            "**Divided by the steps**: the factors of single steps multiply, so take a root.",
            2,
        ),
        Slip(
            "straight line",
            lambda ratio, steps: 1 - (1 - ratio) / steps,
            "**Straight line**: the decay is geometric; share it out by a root, not evenly.",
            2,
        ),
        Slip(
            "power instead of root",
            lambda ratio, steps: ratio**steps,
            "**Power instead of root**: many steps make the ratio; go back from it to one step.",
            2,
        ),
    ),
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


NESTEROV = Exercise(
    name="nesterov_step",
    truth=_nesterov(lambda v, new, grad, momentum: grad + momentum * new),
    cases=_step_cases,
    slips=(
        Slip(
            "plain momentum",
            _nesterov(lambda v, new, grad, momentum: new),
            "**Plain momentum**: Nesterov moves along grad + momentum × the new velocity.",
            4,
        ),
        Slip(
            "old velocity in the look-ahead",
            _nesterov(lambda v, new, grad, momentum: v + momentum * new),
            "**Velocity in place of the gradient**: the look-ahead adds the fresh gradient.",
            4,
        ),
        Slip(
            "gradient forgotten",
            _nesterov(lambda v, new, grad, momentum: momentum * new),
            "**Gradient forgotten**: the new velocity is looked ahead with, and the gradient "
            "is added once more.",
            4,
        ),
        Slip(
            "gradient added to the whole velocity",
            _nesterov(lambda v, new, grad, momentum: grad + new),
            "**Momentum factor forgotten**: the velocity in the look-ahead is multiplied by "
            "momentum again.",
            4,
        ),
        Slip("velocity scaled by lr", _keras_nesterov, _KERAS, 7),
    ),
)

EXERCISES = (MOMENTUM_STEP, MOMENTUM_RUN, CRITICAL, KERAS_TO_TORCH, RINGING, NESTEROV)
