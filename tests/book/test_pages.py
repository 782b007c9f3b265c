"""Every page of the built book: alone on the network, silent, accessible, inside the screen."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import axe_playwright_python
import pytest
import yaml

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
ENTRIES = [
    each for part in TOC["parts"] for e in part["chapters"] for each in (e, *e.get("sections", ()))
]
PAGES = [f"{name}.html" for name in (TOC["root"], *(entry["file"] for entry in ENTRIES))]
FIRST_LOAD = 600_000  # bytes over the wire
MOVED = 0.1  # layout shift while a page loads, a late font included
WIDGET = ".sgd-widget[data-state]"
# What an element of MathML may have and still be nothing but a sign in its place.
SHAPE = (
    "xmlns display encoding separator width height depth mathvariant stretchy scriptlevel "
    "displaystyle rowspacing columnalign columnspacing fence minsize maxsize lspace rspace accent "
    "linethickness symmetric"
)
# All parts laid out; code on its ground without the shadows at the edges: axe tells nothing of a
# text that stands on a picture.
PLAIN = "* { content-visibility: visible !important; } pre { background-image: none !important; }"
DRAWN = """(w) => [[...w.querySelectorAll(".sgd-top path")].map((p) => p.getAttribute("d")).join(),
  w.querySelector(".sgd-sentence").textContent]"""
# The helpers of the questions to axe. A text's look is what decides whether its contrast is
# enough: its colour, whether it is large (WCAG 2.2: 24 px, or 18.66 bold), and its grounds, from
# its own up to the page's. For a link, which must be told from the text around it, also its lines
# and its weight, that text's colour, and whether (as axe sees it) there is more text than links.
LOOKS = """
  const known = new Map();
  const ground = (e) => {
    if (!e) return "";
    if (!known.has(e)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(e);
      const own = [backgroundColor, backgroundImage, opacity].join();
      known.set(e, ground(e.parentElement) + (own === "rgba(0, 0, 0, 0),none,1" ? "" : own));
    }
    return known.get(e);
  };
  const told = (link) => {
    if (!link) return "";
    const { display, textDecorationLine, borderBottom, fontWeight } = getComputedStyle(link);
    let block = link.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const linked = [...block.querySelectorAll("a")].map((a) => a.textContent.trim()).join("");
    const amid = block.textContent.trim().length > 2 * linked.length;
    const around = getComputedStyle(link.parentElement).color;
    return [display, textDecorationLine, borderBottom, fontWeight, around, amid].join();
  };
  const look = (e) => {
    const { color, fontSize, fontWeight } = getComputedStyle(e);
    const large = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
    return [color, large, ground(e), told(e.closest("a[href]"))].join();
  };
  const kinds = new Map();
  const among = (number, key) => kinds.set(key, (kinds.get(key) ?? 0) + 1).get(key) <= number;
"""
# Four in five elements of a chapter are formulas and coloured words of code, each a few kinds over
# and over. The letters of a formula are hidden from screen readers: they read the MathML beside
# them, whose parts become one text unless one of them has more than its shape. The words of code
# become text unless one has more than a class; two of each class and look in either theme stay.
SHORTEN = f"""() => {{
  const shape = "{SHAPE}".split(" ");
  const bare = (e, ...names) => [...e.attributes].every((a) => names.includes(a.name));
  document.querySelectorAll(".katex-html").forEach((e) => e.remove());
  for (const math of document.querySelectorAll(".katex-mathml > math")) {{
    if ([...math.querySelectorAll("*")].every((e) => bare(e, ...shape)))
      math.replaceChildren(math.textContent);
  }}
  const words = [...document.querySelectorAll(":is(pre, code, dt) span")].filter(
    (e) => !e.childElementCount && bare(e, "class"));
  const stay = new Set();
  const theme = document.documentElement.dataset.theme;
  for (const each of ["light", "dark"]) {{
    document.documentElement.dataset.theme = each;
    {LOOKS}
    for (const e of words)
      if (e.textContent.length > 1 && among(2, e.className + look(e))) stay.add(e);
  }}
  document.documentElement.dataset.theme = theme;
  for (const e of words) if (!stay.has(e)) e.replaceWith(e.textContent);
  document.body.normalize();
}}"""
# The two rules on colours are axe's slow ones, and the same for all texts of one look: they are
# asked of two of each look that no page before had; not of single signs, of which axe tells
# nothing. The other rules are asked of everything.
VIOLATIONS = f"""async (judged) => {{
  {LOOKS}
  const before = new Set(judged);
  for (const e of document.querySelectorAll("body *")) {{
    const written = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim().length > 1);
    if (!written || !e.checkVisibility() || before.has(look(e))) continue;
    if (among(2, look(e))) for (const one of [e, e.closest("a") ?? e]) one.dataset.asked = "";
  }}
  axe.configure({{ rules: [
    {{ id: "color-contrast", selector: "[data-asked]" }},
    {{ id: "link-in-text-block", selector: "a[data-asked]" }},
  ] }});
  const {{ violations }} = await axe.run({{ resultTypes: ["violations"], preload: false }});
  document.querySelectorAll("[data-asked]").forEach((e) => delete e.dataset.asked);
  const named = (v) => v.nodes.map((n) => `${{v.id}}: ${{n.target.join(" ")}}`);
  return [violations.flatMap(named), [...kinds.keys()]];
}}"""


@pytest.fixture(scope="module")
def known():
    """Looks of texts whose contrast has been judged by this process."""
    return set()


def violations(page, known):
    """Ask axe; remember the looks it has judged."""
    found, looks = page.evaluate(VIOLATIONS, [*known])
    known.update(looks)
    return found


@pytest.mark.parametrize("page", [*PAGES, "search.html", "genindex.html", "404.html"])
def test_page_is_light_still_alone_silent_accessible_and_fits(visit, page, known):
    """One load: as a phone gets it, in the dark; then large in the light."""
    seen = visit(page, color_scheme="dark", viewport={"width": 375, "height": 812})
    assert sum(seen.sizes) <= FIRST_LOAD
    assert seen.page.evaluate("window.moved") < MOVED
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.scroll()
    for kind in {w.get_attribute("data-widget") for w in seen.page.locator(WIDGET).all()}:
        slider = "batch_size" if kind == "batch_size" else "lr"
        slide(seen.page.locator(f"{WIDGET}[data-widget={kind}]").first, slider)
    seen.page.add_style_tag(content=PLAIN)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 375
    seen.page.evaluate(AXE)
    seen.page.evaluate(SHORTEN)
    assert not violations(seen.page, known)
    seen.page.evaluate("document.documentElement.dataset.theme = 'light'")
    seen.page.set_viewport_size({"width": 1440, "height": 900})
    seen.settle()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert not violations(seen.page, known)
    assert not seen.strays
    assert not seen.faults


HURT = """<pre><span class="a">bare</span> <span class="a">bare</span> <span class="a">bare</span>
  <span class="b" style="color: #ccc">pale</span> <span class="a" role="nonsense">word</span></pre>
  <span class="katex"><span class="katex-mathml"><math><mi>bare</mi></math></span></span>
  <span class="katex"><span class="katex-mathml">
  <math><mi role="nonsense">x</mi></math></span></span>
  <style>.c { color: #ccc; } .d { text-decoration: none !important; color: #404850; }</style>
  <code><span class="c">1</span><span class="c">pale</span></code>
  <p><a class="d" href="#">alone</a></p> <p><a class="d" href="#">alone</a></p>
  <p>Many words are around a link <a class="d" href="#">lost</a> or <a href="#">seen</a></p>
"""


def test_leaving_out_what_repeats_hides_no_fault(visit):
    seen = visit("book/appendix/glossary.html")
    seen.page.evaluate(AXE)
    put = "(html) => document.querySelector('article').insertAdjacentHTML('afterbegin', html)"
    seen.page.evaluate(put, HURT)
    seen.page.evaluate(SHORTEN)
    assert seen.page.locator("pre span").all_inner_texts() == ["bare", "bare", "pale", "word"]
    known = set()
    found = [violation.split(":")[0] for violation in violations(seen.page, known)]
    assert sorted(found) == ["aria-roles"] * 2 + ["color-contrast"] * 2 + ["link-in-text-block"]
    seen.page.evaluate(put, "<p style='color: #ddd'>paler</p><p class='c'>pale</p>")
    found = [violation.split(":")[0] for violation in violations(seen.page, known)]
    assert sorted(found) == ["aria-roles"] * 2 + ["color-contrast"] * 1, "judged once"


def slide(widget, name):
    """Move an explorer's slider by keyboard: its drawing and its sentence change."""
    before = widget.evaluate(DRAWN)
    widget.locator(f'input[type=range][name="{name}"]').focus()
    for _ in range(3):
        widget.page.keyboard.press("ArrowLeft")
    widget.page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 50)))")
    after = widget.evaluate(DRAWN)
    assert all(old and old != new for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_page_works_from_a_file_manager(visit, html, page):
    seen = visit(page, root=html.as_uri())
    for widget in seen.page.locator(WIDGET).all():
        widget.scroll_into_view_if_needed()
        widget.locator(".sgd-x[data-ready]").wait_for()
    seen.settle()
    assert not seen.strays
    assert not seen.faults


def pages_of(html):
    return [*html.glob("*.html"), *(html / "book").rglob("*.html")]


class Links(HTMLParser):
    """Collect a page's links, targets and pictures."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.pictures = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if tag == "a" and values.get("name"):
            self.ids.add(values["name"])
        self.links += [values[k] for k in ("href", "src") if values.get(k)]
        if tag == "img":
            self.pictures.append(values)


@pytest.fixture(scope="module")
def parsed(html):
    return {p: Links(p.read_text("utf-8")) for p in pages_of(html)}


def test_no_internal_link_is_broken(parsed, html):
    broken = []
    for page, found in parsed.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            known = parsed.get(target)
            lost = parts.fragment and known and unquote(parts.fragment) not in known.ids
            if not target.exists() or lost:
                broken.append(f"{page.relative_to(html)}: {link}")
    assert not broken


def test_no_page_asks_another_host_for_anything(html):
    asked = []
    for page in pages_of(html):
        text = page.read_text("utf-8")
        asked += re.findall(r'<(?:script|img|iframe|source)[^>]*src="(?:https?:)?//[^"]*"', text)
        asked += re.findall(r'<link[^>]*rel="(?:stylesheet|preload)"[^>]*href="https?:', text)
    for sheet in (html / "_static").rglob("*.css"):
        asked += re.findall(r"(?:url\(|@import)\s*['\"]?https?:[^)]*", sheet.read_text("utf-8"))
    assert not asked


def test_every_picture_of_a_page_has_words_and_a_place(parsed, html):
    for name in PAGES:
        for picture in parsed[html / name].pictures:
            if "logo__image" in picture.get("class", ""):
                continue
            assert len(picture.get("alt", "")) > 15, (name, picture)
            assert not picture["alt"].startswith(("_images", "../")), (name, picture)
            assert picture.get("loading") == "lazy", (name, picture)
            assert picture.get("width"), (name, picture)
            assert picture.get("height") or "height" in picture.get("style", ""), (name, picture)


@pytest.mark.parametrize("name", PAGES)
def test_page_presents_itself(html, name):
    text = (html / name).read_text("utf-8")
    assert len(re.findall(r"<h1\b", text.split("<article", 1)[1])) == 1
    description = re.search(r'<meta[^>]*name="description"[^>]*>', text)
    assert description, name
    assert re.search(r'content="[^"]{30,}"', description[0]), description[0]
    for part in ("og:title", "og:description", "og:image"):
        assert f'property="{part}"' in text


def test_the_page_for_lost_addresses_works_from_any_depth(html):
    text = (html / "404.html").read_text("utf-8")
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    home = urlsplit(config["sphinx"]["config"]["ogp_site_url"]).path
    assert text.index(f'<base href="{home}">') < min(map(text.index, (' href="_', ' src="_')))
    links = [link for link in Links(text).links if not link.startswith(("#", home))]
    assert "search.html" in links
    assert {f"{entry['file']}.html" for part in TOC["parts"] for entry in part["chapters"]} <= {
        *links
    }


def test_icons_in_use_are_drawn(html):
    sheet = (html / "_static/icons.css").read_text("utf-8")
    drawn = set(re.findall(r"\.fa-([\w-]+) \{ --icon", sheet))
    sizes = {"solid", "lg", "brands", "regular"}
    for page in pages_of(html):
        classes = " ".join(re.findall(r'class="([^"]*)"', page.read_text("utf-8")))
        used = set(re.findall(r"\bfa-([\w-]+)", classes))
        assert used - sizes <= drawn, page


def test_the_scrollbar_has_its_place_before_there_is_anything_to_scroll(visit):
    root = visit("book/index.html").page.locator("html")
    assert root.evaluate("e => getComputedStyle(e).scrollbarGutter") == "stable"


@pytest.mark.parametrize("where", ["http", "file"])
@pytest.mark.parametrize(
    ("term", "page"), [("dampening", "glossary"), ("stationary_variance", "api")]
)
def test_search_finds_terms(visit, html, where, term, page):
    root = html.as_uri() if where == "file" else None
    seen = visit(f"search.html?q={term}", root=root)
    seen.page.locator("#search-results li a").first.wait_for()
    found = seen.page.locator("#search-results li a").evaluate_all("a => a.map((x) => x.href)")
    assert any(page in link for link in found)
    assert not seen.strays
    assert not seen.faults


def test_contents_previous_and_next_on_a_phone(visit):
    seen = visit(PAGES[1], viewport={"width": 375, "height": 812}, has_touch=True)
    seen.page.locator(".primary-toggle").tap()
    entry = seen.page.locator("#pst-primary-sidebar-modal a, #pst-primary-sidebar a").filter(
        has_text="Glossary"
    )
    entry.first.wait_for()
    entry.first.tap()
    seen.page.wait_for_url("**/glossary.html")
    seen.page.locator(".right-next").tap()
    seen.page.wait_for_url("**/errata.html")
    seen.page.locator(".left-prev").tap()
    seen.page.wait_for_url("**/glossary.html")
    assert not seen.faults


def test_an_excerpt_under_a_result_begins_with_the_page_not_its_contents(visit):
    seen = visit("search.html?q=momentum")
    result = seen.page.locator(
        "#search-results li", has=seen.page.locator('a[href*="04_momentum"]')
    )
    result.locator("p.context").first.wait_for()
    excerpts = " ".join(result.locator("p.context").all_inner_texts())
    assert not re.search(r"\bContents\b", excerpts)


def test_search_button_opens_the_field(visit):
    seen = visit(PAGES[1])
    seen.page.keyboard.press("Control+k")
    field = seen.page.locator("#pst-search-dialog input")
    field.fill("momentum")
    field.press("Enter")
    seen.page.wait_for_url("**/search.html?q=momentum")


def test_colour_mode_is_remembered(visit):
    seen = visit(PAGES[0], color_scheme="light")
    button = seen.page.locator(".theme-switch-button").first
    button.click()
    chosen = seen.page.evaluate("document.documentElement.dataset.mode")
    assert chosen in ("light", "dark")
    seen.page.reload()
    assert seen.page.evaluate("document.documentElement.dataset.mode") == chosen


def test_formulas_speak_and_need_no_script(visit):
    seen = visit(PAGES[1], java_script_enabled=False)
    formulas = seen.page.locator(".katex")
    assert formulas.count() > 10
    assert seen.page.locator(".katex .katex-mathml math").count() == formulas.count()


def test_no_line_begins_with_the_punctuation_after_a_formula(visit):
    loose = """all => all.filter((m) => !m.closest(".glued")
      && /^[.,;:!?)]/.test(m.nextSibling?.nodeType === 3 ? m.nextSibling.data : "")).length"""
    seen = visit(PAGES[4], viewport={"width": 375, "height": 812})
    assert seen.page.locator(".math").evaluate_all(loose) == 0
    glued = seen.page.locator(".bd-article .glued:has(.math)")
    assert glued.count() > 10
    styles = glued.evaluate_all("all => all.map((e) => getComputedStyle(e).whiteSpace)")
    assert set(styles) == {"nowrap"}


def test_the_cheat_sheet_prints_on_one_page_with_text(visit):
    seen = visit("book/appendix/cheat_sheet.html", color_scheme="dark")
    seen.scroll()
    printed = seen.page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert b"/ToUnicode" in printed  # its letters can be searched and copied
    seen.page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins
    seen.page.emulate_media(media="print")
    boxes = seen.page.locator(".one-page :is(pre, table, .math-block)")
    cut = boxes.evaluate_all("all => all.filter((b) => b.scrollWidth > b.clientWidth + 1).length")
    assert cut == 0
