"""The book's directives: explorer, chapter map, status tables; and the API's way back."""

import importlib
import inspect
import json
import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
STATUS = ROOT / "book" / "appendix" / "status.json"
HOMES = {  # the chapter of a module, for names that no chapter's code uses
    "problems": "01_gradient_descent",
    "data": "02_stochastic_gradient_descent",
    "models": "06_train_a_classifier",
    "rules": "04_momentum",
    "optim": "04_momentum",
    "schedules": "05_learning_rate_schedules",
    "sampling": "02_stochastic_gradient_descent",
    "training": "06_train_a_classifier",
    "sweeps": "03_mini_batch",
    "batches": "03_mini_batch",
    "convergence": "01_gradient_descent",
    "conventions": "appendix/conventions",
    "descent": "01_gradient_descent",
    "momentum": "04_momentum",
    "noise": "02_stochastic_gradient_descent",
    "optimum": "02_stochastic_gradient_descent",
    "curvature": "04_momentum",
    "curves": "05_learning_rate_schedules",
    "gradients": "03_mini_batch",
    "landscape": "04_momentum",
    "parameters": "06_train_a_classifier",
    "ranges": "05_learning_rate_schedules",
    "exercises": "01_gradient_descent",
}


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
            words = "The versions and run times are not stored yet: make refresh measures them."
            return [nodes.paragraph("", words)] if self.options["part"] == "versions" else []
        report = json.loads(STATUS.read_text("utf-8"))
        if self.options["part"] == "versions":
            rows = [("Python", report["python"]), *report["versions"].items()]
            caption = f"Software of the stored outputs, {report['date']}"
            return self.table(caption, "package", "version", rows)
        rows = [
            (name, f"{seconds:.0f}\N{NO-BREAK SPACE}s")
            for name, seconds in report["seconds"].items()
        ]
        return self.table("Run time of each notebook, one thread", "notebook", "time", rows)

    def table(self, caption, first, second, rows):
        lines = [f"| {name} | {value} |" for name, value in rows]
        text = [f"| {first} | {second} |", "| --- | --- |", *lines]
        holder = nodes.Element()
        self.state.nested_parse([f"**{caption}**", "", *text], self.content_offset, holder)
        return holder.children


class ApiNames(SphinxDirective):
    """List every public name of some modules, each as a link with its first sentence."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        lines = ["| name | what it is |", "| --- | --- |"]
        for word in self.arguments[0].split():
            module = importlib.import_module(f"sgdcourse.{word}")
            lines += [self.entry(f"sgdcourse.{word}", word, name) for name in module.__all__]
        holder = nodes.container(classes=["api-names"])
        self.state.nested_parse(lines, self.content_offset, holder)
        return [holder]

    def entry(self, module, word, name):
        thing = getattr(importlib.import_module(module), name)
        described = callable(thing) or isinstance(thing, type)
        said = inspect.getdoc(thing) if described else "\n".join(comments(module)["", name])
        first = said.split("\n\n")[0]
        first = " ".join(first.split()).replace("|", "\\|")
        return f"| {{py:obj}}`{word}.{name} <{module}.{name}>` | {first} |"


@cache
def comments(module):
    """Return what the source says above each constant."""
    return ModuleAnalyzer.for_module(module).find_attr_docs()


@cache
def sources():
    """Return (document, code) of every chapter, in order."""
    found = []
    for path in sorted((ROOT / "book").glob("[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        found.append((f"/book/{path.stem}", code))
    return found


def introduce(app, what, name, thing, _options, lines):
    """Make absolute values plain text, and end with the chapter that introduces the name."""
    lines[:] = [line if line.lstrip().startswith(">>>") else plain(line) for line in lines]
    if what not in ("function", "class", "data"):
        return
    short = name.removeprefix("sgdcourse.").split(".")
    module = short[-2] if len(short) > 1 else ""
    called = rf"\b(?:sc|sgdcourse|{module})\.{short[-1]}\b|\bimport [^\n]*\b{short[-1]}\b"
    used = (f"*First met in* :doc:`{at}`." for at, code in sources() if re.search(called, code))
    home = HOMES.get(
        (getattr(thing, "__module__", None) or module).split(".")[-1], HOMES.get(module)
    )
    belongs = f"*Belongs to* :doc:`/book/{home}`." if home else None
    lines += ["", next(used, belongs) or "", ""]


def plain(line):
    """Escape vertical bars outside of literals and mathematics."""
    parts = re.split(r"(`+[^`]*`+)", line)
    return "".join(p if p.startswith("`") else re.sub(r"(?<!\\)\|", r"\\|", p) for p in parts)


def is_field(app, what, name, obj, skip, options):
    """Leave out the fields of named tuples: their class describes them."""
    return True if str(getattr(obj, "__doc__", "")).startswith("Alias for field") else None


def setup(app):
    app.add_directive("explorer", Explorer)
    app.add_directive("chapter-map", ChapterMap)
    app.add_directive("status-table", StatusTable)
    app.add_directive("api-names", ApiNames)
    app.connect("autodoc-process-docstring", introduce)
    app.connect("autodoc-skip-member", is_field)
