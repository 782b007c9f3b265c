"""What a process that has just begun imports, changes and prints."""

import json
import subprocess
import sys

import sgdcourse as sc

HEAVY = {"matplotlib", "pandas", "xarray", "anywidget", "ipywidgets", "scipy"}
SCRIPT = """
import json, sys
import torch
before = set(sys.modules)
import sgdcourse as sc
found = {"imports": sorted(set(sys.modules) - before)}
import matplotlib
settings = dict(matplotlib.rcParams)
import sgdcourse.plotting
found["settings kept"] = dict(matplotlib.rcParams) == settings
x, y = sc.data.digits()
sc.sweep(sc.models.convnet(), (x[:8], y[:8]), loss="cross_entropy", lr=0.1, steps=1)
found["compiler"] = "torch._dynamo" in sys.modules
found["verdict"] = str(sc.check("gd_step", lambda w, g, lr: w + lr * g, record=False))
found["quiz"] = sc.quiz("03").html
print(json.dumps(found))
"""


def test_a_process_that_has_just_begun():
    """One test for all, since starting Python with PyTorch takes seconds."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert "sgdcourse" in found["imports"]
    assert not HEAVY & set(found["imports"]), "what only some cells need is imported when they do"
    assert found["settings kept"], "of matplotlib, by importing what draws with it"
    assert not found["compiler"], "PyTorch's compiler costs seconds of every notebook's start"
    verdict = sc.check("gd_step", lambda w, g, lr: w + lr * g, record=False)
    assert found["verdict"] == str(verdict) != ""
    assert found["quiz"] == sc.quiz("03").html
