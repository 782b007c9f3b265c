"""Mathematics set at build time: KaTeX in an embedded JavaScript engine, no script in the page.

Each formula becomes KaTeX's drawing, hidden from screen readers, and the same formula as
MathML, for them.  A formula that KaTeX refuses is a warning, hence an error of the build.
"""

import atexit
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.util import logging

SOURCE = Path(__file__).parent / "vendor" / "katex" / "katex.min.js"
MACROS = {r"\R": r"\mathbb{R}", r"\E": r"\mathbb{E}", r"\Var": r"\operatorname{Var}"}

ATTEMPT = """function attempt(formula, options) {
  try { return ["ok", katex.renderToString(formula, options)] }
  catch (error) { return ["no", error.message] }
}"""

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")

logger = logging.getLogger(__name__)


@cache
def engine():
    """Start the JavaScript engine, once."""
    racer = MiniRacer()
    atexit.register(racer.close)
    racer.eval(SOURCE.read_text("utf-8"))
    racer.eval(ATTEMPT)
    return racer


@cache
def render(formula, display):
    """Set one formula as HTML with MathML inside; raises ValueError where KaTeX refuses it."""
    options = {"displayMode": display, "macros": MACROS, "strict": "error", "throwOnError": True}
    verdict, text = engine().call("attempt", formula, options)
    if verdict != "ok":
        raise ValueError(text)
    return text


def html(formula, display, node):
    """Set a node's formula; where that fails, warn with the place and show the source."""
    try:
        return render(formula, display)
    except ValueError as error:
        logger.warning("KaTeX: %s in %r", error, formula, location=node)
        return f"<code>{nodes.literal(formula, formula).astext()}</code>"


def visit_inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(html(node.astext(), False, node) + "</span>")
    raise nodes.SkipNode


def glue(_app, doctree, _name):
    """Keep a formula and the punctuation after it on one line.

    By places: two texts that read the same are equal, so a text cannot be looked for.
    """
    for formula in list(doctree.findall(nodes.math)):
        parent = formula.parent
        place = parent.index(formula)
        after = parent[place + 1] if place + 1 < len(parent) else None
        marks = PUNCTUATION.match(after) if isinstance(after, nodes.Text) else None
        if marks:
            together = nodes.inline("", "", formula, nodes.Text(marks[0]), classes=["glued"])
            parent[place : place + 2] = [together, nodes.Text(after[marks.end() :])]


def visit_block(self, node):
    formula = node.astext().strip()
    if r"\begin{align" not in formula and r"\\" in formula and r"\begin" not in formula:
        formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
    self.body.append(self.starttag(node, "div", CLASS="math-block"))
    if node["number"]:
        number = f"({node['number']})"
        self.body.append(f'<span class="eqno">{number}')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(html(formula, True, node) + "</div>")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", choose, priority=900)
    app.connect("doctree-resolved", glue)


def choose(_app, config):
    """Take KaTeX, whatever the notebook parser set before."""
    config.html_math_renderer = "katex"
