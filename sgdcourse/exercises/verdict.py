"""What `check` and `hint` hand back: text in a terminal, a marked box in a notebook."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

__all__ = ["Hint", "Verdict", "to_html"]

_MARKS = {"right": "✓", "not yet": "○"}
_EDGES = {"right": "#00795F", "not yet": "#8C6400", "hint": "#0B6BA8"}
_WRONG = "#C8501E"


@dataclass(frozen=True)
class Verdict:
    """The judgement of one answer; true exactly when the answer is right.

    Parameters
    ----------
    exercise : str
        Name of the exercise.
    status : str
        One of right, not yet, slip, wrong, error, slow.
    message : str
        What to tell the reader; `code` and **bold** are marked up.
    slip : str
        Key of the misconception that was recognised, or "".
    notes : tuple of str
        Further lines: an example, what was printed, a changed input.
    """

    exercise: str
    status: str
    message: str
    slip: str = ""
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.status == "right"

    def _lines(self) -> list[str]:
        mark = _MARKS.get(self.status, "✗")
        return [f"{mark} {self.exercise}: {self.message}", *self.notes]

    def __repr__(self) -> str:
        return "\n  ".join(_plain(line) for line in self._lines())

    def _repr_html_(self) -> str:
        return _box(self._lines(), _EDGES.get(self.status, _WRONG))


@dataclass(frozen=True)
class Hint:
    """One step of help, `number` of `total`."""

    exercise: str
    number: int
    total: int
    message: str

    def _lines(self) -> list[str]:
        more = f'The next step: `hint("{self.exercise}")` again.'
        last = "That was the last hint. The solution is in the dropdown below the exercise."
        head = f"Hint {self.number} of {self.total}: {self.message}"
        return [head, more if self.number < self.total else last]

    def __repr__(self) -> str:
        return "\n  ".join(_plain(line) for line in self._lines())

    def _repr_html_(self) -> str:
        return _box(self._lines(), _EDGES["hint"])


def to_html(text: str) -> str:
    """Escape `text`, then mark up `code`, **bold** and *emphasis*.

    Examples
    --------
    >>> to_html("`a < b` is **not** enough")
    '<code>a &lt; b</code> is <strong>not</strong> enough'
    """
    pieces = re.split(r"`([^`]+)`", text.strip())
    for index, piece in enumerate(pieces):
        safe = html.escape(piece, quote=False)
        if index % 2:
            pieces[index] = f"<code>{safe}</code>"
            continue
        safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
        pieces[index] = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", safe)
    return "".join(pieces)


def _box(lines: list[str], edge: str) -> str:
    """Return paragraphs with a coloured edge; text keeps the page's own colours."""
    style = f"border-left: 4px solid {edge}; padding: 0 0 0 0.8em; margin: 0.3em 0"
    body = "".join(f'<p style="margin: 0.2em 0">{to_html(line)}</p>' for line in lines)
    return f'<div class="sgd-verdict" style="{style}">{body}</div>'


def _plain(text: str) -> str:
    """Take the marks of **bold** away; `code` keeps its asterisks."""
    pieces = re.split(r"(`[^`]+`)", text)
    pieces[::2] = [piece.replace("**", "") for piece in pieces[::2]]
    return "".join(pieces)
