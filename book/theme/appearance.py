"""What every page loads: one style sheet, deferred scripts, our module."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STATIC = [
    HERE / "static",
    ROOT / "sgdcourse" / "widgets" / "static",
    ROOT / "sgdcourse" / "exercises" / "static",
]
UNWANTED = re.compile(r"thebe|mathjax|require\.js|embed-amd|togglebutton|design-tabs")
FONTS = ["CourseSerif", "CourseSerif-Italic"]
MATH_FONTS = ["KaTeX_Main-Regular", "KaTeX_Math-Italic"]
TITLE_LINK = re.compile(r'(<p class="admonition-title">[^<]+)(<a [^>]*>) ')
CELL = re.compile(r"<td\b.*?</td>", re.DOTALL)
NAME = re.compile(r'(?<=<span class="pre">)[^<]+')
JOINT = re.compile(r"(?<=[_(=])(?=\w)")
UNFOLD = "Pages of this part"
ALIVE = {"boot.js": "sgd-widget", "quiz.js": "sgd-quiz"}


def prepare(app, config):
    """Ship our own static files, and those of the package's explorers and quizzes."""
    config.html_static_path = [str(path) for path in STATIC if path.is_dir()]
    config.templates_path = [str(HERE / "templates"), *config.templates_path]


def present(_app, _pagename, _templatename, context, _doctree):
    """Choose the scripts of a page, and its description for search engines."""
    scripts = [s for s in context["script_files"] if wanted(s)]
    context["script_files"] = scripts
    body = context.get("body", "")
    context["page_scripts"] = [name for name, mark in ALIVE.items() if f'class="{mark}' in body]
    body = body.replace(' role="doc-biblioentry"', "").replace(
        'role="list" class="citation-list"', 'class="citation-list"'
    )
    body = TITLE_LINK.sub(r"\1 \2", body)
    context["body"] = body = CELL.sub(lambda cell: NAME.sub(breakable, cell[0]), body)
    context["page_fonts"] = FONTS + MATH_FONTS * ('class="katex"' in body)
    listing = context.get("generate_toctree_html")
    if listing:
        context["generate_toctree_html"] = lambda *a, **k: named(str(listing(*a, **k)))
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            group["buttons"] = [unadorned(button) for button in group["buttons"]]
    context["uses_toggles"] = "toggle" in body or "dropdown" in body
    context["uses_code"] = "highlight" in body


def breakable(name):
    """Let a name in a narrow cell of a table break after its parts, not within a word."""
    return JOINT.sub("<wbr>", name[0])


def named(listing):
    """Give the buttons that unfold a part of the contents a name for screen readers."""
    return listing.replace("<summary>", f'<summary aria-label="{UNFOLD}">')


def unadorned(button):
    """Return a launch button that says what it does, without a logo or a label that hovers."""
    plain = {key: button[key] for key in button.keys() - {"icon", "tooltip"}}
    return plain | {"text": f"Open in {button['text']}"}


def wanted(script):
    """Say whether a script is one that this book uses."""
    text = f"{getattr(script, 'filename', script) or ''} {getattr(script, 'attributes', {})}"
    return not UNWANTED.search(text) and "THEBE_JS_URL" not in text


def setup(app):
    app.connect("config-inited", prepare, priority=900)
    app.connect("html-page-context", present, priority=980)
