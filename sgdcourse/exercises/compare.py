"""Compare a reader's answer with the truth, whatever the type it comes in."""

from __future__ import annotations

import itertools
import math
import numbers
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["difference", "freeze", "show"]

_LONGEST = 10_000  # items that are taken from an iterator


@dataclass(frozen=True)
class _Other:
    """Stands for an object that is no number, tensor, text or sequence."""

    kind: str

    def __str__(self) -> str:
        return f"an object of type {self.kind}"


def freeze(value: Any) -> Any:
    """Turn what an answer returned into plain data that no later code can change.

    Parameters
    ----------
    value : Any
        Tensors, arrays, numbers, sequences, iterators, sets.

    Returns
    -------
    Any
        Tensors in float64 (booleans stay), lists for sequences and iterators, sets of strings.

    Examples
    --------
    >>> freeze(range(3))
    [0, 1, 2]
    """
    if isinstance(value, Tensor):
        kept = value.detach().to("cpu", copy=True)
        return kept if kept.dtype == torch.bool else kept.to(torch.float64)
    if value is None or isinstance(value, (bool, str, type(...))):
        return value
    if isinstance(value, (set, frozenset)):
        return {str(item) for item in value}
    if isinstance(value, dict):
        return {str(key): freeze(item) for key, item in value.items()}
    if hasattr(value, "__array__") and not isinstance(value, type):
        return freeze(torch.as_tensor(_array(value)))
    if isinstance(value, numbers.Number):
        return value
    if isinstance(value, (Iterator, range, list, tuple)):
        return [freeze(item) for item in itertools.islice(value, _LONGEST)]
    return _Other(type(value).__name__)


def difference(truth: Any, answer: Any, rtol: float) -> str:
    """Say in a few words how `answer` differs from `truth`; both come from `freeze`.

    Parameters
    ----------
    truth, answer : Any
        Frozen values; the truth decides the type that is expected.
    rtol : float
        Relative tolerance; a tenth of it, times the largest entry, is the absolute one.

    Returns
    -------
    str
        Empty when they agree.

    Examples
    --------
    >>> difference(2.0, 2.0000001, rtol=1e-4)
    ''
    >>> difference(2.0, "two", rtol=1e-4)
    'a number is expected, yours is a str'
    """
    if isinstance(truth, list):
        return _in_list(truth, answer, rtol)
    if isinstance(truth, set):
        return _in_set(truth, answer)
    if isinstance(truth, (bool, str)):
        return _in_word(truth, answer)
    given = _as_tensor(answer)
    if given is None:
        wanted = "a tensor" if isinstance(truth, Tensor) else "a number"
        return f"{wanted} is expected, yours is {_kind(answer)}"
    return _in_numbers(torch.as_tensor(truth, dtype=torch.float64), given, rtol)


def show(value: Any) -> str:
    """Write a value shortly, with four digits, for a message.

    Examples
    --------
    >>> show(torch.tensor([1.0, 2.34567]))
    '[1, 2.346]'
    """
    if isinstance(value, Tensor):
        value = value.detach().tolist()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        items = [show(item) for item in value[:6]] + (["…"] if len(value) > 6 else [])
        return "[" + ", ".join(items) + "]"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(map(str, value))) + "}"
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    plain = value is None or isinstance(value, (bool, int, str, _Other))
    return str(value)[:80] if plain else type(value).__name__


def _in_list(truth: list[Any], answer: Any, rtol: float) -> str:
    depth = max((item.ndim for item in truth if isinstance(item, Tensor)), default=0)
    if isinstance(answer, Tensor) and answer.ndim > depth:
        answer = list(answer)
    wanted = f"a list of {_count(len(truth), 'item')} is expected, yours"
    if not isinstance(answer, list):
        return f"{wanted} is {_kind(answer)}"
    if len(answer) != len(truth):
        return f"{wanted} has {len(answer)}"
    told = [difference(right, given, rtol) for right, given in zip(truth, answer, strict=True)]
    turned = zip(truth, reversed(answer), strict=True)
    if any(told) and not any(difference(right, given, rtol) for right, given in turned):
        return "the items are in reverse order"
    return next((f"item {index}: {words}" for index, words in enumerate(told) if words), "")


def _in_set(truth: set[str], answer: Any) -> str:
    if not isinstance(answer, (set, list)):
        return f"a set of names is expected, yours is {_kind(answer)}"
    given = {str(item).strip().lower() for item in answer}
    counts = {"missing": len(truth - given), "too many": len(given - truth)}
    return ", ".join(f"{_count(n, 'name')} {words}" for words, n in counts.items() if n)


def _in_word(truth: bool | str, answer: Any) -> str:
    if isinstance(answer, Tensor) and answer.dtype == torch.bool and answer.numel() == 1:
        answer = bool(answer)
    if type(answer) is not type(truth):
        wanted = "True or False" if isinstance(truth, bool) else "a string"
        return f"{wanted} is expected, yours is {_kind(answer)}"
    same = answer == truth if isinstance(truth, bool) else str(answer).strip().lower() == truth
    return "" if same else f"{show(truth)} is expected, yours is {show(answer)}"


def _in_numbers(truth: Tensor, given: Tensor, rtol: float) -> str:
    if truth.ndim == 0 and given.numel() == 1:
        given = given.reshape(())
    if truth.shape != given.shape:
        wanted = f"the shape {tuple(truth.shape)}" if truth.ndim else "a single number"
        found = f"of shape {tuple(given.shape)}" if given.ndim else "a single number"
        return f"{wanted} is expected, yours is {found}"
    if bool(torch.isnan(given).any()) and not bool(torch.isnan(truth).any()):
        return "it contains NaN"
    finite = truth[torch.isfinite(truth)]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    same = torch.allclose(given, truth, rtol=rtol, atol=rtol / 10 * scale, equal_nan=True)
    if same:
        return ""
    if truth.ndim:
        return "the numbers differ"
    return f"the number is too {'large' if given > truth else 'small'}"


def _as_tensor(value: Any) -> Tensor | None:
    """Return numbers, in whatever nesting, as one float64 tensor; None if they are not."""
    if isinstance(value, Tensor):
        return value.to(torch.float64)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        huge = isinstance(value, int) and abs(value) > 10**300
        return torch.tensor(math.inf if huge else float(value), dtype=torch.float64)
    if isinstance(value, list) and value:
        parts = [_as_tensor(item) for item in value]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and len({part.shape for part in known}) == 1:
            return torch.stack(known)
    return None


def _array(value: Any) -> Any:
    import numpy as np

    return np.asarray(value).copy()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _kind(value: Any) -> str:
    """Name the type of a value as a reader would."""
    if value is None:
        return "None (is a `return` missing?)"
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if type(value) in (int, float, Tensor):
        return "a single tensor" if isinstance(value, Tensor) and value.ndim else "a single number"
    if isinstance(value, Iterable) and not isinstance(value, (str, dict, set)):
        return f"a sequence of {len(list(value))} items that do not stack to one tensor"
    name = value.kind if isinstance(value, _Other) else type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
