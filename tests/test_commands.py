"""A command that cannot be done ends in one clear sentence and a status that is not 0."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser, site

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name == "nt", reason="a POSIX shell's commands")


def said(command, **environment):
    """Return the status and the lines of complaint, apart from make's own last line."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}  # not make's child
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**own, **environment}
    )
    lines = done.stderr.splitlines()
    return done.returncode, [line for line in lines if not line.startswith("make: ***")]


@posix
@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
@pytest.mark.parametrize(
    ("arguments", "begins"),
    [
        (["refresh", "NB=no_such"], "refresh: unknown notebook 'no_such'; choose one of: 01_"),
        (["publish-config"], "publish-config: REPO must be owner/name, such as "),
    ],
)
def test_make_refuses_a_bad_setting(arguments, begins):
    environment = ["-o", f"{sys.prefix}/.installed", f"VENV={sys.prefix}"]
    status, lines = said(["make", *environment, *arguments])
    assert status != 0
    (line,) = lines
    assert line.startswith(begins)


def test_without_a_browser_the_picture_is_not_taken(tmp_path):
    (tmp_path / "index.html").write_text("", "utf-8")
    nowhere = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    status, lines = said([sys.executable, "-m", "tools.screenshot"], **nowhere)
    assert status == 1
    (line,) = lines
    assert line.startswith("screenshot: no Chromium to look at the pages with (")
    assert line.endswith(browser.ADVICE)


@posix
def test_without_make_and_a_package_manager_ci_says_what_to_install(tmp_path):
    for tool in ("dirname", "id"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    status, lines = said([shutil.which("bash"), ".ci/run"], PATH=str(tmp_path))
    assert status == 1
    assert lines == ["Please install: chromium nodejs npm make"]


@pytest.mark.parametrize("port", ["eighty", "70000"])
def test_a_port_that_is_none_is_refused(port, capsys):
    assert site.main([port]) == 1
    assert capsys.readouterr().err.startswith(f"serve: port {port}: a port is a number up to")


def test_a_port_that_is_taken_is_said(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert site.main([str(taken.getsockname()[1])]) == 1
    assert "try another: make serve PORT=…" in capsys.readouterr().err
