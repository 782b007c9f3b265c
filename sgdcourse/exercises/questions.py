"""The quizzes' questions: one YAML file for each chapter in `quizzes/`, checked when read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sgdcourse._checks import one_of
from sgdcourse.exercises.library import read

__all__ = ["CHAPTERS", "Option", "Question", "load", "parse"]

_FOLDER = files("sgdcourse.exercises") / "quizzes"
CHAPTERS = tuple(sorted(file.name[:2] for file in _FOLDER.iterdir()))  # 01.yaml, 02.yaml, …
KINDS = ("single", "multiple", "numeric")


@dataclass(frozen=True)
class Option:
    """One possible answer, whether it is right, and why; numbers carry value and tolerance."""

    text: str
    why: str
    right: bool = False
    value: float | None = None
    tolerance: float = 0.0


@dataclass(frozen=True)
class Question:
    """One question; `options` of a numeric one are the right number and known wrong ones."""

    id: str
    kind: str
    ask: str
    options: tuple[Option, ...]


def parse(data: dict[str, Any], source: str) -> tuple[str, tuple[Question, ...]]:
    """Turn a quiz file's content into questions.

    Parameters
    ----------
    data : dict
        With the keys `title` and `questions`.
    source : str
        Name of the file, for messages.

    Returns
    -------
    tuple
        Title, and the questions.

    Raises
    ------
    ValueError
        If a question has an unknown kind, no right option, several right ones although it is
        single, an option without a reason, or an id that occurs twice.
    """
    questions = tuple(_question(item, source) for item in data["questions"])
    ids = [question.id for question in questions]
    if len(set(ids)) < len(ids):
        raise ValueError(f"question ids of {source} must be different, got {ids}")
    return data["title"], questions


def _question(item: dict[str, Any], source: str) -> Question:
    where = f"question {item.get('id', '?')!r} of {source}"
    one_of(f"kind of {where}", item["kind"], KINDS)
    options = _numbers(item) if item["kind"] == "numeric" else _choices(item)
    right = sum(option.right for option in options)
    if right == 0 or (right > 1 and item["kind"] != "multiple"):
        raise ValueError(f"{where} must have one right option (more if multiple), got {right}")
    silent = [option.text for option in options if not option.why.strip()]
    if silent:
        raise ValueError(f"every option of {where} must have a reason (why), missing in {silent}")
    return Question(item["id"], item["kind"], item["ask"], options)


def _choices(item: dict[str, Any]) -> tuple[Option, ...]:
    """Return the options in an order that is mixed, and the same at every build."""
    options = [
        Option(str(o["text"]), o.get("why", ""), bool(o.get("right"))) for o in item["options"]
    ]
    return tuple(
        sorted(options, key=lambda o: hashlib.sha256(f"{item['id']} {o.text}".encode()).digest())
    )


def _numbers(item: dict[str, Any]) -> tuple[Option, ...]:
    """Return the right number and the known wrong ones, which must not overlap."""
    rows = [{**item, "value": item["answer"], "right": True}, *item.get("mistakes", [])]
    options = tuple(
        Option(
            f"{row['value']:g}".replace("-", "−"),
            row.get("why", ""),
            bool(row.get("right")),
            float(row["value"]),
            float(row.get("tolerance", item["tolerance"])),
        )
        for row in rows
    )
    for wrong in options[1:]:
        gap = abs((wrong.value or 0) - (options[0].value or 0))
        if gap <= wrong.tolerance + options[0].tolerance:
            raise ValueError(f"mistake {wrong.text} of {item['id']!r} must differ from the answer")
    return options


@cache
def load(chapter: str) -> tuple[str, tuple[Question, ...]]:
    """Return title and questions of a chapter's quiz.

    Parameters
    ----------
    chapter : str
        "01", "02" and so on.

    Returns
    -------
    tuple
        Title, and the questions.

    Examples
    --------
    >>> load("01")[0]
    'Gradient descent'
    """
    one_of("chapter", chapter, CHAPTERS)
    source = _FOLDER / f"{chapter}.yaml"
    return parse(read(source), f"{chapter}.yaml")
