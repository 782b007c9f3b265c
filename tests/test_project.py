"""The project's own files agree with each other."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import sgdcourse
from tools.workflows import PINNED, WORKFLOWS, unpinned

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}
# What Google Colab had installed on 2026-08-19.
COLAB = {
    "torch": "2.11.0",
    "numpy": "2.1.3",
    "matplotlib": "3.10.0",
    "pandas": "2.2.2",
    "ipywidgets": "7.7.1",
    "anywidget": "0.9.21",
    "tqdm": "4.67.1",
    "xarray": "2025.6.1",
    "pyyaml": "6.0.2",
}


def requirements(extra=None):
    lines = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    parsed = (Requirement(line) for line in lines)
    return {found.name.lower(): found.specifier for found in parsed if found.name != "sgdcourse"}


def constraints():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


def tracked():
    """The files under version control, or all but what is built where git is not there."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(
            listing, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
    built = {".venv", "_build", ".git"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not built & set(path.parts)]


def test_conda_has_what_pip_has():
    found = {}
    for entry in ENVIRONMENT["dependencies"]:
        if isinstance(entry, str) and (match := re.match(r"([\w-]+)(>=[\d.]+)?$", entry)):
            found[CONDA_NAMES.get(match[1], match[1])] = match[2]
    wanted = {**requirements(), **requirements("notebook")}
    for name in requirements():
        assert found[name] == str(requirements()[name]), name
    for name, floor in found.items():
        if name in wanted:
            assert floor == str(wanted[name]), name


def test_conda_s_python_is_one_of_ours():
    (pin,) = (line for line in ENVIRONMENT["dependencies"] if str(line).startswith("python="))
    assert Version(pin.partition("=")[2]) >= Version(PROJECT["requires-python"].strip(">="))


def test_every_direct_requirement_has_a_tested_version_in_its_range():
    pinned = constraints()
    for extra in (None, "notebook", "book", "test"):
        for name, allowed in requirements(extra).items():
            assert name in pinned, name
            assert allowed.contains(pinned[name]), name


def test_the_package_itself_pins_nothing():
    """Colab keeps its own torch: floors only, and floors that Colab's packages reach."""
    for name, allowed in requirements().items():
        assert {each.operator for each in allowed} == {">="}, name
        assert allowed.contains(COLAB[name]), name


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == sgdcourse.__version__
    assert f"## {sgdcourse.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_readme_begins_with_the_two_commands():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line.split()[1] for line in lines[:8] if line.startswith("make ")]
    assert commands == ["book", "test"]


def test_what_the_readme_and_contributing_link_to_is_there():
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (ROOT / target).exists(), (name, target)


def test_make_targets_that_the_documents_name_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:`|^)make ([a-z][\w-]*)", text, re.MULTILINE)) <= targets


def test_commands_without_make_are_those_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    makefile = re.sub(r" (-n \$\(JOBS\)|--dist \w+|-q|-p no:\w+|\$\(\w+\))", "", makefile)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `make .*?\| (.*) \|$", text, re.MULTILINE)
    assert len(rows) > 5
    for command in re.findall(r"`([^`]+)`", " ".join(rows)):
        words = re.sub(r" (03|owner/name)$", "", command.removeprefix("python "))
        assert f" {words}" in makefile or f"/{words}" in makefile, command


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["setup", "PYTHON=", "VENV=nowhere"], "needs Python 3.11 or newer; none was found"),
        (["setup", "PYTHON=false", "VENV=nowhere"], "needs Python 3.11 or newer; false is not"),
    ],
)
def test_a_missing_python_is_said_in_one_sentence(arguments, words):
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert words in done.stderr
    assert not (ROOT / "nowhere").exists()


def test_refreshing_an_unknown_notebook_is_refused_in_one_sentence():
    from tools.refresh import main

    assert main(["no_such_chapter"]) == 2


def test_workflows_pin_their_actions():
    files = sorted(WORKFLOWS.glob("*.yml"))
    assert [path.stem for path in files] == ["ci", "pages", "weekly"]
    assert [line for path in files for line in unpinned(path)] == []
    assert PINNED.fullmatch("uses: a/b@" + "0" * 40 + " # v1.2.3")
    assert not PINNED.fullmatch("uses: a/b@v1")


def test_workflows_ask_for_no_more_rights_than_they_need():
    for path in WORKFLOWS.glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}


TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".cff", ".txt", ".ipynb", ".js", ".mjs", ".css", ""}
PRIVATE = re.compile(r"/(?:home|root|work|Users)/\w+|(?<!-)index-url=?\s*http|/opt/wheels")


def test_no_file_names_a_place_on_somebody_s_machine():
    guards = {"test_project.py", "hygiene.py", "test_guard.py"}
    for path in tracked():
        if path.suffix not in TEXT or path.name in guards or "vendor" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert PRIVATE.search(text) is None, path


def test_files_are_small():
    large = {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > 2**21}
    assert large == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no executable bit")
def test_the_ci_script_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
