"""Exercises of chapter 1: gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import Any

import torch
from torch import Generator, Tensor

from sgdcourse.exercises.compare import show
from sgdcourse.exercises.draws import number, vector
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]

Function = Callable[[Tensor], Tensor]


def _step_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(vector(g, 3), vector(g, 3), number(g, 0.05, 0.9)) for _ in range(5)]


GD_STEP = Exercise(
    name="gd_step",
    truth=lambda w, grad, lr: w - lr * grad,
    cases=_step_cases,
    slips={
        "wrong sign": lambda w, grad, lr: w + lr * grad,
        "learning rate forgotten": lambda w, grad, lr: w - grad,
        "only the sign of the gradient": lambda w, grad, lr: w - lr * grad.sign(),
        "change instead of new weights": lambda w, grad, lr: -lr * grad,
    },
)


def _curvature_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [([number(g, 0.1, 20, 1) for _ in range(n)],) for n in (2, 3, 5, 2, 4, 3)]


LARGEST_LR = Exercise(
    name="largest_lr",
    truth=lambda curvatures: 2 / max(curvatures),
    cases=_curvature_cases,
    remark="Only the steepest direction matters.",
    slips={
        "largest without overshoot": lambda curvatures: 1 / max(curvatures),
        "flattest direction": lambda curvatures: 2 / min(curvatures),
        "best instead of largest": lambda curvatures: 2 / (min(curvatures) + max(curvatures)),
        "average curvature": lambda curvatures: 2 * len(curvatures) / sum(curvatures),
        "upside down": lambda curvatures: max(curvatures) / 2,
    },
)

_KAPPA, _TARGET = 400, log(1e6)
_FALL = -log((_KAPPA - 1) / (_KAPPA + 1))

STEPS_NEEDED = Exercise(
    name="steps_needed",
    truth=_TARGET / _FALL,
    rtol=5e-4,
    remark="Close to ½·κ·ln(10⁶): twice the κ, twice the steps.",
    slips={
        "lr 1/L instead of the best": _TARGET / -log(1 - 1 / _KAPPA),
        "half forgotten": _TARGET * _KAPPA,
        "loss instead of distance": _TARGET / (2 * _FALL),
        "square root of κ": _TARGET / -log((sqrt(_KAPPA) - 1) / (sqrt(_KAPPA) + 1)),
        "logarithm to base 10": 6 / _FALL,
        "sign": -_TARGET / _FALL,
    },
)


def _quadratic(curvature: Tensor) -> Function:
    def f(w: Tensor) -> Tensor:
        return 0.5 * (curvature * w**2).sum()

    f.__name__ = f"½ Σ {show(curvature)}·w²"
    return f


def _search_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for _ in range(8):
        curvature = 10 ** vector(g, 2)
        w = 3 * vector(g, 2).double()  # so that a slip ends at the same rounding however written
        cases.append((_quadratic(curvature), w, curvature * w, number(g, 1, 5, 1)))
    return cases


def _backtrack(enough: Callable[..., Any]) -> Callable[..., float]:
    """Return a search that halves the lr until `enough(f, w, grad, lr)`."""

    def search(f: Function, w: Tensor, grad: Tensor, lr: float) -> float:
        for _ in range(100):
            if enough(f, w, grad, lr):
                break
            lr = lr / 2
        return lr

    return search


def _armijo(f: Function, w: Tensor, grad: Tensor, lr: float) -> Tensor:
    return f(w - lr * grad) <= f(w) - 0.5 * lr * (grad**2).sum()


def _moving(share: float) -> Callable[..., float]:
    """Return a search that moves the point by `share`·lr·grad at every halving."""

    def search(f: Function, w: Tensor, grad: Tensor, lr: float) -> float:
        while not _armijo(f, w, grad, lr):
            w, lr = w - share * lr * grad, lr / 2
        return lr

    return search


BACKTRACKING = Exercise(
    name="backtracking",
    truth=_backtrack(_armijo),
    cases=_search_cases,
    slips={
        "any decrease is accepted": _backtrack(lambda f, w, grad, lr: f(w - lr * grad) < f(w)),
        "norm not squared": _backtrack(
            lambda f, w, grad, lr: f(w - lr * grad) <= f(w) - 0.5 * lr * grad.norm()
        ),
        "half forgotten": _backtrack(
            lambda f, w, grad, lr: f(w - lr * grad) <= f(w) - lr * (grad**2).sum()
        ),
        "wrong sign": _backtrack(
            lambda f, w, grad, lr: f(w + lr * grad) <= f(w) - 0.5 * lr * (grad**2).sum()
        ),
        "point moved": (_moving(1.0), _moving(0.5)),
        "one halving too many": lambda f, w, grad, lr: _backtrack(_armijo)(f, w, grad, lr) / 2,
        "a single halving": lambda f, w, grad, lr: lr if _armijo(f, w, grad, lr) else lr / 2,
        "new point instead of lr": lambda f, w, grad, lr: (
            w - _backtrack(_armijo)(f, w, grad, lr) * grad
        ),
    },
)


def _cubic(a: float) -> Function:
    def f(w: Tensor) -> Tensor:
        return (w**3).sum() + a * (w[0] * w[1]) ** 2 + (w[0] * w.sum())

    f.__name__ = f"Σw³ + {show(a)}·(w₀w₁)² + w₀·Σw"
    return f


def _gradient_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(_cubic(number(g, 0.5, 2)), vector(g, n).double(), 0.1) for n in (2, 3, 4, 3)]


def _differences(forward: float, backward: float, width: float) -> Callable[..., Tensor]:
    """Return a difference quotient: (f(w + forward) − f(w − backward)) / (width·eps)."""

    def gradient(f: Function, w: Tensor, eps: float) -> Tensor:
        steps = eps * torch.eye(len(w), dtype=w.dtype)
        pairs = [(f(w + forward * s), f(w - backward * s)) for s in steps]
        return torch.stack([(up - down) / (width * eps) for up, down in pairs])

    return gradient


def _not_undone(f: Function, w: Tensor, eps: float) -> Tensor:
    moved, found = w.clone(), []
    for i in range(len(w)):
        moved[i] += eps
        up = f(moved)
        moved[i] -= 2 * eps
        found.append((up - f(moved)) / (2 * eps))
    return torch.stack(found)


def _all_at_once(f: Function, w: Tensor, eps: float) -> Tensor:
    return (f(w + eps) - f(w - eps)) / (2 * eps)


def _by_autograd(f: Function, w: Tensor, eps: float) -> Tensor:
    with torch.enable_grad():
        point = w.clone().requires_grad_()
        return torch.autograd.grad(f(point), point)[0]


NUMERICAL_GRADIENT = Exercise(
    name="numerical_gradient",
    truth=_differences(1, 1, 2),
    cases=_gradient_cases,
    remark="With eps = 1e-5 it agrees with autograd to about ten digits.",
    slips={
        "one-sided difference": _differences(1, 0, 1),
        "width forgotten": _differences(1, 1, 1),
        "all coordinates at once": (
            _all_at_once,
            lambda f, w, eps: _all_at_once(f, w, eps).expand(len(w)),
        ),
        "move not undone": _not_undone,
        "autograd instead of differences": _by_autograd,
    },
)

EXERCISES = (GD_STEP, LARGEST_LR, STEPS_NEEDED, BACKTRACKING, NUMERICAL_GRADIENT)
