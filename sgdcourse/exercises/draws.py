"""Draw readable inputs for exercises: few digits, float32, from a generator of one's own."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

__all__ = ["number", "vector", "whole"]


def vector(g: Generator, *shape: int, digits: int = 1) -> Tensor:
    """Return normal numbers of the given shape, rounded, none of them zero."""
    drawn = torch.randn(*shape, generator=g).mul(10**digits).round().div(10**digits)
    return torch.where(drawn == 0, torch.full_like(drawn, 0.5), drawn)


def number(g: Generator, low: float, high: float, digits: int = 2) -> float:
    """Return a uniform number between `low` and `high`, rounded."""
    return round(low + (high - low) * float(torch.rand((), generator=g)), digits)


def whole(g: Generator, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=g))
