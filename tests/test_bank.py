"""What is made from quizzes and exercises: the question bank and the Anki deck."""

import sqlite3
import zipfile
from pathlib import Path

import pytest

from sgdcourse.exercises import bank, library
from sgdcourse.exercises.questions import CHAPTERS, load

BANK = Path(__file__).parents[1] / "book" / "appendix" / "question_bank.md"
GLOSSARY = """# Glossary

```{glossary}
step
iteration
  One update, see {term}`epoch`.
  Never a pass.

epoch
  One pass over the data, {cite}`Bottou18`; `for` loops over it.
```
"""


def test_the_question_bank_is_up_to_date():
    assert BANK.read_text(encoding="utf-8") == bank.page(), "run `make bank`"


def test_the_bank_holds_every_question_and_exercise():
    text = bank.page()
    for chapter in CHAPTERS:
        for question in load(chapter)[1]:
            assert question.ask in text
    for name in library.names():
        assert f"`{name}`" in text


def test_checking_an_outdated_bank_fails_with_a_sentence(tmp_path):
    path = tmp_path / "bank.md"
    path.write_text("old")
    with pytest.raises(SystemExit, match="out of date; run `make bank`"):
        bank.main([str(path), "--check"])
    bank.main([str(path)])
    bank.main([str(path), "--check"])


def test_the_glossary_is_read_in_both_forms():
    deck = pytest.importorskip("sgdcourse.exercises.deck", exc_type=ImportError)
    words = deck.glossary(GLOSSARY)
    assert words["step"] == words["iteration"] == "One update, see epoch. Never a pass."
    assert words["epoch"] == "One pass over the data, Bottou18; `for` loops over it."
    assert deck.glossary("# Words\n\nstep\n: One update.\n") == {"step": "One update."}


def test_mathematics_of_the_glossary_is_written_for_anki():
    deck = pytest.importorskip("sgdcourse.exercises.deck", exc_type=ImportError)
    note = deck.notes({"noise": "The $a < b$ of `x` and *y*."})[0]
    assert note.fields[1] == r"The \(a &lt; b\) of <code>x</code> and <em>y</em>."


def test_every_term_of_the_glossary_becomes_a_card():
    deck = pytest.importorskip("sgdcourse.exercises.deck", exc_type=ImportError)
    page = BANK.with_name("glossary.md")
    if not page.is_file():
        pytest.skip("there is no glossary yet")
    words = deck.glossary(page.read_text(encoding="utf-8"))
    assert len(words) > 20
    assert all(len(said) > 10 and "{" not in said.split("$")[0] for said in words.values())


def content(path, folder):
    """Return identity and fields of the notes of a deck."""
    with zipfile.ZipFile(path) as archive:
        archive.extract("collection.anki2", folder)
    with sqlite3.connect(folder / "collection.anki2") as base:
        return sorted(base.execute("select guid, flds from notes"))


def test_the_deck_holds_every_question_with_identities_that_stay(tmp_path):
    deck = pytest.importorskip("sgdcourse.exercises.deck", exc_type=ImportError)
    terms = deck.glossary(GLOSSARY)
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        total = deck.build(folder / "course.apkg", terms)
        made.append(content(folder / "course.apkg", folder))
    assert made[0] == made[1]
    assert total == len(made[0]) == 3 + sum(len(load(chapter)[1]) for chapter in CHAPTERS)
    reworded = deck.notes({**terms, "step": "Other words."})
    assert {note.guid for note in reworded} == {guid for guid, _ in made[0]}
