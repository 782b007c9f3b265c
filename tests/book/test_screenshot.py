"""The README's picture shows the landing page as it is built today."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools import screenshot

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.browser


def coarse(picture):
    """Shades of 60 × 58 patches: the eye's first look, not the pixels of one machine's letters."""
    return np.asarray(picture.convert("L").resize((60, 58), Image.Resampling.BOX), dtype=float)


def test_the_readme_shows_the_page_of_today(browser, address):
    stored = Image.open(screenshot.FILE)
    now = screenshot.take(browser, address)
    assert stored.size == now.size
    assert abs(coarse(stored) - coarse(now)).mean() < 6, "run `make screenshot`"
    shown = re.search(r"!\[[^\]]{40,}\]\((.+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert (ROOT / shown[1]).samefile(screenshot.FILE)
