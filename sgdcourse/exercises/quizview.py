"""Quizzes that work in the static page, in a live notebook and without JavaScript.

The HTML made from the questions is complete and deterministic: options, and all answers with
reasons in a dropdown. `static/quiz.mjs` adds marking and feedback, in the page as well as in a
live kernel (through anywidget).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from sgdcourse.exercises.questions import Option, Question, load
from sgdcourse.exercises.verdict import to_html

__all__ = ["Quiz"]

_STATIC = Path(__file__).parent / "static"


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
    stop = "" if option.text.endswith((".", "!", "?")) else "."
    return (
        f"<li{data}><strong>{mark}: {to_html(option.text)}{stop}</strong> "
        f'<span class="sgd-quiz-why">{to_html(option.why)}</span></li>'
    )
