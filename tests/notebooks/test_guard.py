"""The guards bite: a stored output that was tampered with does not pass."""

import base64
import copy
import io
import subprocess
import sys

import nbformat
import pytest
from matplotlib.figure import Figure
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageChops

from tools.hygiene import CHECKS, faults
from tools.notebooks import METADATA, find, normalise, paths, slim_pictures
from tools.refresh import refresh

ALT = "A line that rises from the lower left to the upper right of the axes."


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A small notebook, executed and stored as `make refresh` does."""
    path = tmp_path_factory.mktemp("clean") / "01_clean.ipynb"
    cells = [
        new_markdown_cell("**Claim 1. The root of two is about 1.4142.**"),
        new_code_cell("root = 2**0.5\nassert abs(root - 1.4142) < 1e-4"),
        new_code_cell("print(f'{root:.4f}')"),
        new_code_cell("round(root * 1000)"),
        new_code_cell("import sys\nprint('a note', file=sys.stderr)"),
        new_code_cell(
            "import time\nprint(time.perf_counter_ns())",
            metadata={"tags": ["nbval-ignore-output"]},
        ),
    ]
    nbformat.write(new_notebook(cells=cells, metadata=METADATA), path)
    refresh(path)
    return path


def stored(path):
    return nbformat.read(path, as_version=4)


def nbval(folder):
    """Run plain nbval over a folder; return its exit status and what it printed."""
    command = [sys.executable, "-m", "pytest", "--nbval", str(folder), "-q", "-rf"]
    command += ["-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def one_digit(notebook):
    output = notebook.cells[2].outputs[0]
    output.text = output.text.replace("1.4142", "1.4143")


def result_digit(notebook):
    notebook.cells[3].outputs[0].data["text/plain"] = "1415"


def deleted_output(notebook):
    notebook.cells[2].outputs = []


def swapped_cells(notebook):
    notebook.cells[1], notebook.cells[2] = notebook.cells[2], notebook.cells[1]


def untouched(notebook):
    pass


def test_recomputing_finds_what_was_tampered_with(clean, tmp_path):
    tampers = [one_digit, result_digit, deleted_output, swapped_cells, untouched]
    for tamper in tampers:
        notebook = stored(clean)
        tamper(notebook)
        nbformat.write(notebook, tmp_path / f"{tamper.__name__}.ipynb")
    status, printed = nbval(tmp_path)
    assert status == 1, printed
    failed = {tamper for tamper in tampers if f"FAILED {tamper.__name__}.ipynb" in printed}
    assert failed == set(tampers) - {untouched}, printed


def test_an_untouched_notebook_has_no_faults(clean):
    assert faults(clean) == []


def test_refreshing_again_leaves_the_same_bytes(clean):
    before = clean.read_bytes()
    refresh(clean)
    assert clean.read_bytes() == before


def test_a_slim_picture_looks_the_same():
    figure = Figure(dpi=100)
    figure.add_subplot().imshow([[x * y for x in range(40)] for y in range(40)])
    full, slim = io.BytesIO(), io.BytesIO()
    figure.savefig(full, format="png")
    data = {"image/png": base64.b64encode(full.getvalue()).decode()}
    cell = new_code_cell("draw()", outputs=[new_output("display_data", data=data)])
    slim_pictures(new_notebook(cells=[cell]))
    slim.write(base64.b64decode(cell.outputs[0].data["image/png"]))
    before, after = (Image.open(file).convert("RGB") for file in (full, slim))
    assert max(high for _, high in ImageChops.difference(before, after).getextrema()) <= 16
    assert slim.tell() < full.tell() / 2


def never_executed(notebook):
    notebook.cells[2].outputs = []
    notebook.cells[2].execution_count = None


def stored_error(notebook):
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    notebook.cells[2].outputs = [error]


def with_source(source):
    def tamper(notebook):
        notebook.cells[2].source = source

    return tamper


def printing(text):
    def tamper(notebook):
        notebook.cells[2].outputs[0].text = text

    return tamper


def picture(notebook):
    data = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480 with 1 Axes>"}
    notebook.cells[2].outputs = [new_output("display_data", data=data)]


def captionless(notebook):
    picture(notebook)
    notebook.cells[2].metadata["mystnb"] = {"image": {"alt": ALT}}


def claiming(claim):
    def tamper(notebook):
        notebook.cells[0].source = claim

    return tamper


def saying(prose):
    def tamper(notebook):
        notebook.cells.insert(1, new_markdown_cell(prose))

    return tamper


def in_a_page(notebook):
    """Claim a number that stands in an explorer's code alone."""
    claiming("**Claim 1. The root of two is about 1.4143.**")(notebook)
    notebook.cells[2].outputs.append(new_output("display_data", data={"text/html": "1.4143"}))


def unproved(notebook):
    notebook.cells = [cell for cell in notebook.cells if "assert" not in cell.source]


def noted(key, value):
    def tamper(notebook):
        notebook.metadata[key] = value

    return tamper


def timed(notebook):
    notebook.cells[2].metadata["execution"] = {"iopub.execute_input": "now"}


TAMPERED = [
    (never_executed, "executed_in_order"),
    (swapped_cells, "executed_in_order"),
    (stored_error, "no_error_outputs"),
    (with_source("root;"), "no_trailing_semicolon"),
    (with_source("open('/home/someone/data.csv')"), "no_places"),
    (printing("looking in /tmp/pip-build"), "no_places"),
    (with_source("torch.randn(3)"), "no_unseeded_randomness"),
    (with_source("x = torch.nn.Linear(1, 2)"), "no_unseeded_randomness"),
    (with_source("np.random.default_rng()"), "no_unseeded_randomness"),
    (with_source("np.random.rand(3)"), "no_unseeded_randomness"),
    (with_source("DataLoader(data, shuffle=True)"), "no_unseeded_randomness"),
    (with_source("w.data.uniform_(-1, 1)"), "no_unseeded_randomness"),
    (with_source("random.random()"), "no_unseeded_randomness"),
    (picture, "figures_described"),
    (captionless, "figures_described"),
    (claiming("**Claim 1. The root of two is about 1.4143.**"), "claims_proved"),
    (claiming("**Claim 1. The root of two is irrational.**"), "claims_proved"),
    (unproved, "claims_proved"),
    (in_a_page, "claims_proved"),
    (saying("## The claim's cells are in another section"), "claims_proved"),
    (saying(":::{dropdown} Answer\nAbout 1.4143.\n:::"), "numbers_shown"),
    (saying("## A section of its own\nAbout 1.4142.\n\n## Another"), "numbers_shown"),
    (with_source("\n".join(f"x = {n}" for n in range(21))), "cells_small"),
    (noted("widgets", {"state": {}}), "stored_form"),
    (timed, "stored_form"),
]


@pytest.mark.parametrize(("tamper", "check"), TAMPERED)
def test_the_check_finds(clean, tmp_path, tamper, check):
    notebook = copy.deepcopy(stored(clean))
    tamper(notebook)
    path = tmp_path / clean.name
    nbformat.write(notebook, path)
    found = {each.__name__ for each in CHECKS if list(each(path, notebook))}
    assert check in found


SEEDED = [
    "torch.manual_seed(0)\nx = torch.randn(3)",
    "g = torch.Generator().manual_seed(0)\nx = torch.rand(3, generator=g)",
    "rng = np.random.default_rng(0)\nrng.normal(size=3)",
    "DataLoader(data, shuffle=True, generator=g)",
    "DataLoader(data, batch_size=16)",
    "class Net(nn.Module):\n    def __init__(self):\n        self.layer = nn.Linear(1, 10)",
    "%matplotlib inline\nif missing:\n    %pip install x",
]


@pytest.mark.parametrize("source", SEEDED)
def test_seeded_draws_pass(clean, source):
    notebook = stored(clean)
    notebook.cells[2].source = source
    (check,) = (each for each in CHECKS if each.__name__ == "no_unseeded_randomness")
    assert list(check(clean, notebook)) == []


def test_every_notebook_of_the_book_is_guarded():
    """Swapped cells are seen in each, and each has outputs that are compared."""
    for path in paths():
        notebook = stored(path)
        ran = [cell for cell in notebook.cells if cell.get("execution_count")]
        assert any(cell.outputs and not _ignored(cell) for cell in ran), path.name
        ran[0].execution_count, ran[1].execution_count = 2, 1
        assert list(CHECKS[0](path, notebook)), path.name


def _ignored(cell):
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def test_normalising_twice_changes_nothing(clean):
    notebook = stored(clean)
    normalise(notebook)
    once = nbformat.writes(notebook)
    normalise(notebook)
    assert nbformat.writes(notebook) == once


def test_a_notebook_is_found_by_any_of_its_names(clean):
    book = clean.parent
    for name in ("01_clean.ipynb", "01_clean", "clean", "book/01_clean.ipynb", str(clean)):
        assert find(name, book) == clean


@pytest.mark.parametrize("name", ["02_missing", "02_missing.ipynb"])
def test_an_unknown_notebook_is_refused_in_one_sentence(clean, name):
    with pytest.raises(ValueError, match=rf"unknown notebook '{name}'; choose one of: 01_clean"):
        find(name, clean.parent)
