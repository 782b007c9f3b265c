"""The theme's own work on a page, on small documents made here."""

import importlib.util
import re
from pathlib import Path

import pytest
from docutils import nodes

THEME = Path(__file__).parents[2] / "book" / "theme"


def part(name):
    spec = importlib.util.spec_from_file_location(f"theme_{name}", THEME / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def document(*children):
    return nodes.paragraph("", "", *children)


def formula(text):
    return nodes.math(text, text)


@pytest.mark.parametrize("same", [".", ", so ", ")"])
def test_punctuation_stays_after_its_formula_where_an_earlier_text_is_equal(same):
    cited = nodes.emphasis("", "Polyak 1964")
    text = document(cited, nodes.Text(same), formula("x"), nodes.Text(same), formula("y"))
    before = text.astext()
    part("katex").glue(None, text, "")
    assert text.astext() == before
    assert [g.astext() for g in text.findall(nodes.inline)] == [f"x{same.split()[0]}"]


def test_no_page_shows_the_punctuation_after_a_formula_twice(html):
    for page in (html / "book").rglob("*.html"):
        assert not re.findall(r".{60}([.,;:!?)\]’”])</span>\1", page.read_text("utf-8")), page


def test_a_name_in_a_table_breaks_after_its_parts_and_elsewhere_stays():
    code = '<code><span class="pre">add_decayed(rate=0.1)</span></code>'
    present = part("appearance")
    context = {"script_files": [], "body": f"<p>{code}</p><td>{code}</td>"}
    present.present(None, "", "", context, None)
    broken = code.replace("add_", "add_<wbr>").replace("(", "(<wbr>").replace("=0", "=<wbr>0")
    assert context["body"] == f"<p>{code}</p><td>{broken}</td>"


def test_the_link_in_a_solution_s_title_begins_with_a_letter():
    title = (
        '<p class="admonition-title">Solution to{0}<a class="reference" href="#x">{1}Exercise 1</a>'
    )
    context = {"script_files": [], "body": title.format("", " ")}
    part("appearance").present(None, "", "", context, None)
    assert context["body"] == title.format(" ", "")
