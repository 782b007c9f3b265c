"""Arguments of the closed forms: a plain number or a tensor goes in, the same kind comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import torch
from torch import Tensor

from sgdcourse import _checks

Value = float | Tensor
Values = float | Sequence[float] | Tensor


def real(
    name: str,
    value: Value,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
    hint: str = "",
) -> Tensor:
    """Return `value` as a float64 tensor if all of it is finite and between `low` and `high`."""
    if isinstance(value, Tensor):
        _checks.tensor(name, value)
        if value.is_complex() or value.dtype == torch.bool:
            _checks.fail(name, "a tensor of real numbers", value.dtype, hint, TypeError)
        extremes = [value.min().item(), value.max().item()]
    else:
        extremes = [value]
    for extreme in extremes:
        _checks.number(
            name, extreme, low=low, high=high, open_low=open_low, open_high=open_high, hint=hint
        )
    return torch.as_tensor(value, dtype=torch.float64)


def positive(name: str, value: Value, hint: str = "") -> Tensor:
    """Return `value` as a float64 tensor if all of it is above 0."""
    return real(name, value, low=0, open_low=True, hint=hint)


def fraction(name: str, value: Value, hint: str = "") -> Tensor:
    """Return `value` as a float64 tensor if all of it lies in [0, 1)."""
    return real(name, value, low=0, high=1, open_high=True, hint=hint)


def vector(name: str, value: Values, *, low: float | None = None, positive: bool = True) -> Tensor:
    """Return one number, a sequence or a 1-D tensor as a 1-D float64 tensor."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        numbers = [_checks.number(name, v) for v in value]
        if not numbers:
            _checks.fail(name, "a sequence with at least one number", value)
        value = torch.tensor(numbers, dtype=torch.float64)
    result = real(name, value, low=0 if positive else low, open_low=positive)
    if result.ndim > 1:
        _checks.fail(name, "a number, a sequence or a 1-D tensor", tuple(result.shape))
    return result.reshape(-1)


@overload
def answer(result: Tensor, *inputs: float) -> float: ...
@overload
def answer(result: Tensor, *inputs: object) -> Value: ...
def answer(result: Tensor, *inputs: object) -> Value:
    """Return a float if none of the `inputs` was a tensor, else the tensor."""
    return result if any(isinstance(i, Tensor) for i in inputs) else result.item()


def scale_pair(smallest: float, largest: float) -> tuple[float, float]:
    """Return the extreme curvatures if 0 < smallest ≤ largest."""
    low = _checks.number("smallest", smallest, low=0, open_low=True)
    return low, _checks.number("largest", largest, low=low, hint="it is the largest curvature")
