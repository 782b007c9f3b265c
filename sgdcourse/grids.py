"""From the arguments of `sweep` to labelled axes, and from axes to one setting for each run."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sgdcourse import _checks, rules
from sgdcourse._updates import one_hyper
from sgdcourse.sampling import SAMPLINGS

__all__ = ["Axis", "Grid", "make_grid", "read_seeds"]

MOST_SEEDS = 10**6


@dataclass(frozen=True)
class Axis:
    """One setting: its name, the labels and values it takes, and whether it is a dimension."""

    name: str
    labels: list[Any]
    values: list[Any]
    listed: bool


@dataclass(frozen=True)
class Grid:
    """All combinations of the settings, the last axis running fastest; the seeds come after it."""

    axes: dict[str, Axis]
    seeds: list[int]

    @property
    def dims(self) -> dict[str, list[Any]]:
        """Name and labels of every dimension that a run has."""
        listed = {axis.name: axis.labels for axis in self.axes.values() if axis.listed}
        return {**listed, "seed": self.seeds}

    @property
    def shape(self) -> tuple[int, ...]:
        """How many labels every dimension has."""
        return tuple(len(labels) for labels in self.dims.values())

    def columns(self) -> dict[str, np.ndarray]:
        """Return, for every setting, which of its values each run takes; likewise the seed."""
        counts = [*(len(axis.values) for axis in self.axes.values()), len(self.seeds)]
        places = np.indices(counts).reshape(len(counts), -1)
        return dict(zip([*self.axes, "seed"], places, strict=True))


def make_grid(rule: str, settings: Mapping[str, Any], seeds: Any) -> Grid:
    """Check the settings of a sweep and return their grid.

    Parameters
    ----------
    rule : str
        Name of the update rule.
    settings : mapping
        "batch_size", "sampling", "schedule" and the rule's hyper-parameters; lists become axes.
    seeds : int or iterable of int
        A number k ≤ 10⁶ stands for 0 … k − 1.

    Returns
    -------
    Grid

    Raises
    ------
    ValueError, TypeError
        If a name is unknown, or a value is empty, repeated or out of its range.

    Examples
    --------
    >>> grid = make_grid("sgd", {"lr": [0.1, 0.2], "momentum": 0.9}, 3)
    >>> grid.dims
    {'lr': [0.1, 0.2], 'seed': [0, 1, 2]}
    """
    known = rules.hyperparameters(rule)
    for name in settings:
        if name not in (*known, "schedule", "batch_size", "sampling"):
            _checks.fail("hyper-parameter", "one of " + ", ".join(known), name, f"of rule {rule!r}")
    axes = {name: _axis(name, value) for name, value in settings.items()}
    for name, default in known.items():
        if default is inspect.Parameter.empty and name not in axes:
            _checks.fail(name, "given", None, f"rule {rule!r} has no default for it")
    if rule == "sgd":
        _check_nesterov(axes)
    return Grid(axes, read_seeds(seeds))


def read_seeds(seeds: Any) -> list[int]:
    """Return the seeds as a list; a number k stands for 0 … k − 1.

    Parameters
    ----------
    seeds : int or iterable of int

    Returns
    -------
    list of int

    Raises
    ------
    ValueError, TypeError
        If there is none, one comes twice, or one is not a seed.

    Examples
    --------
    >>> read_seeds(3), read_seeds([7, 5])
    ([0, 1, 2], [7, 5])
    """
    if not _is_listed(seeds):
        return list(range(_checks.integer("seeds", _plain(seeds), low=1, high=MOST_SEEDS)))
    listed = _checks.seeds(map(_plain, seeds), "seeds")
    return _checks.distinct("seeds", listed)


def _is_listed(value: Any) -> bool:
    """Say whether a setting was given as several values."""
    single = isinstance(value, str) or getattr(value, "ndim", 1) == 0
    return isinstance(value, Iterable) and not single


def _axis(name: str, value: Any) -> Axis:
    """Return the axis of one setting."""
    if name == "schedule":
        return _schedule_axis(value)
    listed = _is_listed(value)
    values = [_value(name, _plain(v)) for v in (value if listed else [value])]
    return Axis(name, values, _checks.distinct(name, values), listed)


def _schedule_axis(value: Any) -> Axis:
    """Return the axis of schedules: one, a list of them, or a dictionary with names."""
    if value is None or callable(value):
        return Axis("schedule", [repr(value)], [_callable(value)], False)
    if isinstance(value, Mapping):
        names, values = list(value), list(value.values())
    elif isinstance(value, Iterable) and not isinstance(value, str):
        values = list(value)
        names = ["constant" if v is None else getattr(v, "__name__", repr(v)) for v in values]
    else:
        hint = "or a list or dictionary of them"
        _checks.fail("schedule", "a function step -> factor", value, hint, TypeError)
    hint = "give a dictionary with a name for each"
    return Axis(
        "schedule", _checks.distinct("schedule", names, hint), [*map(_callable, values)], True
    )


def _callable(schedule: Any) -> Any:
    """Return a schedule, None if it has no effect."""
    return None if schedule is None else _checks.function("schedule", schedule, "step -> factor")


def _value(name: str, value: Any) -> Any:
    """Check one value of a setting."""
    if name == "sampling":
        return _checks.one_of(name, value, SAMPLINGS)
    if name == "batch_size":
        return _checks.integer(name, value, low=1)
    return one_hyper(name, value)


def _check_nesterov(axes: Mapping[str, Axis]) -> None:
    """Refuse dampening together with Nesterov momentum, as PyTorch does."""
    if True in _values(axes, "nesterov", False) and any(_values(axes, "dampening", 0.0)):
        dampening = axes["dampening"].values
        _checks.fail("dampening", "0 where nesterov is True", dampening)


def _values(axes: Mapping[str, Axis], name: str, default: Any) -> list[Any]:
    """Return the values that a setting takes."""
    return axes[name].values if name in axes else [default]


def _plain(value: Any) -> Any:
    """Turn one number of NumPy or PyTorch into Python's."""
    return value.item() if getattr(value, "ndim", None) == 0 else value
