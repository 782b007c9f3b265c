"""Write the notebook cells of a chapter's exercises from their one source.

`python -m sgdcourse.exercises.cells 7 book/07_slug.ipynb` appends those that the notebook lacks;
without a notebook it prints all of them as py:percent text.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sgdcourse.exercises import library
from sgdcourse.exercises.model import Text

__all__ = ["Cell", "append", "cells", "check_line", "solution_source"]


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
        From 1.

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


def append(chapter: int, path: Path) -> list[str]:
    """Append to a notebook the cells of those exercises that it does not hold yet.

    Parameters
    ----------
    chapter : int
        From 1.
    path : Path
        The chapter's notebook, changed in place.

    Returns
    -------
    list of str
        Names of the exercises that were appended.

    Examples
    --------
    >>> append(1, Path("book/01_gradient_descent.ipynb"))  # it holds them all
    []
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    held = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    lacking = [
        name for name in library.names(chapter) if check_line(library.text(name)) not in held
    ]
    for cell in (cell for name in lacking for cell in _of(library.text(name))):
        entry: dict[str, Any] = {"cell_type": cell.kind, "metadata": {}, "source": cell.source}
        entry["id"] = f"new-{len(notebook['cells'])}"
        if cell.kind == "code":
            entry |= {"execution_count": None, "outputs": []}
        notebook["cells"].append(entry)
    if lacking:
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return lacking


if __name__ == "__main__":
    if sys.argv[2:]:
        print(", ".join(append(int(sys.argv[1]), Path(sys.argv[2]))) or "none was lacking")
    else:
        print(_percent(int(sys.argv[1])))
