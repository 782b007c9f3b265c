"""How tall each part of a page will be, so that its place is kept until the reader comes near.

A browser lays out a long chapter part by part, and takes our guess for the parts it skips: from
it follow the scroll bar, the way of a link within the page, and that no part covers the next.
The weights are pixels, fitted to the heights of all pages of this book in Chromium.
"""

from html.parser import HTMLParser

WIDE, NARROW = 728, 343  # pixels of a column of text on a large and on a small screen
SPARE = 1.03, 40  # the guess is rather too large than too small
WEIGHTS = {  # what: (wide, narrow)
    "letter": (0.45, 0.86),
    "block": (6.6, 6.6),
    "line of code": (18.2, 16.5),
    "box of code": (30, 29),
    "formula": (125, 109),
    "heading": (44, 45),
    "row": (3, 0),
    "summary": (19, 30),
    "explorer": (961, 1563),
    "question": (113, 68),
    "option": (16, 25),
    "figure": (32, 0),
    "box": (119, 130),
    "definition": (58, 48),
    "attribute": (-14, -12),  # a definition with less room around it
}
TAGS = {
    "pre": "box of code", "h2": "heading", "h3": "heading", "h4": "heading", "tr": "row",
    "summary": "summary", "fieldset": "question", "label": "option", "img": "figure",
    "dt": "definition",
}  # fmt: skip
BLOCKS = {"p", "li", "dd", "dt", "figcaption", "blockquote", "summary"}
CLASSES = {
    "math-block": "formula",
    "admonition": "box",
    "exercise": "box",
    "sgd-widget": "explorer",
    "attribute": "attribute",
}
EMPTY = {"img", "br", "hr", "input", "link", "meta", "source", "wbr", "col"}
UNSEEN = {"math", "svg", "script", "style", "template"}


class Parts(HTMLParser):
    """The parts of a page, sections of its first level, with their heights in pixels."""

    def __init__(self, body):
        super().__init__()
        self.heights, self.current, self.depth, self.open = {}, None, 0, []
        self.feed(body)

    def add(self, what, times=1):
        for side in (0, 1):
            self.current[side] += WEIGHTS[what][side] * times

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        classes = set((values.get("class") or "").split())
        if tag == "section":
            self.depth += 1
            if self.depth == 2:
                self.current = self.heights[values["id"]] = [0.0, 0.0]
        if tag not in EMPTY:
            self.open.append((tag, seen(tag, classes)))
        if self.current and ("sgd-widget" in classes or not self.hidden()):
            self.count(tag, classes, values)

    def count(self, tag, classes, values):
        for what in [TAGS.get(tag), *(CLASSES.get(name) for name in classes)]:
            if what:
                self.add(what)
        if tag in BLOCKS:
            self.add("block")
        if tag == "pre":
            self.add("line of code")
        if tag == "img" and values.get("height", "").isdigit() and values["width"].isdigit():
            for side, room in enumerate((WIDE, NARROW)):
                shown = min(1, room / int(values["width"]))
                self.current[side] += shown * int(values["height"])

    def handle_data(self, data):
        if not self.current or self.hidden():
            return
        if any(tag == "pre" for tag, _ in self.open):
            self.add("line of code", data.count("\n"))
        else:
            self.add("letter", len(" ".join(data.split())))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass
        if tag == "section":
            self.depth -= 1
            if self.depth == 1:
                self.current = None

    def hidden(self):
        """Say whether the place is inside something that draws no text, or that is folded."""
        folded = False
        for _, kind in self.open:
            if kind == "unseen":
                return True
            folded = {"folded": True, "title": False}.get(kind, folded)
        return folded


def seen(tag, classes):
    """Say what an element does to the text in it: hide it, fold it, or show it while folded."""
    if tag in UNSEEN or classes & {"katex-mathml", "sgd-widget"}:
        return "unseen"
    if tag == "summary" or "admonition-title" in classes:
        return "title"
    if tag == "details" or "toggle" in classes or {"admonition", "dropdown"} <= classes:
        return "folded"
    return ""


def reserve(_app, _pagename, _templatename, context, _doctree):
    """Write into each part of the page how tall it will be."""
    body = context.get("body", "")
    for name, heights in Parts(body).heights.items():
        wide, narrow = (round(SPARE[0] * height + SPARE[1]) for height in heights)
        mark = f'<section id="{name}"'
        body = body.replace(
            mark, f'{mark[:8]} style="--wide:{wide}px;--narrow:{narrow}px"{mark[8:]}', 1
        )
    if body:
        context["body"] = body


def setup(app):
    app.connect("html-page-context", reserve, priority=990)
