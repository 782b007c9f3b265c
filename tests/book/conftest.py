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
            subprocess.run([builder, "build", ".", "--all", "--quiet"], cwd=ROOT, check=True)
            made.touch()
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


class Window:
    """One page, with all that it asks for and complains about; tests use it one after another.

    A fresh page costs a browser more than showing a chapter in one that is open.
    """

    def __init__(self, browser, served, options):
        self.serve = None
        self.page = page = browser.new_context(**options).new_page()
        self.own, self.strays, self.faults, self.sizes, self.waiting = (), [], [], [], set()
        if served:
            page.route("**/*", lambda route: self.serve(route))
        page.add_init_script(WATCH)
        page.on("request", lambda r: r.url.startswith(self.own) or self.strays.append(r.url))
        page.on("console", lambda m: m.type in ("error", "warning") and self.faults.append(m.text))
        page.on("pageerror", lambda e: self.faults.append(str(e)))
        page.on("response", lambda r: r.status >= 400 and self.faults.append(f"{r.status} {r.url}"))
        page.on("requestfailed", lambda r: self.faults.append(f"{r.failure} {r.url}"))
        page.on("request", lambda r: self.waiting.add(r))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda r: self.waiting.discard(r))
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})  # each load is a first load
        wire.on("Network.loadingFinished", lambda e: self.sizes.append(e["encodedDataLength"]))

    def wake(self, viewport, serve, **preferences):
        """Look as asked, and remember nothing."""
        self.page.set_viewport_size(viewport)
        self.page.emulate_media(media="null", **preferences)
        self.serve = serve
        for kept in (self.strays, self.faults, self.sizes, self.waiting):
            kept.clear()

    def go(self, address, own):
        """Open an address; whatever does not begin with one of its own is a stray."""
        self.own = own
        self.page.goto(address)

    def rest(self):
        """Leave the page, with nothing of it behind."""
        self.page.evaluate(FORGET)
        self.own = ("",)
        self.page.goto("about:blank")

    def settle(self):
        """Wait until nothing is under way: requests, fonts, explorers in view, frames."""
        for _ in range(200):
            self.page.evaluate(SETTLED)
            if not self.waiting:
                return
        raise TimeoutError(f"still loading: {self.waiting}")

    def scroll(self):
        """Go to all that loads late, so that it has loaded."""
        self.page.evaluate(SCROLL)
        self.settle()


SETTLED = """async () => {
  const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  await document.fonts.ready;
  await frame();
  await frame();
}"""
SCROLL = """async () => {
  for (const one of document.querySelectorAll("img[loading=lazy], .sgd-widget")) {
    const { top, bottom } = one.getBoundingClientRect();
    if (top >= 0 && bottom <= innerHeight) continue;
    one.scrollIntoView();
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  }
  scrollTo(0, 0);
  const late = () => [...document.images].some((i) => !i.complete && i.checkVisibility());
  for (let i = 0; late() && i < 200; i += 1) await new Promise((r) => setTimeout(r, 10));
  const asleep = () => document.querySelector(".sgd-widget[data-state]:not(:has([data-ready]))");
  for (let i = 0; asleep() && i < 200; i += 1) await new Promise((r) => setTimeout(r, 10));
}"""


FORGET = """() => {
  try { localStorage.clear(); sessionStorage.clear(); } catch { /* a page without an origin */ }
}"""
WATCH = """window.moved = 0; new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (!e.hadRecentInput) moved += e.value
}).observe({ type: "layout-shift", buffered: true })"""
LARGE = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def resting():
    """Windows that no test is using, by the options that cannot be changed later."""
    return {}


@pytest.fixture
def window(browser, resting):
    """Return a function that gives a window of its own to this test.

    Where there is `serve`, it answers all requests, as in a route of Playwright's.
    """
    taken = []

    def take(
        viewport=LARGE, color_scheme="light", reduced_motion="no-preference", serve=None, **options
    ):
        free = resting.setdefault((serve is None, *sorted(options.items())), [])
        one = free.pop() if free else Window(browser, serve is not None, options)
        one.wake(viewport, serve, color_scheme=color_scheme, reduced_motion=reduced_motion)
        taken.append((free, one))
        return one

    yield take
    for free, one in taken:
        try:
            one.rest()
        except Exception:  # whatever a failed test has left: the next one gets a fresh window
            one.page.context.close()
        else:
            free.append(one)


@pytest.fixture
def visit(window, address):
    """Return a function that opens a page of the book."""

    def go(path, *, root=None, **options):
        one = window(**options)
        root = root or address
        one.go(f"{root}/{path}", (root, "data:", "blob:"))
        if options.get("java_script_enabled", True):
            one.settle()
        return one

    return go
