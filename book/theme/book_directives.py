"""The book's directives: explorer, chapter map, status tables; and the API's way back."""

import importlib
import json
import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
STATUS = ROOT / "book" / "appendix" / "status.json"


class Explorer(SphinxDirective):
    """Put an explorer's placeholder into the page, which the page's own module wakes."""

    required_arguments = 1

    def run(self):
        widget = getattr(importlib.import_module("sgdcourse.widgets"), self.arguments[0])
        return [nodes.raw("", widget().placeholder(), format="html")]


class ChapterMap(SphinxDirective):
    """List the chapters that the table of contents holds, each with its question and its time."""

    def run(self):
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
        lines = []
        for part in toc["parts"]:
            files = [entry["file"] for entry in part["chapters"]]
            chapters = [
                f for f in files if (ROOT / f"{f}.ipynb").exists() and "/appendix/" not in f
            ]
            if chapters:
                lines += [f"### {part['caption']}", ""]
                lines += [":::{div} chapter-map", *map(self.entry, chapters), ":::", ""]
        holder = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, holder, match_titles=True)
        return holder.children

    def entry(self, name):
        """Return one chapter's line: number, title as a link, question, minutes."""
        path = ROOT / f"{name}.ipynb"
        self.env.note_dependency(str(path))
        text = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
        question = re.search(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
        minutes = re.search(r"(\d+) minutes", text)
        tail = f" *{minutes[1]} minutes*" if minutes else ""
        number = int(path.stem[:2])
        return f"- **{number} · {{doc}}`/{name}`** {question[1] if question else ''}{tail}"


class StatusTable(SphinxDirective):
    """Show what `make refresh` stored: versions, date, run time of every notebook."""

    option_spec = {"part": lambda value: directives.choice(value, ("versions", "seconds"))}

    def run(self):
        self.env.note_dependency(str(STATUS))
        if not STATUS.exists():
            return [nodes.paragraph("", "No run of all notebooks is stored yet: make refresh.")]
        report = json.loads(STATUS.read_text("utf-8"))
        if self.options["part"] == "versions":
            rows = [("Python", report["python"]), *report["versions"].items()]
            return self.table(f"Software of the stored outputs, {report['date']}", rows)
        rows = [(name, f"{seconds:.0f} s") for name, seconds in report["seconds"].items()]
        return self.table("Run time of each notebook, one thread", rows)

    def table(self, caption, rows):
        lines = [f"| {name} | {value} |" for name, value in rows]
        text = ["| name | value |", "| --- | --- |", *lines]
        holder = nodes.Element()
        self.state.nested_parse([f"**{caption}**", "", *text], self.content_offset, holder)
        return holder.children


@cache
def sources():
    """Return (document, code) of every chapter, in order."""
    found = []
    for path in sorted((ROOT / "book").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        found.append((f"/book/{path.stem}", code))
    return found


def introduce(app, what, name, _obj, _options, lines):
    """Make absolute values plain text, and end with the chapter that first uses the name."""
    lines[:] = [line if line.lstrip().startswith(">>>") else plain(line) for line in lines]
    if what not in ("function", "class", "data"):
        return
    short = name.removeprefix("sgdcourse.").split(".")
    module = short[-2] if len(short) > 1 else ""
    called = rf"\b(?:sc|sgdcourse|{module})\.{short[-1]}\b|\bimport [^\n]*\b{short[-1]}\b"
    for document, code in sources():
        if re.search(called, code) and document[1:] in app.env.found_docs:
            lines += ["", f"*First met in* :doc:`{document}`.", ""]
            return


def plain(line):
    """Escape vertical bars outside of literals and mathematics."""
    parts = re.split(r"(`+[^`]*`+)", line)
    return "".join(p if p.startswith("`") else re.sub(r"(?<!\\)\|", r"\\|", p) for p in parts)


def setup(app):
    app.add_directive("explorer", Explorer)
    app.add_directive("chapter-map", ChapterMap)
    app.add_directive("status-table", StatusTable)
    app.connect("autodoc-process-docstring", introduce)
