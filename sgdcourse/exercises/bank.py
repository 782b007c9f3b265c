"""The question bank for teachers: one page made from the exercises and the quizzes.

`python -m sgdcourse.exercises.bank PATH` writes the page; with `--check` it only tells whether
the page at PATH is up to date.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sgdcourse.exercises import library
from sgdcourse.exercises.model import Text
from sgdcourse.exercises.questions import Question, load

__all__ = ["page"]

_HEAD = """# Question bank

Every quiz question and every exercise of the course on one page, for teachers.
The page is generated from the files in `sgdcourse/exercises/quizzes` and
`sgdcourse/exercises/texts`. Edit those, then run `make bank`.
Right options come with a tick.
Each exercise lists the misconceptions that its check recognises, with the words that the
learner reads.
"""


def page() -> str:
    """Return the question bank as MyST text.

    Returns
    -------
    str
        One section a chapter: quiz questions with answers and reasons, exercises with the
        misconceptions they recognise.

    Examples
    --------
    >>> page().splitlines()[0]
    '# Question bank'
    """
    return "\n".join([_HEAD, *map(_chapter, library.CHAPTERS)]).rstrip() + "\n"


def _chapter(chapter: int) -> str:
    title, questions = load(f"{chapter:02d}")
    asked = [_question(number, item) for number, item in enumerate(questions, start=1)]
    tasks = [_exercise(library.text(name)) for name in library.names(chapter)]
    return "\n".join(
        [f"## Chapter {chapter}: {title}\n", "### Quiz\n", *asked, "### Exercises\n", *tasks]
    )


def _question(number: int, question: Question) -> str:
    several = " (one or more)" if question.kind == "multiple" else ""
    lines = [f"**{number}.** {_safe(question.ask)}{several}\n"]
    for option in question.options:
        mark = "✓" if option.right else "✗"
        near = f" (± {option.tolerance:g})" if option.right and option.tolerance else ""
        stop = "" if option.text.endswith((".", "!", "?")) else "."
        lines.append(f"- {mark} **{_safe(option.text)}**{near}{stop} {_safe(option.why)}")
    return "\n".join(lines) + "\n"


def _exercise(item: Text) -> str:
    label = "ex-" + item.name.replace("_", "-")
    lines = [f"**{item.title}** ({item.level}), {{ref}}`{label}`, `{item.name}`. Recognises:\n"]
    lines += [f"- {_safe(slip['says'])}" for slip in item.slips.values()]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """Escape what MyST would take for markup, outside `code`; emphasis stays."""
    pieces = text.split("`")
    pieces[::2] = [piece.replace("$", r"\$").replace("<", r"\<") for piece in pieces[::2]]
    return "`".join(pieces)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description="Write the question bank.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--check", action="store_true", help="do not write; fail if outdated")
    options = parser.parse_args(arguments)
    if not options.check:
        options.path.write_text(page(), encoding="utf-8")
    elif not options.path.is_file() or options.path.read_text(encoding="utf-8") != page():
        raise SystemExit(f"{options.path} is out of date; run `make bank`")


if __name__ == "__main__":
    main()
