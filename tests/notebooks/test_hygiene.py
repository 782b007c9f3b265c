"""Every stored notebook of the book is what it should be."""

import base64
import io

import nbformat
import pytest
from PIL import Image

from tools.hygiene import CHECKS
from tools.notebooks import BOOK, paths

NOTEBOOKS = {path.relative_to(BOOK).as_posix(): path for path in paths()}


@pytest.fixture(params=sorted(NOTEBOOKS))
def stored(request):
    path = NOTEBOOKS[request.param]
    return path, nbformat.read(path, as_version=4)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_notebook(stored, check):
    path, notebook = stored
    assert list(check(path, notebook)) == []


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("name", sorted(NOTEBOOKS))
def test_figures_have_the_size_they_were_given(name):
    """Nothing is trimmed: each picture is, to the pixel, as large as its figure says."""
    cells = nbformat.read(NOTEBOOKS[name], as_version=4).cells
    data = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    for each in (one for one in data if "image/png" in one):
        picture = Image.open(io.BytesIO(base64.b64decode(each["image/png"])))
        assert each["text/plain"].startswith("<Figure size {}x{} ".format(*picture.size))
