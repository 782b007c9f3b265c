"""Every public name is documented, shown at work, and leaves the global random state alone."""

import doctest
import importlib
import importlib.util
import inspect
import itertools
import pkgutil
import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
import xarray as xr

import sgdcourse


def public_modules():
    """Every module of the package whose name has no underscore."""
    found = pkgutil.walk_packages(sgdcourse.__path__, "sgdcourse.")
    return [info.name for info in found if not any(p.startswith("_") for p in info.name.split("."))]


def offered_modules():
    """The modules a reader reaches from `import sgdcourse as sc`, and the homes of flat names."""
    flat = {"training", "sweeps", "descent"}
    return [
        f"sgdcourse.{word}"
        for word in sorted(set(sgdcourse.__all__) | flat)
        if importlib.util.find_spec(f"sgdcourse.{word}") is not None
    ]


def public_objects():
    """Every function and class that those modules offer, once."""
    objects = {}
    for name in offered_modules():
        try:
            module = importlib.import_module(name)
        except ImportError:  # reported by the test of the module itself
            continue
        for word in getattr(module, "__all__", ()):
            thing = getattr(module, word)
            # `sgd_` is described by its pure twin, `sgd`.
            described = not (word.endswith("_") and hasattr(module, word[:-1]))
            if described and (inspect.isclass(thing) or inspect.isfunction(thing)):
                objects.setdefault(id(thing), (f"{name}.{word}", thing))
    return dict(objects.values())


MODULES = public_modules()
OBJECTS = public_objects()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_what_it_offers(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert isinstance(module.__all__, list | tuple)
    assert len(set(module.__all__)) == len(module.__all__)
    for word in module.__all__:
        assert hasattr(module, word), word


def test_the_flat_namespace_is_small_and_complete():
    assert len(sgdcourse.__all__) <= 30
    for word in sgdcourse.__all__:
        assert getattr(sgdcourse, word) is not None
    assert set(sgdcourse.__all__) <= set(dir(sgdcourse))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = sgdcourse.nothing


def sections(thing):
    """The numpydoc sections of a docstring."""
    lines = inspect.cleandoc(thing.__doc__).splitlines()
    return {a.strip() for a, b in itertools.pairwise(lines) if set(b.strip()) == {"-"}}


def parameters(thing):
    try:
        names = inspect.signature(thing).parameters
    except ValueError:
        return []
    loose = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, each in names.items() if name != "self" and each.kind not in loose]


@pytest.mark.parametrize("name", OBJECTS)
def test_a_public_name_has_a_full_docstring(name):
    thing = OBJECTS[name]
    assert thing.__doc__, "no docstring"
    summary = inspect.cleandoc(thing.__doc__).splitlines()[0]
    assert summary.endswith("."), summary
    found = sections(thing)
    assert ">>> " in thing.__doc__, "no doctest"
    assert "Examples" in found
    if inspect.isfunction(thing):
        if parameters(thing):
            assert "Parameters" in found
        if inspect.signature(thing).return_annotation not in (None, "None"):
            assert found & {"Returns", "Yields"}, "says nothing of what it returns"


@pytest.mark.parametrize("name", OBJECTS)
def test_every_parameter_is_described(name):
    thing = OBJECTS[name]
    if not inspect.isfunction(thing):
        return
    listed = inspect.cleandoc(thing.__doc__).partition("Parameters\n")[2].partition("\n\n")[0]
    heads = " ".join(line for line in listed.splitlines() if not line.startswith(" "))
    missing = [word for word in parameters(thing) if not re.search(rf"\b{word}\b", heads)]
    assert missing == []


@pytest.mark.parametrize("name", OBJECTS)
def test_examples_leave_the_global_random_state_alone(name):
    thing = OBJECTS[name]
    before = torch.random.get_rng_state()
    if thing.__doc__ and not re.search(r"manual_seed|nn\.", thing.__doc__):
        home = vars(sys.modules[thing.__module__])
        finder = doctest.DocTestFinder(recurse=False)
        runner = doctest.DocTestRunner(verbose=False)
        for test in finder.find(thing, name, globs=dict(home)):
            runner.run(test, out=lambda text: None)
    assert torch.equal(torch.random.get_rng_state(), before)


class Odd:
    """What no argument of this package may be."""


def good_values():
    """A value that each required argument takes, made anew for each call."""
    net = torch.nn.Linear(2, 1, dtype=torch.float64)
    x = torch.arange(24.0, dtype=torch.float64).reshape(12, 2) / 24
    line = torch.arange(1.0, 5.0)
    return {
        "along": [0.0, 1.0], "bandwidth": 1.0, "batch_size": 4, "batch_sizes": [1, 2, 4],
        "chapter": "01", "checkpoints": [1], "covariance_trace": 1.0, "critical_batch": 2.0,
        "curvature": 1.0, "data": (x, x.sum(1, keepdim=True)), "decay": 0.5, "dim": 2,
        "directions": [torch.ones(3, dtype=torch.float64)], "distance": 1.0, "epochs": 2,
        "errors": [1.0, 0.5, 0.25, 0.125], "factor": float, "function": torch.sum, "gamma": 0.5,
        "grad": line, "gradient_norm": 1.0, "groups": {"a": [1.0, 2.0]},
        "hessians": torch.ones(3, 1, 1, dtype=torch.float64), "large": 8, "largest": 2.0,
        "largest_lr": 1.0, "latency": 1.0, "loss": "mse",
        "losses": torch.tensor([3.0, 2.0, 1.0]), "lr": 0.1, "milestones": [3], "min_examples": 9.0,
        "min_steps": 3.0, "minimisers": torch.zeros(1, 2), "model": net, "momentum": 0.5, "n": 8,
        "n_bytes": 8, "name": "checkpoint", "noise_scale": 2.0, "noise_variance": 1.0,
        "offset": 0.1, "optimizer": torch.optim.SGD(net.parameters(), lr=0.1), "param": line,
        "path": torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]]), "period": 3,
        "point": torch.ones(2, dtype=torch.float64), "previous_lr": 0.1,
        "problem": sgdcourse.problems.beale(), "rate": 0.5, "roots": [0.5, 0.25], "rule": "sgd",
        "scale": 2.0, "schedule": sgdcourse.schedules.cosine(5), "seed": 1, "seeds": [1, 2],
        "sizes": [2, 1], "small": 2, "smallest": 1.0, "source": "pytorch", "start": torch.zeros(2),
        "starts": torch.zeros(2), "state": {}, "step_size": 3, "steps": 5, "target": "pytorch",
        "text": "mine", "then": sgdcourse.schedules.constant(), "tolerance": 0.1, "variance": 1.0,
        "vector": torch.ones(3).double(), "warmup": 1, "window": ((0.0, 1.0), (0.0, 1.0)),
        "workers": 4, "x": line, "y": line,
    }  # fmt: skip


def table():
    values = torch.rand(3, 2, generator=torch.Generator().manual_seed(0)).numpy()
    return xr.DataArray(values, {"lr": [0.1, 0.2, 0.3], "seed": [0, 1]})


def runs():
    values = good_values()
    return sgdcourse.sweep(values["model"], values["data"], loss="mse", lr=0.1, steps=2)


#: What a function needs besides, or takes in another form than the others.
OWN = {
    "diagnostics.estimate_noise_scale": lambda: {"large": 12},
    "diagnostics.first_below": lambda: {"target": 1.5},
    "diagnostics.fit_hyperbola": lambda: {"steps": [9.0, 5.0, 3.0]},
    "diagnostics.lr_range_test": lambda: {"batch_size": 4},
    "diagnostics.noise_during_training": lambda: {"seeds": 1, "lr": 0.1, "batch_size": 4},
    "plotting.plot_band": lambda: {"runs": table().rename(lr="step")},
    "plotting.plot_heatmap": lambda: {"values": table(), "x": "lr", "y": "seed"},
    "schedules.wsd": lambda: {"decay": 2},
    "sweeps.sweep": lambda: {"lr": 0.1, "epochs": 1},
    "sweeps.trained": lambda: {"runs": runs()},
    "theory.saddle_escape_steps": lambda: {"curvature": -1.0},
    "theory.expected_loss": lambda: {"start": 1.0},
    "training.fit": lambda: {"epochs": 1},
}
#: Records of results, made by the package: they hold what they are given.
RECORDS = {
    "diagnostics.GradientNoise", "diagnostics.Hyperbola", "diagnostics.PowerLaw",
    "diagnostics.Trajectory", "theory.Optimum", "training.Run",
}  # fmt: skip
#: Arguments that may be anything, or whose errors are another's.
FREE = {("optim.SGD", "params")}  # in PyTorch's own words: tests/test_optim.py


def required(thing):
    """The arguments that a function or class must be given."""
    loose = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    own = inspect.signature(thing).parameters.values()
    return [p.name for p in own if p.default is p.empty and p.kind not in loose]


def good_arguments(name):
    values = good_values()
    if name == "sgdcourse.optim.SGD":
        return {"params": values["model"].parameters()}
    own = OWN.get(name.removeprefix("sgdcourse."), dict)()
    return {**{each: own.get(each, values.get(each)) for each in required(OBJECTS[name])}, **own}


CHECKED = [
    name
    for name, thing in OBJECTS.items()
    if required(thing) and name.removeprefix("sgdcourse.") not in RECORDS
]
ARGUMENTS = [
    (name, each)
    for name in CHECKED
    for each in required(OBJECTS[name])
    if (name.removeprefix("sgdcourse."), each) not in FREE
]


@pytest.mark.parametrize("name", CHECKED)
def test_the_good_arguments_are_good(name, capsys):
    OBJECTS[name](**good_arguments(name))
    plt.close("all")


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_an_odd_argument_is_refused_by_its_name(name, argument):
    with pytest.raises((TypeError, ValueError)) as caught:
        OBJECTS[name](**{**good_arguments(name), argument: Odd()})
    assert re.search(rf"\b{argument}\b", str(caught.value)), caught.value


def test_every_module_has_a_place_in_the_api_pages():
    pages = (Path(__file__).parent.parent / "book" / "appendix" / "api").glob("*.md")
    page = "\n".join(file.read_text("utf-8") for file in pages)
    shown = set(re.findall(r"auto(?:module|function|class):: (sgdcourse[\w.]*)", page))
    missing = [
        name
        for name, thing in OBJECTS.items()
        if not {name, name.rpartition(".")[0], thing.__module__} & shown
    ]
    assert missing == []
