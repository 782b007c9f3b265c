"""Re-execute notebooks in fresh kernels and store their outputs, byte for byte the same each time.

Run as ``make refresh`` for all notebooks, or ``make refresh NB=book/01_gradient_descent.ipynb``
(also ``NB=01`` or ``NB=gradient``) for one.
"""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.notebooks import BOOK, ROOT, clear, find, paths, slim_pictures, stored

STATUS = BOOK / "appendix" / "status.json"
TIMEOUT = 600
WORKERS = 2
REPORTED = ("torch", "numpy", "matplotlib", "xarray", "anywidget", "jupyter-book", "sphinx")


def main(arguments: list[str]) -> int:
    """Refresh the notebooks named, or all; return the exit status."""
    try:
        chosen = [find(name) for name in arguments] or paths()
    except ValueError as error:
        print(f"refresh: {error}", file=sys.stderr)
        return 2
    quiet_kernels()
    times, failed = _refresh_all(chosen)
    if not arguments and not failed:
        write_status(times)
    return 1 if failed else 0


def refresh(path: Path) -> float:
    """Execute, normalise and store one notebook; return the seconds its kernel took.

    What a cell printed about the machine (tag nbval-ignore-output) is kept while its code is the
    same; clear its output to measure anew.
    """
    notebook = nbformat.read(path, as_version=4)
    measured = _of_this_machine(notebook)
    clear(notebook)
    started = time.perf_counter()
    execute(notebook, path.parent)
    seconds = time.perf_counter() - started
    slim_pictures(notebook)
    for cell in notebook.cells:
        if measured.get(cell.source):
            cell.outputs = measured[cell.source]
    text = stored(notebook)
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8", newline="\n")
    return seconds


def write_status(times: dict[str, float], file: Path = STATUS) -> None:
    """Store versions and run times for the book's status page.

    A run time is replaced only where it more than doubled or halved, so that refreshing twice
    leaves the same file.
    """
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    seconds = {
        name: _settled(known.get("seconds", {}).get(name), measured)
        for name, measured in sorted(times.items())
    }
    report = {"python": platform.python_version(), "versions": _versions(), "seconds": seconds}
    if {key: known.get(key) for key in report} != report:
        report["date"] = time.strftime("%Y-%m-%d", time.gmtime())
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _refresh_all(chosen: list[Path]) -> tuple[dict[str, float], list[str]]:
    times: dict[str, float] = {}
    failed: list[str] = []
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        max_workers=min(WORKERS, len(chosen)) or 1, mp_context=spawn
    ) as pool:
        jobs = {pool.submit(refresh, path): path for path in chosen}
        for job in concurrent.futures.as_completed(jobs):
            name = jobs[job].relative_to(BOOK).as_posix()
            try:
                times[name] = job.result()
                print(f"{name}: {times[name]:.1f} s", flush=True)
            except CellExecutionError as error:
                failed.append(name)
                print(f"{name}: a cell failed, the file is left as it was\n{error}", flush=True)
    return times, failed


def _of_this_machine(notebook: Any) -> dict[str, Any]:
    """Return the outputs that depend on the machine, by their cell's code."""
    return {
        cell.source: cell.outputs
        for cell in notebook.cells
        if "nbval-ignore-output" in cell.metadata.get("tags", [])
    }


def execute(notebook: Any, folder: Path, kernel_name: str = "python3") -> None:
    """Run all cells in a fresh kernel that works in the folder, and keep their outputs."""
    NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name=kernel_name,
        extra_arguments=["--log-level=ERROR"],  # newer kernels warn that they talk in plain text
        record_timing=False,
        store_widget_state=False,
        skip_cells_with_tag="skip-execution",
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def quiet_kernels() -> None:
    """One thread per kernel, and no notes of the debugger among the outputs."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    os.environ.pop("MPLBACKEND", None)  # the kernel's own: figures inline
    os.chdir(ROOT)


def _settled(known: float | None, measured: float) -> float:
    if known is not None and known / 2 <= measured <= known * 2:
        return known
    return round(measured, 1)


def _versions() -> dict[str, str]:
    found = {}
    for name in REPORTED:
        try:
            found[name] = version(name).split("+")[0]
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
