"""What an exercise is: its text for the reader, and how an answer to it is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Exercise", "Text"]


@dataclass(frozen=True)
class Text:
    """What the reader sees; the only place where it is written is the chapter's YAML file.

    Parameters
    ----------
    name, title, level : str
        Name for `check`, heading, and one of recall, use, explain, build.
    chapter : int
        Number of the chapter.
    statement, stub, solution : str
        MyST text, the cell to fill in, and one right answer.
    hints : tuple of str
        From a nudge to almost the answer.
    slips : dict
        For each misconception what the verdict `says`, and the `section` of the chapter that
        treats it, where there is one.
    sections : dict of int to str
        Headings of the chapter, by their number, for pointing back.
    """

    name: str
    title: str
    level: str
    chapter: int
    statement: str
    stub: str
    solution: str
    hints: tuple[str, ...]
    slips: dict[str, dict[str, Any]]
    sections: dict[int, str]


def _call(answer: Callable[..., Any], *inputs: Any) -> Any:
    return answer(*inputs)


@dataclass(frozen=True)
class Exercise:
    """How an answer is judged: a right answer, the usual wrong ones, and the inputs.

    Parameters
    ----------
    name : str
        The key that ties it to its `Text`.
    truth : Any
        A right answer: a function, or a value when `cases` is None.
    slips : dict
        The misconceptions that are recognised, each as the answer that it leads to, or as a
        tuple of such answers.
    cases : callable, optional
        Generator → list of input tuples; None for an answer that is a value.
    run : callable
        `(answer, *inputs)` → what is compared; calls the answer unless told otherwise.
    rtol : float
        Relative tolerance of the comparison.
    remark : str
        A sentence that follows a right answer.
    """

    name: str
    truth: Any
    slips: dict[str, Any]
    cases: Callable[[torch.Generator], list[tuple[Any, ...]]] | None = None
    run: Callable[..., Any] = _call
    rtol: float = 1e-4
    remark: str = ""
