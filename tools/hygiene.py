"""What must hold of every stored notebook; each check yields one sentence per fault.

Together the checks close what ``pytest --nbval`` leaves open: it never compares a cell that was
not executed, nor pictures, nor the order in which cells ran.
"""

from __future__ import annotations

import copy
import json
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tools.notebooks import normalise
from tools.randomness import unseeded

MAX_BYTES = 500_000
MAX_LINES = 20
MEDIAN_LINES = 5
HIDING_TAGS = {"remove-cell", "remove-input", "hide-input", "hide-cell", "hide-output"}
SKIP_TAGS = {"skip-execution", "nbval-skip"}
PLACES = re.compile(
    r"(?<![\w./~-])/(?:home|Users|root|tmp|work|usr|opt|var|mnt|private|content)/[\w.-]+"
    r"|\b[A-Z]:\\\\?Users\b|\bfile://|\bip-\d+-\d+-\d+-\d+\b|index-url"
)
CLAIM = re.compile(r"^\*\*Claim[^*]*", re.MULTILINE)
LOOKS_BACK = re.compile(r"## (Recap|Exercises|Quiz|Sources|Five questions)")
UNMEASURED = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\{[a-z:]+\}|\]\([^)]*\)|^:[a-z]+:.*?$"
    r"|\b(?:[Ss]ection|[Ee]quation|[Ff]igure|[Tt]heorem)s? [\d.]+",
    re.DOTALL | re.MULTILINE,
)
PLAIN = "text/plain"
NUMBER = re.compile(r"(?<![\w.])\d+(?:[,\u202f]\d{3})*(?:\.\d+)?")

Check = Callable[[Path, Any], Iterator[str]]


def faults(path: Path) -> list[str]:
    """Return every fault of one notebook, in words."""
    notebook = nbformat.read(path, as_version=4)
    return [f"{path.name}: {fault}" for check in CHECKS for fault in check(path, notebook)]


def is_chapter(path: Path) -> bool:
    """Tell whether the notebook is a numbered chapter (the appendices are freer in form)."""
    return re.match(r"\d\d_", path.name) is not None


def executed_in_order(path: Path, notebook: Any) -> Iterator[str]:
    """Every code cell ran, in a fresh kernel, from the top."""
    counts = [cell.execution_count for cell in code_cells(notebook) if not skipped(cell)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(counts)}; run make refresh"


def no_error_outputs(path: Path, notebook: Any) -> Iterator[str]:
    """No cell stores an exception, except where it is the lesson."""
    for cell in code_cells(notebook):
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised and "raises-exception" not in tags(cell):
            yield f"an error is stored in {first_line(cell)}"


def no_trailing_semicolon(path: Path, notebook: Any) -> Iterator[str]:
    """Keep clear of ``;``, which hides an output in Jupyter but not when it is compared."""
    for cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield f"a cell ends with ';': {first_line(cell)}"


def no_places(path: Path, notebook: Any) -> Iterator[str]:
    """No absolute path, host name or package index in a source or an output."""
    for cell in notebook.cells:
        for text in (cell.source, *output_texts(cell)):
            for found in PLACES.finditer(text):
                yield f"names a place, {found.group()!r}, in {first_line(cell)}"


def no_unseeded_randomness(path: Path, notebook: Any) -> Iterator[str]:
    """Every random draw has a seed or a generator."""
    for cell in code_cells(notebook):
        for call in unseeded(cell.source):
            yield f"draws without a seed: {call} in {first_line(cell)}"


def figures_described(path: Path, notebook: Any) -> Iterator[str]:
    """Every figure has a text that tells what it shows, and a caption."""
    for cell in code_cells(notebook):
        if "image/png" not in output_kinds(cell):
            continue
        about = cell.metadata.get("mystnb", {})
        alt = about.get("image", {}).get("alt", "")
        caption = about.get("figure", {}).get("caption", "")
        if len(alt) < 40:
            yield f"the alt text of a figure is missing or under 40 characters: {first_line(cell)}"
        if not caption:
            yield f"a figure has no caption: {first_line(cell)}"
        if alt and alt == caption:
            yield f"alt text and caption are the same: {first_line(cell)}"


def claims_proved(path: Path, notebook: Any) -> Iterator[str]:
    """Each claim carries numbers, and its section shows them and asserts."""
    for section in sections(notebook):
        for claim in CLAIM.findall(section.prose):
            if not section.asserts:
                yield f"no cell of its section asserts: {claim!r}"
            if not NUMBER.search(said(claim)):
                yield f"a claim without a number: {claim!r}"
            for number in measured(said(claim)) - section.numbers:
                yield f"{number} stands in no output or setting of its section: {claim!r}"


def numbers_shown(path: Path, notebook: Any) -> Iterator[str]:
    """Each other number with a decimal point is shown by a cell of its section.

    In what looks back on a chapter (its recap, its exercises) any cell of the chapter will do.
    """
    if not is_chapter(path):
        return
    parts = sections(notebook)
    anywhere = set[str]().union(*(part.numbers for part in parts))
    for part in parts:
        shown = anywhere if LOOKS_BACK.match(part.prose) else part.numbers
        for number in measured(CLAIM.sub("", part.prose)) - shown:
            if "." in number:
                yield f"{number} stands in no output or setting of {part.prose.splitlines()[0]!r}"


def cells_small(path: Path, notebook: Any) -> Iterator[str]:
    """Cells fit on a screen; most are a few lines."""
    cells = [cell for cell in code_cells(notebook) if "remove-cell" not in tags(cell)]
    for cell in cells:
        if lines(cell) > MAX_LINES:
            yield f"{lines(cell)} lines, over {MAX_LINES}, in {first_line(cell)}"
    if is_chapter(path) and statistics.median(map(lines, cells)) > MEDIAN_LINES:
        yield f"the median cell has more than {MEDIAN_LINES} lines"


def little_hidden(path: Path, notebook: Any) -> Iterator[str]:
    """Code is hidden in fewer than one cell of ten, the install cell apart."""
    hidden = [cell for cell in code_cells(notebook) if HIDING_TAGS & tags(cell)]
    hidden = [cell for cell in hidden if "find_spec" not in cell.source]
    if is_chapter(path) and len(hidden) * 10 > len(code_cells(notebook)):
        yield f"{len(hidden)} cells are hidden, more than one in ten"


def stored_form(path: Path, notebook: Any) -> Iterator[str]:
    """Compare with the form `make refresh` writes; the file is small."""
    form = copy.deepcopy(notebook)
    normalise(form)
    text = path.read_text(encoding="utf-8")
    if _nameless(json.loads(text)) != _nameless(json.loads(nbformat.writes(form, version=4))):
        yield "is not in its stored form (metadata, widget state, timings); run make refresh"
    if len(text.encode()) > MAX_BYTES:
        yield f"has {len(text.encode())} bytes, over {MAX_BYTES}"


def _nameless(notebook: Any) -> Any:
    """Drop the cells' ids: prose may be edited without executing the code again."""
    for cell in notebook["cells"]:
        cell.pop("id", None)
    return notebook


CHECKS: tuple[Check, ...] = (
    executed_in_order,
    no_error_outputs,
    no_trailing_semicolon,
    no_places,
    no_unseeded_randomness,
    figures_described,
    claims_proved,
    numbers_shown,
    cells_small,
    little_hidden,
    stored_form,
)


def code_cells(notebook: Any) -> list[Any]:
    """Return the code cells that hold code."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return [cell for cell in cells if cell.source.strip()]


def tags(cell: Any) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def skipped(cell: Any) -> bool:
    """Tell whether the cell is marked as never executed."""
    return bool(SKIP_TAGS & tags(cell))


def lines(cell: Any) -> int:
    """Count the lines that hold code, not comments or blanks."""
    stripped = (line.strip() for line in cell.source.splitlines())
    return sum(1 for line in stripped if line and not line.startswith("#"))


def first_line(cell: Any) -> str:
    """Return a cell's first line, to name it by."""
    text = cell.source.strip().splitlines()
    return repr(text[0][:60]) if text else "an empty cell"


def output_kinds(cell: Any) -> set[str]:
    """Return the media types among a cell's outputs."""
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def output_texts(cell: Any) -> list[str]:
    """Return what a cell's outputs say in text."""
    if cell.cell_type != "code":
        return []
    streams = [output.text for output in cell.outputs if output.output_type == "stream"]
    data = [
        text
        for output in cell.outputs
        for kind, text in output.get("data", {}).items()
        if kind.startswith("text/")
    ]
    return streams + data


@dataclass
class Section:
    """A heading with all that follows it up to the next."""

    prose: str
    cells: list[Any]

    @property
    def asserts(self) -> bool:
        """Whether one of its cells does."""
        return any(re.search(r"^\s*assert ", cell.source, re.MULTILINE) for cell in self.cells)

    @property
    def numbers(self) -> set[str]:
        """The numbers that its cells print, or that stand in their code as settings."""
        texts = (text for cell in self.cells for text in (cell.source, *printed(cell)))
        return {plain(number) for text in texts for number in NUMBER.findall(text)}


def sections(notebook: Any) -> list[Section]:
    """Cut a notebook at its headings of the second level."""
    parts = [Section("", [])]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts[-1].cells.append(cell)
            continue
        first, *others = re.split(r"(?m)^(?=## )", cell.source)
        parts[-1].prose += first + "\n"
        parts += [Section(other + "\n", []) for other in others]
    return parts


def printed(cell: Any) -> list[str]:
    """Return what a cell printed, or gave as its last value: neither pictures nor pages."""
    return [
        output.text if output.output_type == "stream" else output.get("data", {}).get(PLAIN, "")
        for output in cell.outputs
    ]


def measured(text: str) -> set[str]:
    """Return the numbers of a text, but for formulas, code, links and whole numbers below ten."""
    numbers = {plain(number) for number in NUMBER.findall(UNMEASURED.sub(" ", text))}
    return {number for number in numbers if len(number) > 1}


def said(claim: str) -> str:
    """Return a claim without its label, "Claim 3."."""
    return re.sub(r"^\*\*Claim ?\d*[a-z]?[.:]?", "", claim)


def plain(number: str) -> str:
    """Write a number without separators between thousands."""
    return number.replace(",", "").replace("\u202f", "")
