"""The table of page loads: what is measured, what counts, and what is said where nothing can be."""

import json

import pytest

from benchmarks import pages, report


def row(page="book/index.html", theme="ours", preset="mobile", **changes):
    found = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
    more = {"bytes": 2e5, "shift": 0.0, "paint": 1.5, "blocked": 0.1}
    return {"page": page, "theme": theme, "preset": preset, **found, **more, **changes}


def test_landing_page_and_every_chapter_are_measured():
    names = pages.pages()
    assert names[0] == "book/index.html"
    chapters = sorted((pages.ROOT / "book").glob("[0-9][0-9]_*.ipynb"))
    assert [path.stem for path in chapters] == [name[5:-5] for name in names[1:]]


def test_the_worst_page_counts_and_the_default_theme_does_not():
    rows = [row(), row(preset="desktop"), row(performance=88, bytes=7e5, seo=92)]
    held = pages.hold_goals({"pages": [*rows, row(theme="default", performance=30)]})
    measured = {goal.what: (goal.measured, goal.reached) for goal in held}
    assert measured["performance of the slowest page, mobile"] == (88, False)
    assert measured["performance of the slowest page, desktop"] == (97, True)
    assert measured["SEO of every page"] == (92, False)
    assert measured["first load of the heaviest page"] == (700, False)


def test_median_of_performance_but_the_worst_of_what_must_never_fail():
    tries = [{**row(), "performance": p, "seo": s} for p, s in ((80, 100), (90, 99), (99, 100))]
    chosen = pages.typical(tries)
    assert (chosen["performance"], chosen["seo"]) == (90, 99)


def test_parts_are_stored_apart_and_shown_together(tmp_path, monkeypatch):
    stored = {part: tmp_path / f"{part}.json" for part in ("engine", "pages")}
    monkeypatch.setattr(report, "STORED", stored)
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    engine = json.loads((report.HERE / "results.json").read_text("utf-8"))
    engine.pop("goals")
    report.store("engine", engine, [report.Goal("speed", 2.0, 1.0, True)])
    assert "Lighthouse" not in report.write()
    rows = [row(), row(preset="desktop", performance=99, bytes=3e5)]
    loads = {"lighthouse": "12", "browser": "Chromium", "rounds": 3, "pages": rows}
    report.store("pages", loads, pages.hold_goals(loads))
    text = report.write()
    assert "| {doc}`/book/index` | 97, 99 | 100, 100, 100 | 300 | 1.5 | 0 |" in text
    assert (tmp_path / "page.md").read_text("utf-8") == text
    text = text.replace(report.GLUE, " ")
    assert "| speed | ≥ 1 | 2 | yes |" in text
    assert "| performance of the slowest page, desktop | ≥ 95 | 99 | yes |" in text


@pytest.mark.parametrize(("tool", "words"), [("installed", "no Chromium"), ("which", "Node")])
def test_what_is_missing_is_said(monkeypatch, tool, words):
    monkeypatch.setattr(pages, "installed", lambda: None if tool == "installed" else "chromium")
    monkeypatch.setattr(pages.shutil, "which", lambda _name: None)
    with pytest.raises(pages.MissingError, match=words):
        pages.prepare()
