"""Remember what was solved: a small JSON file beside the notebook.

The file is `sgdcourse-progress.json` in the working directory (on Colab it lives as long as the
session); the environment variable `SGDCOURSE_PROGRESS` names another path. Where nothing can be
written, progress lasts as long as the kernel.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sgdcourse.exercises import library
from sgdcourse.exercises.verdict import to_html

__all__ = ["Progress", "path", "progress", "remember"]

_kernel: dict[str, dict[str, Any]] = {}


def path() -> Path:
    """Return the path of the progress file."""
    return Path(os.environ.get("SGDCOURSE_PROGRESS", "sgdcourse-progress.json"))


def remember(name: str, *, solved: bool) -> None:
    """Count one attempt at the exercise `name`."""
    record = _read()
    item = record.setdefault(name, {"attempts": 0, "solved": False})
    item["attempts"] += 1
    item["solved"] = item["solved"] or solved
    _kernel.clear()
    _kernel.update(record)
    target = path()
    draft = target.with_name(target.name + ".part")
    try:
        draft.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        draft.replace(target)
    except OSError:
        pass  # a read-only folder: the kernel's copy above is all there is


def _read() -> dict[str, dict[str, Any]]:
    """Return the record of the known exercises; a damaged file counts as an empty one."""
    try:
        data = json.loads(path().read_text(encoding="utf-8"))
        known = {name: data[name] for name in library.names() if name in data}
        return {
            name: {"attempts": int(item["attempts"]), "solved": bool(item["solved"])}
            for name, item in known.items()
        }
    except FileNotFoundError:
        return {} if os.access(path().parent, os.W_OK) else {k: dict(v) for k, v in _kernel.items()}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


class Progress:
    """Solved exercises by chapter; shows itself as a table."""

    def __init__(self, record: dict[str, dict[str, Any]]) -> None:
        self.record = record

    def solved(self, chapter: int) -> list[str]:
        """Return the names of the solved exercises of `chapter`."""
        return [n for n in library.names(chapter) if self.record.get(n, {}).get("solved")]

    def _rows(self) -> list[tuple[int, int, int, str]]:
        rows = []
        for chapter in library.CHAPTERS:
            names = library.names(chapter)
            left = [name for name in names if name not in self.solved(chapter)]
            following = f"next: `{left[0]}`" if left else "complete"
            rows.append((chapter, len(names) - len(left), len(names), following))
        return rows

    def __repr__(self) -> str:
        lines = [
            f"chapter {chapter}  {'●' * done}{'○' * (total - done)}  {done} of {total}  {following}"
            for chapter, done, total, following in self._rows()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = [
            f'<tr><th scope="row">{chapter}</th><td>{done} of {total}</td>'
            f"<td>{to_html(following)}</td></tr>"
            for chapter, done, total, following in self._rows()
        ]
        head = '<tr><th scope="col">Chapter</th><th scope="col">Solved</th><th scope="col"></th>'
        return f"<table><thead>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table>"


def progress() -> Progress:
    """Show which exercises are solved, chapter by chapter.

    Returns
    -------
    Progress
        Displays as a table; `.solved(chapter)` lists names, `.record` is the file's content.

    Examples
    --------
    >>> print(progress())  # doctest: +SKIP
    chapter 1  ●○○○○  1 of 5  next: `largest_lr`
    """
    return Progress(_read())
