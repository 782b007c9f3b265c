"""The explorers' random numbers, the same as in the page (`js/src/core/random.js`)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

__all__ = ["normals", "uniform"]

_MASK = 0xFFFFFFFF


def uniform(seed: int) -> Iterator[float]:
    """Yield uniform numbers in [0, 1) with 32 bits: Mulberry32, as the page does.

    Examples
    --------
    >>> draw = uniform(0)
    >>> round(next(draw), 6), round(next(draw), 6)
    (0.266429, 0.00033)
    """
    a = seed & _MASK
    while True:
        a = (a + 0x6D2B79F5) & _MASK
        t = ((a ^ (a >> 15)) * (a | 1)) & _MASK
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & _MASK)) & _MASK
        yield (t ^ (t >> 14)) / 4294967296


def normals(seed: int, count: int) -> Tensor:
    """Return `count` standard normal numbers by Box and Muller, float64.

    Examples
    --------
    >>> normals(3, 4).shape
    torch.Size([4])
    """
    draw = uniform(seed)
    out: list[float] = []
    while len(out) < count:
        radius = math.sqrt(-2 * math.log(1 - next(draw)))
        angle = 2 * math.pi * next(draw)
        out += [radius * math.cos(angle), radius * math.sin(angle)]
    return torch.tensor(out[:count], dtype=torch.float64)
