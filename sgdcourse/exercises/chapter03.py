"""Exercises of chapter 3: mini-batches."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import torch
from torch import Generator, Tensor

from sgdcourse.exercises.draws import number, vector
from sgdcourse.exercises.model import Exercise

__all__ = ["EXERCISES"]


def _order_cases(g: Generator) -> list[tuple[Any, ...]]:
    return [(torch.randperm(n, generator=g), b) for n, b in ((10, 4), (7, 3), (8, 4), (5, 8))]


def _slices(order: Tensor, batch_size: int) -> list[Tensor]:
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


BATCHES = Exercise(
    name="batches",
    truth=_slices,
    cases=_order_cases,
    slips={
        "last points lost": lambda order, b: [
            order[i * b : (i + 1) * b] for i in range(len(order) // b)
        ],
        "last batch filled up": lambda order, b: [
            torch.cat([part, order])[:b] if len(part) < b else part for part in _slices(order, b)
        ],
        "order ignored": lambda order, b: _slices(torch.arange(len(order)), b),
        "windows overlap": lambda order, b: [order[i : i + b] for i in range(len(order))],
        "empty batch at the end": lambda order, b: [
            order[i * b : (i + 1) * b] for i in range(len(order) // b + 1)
        ],
    },
)


def _loss_cases(g: Generator) -> list[tuple[Any, ...]]:
    sizes = ([16, 16, 4], [8, 8, 8, 1], [10, 3], [5, 5, 5, 2])
    return [([number(g, 0.1, 5) for _ in s], s) for s in sizes]


EPOCH_LOSS = Exercise(
    name="epoch_loss",
    truth=lambda losses, sizes: sum(a * n for a, n in zip(losses, sizes, strict=True)) / sum(sizes),
    cases=_loss_cases,
    slips={
        "mean of unequal means": lambda losses, sizes: sum(losses) / len(losses),
        "last batch only": lambda losses, sizes: losses[-1],
        "every batch counted as full": lambda losses, sizes: sum(losses) * sizes[0] / sum(sizes),
        "sum over the number of points": lambda losses, sizes: sum(losses) / sum(sizes),
    },
)


def _gradient(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return 2 * x.T @ (x @ w - y) / len(x)


def _parts(w: Tensor, x: Tensor, y: Tensor, micro: int) -> list[Tensor]:
    pairs = zip(x.split(micro), y.split(micro), strict=True)
    return [_gradient(w, a, b) for a, b in pairs]


def _last(share: Callable[..., float]) -> Callable[..., Tensor]:
    """Return the last micro-batch's gradient times `share(len(x), micro)`."""
    return lambda w, x, y, micro: _parts(w, x, y, micro)[-1] * share(len(x), micro)


def _micro_cases(g: Generator) -> list[tuple[Any, ...]]:
    sizes = ((10, 4), (7, 3), (9, 2), (8, 5))
    return [(vector(g, 2), vector(g, n, 2), vector(g, n), m) for n, m in sizes]


ACCUMULATE = Exercise(
    name="accumulated_gradient",
    truth=lambda w, x, y, micro: _gradient(w, x, y),
    cases=_micro_cases,
    remark="It is the large batch's gradient; taken in micro-batches, it needs only their memory.",
    slips={
        "means added up": lambda w, x, y, micro: torch.stack(_parts(w, x, y, micro)).sum(0),
        "mean of unequal means": lambda w, x, y, micro: torch.stack(_parts(w, x, y, micro)).mean(0),
        "every micro-batch counted as full": lambda w, x, y, micro: (
            torch.stack(_parts(w, x, y, micro)).sum(0) * micro / len(x)
        ),
        "last micro-batch only": (
            _last(lambda n, micro: 1),
            _last(lambda n, micro: (n % micro or micro) / n),
            _last(lambda n, micro: 1 / ceil(n / micro)),
            _last(lambda n, micro: micro / n),
        ),
        "rest lost": lambda w, x, y, micro: torch.stack(
            _parts(w, x, y, micro)[: len(x) // micro]
        ).mean(0),
        "sum instead of mean": lambda w, x, y, micro: _gradient(w, x, y) * len(x),
    },
)


def _noise_cases(g: Generator) -> list[tuple[Any, ...]]:
    cases = []
    for small, big in ((1, 16), (4, 64), (8, 32), (2, 128)):
        signal, noise = number(g, 0.5, 3), number(g, 5, 50)
        squares = (signal + noise / small, signal + noise / big)
        cases.append((round(squares[0], 4), round(squares[1], 4), small, big))
    return cases


def _signal(small: float, big: float, b_small: int, b_big: int) -> float:
    return (b_big * big - b_small * small) / (b_big - b_small)


def _noise(small: float, big: float, b_small: int, b_big: int) -> float:
    return (small - big) / (1 / b_small - 1 / b_big)


def _ratio(make: Callable[[float, float], float]) -> Callable[..., float]:
    """Return a scale made from the estimates of |G|² and tr Σ."""

    def scale(small: float, big: float, b_small: int, b_big: int) -> float:
        inputs = (small, big, b_small, b_big)
        return make(_signal(*inputs), _noise(*inputs))

    return scale


NOISE_SCALE = Exercise(
    name="noise_scale",
    truth=_ratio(lambda signal, noise: noise / signal),
    cases=_noise_cases,
    rtol=1e-3,
    remark="A batch of about this size is where returns begin to diminish.",
    slips={
        "upside down": _ratio(lambda signal, noise: signal / noise),
        "large batch taken as exact": lambda small, big, b_small, b_big: (
            _noise(small, big, b_small, b_big) / big
        ),
        "noise only": _ratio(lambda signal, noise: noise),
        "square root": _ratio(lambda signal, noise: (noise / signal) ** 0.5),
        "difference not rescaled": lambda small, big, b_small, b_big: (
            (small - big) / _signal(small, big, b_small, b_big)
        ),
    },
)


def _lr_cases(g: Generator) -> list[tuple[Any, ...]]:
    rows = ((32, 64, 1000), (32, 4096, 512), (16, 512, 512), (64, 16, 256), (8, 1024, 100))
    return [(number(g, 0.01, 0.3), *row) for row in rows]


SCALE_LR = Exercise(
    name="scale_lr",
    truth=lambda lr, batch, new_batch, critical: lr * min(new_batch, critical) / batch,
    cases=_lr_cases,
    slips={
        "no limit": lambda lr, batch, new_batch, critical: lr * new_batch / batch,
        "back to the old lr": lambda lr, batch, new_batch, critical: (
            lr if new_batch > critical else lr * new_batch / batch
        ),
        "square root": (
            lambda lr, batch, new_batch, critical: lr * (min(new_batch, critical) / batch) ** 0.5,
            lambda lr, batch, new_batch, critical: lr * (new_batch / batch) ** 0.5,
        ),
        "wrong direction": lambda lr, batch, new_batch, critical: (
            lr * batch / min(new_batch, critical)
        ),
        "unchanged": lambda lr, batch, new_batch, critical: lr,
        "always to the critical size": lambda lr, batch, new_batch, critical: lr * critical / batch,
    },
)

EXERCISES = (BATCHES, EPOCH_LOSS, ACCUMULATE, NOISE_SCALE, SCALE_LR)
