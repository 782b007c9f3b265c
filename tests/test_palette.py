"""One palette: the pages, the plots and the explorers draw a method in the same colour."""

import re
from pathlib import Path

import pytest

from sgdcourse import plotting

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "book" / "theme" / "static" / "book.css").read_text("utf-8")
EXPLORERS = (ROOT / "sgdcourse" / "widgets" / "static" / "explorers.css").read_text("utf-8")


def colours(sheet, prefix):
    """Return (light, dark): each method's colour, in the order of the sheet's two themes."""
    names = "|".join(map(re.escape, plotting.COLORS))
    found = re.findall(rf"(?<![\w-]){prefix}({names}):\s*(#[0-9A-Fa-f]{{6}})", sheet)
    half = len(plotting.COLORS)
    assert len(found) == 2 * half
    return dict(found[:half]), dict(found[half:])


@pytest.mark.parametrize(("sheet", "prefix"), [(PAGES, "--"), (EXPLORERS, "--sgd-")])
def test_the_plots_colours_are_the_pages_and_the_explorers(sheet, prefix):
    light, _ = colours(sheet, prefix)
    assert light == dict(plotting.COLORS)


def test_pages_and_explorers_agree_in_the_dark():
    assert colours(PAGES, "--")[1] == colours(EXPLORERS, "--sgd-")[1]
