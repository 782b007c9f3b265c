"""Run chapters as Google Colab would: `make colab`, or `make colab NB=05` for one of them.

A fresh virtual environment gets the versions that Colab has; each notebook is copied alone into
an empty folder; its first cell installs the package, from a clone of what is committed here; all
cells run, and what they print is compared with what is stored.  Python is the one that runs this:
Colab's own was 3.13, as in the weekly workflow.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError

from tools.notebooks import ROOT, clear, find, paths
from tools.publish import published
from tools.refresh import execute, quiet_kernels

PINS = ROOT / "tools" / "colab.txt"
TORCH = "torch"
IGNORED = {"nbval-ignore-output", "nbval-skip", "skip-execution"}
LIVE = "application/vnd.jupyter.widget-view+json"
INSTALLS = re.compile(r"find_spec\(\W+sgdcourse")


def main(arguments: list[str]) -> int:
    """Run the chapters named, or all; return the exit status."""
    try:
        chosen = [find(name) for name in arguments] or chapters()
    except ValueError as error:
        print(f"colab: {error}", file=sys.stderr)
        return 2
    if not shutil.which("git") or not (ROOT / ".git").exists():
        print("colab: this needs git, and a clone of the repository", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        python = environment(folder / "environment")
        copies = [clone / path.relative_to(ROOT) for path in chosen]
        found = [fault for path in copies for fault in simulate(path, python, folder)]
    for fault in found:
        print(fault)
    return 1 if found else 0


def chapters() -> list[Path]:
    """List the notebooks that have a first cell for Colab."""
    return [path for path in paths() if INSTALLS.search(path.read_text("utf-8"))]


def environment(folder: Path) -> Path:
    """Make the virtual environment, with Colab's versions and the tested torch."""
    say("a fresh environment with Colab's versions")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    index = os.environ.get("TORCH_INDEX")
    extra = ["--extra-index-url", index] if index else []
    pins = ROOT / "constraints.txt"
    tested = re.search(rf"^{TORCH}==\S+", pins.read_text("utf-8"), re.MULTILINE)
    torch = tested[0].split("+")[0] if tested else TORCH
    command = [str(python), "-m", "pip", "install", "-qq", *extra, "-r", str(PINS), torch]
    subprocess.run(command, check=True)
    return python


def simulate(path: Path, python: Path, folder: Path) -> list[str]:
    """Run one notebook in an empty folder; return in words what differs from what is stored."""
    say(path.name)
    pip = [str(python), "-m", "pip"]
    subprocess.run([*pip, "uninstall", "-qq", "-y", "sgdcourse"], check=True, capture_output=True)
    before = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    alone = folder / path.stem
    alone.mkdir()
    stored = nbformat.read(path, as_version=4)
    ran = nbformat.read(path, as_version=4)
    clear(ran)
    try:
        execute_there(ran, alone, python, folder)
    except CellExecutionError as error:
        return [f"{path.name}: a cell failed on Colab's versions: {str(error)[-600:]}"]
    after = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    return [f"{path.name}: {fault}" for fault in (*replaced(before, after), *compare(stored, ran))]


def execute_there(notebook: Any, alone: Path, python: Path, folder: Path) -> None:
    """Execute with the environment's own kernel; its git finds the clone at our address."""
    kernel = folder / "kernels" / "kernels" / "colab"
    kernel.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(about), "utf-8")
    quiet_kernels()
    os.environ |= {
        "JUPYTER_PATH": str(folder / "kernels"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{(folder / 'clone').as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{published()}",
    }
    os.environ.pop("PYTHONPATH", None)
    execute(notebook, alone, kernel_name="colab")


def replaced(before: str, after: str) -> list[str]:
    """Name the packages that the first cell changed, apart from installing the course's own."""
    lost = set(before.splitlines()) - set(after.splitlines())
    return [f"the first cell replaced {line}" for line in sorted(lost)]


def compare(stored: Any, ran: Any) -> list[str]:
    """Return a sentence for every cell that printed something else than what is stored."""
    faults = []
    for old, new in zip(stored.cells, ran.cells, strict=True):
        if old.cell_type != "code" or IGNORED & set(old.metadata.get("tags", [])):
            continue
        live = any(LIVE in output.get("data", {}) for output in new.outputs)
        before, after = said_by(old, live), said_by(new, live)
        if INSTALLS.search(old.source):
            faults += [f"the first cell says {after!r}"] if "//" in "".join(after) else []
        elif before != after:
            faults.append(f"{old.source.splitlines()[0]!r} prints {differing(before, after)}")
    return faults


def said_by(cell: Any, live: bool) -> list[str]:
    """Return what a cell's outputs say: no pictures, and no stand-in where a widget is alive."""
    streams = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    left_out = ("image/", LIVE, "text/html") if live else ("image/", LIVE)
    data = [
        f"{kind}: {text}"
        for output in cell.outputs
        for kind, text in sorted(output.get("data", {}).items())
        if not kind.startswith(left_out)
    ]
    return [streams, *data]


def differing(before: list[str], after: list[str]) -> str:
    """Quote both texts from their first difference on."""
    texts = ["\n".join(before), "\n".join(after)]
    same = (a == b for a, b in zip(*texts, strict=False))
    start = sum(1 for _ in itertools.takewhile(bool, same))
    old, new = (text[max(0, start - 20) : start + 80] for text in texts)
    return f"{new!r}, not {old!r}"


def say(what: str) -> None:
    """Tell people who wait what runs now."""
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
