"""Argument checks shared by the whole package.

Every check raises before any work is done, in one form:
"*name* must be *rule*, got *value*; *hint*".
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any, NoReturn

import torch
from torch import Tensor

MAX_SEED = 2**31


def fail(
    name: str, rule: str, value: Any, hint: str = "", error: type[Exception] = ValueError
) -> NoReturn:
    """Raise `error` with the package's one message form."""
    tail = f"; {hint}" if hint else ""
    raise error(f"{name} must be {rule}, got {value!r}{tail}")


def number(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
    hint: str = "",
) -> float:
    """Return `value` as a float if it is a finite number between `low` and `high`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        fail(name, "a number", value, hint, TypeError)
    result = float(value)
    rule = f"a finite number{_interval(low, high, open_low, open_high)}"
    too_low = low is not None and (result < low or (open_low and result == low))
    too_high = high is not None and (result > high or (open_high and result == high))
    if not math.isfinite(result) or too_low or too_high:
        fail(name, rule, value, hint)
    return result


def integer(
    name: str, value: Any, *, low: int | None = None, high: int | None = None, hint: str = ""
) -> int:
    """Return `value` as an int if it is a whole number between `low` and `high`."""
    if type(value) is not int and (
        isinstance(value, bool) or not isinstance(value, numbers.Integral)
    ):
        fail(name, "a whole number", value, hint, TypeError)
    result = int(value)
    if (low is not None and result < low) or (high is not None and result > high):
        fail(name, f"a whole number{_interval(low, high, False, False)}", value, hint)
    return result


def seed(value: Any, name: str = "seed") -> int:
    """Return `value` if it can seed a generator of this package (0 ≤ seed < 2³¹)."""
    return integer(name, value, low=0, high=MAX_SEED - 1)


def seeds(values: Iterable[Any], name: str = "seed") -> list[int]:
    """Return `values` as a list if each can seed a generator of this package."""
    listed = list(values)
    if all(type(value) is int and 0 <= value < MAX_SEED for value in listed):
        return listed  # the common case, quickly: there may be thousands
    return [seed(value, name) for value in listed]


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is True or False."""
    if not isinstance(value, bool):
        fail(name, "True or False", value, error=TypeError)
    return value


def one_of(name: str, value: Any, options: Iterable[Any], hint: str = "") -> Any:
    """Return `value` if it is one of `options`."""
    allowed = list(options)
    try:
        known = value in allowed
    except (TypeError, RuntimeError, ValueError):  # an array: comparing it gives no single answer
        known = False
    if not known:
        fail(name, "one of " + ", ".join(map(repr, allowed)), value, hint)
    return value


def tensor(name: str, value: Any, *, ndim: int | None = None, finite: bool = True) -> Tensor:
    """Return `value` if it is a tensor, of `ndim` dimensions, not empty and without NaN or inf."""
    if not isinstance(value, Tensor):
        fail(name, "a torch.Tensor", value, "wrap it in torch.tensor(...)", TypeError)
    if ndim is not None and value.ndim != ndim:
        fail(name, f"a tensor with {ndim} dimension(s)", tuple(value.shape))
    if value.numel() == 0:
        fail(name, "a tensor with at least one element", tuple(value.shape))
    if finite and value.is_floating_point() and not bool(torch.isfinite(value).all()):
        fail(name, "free of NaN and infinity", value.detach().flatten()[:3].tolist())
    return value


def device(value: Any, name: str = "device") -> torch.device:
    """Return `value` as a device if this PyTorch can compute on it."""
    rule = "a device that this PyTorch can compute on, like 'cpu'"
    if not isinstance(value, str | torch.device):
        fail(name, rule, value, error=TypeError)
    try:
        found = torch.device(value)
        torch.zeros(1, device=found).item()
    except (AssertionError, RuntimeError) as error:  # not built in, not there, without numbers
        fail(name, rule, value, str(error).split("\n")[0].split(". ")[0])
    return found


def _interval(low: float | None, high: float | None, open_low: bool, open_high: bool) -> str:
    """Say the allowed interval in words."""
    parts = []
    if low is not None:
        parts.append(f"{'>' if open_low else '≥'} {low:g}")
    if high is not None:
        parts.append(f"{'<' if open_high else '≤'} {high:g}")
    return " " + " and ".join(parts) if parts else ""
