"""Finding the browser that looks at the pages, for tests, screenshots and measurements."""

from __future__ import annotations

import shutil
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WINDOWLESS = "chromium-headless-shell"  # the same engine without a desktop; a fifth less work
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADVICE = "make browser-install fetches one"


def installed(*first: str) -> str | None:
    """Return the path of the system's Chromium or Chrome, or of what is named first, or None."""
    return next(filter(None, map(shutil.which, (*first, *NAMES))), None)


def launch(playwright: Any) -> Any:
    """Start the system's browser, else the one that Playwright fetched.

    Raises
    ------
    RuntimeError
        If there is neither.
    """
    try:
        return playwright.chromium.launch(executable_path=installed(WINDOWLESS), args=SWITCHES)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise RuntimeError(f"no Chromium to look at the pages with ({reason}): {ADVICE}") from error
