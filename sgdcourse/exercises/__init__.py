"""Exercises that answer back, quizzes, and the reader's progress.

`check("gd_step", gd_step)` judges an answer, `hint("gd_step")` gives one step at a time,
`quiz("01")` shows a chapter's questions, `progress()` what is solved.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sgdcourse.exercises import library, memory
from sgdcourse.exercises.grading import grade
from sgdcourse.exercises.library import names
from sgdcourse.exercises.memory import progress
from sgdcourse.exercises.verdict import Hint, Verdict

if TYPE_CHECKING:
    from sgdcourse.exercises.quizview import Quiz

__all__ = ["check", "hint", "names", "progress", "quiz"]

_shown: dict[str, int] = {}
_MISSING = object()


def check(name: str, answer: Any = _MISSING, *, record: bool = True) -> Verdict:
    """Judge the answer to an exercise, and name the misconception behind a wrong one.

    The answer is run on drawn inputs and compared with the truth, then with what the usual
    misconceptions compute. Whatever the answer does (crash, loop for ever, print, change its
    inputs), the outcome is a message.

    Parameters
    ----------
    name : str
        Name of the exercise, one of `names()`.
    answer : Any
        Your function, or your value where one is asked for; `...` stands for "not yet".
        Without it, the notebook's variable called `name` is taken.
    record : bool
        Whether the attempt counts in `progress()`; the book's own solutions pass False.

    Returns
    -------
    Verdict
        Displays itself; true exactly when the answer is right.

    Raises
    ------
    ValueError
        If there is no exercise called `name`.

    Examples
    --------
    >>> check("largest_lr", lambda curvatures: 2 / max(curvatures), record=False)
    ✓ largest_lr: right on 6 drawn inputs. Only the steepest direction matters.
    """
    library.text(name)
    if answer is _MISSING:
        answer = getattr(sys.modules["__main__"], name, _MISSING)
    if answer is _MISSING:
        message = f"not yet. There is no `{name}` so far: run the cell above first."
        return Verdict(name, "not yet", message)
    verdict = grade(name, answer)
    if record and verdict.status != "not yet":
        memory.remember(name, solved=bool(verdict))
    return verdict


def hint(name: str) -> Hint:
    """Give the next hint for an exercise; after the last one the first comes again.

    Parameters
    ----------
    name : str
        Name of the exercise, one of `names()`.

    Returns
    -------
    Hint
        Displays itself.

    Raises
    ------
    ValueError
        If there is no exercise called `name`.

    Examples
    --------
    >>> hint("gd_step").total
    2
    """
    hints = library.text(name).hints
    index = _shown.get(name, 0) % len(hints)
    _shown[name] = index + 1
    return Hint(name, index + 1, len(hints), hints[index])


def quiz(chapter: str) -> Quiz:
    """Show the quiz of a chapter.

    Parameters
    ----------
    chapter : str
        "01" to "06".

    Returns
    -------
    Quiz
        Displays itself.

    Raises
    ------
    ValueError
        If there is no quiz of that name.

    Examples
    --------
    >>> quiz("01")
    Quiz of chapter 1: 7 questions
    """
    from sgdcourse.exercises.quizview import Quiz  # ipywidgets are slow to import

    return Quiz(chapter)
