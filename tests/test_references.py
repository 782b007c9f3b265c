"""Every reference is complete, and can be found."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
ENTRY = re.compile(r"^@(\w+)\{(\w+), (.*)\}$", re.MULTILINE)
FIELD = re.compile(r"(\w+)=\{((?:[^{}]|\{[^{}]*\})*)\}(?:, |$)")
ENTRIES = {
    key: {"kind": kind, **dict(FIELD.findall(fields))}
    for kind, key, fields in ENTRY.findall((BOOK / "references.bib").read_text("utf-8"))
}
PLACE = {
    "article": "journal",
    "book": "publisher",
    "inproceedings": "booktitle",
    "misc": "howpublished",
}
FORMS = {
    "doi": r"10\.\d{4,5}/\S+",
    "eprint": r"\d{4}\.\d{4,5}",
    "url": r"https://\S+",
}
# Neither a DOI nor on arXiv: the publisher's own page.
PAGES = {"Nesterov83", "Duchi11", "TielemanHinton12", "Sutskever13"}


def test_every_entry_is_read():
    text = (BOOK / "references.bib").read_text("utf-8")
    assert len(ENTRIES) == text.count("@") > 40


@pytest.mark.parametrize("key", ENTRIES)
def test_entry_is_complete(key):
    entry = ENTRIES[key]
    for field in ("author", "title", "year", PLACE[entry["kind"]]):
        assert entry.get(field), field
    assert re.fullmatch(r"(19|20)\d\d", entry["year"])
    assert key.endswith(entry["year"][2:])
    found = {field for field, form in FORMS.items() if re.fullmatch(form, entry.get(field, ""))}
    assert found & ({"url"} if key in PAGES else {"doi", "eprint"}), entry
    assert ("eprint" in entry) == (entry.get("archiveprefix") == "arXiv")
    assert "arxiv.org" not in entry.get("url", "")  # the number says it already


def test_what_the_chapters_cite_is_there():
    cited = set()
    for path in [*BOOK.rglob("*.ipynb"), *BOOK.rglob("*.md")]:
        for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", path.read_text("utf-8")):
            cited |= {key.strip() for key in keys.split(",")}
    assert cited
    assert cited <= set(ENTRIES)
