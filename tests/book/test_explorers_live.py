"""An explorer in JupyterLab and in Notebook 7, against a real kernel, without a network."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

ROOT = Path(__file__).parents[2]
PATIENCE = 90_000
# Each explorer with one of its sliders: name, and label of its field.
KINDS = {
    "descent": ("lr", "Learning rate η"),
    "noise_ball": ("lr", "Learning rate η"),
    "batch_size": ("batch_size", "Batch size B"),
    "momentum": ("lr", "Learning rate η"),
    "schedule": ("lr", "Highest rate η"),
}
CELLS = [
    """import json
import ipywidgets
from sgdcourse import widgets
kinds = [widgets.Descent, widgets.NoiseBall, widgets.BatchSize, widgets.Momentum, widgets.Schedule]
explorers = [kind() for kind in kinds]
number = ipywidgets.FloatText(0.12, description='tied')
link = ipywidgets.jslink((number, 'value'), (explorers[0], 'lr'))
ipywidgets.VBox([number, *explorers])""",
    "print(json.dumps([dict(e.parameters, path=len(e.path)) for e in explorers]))",
    "explorers[0].lr = 0.05",
]

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("live")]  # one server for all


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Jupyter server on a free port of this machine, with one notebook."""
    pytest.importorskip("jupyterlab")
    home = tmp_path_factory.mktemp("jupyter")
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "source": source}
        | {"execution_count": None}
        for i, source in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}
    for name in ("lab", "notebook"):
        (home / f"{name}.ipynb").write_text(json.dumps({**notebook, "nbformat_minor": 5}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    private = {"HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
        + ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--notebook-dir={home}"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **{name: str(home) for name in private}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(address, process):
    for _ in range(240):
        assert process.poll() is None, "the Jupyter server stopped"
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).close()
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise TimeoutError(address)


def run_cell(page, number):
    """Run a cell by its shortcut, again while the notebook is not listening yet."""
    cell = page.locator(".jp-CodeCell").nth(number)
    begun = cell.locator(".jp-InputPrompt").filter(has_not_text=re.compile(r"^\s*(\[ \]:)?\s*$"))
    for _ in range(20):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(TimeoutError):
            return begun.wait_for(timeout=1500)
    raise AssertionError(f"cell {number} does not run")


# Where Jupyter's own scripts come from. Those of widgets (anywidget, ipywidgets and their manager)
# come from /lab/extensions/, an explorer's module from blob:….
OWN = ("/static/lab/", "/static/notebook/")


def of_jupyter(server, place, text):
    """Tell whether every place that a fault names is in Jupyter's own scripts, one at least."""
    places = [p for p in (place, *re.findall(r"(?:https?|blob|data|file):[^\s)]+", text)) if p]
    own = tuple(server + start for start in OWN)
    return bool(places) and all(p.startswith(own) for p in places)


def test_only_faults_of_jupyters_own_scripts_are_passed_over():
    own, ours = "http://h:1/static/notebook/1.js", "blob:http://h:1/0-1"
    assert of_jupyter("http://h:1", own, "it broke")
    assert of_jupyter("http://h:1", "", f"Error: it broke\n at f ({own}:1:2)")
    others = ["http://h:1/lab/extensions/anywidget/2.js", "http://h:2/static/lab/3.js", ours, ""]
    for place in others:
        assert not of_jupyter("http://h:1", place, "it broke")
        assert not of_jupyter("http://h:1", own, f"it broke at {place}") or not place


@pytest.mark.parametrize("home", ["lab/tree/lab.ipynb?reset", "notebooks/notebook.ipynb"])
def test_traits_of_every_explorer_travel_both_ways(server, browser, home):
    if home.startswith("notebooks"):
        pytest.importorskip("notebook", minversion="7")
    page = browser.new_page(viewport={"width": 1200, "height": 1500})
    strays, faults = [], []
    page.on("pageerror", lambda e: faults.append(("", e.stack or str(e))))
    page.on("console", lambda m: m.type == "error" and faults.append((m.location["url"], m.text)))

    def local_only(route):
        if route.request.url.startswith((server, "data:", "blob:")):
            return route.continue_()
        strays.append(route.request.url)
        return route.abort()

    page.route("**/*", local_only)
    page.add_locator_handler(  # on a busy machine Jupyter asks before it knows of any kernel
        page.locator("dialog.jp-Dialog").filter(has_text="Select Kernel"),
        lambda dialog: dialog.locator(".jp-mod-accept").click(),
    )
    page.goto(f"{server}/{home}")
    page.locator(".jp-CodeCell .cm-content").first.wait_for(timeout=PATIENCE)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(
        state="attached", timeout=PATIENCE
    )
    show_explorers(page)
    shown = {kind: moved_by_keyboard(page, kind) for kind in KINDS}
    tied = page.locator(".widget-text input[type=number]").first
    assert float(tied.input_value()) == shown["descent"]["lr"] != 0.12, "jslink ties both ways"

    run_cell(page, 1)
    answer = page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output")
    answer.first.wait_for(timeout=PATIENCE)
    for kind, python in zip(KINDS, json.loads(answer.first.inner_text()), strict=True):
        assert shown[kind].items() <= python.items(), kind
        assert python["path"] > 1

    run_cell(page, 2)
    page.wait_for_function(
        "() => document.querySelector('.sgd-descent input.sgd-field[aria-label^=Learning]').value"
        " === '0.05'",
        timeout=PATIENCE,
    )
    assert "?" not in page.url.replace("?reset", ""), "a notebook's address is not ours to write"
    assert strays == []
    assert [fault for fault in faults if not of_jupyter(server, *fault)] == []
    page.close()


def show_explorers(page):
    """Run the first cell, again where Jupyter, on a busy machine, lost the kernel it ran in."""
    for _ in range(3):
        run_cell(page, 0)
        with contextlib.suppress(TimeoutError):
            return page.locator(".sgd-x[data-ready]").first.wait_for(timeout=PATIENCE / 3)
    raise AssertionError(page.locator(".jp-CodeCell").first.inner_text())


def moved_by_keyboard(page, kind):
    """Move a slider by two steps; return its name and value when the picture has followed."""
    explorer = page.locator(f".sgd-{kind}[data-ready]").first
    explorer.wait_for(timeout=PATIENCE)
    before = explorer.locator(".sgd-sentence").text_content()
    name, label = KINDS[kind]
    field = explorer.get_by_label(f"{label}, exact value")
    if kind == "descent":
        assert field.input_value() == "0.12", "tied to a number of ipywidgets"
    explorer.locator(f'input[type=range][name="{name}"]').focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    explorer.locator(".sgd-sentence").filter(has_not_text=before).wait_for()
    page.evaluate("() => new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))")
    return {name: float(field.input_value())}
