"""One small style sheet: the theme's, the extensions' and ours, without what is unused.

The theme ships 400 kB of rules, of which a book like this one touches a tenth.  After the pages
are written, a rule stays only if every class it names occurs in some page or script.
"""

import re
from pathlib import Path

import tinycss2

HERE = Path(__file__).parent
WORD = re.compile(r"-?[_a-zA-Z][\w-]*")
CLASS = re.compile(r"\.((?:\\.|[\w-])+)")
NEGATED = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
THEME = ["styles/theme.css", "styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css"]
OWN = ["fonts.css", "book.css", "icons.css", "explorers.css", "quiz.css"]
LATE = ["searchtools.js", "language_data.js", "searchindex.js"]
DROPPED = re.compile(r"fontawesome|thebe|mathjax|\.map$|macros\.html$|^locales/|^vendor/")


def write(app, error):
    """After the pages: join the style sheets, drop what no page uses, remove dead files."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    used = words(Path(app.outdir))
    parts = [static / name for name in THEME + extensions(static)]
    parts += [HERE / "vendor" / "katex" / "katex.css", *(static / name for name in OWN)]
    text = "\n".join(part.read_text("utf-8") for part in parts if part.exists())
    (static / "sgdbook.css").write_text(pruned(text, used), "utf-8")
    for file in static.rglob("*"):
        if file.is_file() and DROPPED.search(file.relative_to(static).as_posix()):
            file.unlink()


def extensions(static):
    """Name the style sheets that extensions brought, in a fixed order."""
    known = {Path(name).name for name in THEME} | set(OWN) | {"sgdbook.css", "basic.css"}
    names = sorted(path.name for path in static.glob("*.css") if path.name not in known)
    return ["basic.css", *(name for name in names if "thebe" not in name)]


def words(folder):
    """Collect every word that can be a class: those of all pages and scripts."""
    found = set()
    for page in folder.rglob("*.html"):
        for value in re.findall(r'\bclass="([^"]*)"', page.read_text("utf-8")):
            found.update(value.split())
    for script in (folder / "_static").rglob("*.*js"):
        if not DROPPED.search(script.name):
            found.update(WORD.findall(script.read_text("utf-8")))
    return found


def pruned(text, used):
    """Return the sheet without comments, and without rules for classes that nothing uses."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    return "\n".join(filter(None, (kept(rule, used) for rule in rules)))


def kept(rule, used):
    """Return one rule's text, with its live selectors only; empty where none lives."""
    if rule.type == "qualified-rule":
        selectors = [s for s in split(tinycss2.serialize(rule.prelude)) if alive(s, used)]
        body = compact(tinycss2.serialize(rule.content))
        return f"{','.join(selectors)}{{{body}}}" if selectors and body else ""
    if rule.type != "at-rule" or rule.lower_at_keyword in ("charset", "import"):
        return ""
    prelude = tinycss2.serialize(rule.prelude).strip()
    if rule.content is None:
        return f"@{rule.at_keyword} {prelude};"
    body = tinycss2.serialize(rule.content)
    if rule.lower_at_keyword in ("media", "supports", "container", "layer"):
        body = pruned(body, used)
    elif (rule.lower_at_keyword == "font-face" and "Font Awesome" in body) or "FontAwesome" in body:
        body = ""
    return f"@{rule.at_keyword} {prelude}{{{compact(body)}}}" if body.strip() else ""


def split(selectors):
    """Split a selector list at its outer commas."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(selectors):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append(selectors[start:place])
            start = place + 1
    return [compact(part) for part in [*parts, selectors[start:]]]


def alive(selector, used):
    """Say whether a selector can match: every class in it, outside `:is` and `:not`, is in use."""
    outer = NEGATED.sub("", selector)
    for group in re.findall(r":(?:is|where)\(([^()]*)\)", outer):
        if not any(alive(part, used) for part in split(group)):
            return False
    outer = re.sub(r":(?:is|where)\([^()]*\)", "", outer)
    return all(name.replace("\\", "") in used for name in CLASS.findall(outer))


def compact(text):
    """Squeeze white space."""
    return re.sub(r"\s+", " ", text).strip()


def setup(app):
    app.connect("build-finished", write, priority=900)
