"""Every stored notebook of the book is what it should be."""

import nbformat
import pytest

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
