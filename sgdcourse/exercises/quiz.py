"""Quizzes that work in the static page, in a live notebook and without JavaScript.

Questions are data, one YAML file for each chapter in `quizzes/`. The HTML made from them is
complete and deterministic: options, and all answers with reasons in a dropdown. `quiz.mjs` adds
marking and feedback, in the page as well as in a live kernel (through anywidget).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anywidget
import traitlets
import yaml

from sgdcourse._checks import one_of
from sgdcourse.exercises.verdict import to_html

__all__ = ["CHAPTERS", "Option", "Question", "Quiz", "load", "parse", "quiz"]

CHAPTERS = ("01", "02", "03", "04", "05", "06")
KINDS = ("single", "multiple", "numeric")
_STATIC = Path(__file__).parent / "static"


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
        "01" to "06".

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
    source = files("sgdcourse.exercises") / "quizzes" / f"{chapter}.yaml"
    return parse(yaml.safe_load(source.read_text(encoding="utf-8")), f"{chapter}.yaml")


class Quiz(anywidget.AnyWidget):
    """A chapter's quiz; shows itself in the page and in a live notebook."""

    _esm = _STATIC / "quiz.mjs"
    _css = _STATIC / "quiz.css"
    html = traitlets.Unicode().tag(sync=True)

    def __init__(self, chapter: str) -> None:
        self.chapter = chapter
        self.title, self.questions = load(chapter)
        super().__init__(html=_html(chapter, self.title, self.questions))

    def __repr__(self) -> str:
        return f"Quiz of chapter {int(self.chapter)}: {len(self.questions)} questions"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.html}, metadata


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
    return Quiz(chapter)


def _html(chapter: str, title: str, questions: tuple[Question, ...]) -> str:
    asked = "".join(_fieldset(chapter, n, q) for n, q in enumerate(questions, start=1))
    solved = "".join(_solution(q) for q in questions)
    return (
        f'<div class="sgd-quiz" role="group" aria-label="Quiz: {title}">{asked}'
        f'<details class="sgd-quiz-answers"><summary>Answers and reasons</summary>'
        f"<ol>{solved}</ol></details></div>"
    )


def _fieldset(chapter: str, number: int, question: Question) -> str:
    name = f"quiz-{chapter}-{question.id}"
    if question.kind == "numeric":
        field = f'<input type="text" inputmode="decimal" autocomplete="off" name="{name}">'
        inputs = f"<label>Your number {field}</label>"
    else:
        kind = "radio" if question.kind == "single" else "checkbox"
        inputs = "".join(
            f'<label><input type="{kind}" name="{name}"> <span>{to_html(o.text)}</span></label>'
            for o in question.options
        )
    several = " <em>(one or more)</em>" if question.kind == "multiple" else ""
    return (
        f'<fieldset data-kind="{question.kind}">'
        f"<legend>{number}. {to_html(question.ask)}{several}</legend>{inputs}</fieldset>"
    )


def _solution(question: Question) -> str:
    rows = "".join(_row(option) for option in question.options)
    return f"<li><p>{to_html(question.ask)}</p><ul>{rows}</ul></li>"


def _row(option: Option) -> str:
    data = f' data-right="{str(option.right).lower()}"'
    if option.value is not None:
        data += f' data-value="{option.value:g}" data-tolerance="{option.tolerance:g}"'
    mark = "Right" if option.right else "Wrong"
    return (
        f"<li{data}><strong>{mark}: {to_html(option.text)}</strong> "
        f'<span class="sgd-quiz-why">{to_html(option.why)}</span></li>'
    )
