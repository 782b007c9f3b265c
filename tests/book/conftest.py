"""The built book, served and opened in a real browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tools.browser import launch
from tools.site import HTML, served

ROOT = Path(__file__).parents[2]
STATIC = ["sgdcourse/widgets/static", "sgdcourse/exercises/static"]
SOURCES = ["_config.yml", "_toc.yml", "book", *STATIC]


def newest(paths):
    files = [f for p in paths for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
    return max(f.stat().st_mtime for f in files if "__pycache__" not in f.parts)


@pytest.fixture(scope="session")
def html(tmp_path_factory):
    """Folder of the built book; built anew, by one process, where a source is younger than it."""
    made = HTML / "searchindex.js"
    with FileLock(tmp_path_factory.getbasetemp().parent / "build.lock"):
        if not made.exists() or newest([ROOT / s for s in SOURCES]) > made.stat().st_mtime:
            builder = Path(sys.executable).with_name("jupyter-book")
            subprocess.run([builder, "build", ".", "--quiet"], cwd=ROOT, check=True)
    return HTML


@pytest.fixture(scope="session")
def address(html):
    with served(html) as root:
        yield root


@pytest.fixture(scope="session")
def browser():
    """The one browser of this process; each test opens its own windows in it."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        try:
            started = launch(running)
        except RuntimeError as error:
            if os.environ.get("SGDCOURSE_REQUIRE_BROWSER"):
                raise
            pytest.skip(str(error))
        yield started
        started.close()


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
        self.waiting = set()
        page.on("request", lambda r: self.waiting.add(r))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda r: self.waiting.discard(r))

    def settle(self):
        """Wait until nothing is under way: requests, fonts, explorers in view, frames."""
        for _ in range(200):
            self.page.evaluate(SETTLED)
            if not self.waiting:
                return
        raise TimeoutError(f"still loading: {self.waiting}")

    def scroll(self):
        """Go through the whole page, so that whatever loads late has loaded."""
        self.page.evaluate(SCROLL)
        self.settle()


SETTLED = """async () => {
  const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  await document.fonts.ready;
  await frame();
  await frame();
}"""
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  }
  scrollTo(0, 0);
  const late = [...document.images].filter((i) => !i.complete);
  await Promise.all(late.map((i) => new Promise((r) => { i.onload = i.onerror = r; })));
  const asleep = () => document.querySelector(".sgd-widget[data-state]:not(:has([data-ready]))");
  for (let i = 0; asleep() && i < 200; i += 1) await new Promise((r) => setTimeout(r, 10));
}"""


@pytest.fixture
def visit(browser, address):
    """Return a function that opens a page of the book."""
    contexts = []

    def go(path, *, root=None, before="", **options):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        root = root or address
        one = Visit(context.new_page(), (root, "data:", "blob:"))
        if before:
            one.page.add_init_script(before)
        one.page.goto(f"{root}/{path}")
        if options.get("java_script_enabled", True):
            one.settle()
        return one

    yield go
    for context in contexts:
        context.close()
