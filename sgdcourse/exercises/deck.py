"""An Anki deck of the course: its glossary and its quizzes.

`python -m sgdcourse.exercises.deck OUTPUT [--glossary FILE]` writes the `.apkg`. Cards keep
their identity from one build to the next, so that a new import updates them and keeps what the
learner's Anki knows about them.
"""

from __future__ import annotations

import argparse
import html
import re
from pathlib import Path

import genanki

from sgdcourse.exercises.questions import CHAPTERS, Question, load
from sgdcourse.exercises.verdict import to_html

__all__ = ["build", "glossary", "notes"]

_DECK, _MODEL = 1716239001, 1716239002  # drawn once; Anki knows the deck by them
_STYLE = ".card {font-family: sans-serif; font-size: 18px; text-align: left}"


def glossary(text: str) -> dict[str, str]:
    r"""Read terms and definitions from a glossary page.

    Parameters
    ----------
    text : str
        MyST with a `{glossary}` directive (definitions indented) or a definition list
        (definitions after a colon).

    Returns
    -------
    dict of str to str
        Term → definition, as plain text with `code` kept.

    Examples
    --------
    >>> glossary("```{glossary}\nstep\n  One update of the weights.\n```")
    {'step': 'One update of the weights.'}
    """
    found: dict[str, str] = {}
    terms: list[str] = []
    body = "\n".join(re.findall(r"(?ms)^[`:]{3,}\{glossary\}.*?$(.*?)^[`:]{3,}\s*$", text)) or text
    lines = [line for line in body.splitlines() if line.strip() and line[0] not in "#`"]
    for place, line in enumerate(lines):
        defines = re.match(r"(?::\s+|\s+)(\S.*)", line)
        if defines and terms:
            for term in terms:
                found[term] = f"{found.get(term, '')} {_plain(defines[1])}".strip()
            continue
        begins = place == 0 or lines[place - 1][0] in " :\t"
        terms = [line.strip()] if begins else [*terms, line.strip()]
    return found


def _plain(text: str) -> str:
    """Replace roles and links by their text."""
    text = re.sub(r"\{[a-z:]+\}`([^`<]+?)(?:\s*<[^>]*>)?`", r"\1", text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)


def notes(terms: dict[str, str]) -> list[genanki.Note]:
    """Return one note for each term and each question.

    Parameters
    ----------
    terms : dict of str to str
        From `glossary`.

    Returns
    -------
    list of genanki.Note
        With identities that depend on term or question id only.
    """
    cards = [(f"glossary:{term}", to_html(term), _marked(said)) for term, said in terms.items()]
    for chapter in CHAPTERS:
        cards += [
            (f"quiz:{chapter}:{question.id}", _front(question), _back(question))
            for question in load(chapter)[1]
        ]
    return [
        genanki.Note(model=_model(), fields=[front, back], guid=genanki.guid_for("sgdcourse", key))
        for key, front, back in cards
    ]


def build(path: Path, terms: dict[str, str]) -> int:
    """Write the deck to `path` and return its number of notes."""
    deck = genanki.Deck(_DECK, "Stochastic gradient descent")
    for note in notes(terms):
        deck.add_note(note)
    genanki.Package(deck).write_to_file(str(path), timestamp=0.0)
    return len(deck.notes)


def _model() -> genanki.Model:
    return genanki.Model(
        _MODEL,
        "sgdcourse question",
        fields=[{"name": "Front"}, {"name": "Back"}],
        templates=[
            {"name": "Card", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr id=answer>{{Back}}"}
        ],
        css=_STYLE,
    )


def _marked(text: str) -> str:
    """Mark up text in which $…$ is mathematics, which Anki writes as in LaTeX."""
    pieces = re.split(r"\$([^$]+)\$", text)
    pieces[::2] = map(_spaced, pieces[::2])
    pieces[1::2] = [rf"\({html.escape(piece, quote=False)}\)" for piece in pieces[1::2]]
    return "".join(pieces)


def _spaced(text: str) -> str:
    """Mark up text and keep the spaces at its ends."""
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :] if text.strip() else ""
    return before + to_html(text) + after


def _front(question: Question) -> str:
    if question.kind == "numeric":
        return to_html(question.ask)
    options = "".join(f"<li>{to_html(option.text)}</li>" for option in question.options)
    return f"{to_html(question.ask)}<ul>{options}</ul>"


def _back(question: Question) -> str:
    right = [option for option in question.options if option.right]
    return "".join(f"<p><b>{to_html(o.text)}</b> {to_html(o.why)}</p>" for o in right)


def main() -> None:
    """Write the deck and say what is in it."""
    parser = argparse.ArgumentParser(description="Write the Anki deck of the course.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--glossary", type=Path, help="the glossary page")
    options = parser.parse_args()
    terms: dict[str, str] = {}
    if options.glossary is not None:
        if not options.glossary.is_file():
            raise SystemExit(f"there is no glossary at {options.glossary}")
        terms = glossary(options.glossary.read_text(encoding="utf-8"))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    total = build(options.output, terms)
    print(f"{options.output}: {total} notes, {len(terms)} of them from the glossary")


if __name__ == "__main__":
    main()
