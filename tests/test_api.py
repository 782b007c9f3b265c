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

import pytest
import torch

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
