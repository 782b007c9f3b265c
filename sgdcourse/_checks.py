"""Argument checks shared by the whole package.

Every check raises before any work is done, in one form:
"*name* must be *rule*, got *value*; *hint*".
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

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
    try:
        result = float(value)
    except OverflowError:  # a whole number beyond the range of floats
        result = math.inf
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


def seeds(values: Iterable[Any], name: str = "seeds") -> list[int]:
    """Return `values` as a list if each can seed a generator of this package."""
    listed = sequence(name, values)
    if all(type(value) is int and 0 <= value < MAX_SEED for value in listed):
        return listed  # the common case, quickly: there may be thousands
    return [seed(value, name) for value in listed]


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool if it is True or False, Python's or NumPy's."""
    if not isinstance(value, bool | np.bool_):
        fail(name, "True or False", value, error=TypeError)
    return bool(value)


def sequence(name: str, value: Any) -> list[Any]:
    """Return `value` as a list if it holds several things, as lists and 1-D tensors do."""
    plain = value.tolist() if isinstance(value, np.ndarray | Tensor) else value
    if isinstance(plain, str) or not isinstance(plain, Iterable):
        fail(name, "a list", value, error=TypeError)
    return list(plain)


def intervals(name: str, value: Any, rule: str) -> list[list[float]]:
    """Return `value` as a list of pairs [low, high] if it holds such, with low < high."""
    if not isinstance(value, Iterable):
        fail(name, rule, value)
    bounds = [[number(name, end) for end in sequence(name, pair)] for pair in value]
    if any(len(ends) != 2 or ends[0] >= ends[1] for ends in bounds):
        fail(name, rule, value)
    return bounds


def distinct(name: str, values: list[Any], hint: str = "") -> list[Any]:
    """Return `values` if there is one at least and none comes twice."""
    if not values:
        fail(name, "one value or more", values)
    if len(set(values)) < len(values):
        fail(name, "a list of different values", values, hint)
    return values


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


def dtype(name: str, value: Any) -> torch.dtype:
    """Return `value` if it is PyTorch's type of a real floating-point number."""
    if not isinstance(value, torch.dtype) or not value.is_floating_point:
        fail(name, "a floating-point torch.dtype, like torch.float64", value, error=TypeError)
    return value


def tensor(name: str, value: Any, *, ndim: int | None = None, finite: bool = True) -> Tensor:
    """Return `value` if it is a tensor, of `ndim` dimensions, not empty and without NaN or inf."""
    if not isinstance(value, Tensor):
        fail(name, "a torch.Tensor", value, "wrap it in torch.tensor(...)", TypeError)
    if ndim is not None and value.ndim != ndim:
        fail(name, f"a tensor with {ndim} dimension(s)", tuple(value.shape))
    if value.numel() == 0:
        fail(name, "a tensor with at least one element", tuple(value.shape))
    inexact = value.is_floating_point() or value.is_complex()
    if finite and inexact and not bool(torch.isfinite(value).all()):
        fail(name, "free of NaN and infinity", value.detach().flatten()[:3].tolist())
    return value


def rows(tensors: dict[str, Any]) -> list[Tensor]:
    """Return the tensors, given by their names, if each has a row for every example."""
    checked = [tensor(name, value) for name, value in tensors.items()]
    first = next(iter(tensors))
    for name, one in zip(tensors, checked, strict=True):
        if one.ndim == 0:
            fail(name, "a tensor with a row for each example", one)
        if len(one) != len(checked[0]):
            fail(name, f"as long as {first} ({len(checked[0])} rows)", len(one))
    return checked


def pair(name: str, value: Any) -> tuple[Tensor, Tensor]:
    """Return `value` if it is a pair (x, y) of tensors with a row for each example."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        fail(name, "a pair (x, y) of tensors", type(value).__name__, error=TypeError)
    x, y = rows({f"{name}[{i}]": part for i, part in enumerate(value)})
    return x, y


def module(name: str, value: Any) -> nn.Module:
    """Return `value` if it is a module."""
    if not isinstance(value, nn.Module):
        fail(name, "an nn.Module", value, error=TypeError)
    return value


def function(name: str, value: Any, rule: str) -> Callable[..., Any]:
    """Return `value` if it can be called; `rule` says what it is to be a function of."""
    if not callable(value):
        fail(name, f"a function {rule}", value, error=TypeError)
    return value


def text(name: str, value: Any) -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        fail(name, "a string", value, error=TypeError)
    return value


def factors(schedule: Any, steps: int, name: str = "schedule") -> list[float]:
    """Return schedule(0) … schedule(steps − 1) if each is a finite number ≥ 0."""
    function(name, schedule, "of the step")
    table = []
    for t in range(steps):
        try:
            value = schedule(t)
        except Exception as error:
            fail(f"{name}({t})", "a number", error, f"there are {steps} steps")
        plain = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
        table.append(number(f"{name}({t})", plain, low=0))
    return table


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
