"""One address everywhere, or none; a bad one is refused in one sentence."""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import yaml

from tools import publish
from tools.notebooks import stored
from tools.publish import INSTALL, ROOT, UNSET, main, notebooks, published


@pytest.fixture
def copy(tmp_path):
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    for notebook in notebooks()[:2]:
        shutil.copy(notebook, tmp_path / "book")
    return tmp_path


def test_settings_and_notebooks_name_the_same_repository():
    for notebook in notebooks():
        found = set(INSTALL.findall(notebook.read_text("utf-8")))
        assert found, f"{notebook.name} lacks the cell for Colab: copy it from chapter 1"
        assert found == {published()}, notebook.name


def test_no_button_while_no_address_is_set():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert ("launch_buttons" in settings) == (published() != UNSET)


def test_publishing_twice_leaves_the_second_address(copy):
    for repo in ("first/one", "Some-One/sgd.course"):
        publish.publish(repo, copy)
    assert published(copy) == "Some-One/sgd.course"
    settings = yaml.safe_load((copy / "_config.yml").read_text("utf-8"))
    assert settings["launch_buttons"]["colab_url"] == "https://colab.research.google.com"
    assert settings["sphinx"]["config"]["ogp_site_url"] == "https://some-one.github.io/sgd.course/"
    for notebook in notebooks(copy):
        text = notebook.read_text("utf-8")
        assert set(INSTALL.findall(text)) == {"Some-One/sgd.course"}
        assert stored(nbformat.reads(text, as_version=4)) == text  # as make refresh stores it


@pytest.mark.parametrize(
    "bad", ["", "owner", "a/b/c", "https://github.com/a/b", "a b/c", "a/b.git", "-a/b"]
)
def test_bad_address_is_refused(bad, capsys):
    assert main([bad]) == 2
    assert "owner/name" in capsys.readouterr().err


# Sphinx with the book's own settings, less what has nothing to do with the buttons.
BUILD = """
import sys
from pathlib import Path
sys.modules["rfc3987_syntax"] = None  # takes seconds to load, and nothing here needs it
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
root = Path(sys.argv[1])
toc = {"latex_individualpages": False, "external_toc_path": str(root / "_toc.yml")}
settings, _ = get_final_config(user_yaml=root / "_config.yml", cli_config=toc, sourcedir=root)
settings["extensions"] = ["sphinx_external_toc", "myst_nb", "sphinx_book_theme", "appearance"]
sys.path.insert(0, sys.argv[2])
html = str(root / "html")
Sphinx(root, None, html, html, "html", settings, status=None, warning=None).build()
"""
TOC = "format: jb-book\nroot: book/index\nchapters: [{file: book/04_momentum}]\n"
CELL = """import importlib.util
if importlib.util.find_spec("sgdcourse") is None:
    %pip install -q "sgdcourse @ git+https://github.com/OWNER/REPO"
"""


def test_buttons_of_a_published_page_lead_to_its_notebook(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "_toc.yml").write_text(TOC, "utf-8")
    (book / "index.md").write_text("# Home\n", "utf-8")
    cells = [nbformat.v4.new_markdown_cell("# Momentum"), nbformat.v4.new_code_cell(CELL)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book / "04_momentum.ipynb")
    publish.publish("Some-One/sgd.course", tmp_path)
    theme = str(ROOT / "book" / "theme")
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path), theme], check=True)
    page = (tmp_path / "html" / "book" / "04_momentum.html").read_text("utf-8")
    links = re.findall(r'<li><a href="https://([^"]+)".*?>Open in (\w+)<', page, re.DOTALL)
    assert {name: link.split("/Some-One/sgd.course/") for link, name in links} == {
        "Colab": ["colab.research.google.com/github", "blob/main/book/04_momentum.ipynb"],
        "Binder": ["mybinder.org/v2/gh", "main?urlpath=lab/tree/book/04_momentum.ipynb"],
    }
    assert "git+https://github.com/Some-One/sgd.course" in page
    assert UNSET not in page
    assert "Open in" not in (tmp_path / "html" / "book" / "index.html").read_text("utf-8")
