"""Write the notebook cells of a chapter's exercises from their one source.

`python -m sgdcourse.exercises.cells 1` prints them as py:percent text to paste into chapter 1.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from sgdcourse.exercises import library
from sgdcourse.exercises.model import Text

__all__ = ["Cell", "cells", "check_line", "solution_source"]


@dataclass(frozen=True)
class Cell:
    """One notebook cell: `kind` is markdown or code."""

    kind: str
    source: str


def cells(chapter: int) -> list[Cell]:
    """Return the cells of all exercises of a chapter, in order.

    Parameters
    ----------
    chapter : int
        1 to 6.

    Returns
    -------
    list of Cell
        For each exercise: statement, stub, check, hints with the solution's opening, the
        solution, its end.

    Examples
    --------
    >>> [cell.kind for cell in cells(1)][:6]
    ['markdown', 'code', 'code', 'markdown', 'code', 'markdown']
    """
    return [cell for name in library.names(chapter) for cell in _of(library.text(name))]


def check_line(item: Text) -> str:
    """Return the line of the check cell."""
    return f'sc.check("{item.name}", {item.name})'


def solution_source(item: Text) -> str:
    """Return the solution cell: the solution under a name of its own, and its check.

    The other name keeps the reader's own answer alive when the whole notebook is run.
    """
    renamed = re.sub(rf"\b{item.name}\b", f"{item.name}_solution", item.solution.strip())
    gap = "\n\n\n" if "def " in renamed else "\n"
    return f'{renamed}{gap}sc.check("{item.name}", {item.name}_solution, record=False)'


def _of(item: Text) -> list[Cell]:
    label = "ex-" + item.name.replace("_", "-")
    statement = (
        f"````{{exercise}} {item.title}\n:label: {label}\n\n"
        f"**{item.level.capitalize()}.** {item.statement.strip()}\n````"
    )
    hints = "\n\n".join(
        f":::{{dropdown}} Hint {number}\n{_marked(hint)}\n:::"
        for number, hint in enumerate(item.hints, start=1)
    )
    opening = f"````{{solution-start}} {label}\n:label: sol-{label[3:]}\n:class: dropdown\n````"
    return [
        Cell("markdown", statement),
        Cell("code", item.stub.strip()),
        Cell("code", check_line(item)),
        Cell("markdown", f"{hints}\n\n{opening}"),
        Cell("code", solution_source(item)),
        Cell("markdown", "````{solution-end}\n````"),
    ]


def _marked(hint: str) -> str:
    return hint.strip().replace("*", r"\*") if "`" not in hint else _outside_code(hint.strip())


def _outside_code(hint: str) -> str:
    """Escape asterisks and dollars outside `code`."""
    pieces = hint.split("`")
    pieces[::2] = [piece.replace("*", r"\*") for piece in pieces[::2]]
    return "`".join(pieces)


def _percent(chapter: int) -> str:
    """Return the cells as py:percent text."""
    parts = []
    for cell in cells(chapter):
        if cell.kind == "code":
            parts.append(f"# %%\n{cell.source}\n")
        else:
            lines = [f"# {line}".rstrip() for line in cell.source.splitlines()]
            parts.append("# %% [markdown]\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(_percent(int(sys.argv[1])))
