"""Every stored notebook of the book is what it should be."""

import base64
import io

import matplotlib
import nbformat
import pytest
from PIL import Image

from tools.hygiene import CHECKS
from tools.notebooks import BOOK, paths

STYLE = BOOK.parent / "sgdcourse" / "sgdcourse.mplstyle"
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


@pytest.mark.parametrize("name", [name for name in sorted(NOTEBOOKS) if "/" not in name])
def test_figures_have_the_size_they_were_given(name):
    """Nothing is trimmed: those without a size of their own have the style's, to the pixel."""
    style = matplotlib.rc_params_from_file(STYLE, use_default_template=False)
    given = tuple(round(inches * style["figure.dpi"]) for inches in style["figure.figsize"])
    cells = nbformat.read(NOTEBOOKS[name], as_version=4).cells
    data = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
    pictures = [base64.b64decode(each["image/png"]) for each in data if "image/png" in each]
    assert given in {Image.open(io.BytesIO(picture)).size for picture in pictures}
