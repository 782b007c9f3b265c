"""Buttons that open a chapter elsewhere: where an address is set, and only there."""

import pytest

from tools.publish import ROOT, UNSET, published

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_buttons_only_where_they_lead_somewhere(html, chapter):
    page = (html / "book" / f"{chapter}.html").read_text("utf-8")
    assert f"{UNSET}/" not in page
    for name in ("Colab", "Binder"):
        assert (f"Open in {name}" in page) == (published() != UNSET), name
