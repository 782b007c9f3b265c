"""The built book, served and opened in a real browser."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.site import HTML, served

ROOT = Path(__file__).parents[2]
STATIC = ["sgdcourse/widgets/static", "sgdcourse/exercises/static"]
SOURCES = ["_config.yml", "_toc.yml", "book", *STATIC]
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def newest(paths):
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return max(f.stat().st_mtime for f in files if "__pycache__" not in f.parts)


@pytest.fixture(scope="session")
def html():
    """Folder of the built book; built anew where a source is younger than it."""
    made = HTML / "searchindex.js"
    if not made.exists() or newest([ROOT / s for s in SOURCES]) > made.stat().st_mtime:
        builder = Path(sys.executable).with_name("jupyter-book")
        subprocess.run([builder, "build", ".", "--quiet"], cwd=ROOT, check=True)
    return HTML


@pytest.fixture(scope="session")
def address(html):
    with served(html) as root:
        yield root


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    with playwright.sync_playwright() as running:
        try:
            browser = running.chromium.launch(executable_path=path, args=SWITCHES)
        except playwright.Error as error:
            if os.environ.get("SGDCOURSE_REQUIRE_BROWSER"):
                raise
            reason = str(error).splitlines()[0]
            pytest.skip(f"no Chromium to look at the pages with ({reason}): make browser-install")
        yield browser
        browser.close()


class Visit:
    """One page in one window, with all that it asked for and complained about."""

    def __init__(self, page, own):
        self.page, self.strays, self.faults, self.sizes = page, [], [], []
        page.on("request", lambda r: r.url.startswith(own) or self.strays.append(r.url))
        page.on("console", lambda m: m.type in ("error", "warning") and self.faults.append(m.text))
        page.on("pageerror", lambda e: self.faults.append(str(e)))
        page.on("response", lambda r: r.status >= 400 and self.faults.append(f"{r.status} {r.url}"))
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.loadingFinished", lambda e: self.sizes.append(e["encodedDataLength"]))
        page.on("requestfailed", lambda r: self.faults.append(f"{r.failure} {r.url}"))

    def scroll(self):
        """Go through the whole page, so that whatever loads late has loaded."""
        self.page.evaluate(
            """async () => {
              for (let y = 0; y < document.body.scrollHeight; y += 600) {
                scrollTo(0, y); await new Promise((r) => setTimeout(r, 15));
              }
              scrollTo(0, 0);
              const late = [...document.images].filter((i) => !i.complete);
              await Promise.all(late.map((i) => new Promise((r) => { i.onload = i.onerror = r; })));
            }"""
        )
        self.page.wait_for_load_state("networkidle")


@pytest.fixture
def visit(chromium, address):
    """Return a function that opens a page of the book."""
    contexts = []

    def go(path, *, root=None, before="", **options):
        context = chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        root = root or address
        one = Visit(context.new_page(), (root, "data:", "blob:"))
        if before:
            one.page.add_init_script(before)
        one.page.goto(f"{root}/{path}")
        one.page.wait_for_load_state("networkidle")
        return one

    yield go
    for context in contexts:
        context.close()
