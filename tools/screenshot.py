"""The picture in the README: the landing page as the build shows it.

`python -m tools.screenshot` takes it anew.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from tools.browser import launch
from tools.site import HTML, served

FILE = Path(__file__).parents[1] / "book" / "theme" / "screenshot.png"
SIZE = {"width": 1200, "height": 1150}


def take(browser: Any, address: str) -> Image.Image:
    """Return the top of the landing page, its explorer awake, in the light."""
    page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")
    page.goto(f"{address}/book/index.html")
    page.evaluate("document.fonts.ready")
    page.reload()  # a first visit does without the page's own letters where they come late
    page.locator(".sgd-x[data-ready]").first.wait_for()
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return picture


def main() -> int:
    """Store the picture with a palette of 256 colours."""
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as running, served(HTML) as address:
            picture = take(launch(running), address)
    except RuntimeError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 1
    picture.quantize(256, method=Image.Quantize.MEDIANCUT).save(FILE, "PNG", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
