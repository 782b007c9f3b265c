"""The explorers: Python's side, and JavaScript's numbers against Python's under Node."""

import contextlib
import gzip
import hashlib
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import ipywidgets
import pytest
import torch

from sgdcourse import plotting, problems, schedules, widgets
from sgdcourse.widgets import _batches, _random, _still
from sgdcourse.widgets._parameters import PARAMETERS, STATIC

ROOT = Path(__file__).parents[1]
JS = ROOT / "sgdcourse" / "widgets" / "js"
EXPLORERS = {
    cls.kind: cls
    for cls in (
        widgets.Descent,
        widgets.NoiseBall,
        widgets.BatchSize,
        widgets.Momentum,
        widgets.Schedule,
    )
}
SURFACES = {
    "quadratic": (problems.quadratic((1.0, 10.0)), 0.05, (2.0, 1.0)),
    "double_well": (problems.double_well(dim=2), 0.05, (0.2, 1.0)),
    "saddle": (problems.saddle(), 0.05, (1.2, 0.01)),
    "rosenbrock": (problems.rosenbrock(), 1e-4, (-1.2, 1.0)),
    "beale": (problems.beale(), 1e-3, (1.0, 1.5)),
    "himmelblau": (problems.himmelblau(), 1e-3, (0.3, -0.5)),
}
RULES = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.8, "dampening": 0.3},
    {"weight_decay": 0.02},
    {"momentum": 0.5, "nesterov": True, "weight_decay": 0.01},
]


def _torch_path(problem, start, steps, **options):
    w = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = torch.optim.SGD([w], **options)
    path = [*start]
    for _ in range(steps):
        optimizer.zero_grad()
        problem(w).backward()
        optimizer.step()
        path += w.tolist()
    return path


def _trajectories():
    for surface, (problem, lr, start) in SURFACES.items():
        for rule in RULES:
            options = {"lr": lr, **rule}
            yield {
                "surface": surface,
                "curvature": 10,
                "start": start,
                "steps": 200,
                "options": options,
                "path": _torch_path(problem, start, 200, **options),
            }


def _surfaces():
    points = [(0.3, -0.7), (1.5, 0.4), (-0.9, 1.2), (2.0, -1.1)]
    at = torch.tensor(points, dtype=torch.float64)
    for name, (problem, _, _) in SURFACES.items():
        hessian = problem.hessian(at)
        yield {
            "name": name,
            "curvature": 10,
            "points": points,
            "values": problem(at).tolist(),
            "gradients": problem.gradient(at).flatten().tolist(),
            "hessians": hessian.flatten(1)[:, [0, 1, 3]].flatten().tolist(),
            "minima": problem.minimisers.tolist(),
        }


SCHEDULES = [
    ("constant", {}),
    ("step", {"step_size": 7, "gamma": 0.5}),
    ("multi_step", {"milestones": [5, 20, 21], "gamma": 0.3}),
    ("exponential", {"gamma": 0.95}),
    ("polynomial", {"steps": 40, "power": 2.5, "end": 0.1}),
    ("linear", {"steps": 50, "end": 0.05}),
    ("inverse_time", {"decay": 0.2}),
    ("inverse_sqrt", {"scale": 9.0}),
    ("cosine", {"steps": 45, "end": 0.02}),
    ("warm_restarts", {"period": 6, "growth": 2, "end": 0.01}),
    ("one_cycle", {"steps": 60}),
    ("wsd", {"steps": 60, "warmup": 5, "decay": 20, "shape": "sqrt", "end": 0.1}),
    ("wsd", {"steps": 60, "warmup": 0, "decay": 20}),
]


def _schedules():
    for name, args in SCHEDULES:
        for warm in (0, 8):
            then = getattr(schedules, name)(**args)
            schedule = schedules.warmup(warm, then) if warm else then
            values = [schedule(t) for t in range(80)]
            yield {"name": name, "args": args, "warm": warm, "values": values}


def _batch_rows():
    for target, batch, noise in [(0.05, 1, 3.0), (0.05, 64, 3.0), (0.2, 1024, 1.0), (0.02, 16, 10)]:
        lr = _batches.best_lr(target, batch=batch, noise=noise)
        run = {"lr": lr, "batch": batch, "noise": noise}
        yield {
            "target": target,
            **run,
            "steps": _batches.steps_to(target, **run),
            "losses": [_batches.expected_loss(t, **run) for t in range(20)],
        }


def _shaped():
    for name in PARAMETERS["schedule"]["schedule"]["options"]:
        for extra in ({}, {"warmup": 30, "shape": 0.65, "end": 0.2}):
            explorer = widgets.Schedule(schedule=name, steps=120, **extra)
            yield {"state": explorer.parameters, "path": explorer.path.tolist()}


SETTINGS = [
    *(
        ["descent", {"surface": s, "lr": lr, "x": x, "y": y}]
        for s, (_, lr, (x, y)) in SURFACES.items()
    ),
    ["descent", {"momentum": 0.9, "nesterov": True, "lr": 0.02}],
    ["momentum", {}],
    ["noise_ball", {"noise": 0, "schedule": "cosine"}],
    ["noise_ball", {"schedule": "inverse_sqrt"}],
    ["batch_size", {}],
    *(
        ["schedule", {"schedule": s, "warmup": w, "noise": 0}]
        for s in PARAMETERS["schedule"]["schedule"]["options"]
        for w in (0, 20)
    ),
]


@pytest.fixture(scope="module")
def node_run(tmp_path_factory):
    """Run one file of Node's tests on a fixture written here; gives back what it wrote."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path_factory.mktemp("node")
    walker = widgets.NoiseBall(steps=40, seed=7, batch_size=4)
    fixture = {
        "trajectories": list(_trajectories()),
        "surfaces": list(_surfaces()),
        "schedules": list(_schedules()),
        "normals": [
            {"seed": seed, "values": _random.normals(seed, 51).tolist()} for seed in (0, 1, 2**31)
        ],
        "walkers": [{"state": walker.parameters, "path": walker.path.flatten().tolist()}],
        "batches": list(_batch_rows()),
        "shaped": list(_shaped()),
        "settings": SETTINGS,
    }
    (folder / "fixture.json").write_text(json.dumps(fixture))

    def run(name):
        out = folder / f"{name}.json"
        done = subprocess.run(
            [node, "--test", str(ROOT / "tests" / "widgets" / f"{name}.test.mjs")],
            env={**os.environ, "FIXTURE": str(folder / "fixture.json"), "CODE_OUT": str(out)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(out.read_text()) if out.exists() else None

    return run


def test_javascript_numbers_equal_python(node_run):
    node_run("numbers")


def test_javascript_takes_nothing_on_trust(node_run):
    node_run("state")


def test_copied_code_runs_and_ends_where_the_explorer_does(node_run):
    runs = node_run("texts")
    assert len(runs) == len(SETTINGS)
    for run in runs:
        space, out = {}, io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(run["code"], run["kind"], "exec"), space)
        if run["path"]:
            torch.testing.assert_close(
                space["w"].detach(),
                torch.tensor(run["path"][-2:], dtype=torch.float64),
                rtol=1e-9,
                atol=1e-15,
            )
        for t, lr in enumerate(run["rates"]):
            assert space["schedule"](t) * run["state"]["lr"] == pytest.approx(lr, rel=1e-9)
        if run["kind"] == "batch_size":
            assert float(space["loss"]) == pytest.approx(run["state"]["target"], rel=0.1)


@pytest.mark.parametrize("cls", EXPLORERS.values())
def test_traits_are_the_table(cls):
    explorer = cls()
    table = PARAMETERS[cls.kind]
    assert explorer.parameters == {name: spec["default"] for name, spec in table.items()}
    for name in table:
        assert explorer.traits()[name].metadata["sync"] is True


BAD = [
    ("descent", {"lr": 9}, ValueError, "lr must be a finite number ≥ 1e-05 and ≤ 4, got 9"),
    ("descent", {"lr": math.nan}, ValueError, "lr must be"),
    ("descent", {"lr": "0.1"}, TypeError, "lr must be a number, got '0.1'"),
    ("descent", {"surface": "cone"}, ValueError, "surface must be one of"),
    ("descent", {"steps": 2.5}, TypeError, "steps must be a whole number"),
    ("descent", {"steps": 501}, ValueError, "≤ 500"),
    ("descent", {"nesterov": 1}, TypeError, "nesterov must be True or False"),
    ("noise_ball", {"noise": -1}, ValueError, "noise must be"),
    ("momentum", {"momentum": 1.0}, ValueError, "≤ 0.99"),
    ("batch_size", {"batch_size": 0}, ValueError, "batch_size must be"),
    ("schedule", {"end": math.inf}, ValueError, "end must be"),
]


@pytest.mark.parametrize(("kind", "given", "error", "words"), BAD)
def test_bad_values_are_refused_and_leave_the_old_one(kind, given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        EXPLORERS[kind](**given)
    explorer = EXPLORERS[kind]()
    (name, value), before = next(iter(given.items())), explorer.parameters
    with pytest.raises(error):
        setattr(explorer, name, value)
    assert explorer.parameters == before


@pytest.mark.parametrize("cls", EXPLORERS.values())
def test_placeholder_is_the_same_at_every_run_and_holds_the_state(cls):
    first, second = cls(), cls()
    html = first.placeholder()
    assert html == second.placeholder()
    state = re.search(r'data-state="([^"]*)"', html)[1].replace("&quot;", '"')
    assert json.loads(state) == first.parameters
    assert list(json.loads(state)) == sorted(first.parameters)
    assert f'data-widget="{cls.kind}"' in html
    assert re.search(r'<p class="sgd-fallback">[^<]{80,}</p>', html)
    assert re.search(r'<svg[^>]*role="img" aria-label="[^"]{20,}"', html)
    assert "nan" not in html
    assert "<script" not in html
    assert len(html) < 30_000


@pytest.mark.parametrize("cls", EXPLORERS.values())
def test_what_is_stored_in_a_notebook_has_no_address_of_memory(cls):
    data, _ = cls()._repr_mimebundle_()
    assert data["text/html"] == cls().placeholder()
    assert data["text/plain"] == f"{cls.__name__}()"
    assert "application/vnd.jupyter.widget-view+json" in data


def test_repr_says_what_differs_from_the_defaults():
    assert repr(widgets.Descent(lr=0.1, surface="beale")) == "Descent(surface='beale', lr=0.1)"


@pytest.mark.parametrize("surface", SURFACES)
def test_path_of_the_descent_is_torch_optim_sgd(surface):
    problem, lr, (x, y) = SURFACES[surface]
    explorer = widgets.Descent(surface=surface, lr=lr, momentum=0.9, x=x, y=y, steps=50)
    expected = _torch_path(problem, (x, y), 50, lr=lr, momentum=0.9)
    torch.testing.assert_close(
        explorer.path.flatten(), torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=0
    )


def test_path_follows_the_traits():
    explorer = widgets.Momentum(steps=3)
    before = explorer.path
    explorer.lr = 0.2
    assert not torch.equal(before, explorer.path)


def test_diverging_descent_is_data():
    explorer = widgets.Descent(lr=4.0, steps=500)
    assert not torch.isfinite(explorer.path[-1]).all()
    assert "leaves for good" in explorer.placeholder()


def test_the_noise_ball_s_sentence_looks_at_the_schedule():
    assert "it diverges" in widgets.NoiseBall(lr=0.6).sentence()
    assert "it diverges" in widgets.NoiseBall(lr=2.0, curvature=20, schedule="cosine").sentence()
    for schedule in ("inverse_time", "cosine"):
        words = widgets.NoiseBall(lr=0.6, schedule=schedule).sentence()
        assert re.search(r"above 2 for \d+ of 200 steps, then the steps are small enough", words)
    assert "flip for ever" in widgets.NoiseBall(lr=0.5).sentence()


def test_a_descent_that_starts_at_the_minimum_stays():
    assert "stays where it is" in widgets.Descent(x=0.0, y=0.0).sentence()


def test_stationary_spread_of_the_noise_ball():
    path = widgets.NoiseBall(lr=0.2, curvature=4, steps=500, seed=3).path[50:]
    theory = [math.sqrt(0.2 / (c * (2 - 0.2 * c))) for c in (1, 4)]
    assert path.std(0).tolist() == pytest.approx(theory, rel=0.25)


def test_tuned_steps_obey_the_trade_off():
    rows = widgets.BatchSize().path
    steps, examples = rows[:, 2], rows[:, 3]
    assert (steps.diff() < 0).all()
    assert (examples.diff() > -1e-6 * examples[:-1]).all()
    left = (steps / steps[-1] - 1) * (examples / examples[0] - 1)
    middle = left[4:10]
    assert (middle > 0.2).all()
    assert (middle < 5).all()


def test_random_numbers_are_normal():
    values = _random.normals(11, 20_000)
    assert abs(values.mean()) < 0.03
    assert values.std().item() == pytest.approx(1, abs=0.02)


def test_composes_with_ipywidgets():
    explorer, slider = widgets.Descent(), ipywidgets.FloatSlider(min=0.01, max=1, value=0.5)
    seen = []
    explorer.observe(lambda change: seen.append(change["new"]), "lr")
    link = ipywidgets.link((slider, "value"), (explorer, "lr"))
    slider.value = 0.25
    box = ipywidgets.HBox([slider, explorer])
    assert seen[-1] == explorer.lr == 0.25
    assert explorer in box.children
    link.unlink()
    ipywidgets.jslink((slider, "value"), (explorer, "lr"))


def test_importing_the_package_does_not_import_anywidget():
    code = "import sys, sgdcourse; assert not {'anywidget', 'sgdcourse.widgets'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_one_palette():
    assert dict(plotting.COLORS) == _still.COLORS
    css = (STATIC / "explorers.css").read_text()
    light = css.split("color-scheme: light")[0]
    for name, value in plotting.COLORS.items():
        assert f"--sgd-{name}: {value};" in light


@pytest.mark.parametrize("kind", EXPLORERS)
def test_bundle_is_small_and_self_contained(kind):
    text = (STATIC / f"{kind}.mjs").read_bytes()
    assert len(gzip.compress(text, 9, mtime=0)) <= 60_000
    source = text.decode()
    assert not re.search(r"\b(import|export)\b[^;]{0,200}\bfrom\s*[\"']", source)
    addresses = set(re.findall(r"https?://[^\"'`\s)]+", source))
    assert all(a.startswith("http://www.w3.org/") for a in addresses)
    assert "eval(" not in source
    assert "new Function" not in source


def test_sources_never_write_html():
    for path in (JS / "src").rglob("*.js"):
        text = re.sub(r"//.*", "", path.read_text())
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.html\(", text
        ), path


def test_lock_file_names_no_registry():
    assert "resolved" not in (JS / "package-lock.json").read_text()


def _fingerprint():
    """What `build.mjs` stores: a hash of all sources and bundles, in the order of their names."""
    home = JS.parent
    names = [path.relative_to(home).as_posix() for path in (JS / "src").rglob("*.js")]
    names += ["js/build.mjs", "js/package-lock.json", "parameters.json"]
    names += [f"static/{kind}.mjs" for kind in EXPLORERS]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(name.encode())
        digest.update((home / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def test_bundles_are_up_to_date(tmp_path):
    """Rebuild and compare; without esbuild compare the fingerprint stored at the last build."""
    if shutil.which("node") and (JS / "node_modules" / "esbuild").exists():
        subprocess.run(["node", JS / "build.mjs", "--out", tmp_path], check=True)
        for kind in EXPLORERS:
            built, stored = tmp_path / f"{kind}.mjs", STATIC / f"{kind}.mjs"
            assert built.read_bytes() == stored.read_bytes(), f"{kind}: run `make bundles`"
    assert (JS / "bundles.sha256").read_text().strip() == _fingerprint(), "run `make bundles`"
