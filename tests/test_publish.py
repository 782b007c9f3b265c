"""One address everywhere, or none; a bad one is refused in one sentence."""

import shutil

import pytest
import yaml

from tools import publish
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
        assert set(INSTALL.findall(notebook.read_text("utf-8"))) == {"Some-One/sgd.course"}


@pytest.mark.parametrize(
    "bad", ["", "owner", "a/b/c", "https://github.com/a/b", "a b/c", "a/b.git", "-a/b"]
)
def test_bad_address_is_refused(bad, capsys):
    assert main([bad]) == 2
    assert "owner/name" in capsys.readouterr().err
