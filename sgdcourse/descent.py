"""Trajectories on the analytic problems: thousands of starts and settings in one computation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from sgdcourse import _checks, rules
from sgdcourse.problems import Problem

__all__ = ["descend"]

OneOrMany = float | Sequence[float]


def descend(
    problem: Problem,
    starts: Tensor,
    *,
    steps: int,
    lr: OneOrMany,
    momentum: OneOrMany = 0.0,
    nesterov: bool = False,
    noise: float = 0.0,
    schedule: Callable[[int], float] | None = None,
    seeds: int | Sequence[int] = 0,
) -> xr.Dataset:
    """Descend from every start, with every setting, and keep the whole way.

    Each step is `rules.sgd` on the gradient ∇f(w) + noise · ε, ε standard normal, with
    lr · schedule(t) as learning rate; in float64.

    Parameters
    ----------
    problem : Problem
    starts : Tensor of shape (dim,) or (p, dim)
    steps : int, ≥ 1
    lr, momentum : float or sequence of different floats
        lr > 0, momentum in [0, 1). A sequence becomes a labelled dimension.
    nesterov : bool, default False
    noise : float, ≥ 0, default 0
        Standard deviation of the noise added to each coordinate of the gradient. Every start has
        noise of its own; all settings meet the same.
    schedule : callable step → factor ≥ 0, optional
        Called for every step before the first is made.
    seeds : int or sequence of different ints, default 0
        Of the noise; a sequence becomes a labelled dimension.

    Returns
    -------
    xarray.Dataset
        `w` of dimensions (lr, momentum, seed, start, step, coordinate), the first three only
        where a sequence was given; step 0 is the start. `value`, the same without coordinate;
        `diverged`, whether a path left the range of floats.

    Raises
    ------
    ValueError, TypeError
        On a bad argument, before any work. A path that diverges raises nothing.

    Examples
    --------
    >>> from sgdcourse import problems
    >>> bowl = problems.quadratic((1.0, 10.0))
    >>> walks = descend(bowl, bowl.start, steps=50, lr=[0.05, 0.1])
    >>> dict(walks.w.sizes)
    {'lr': 2, 'start': 1, 'step': 51, 'coordinate': 2}
    """
    grid = _grid(lr, momentum, seeds)
    points = _starts(problem, starts)
    _checks.integer("steps", steps, low=1)
    _checks.flag("nesterov", nesterov)
    _checks.number("noise", noise, low=0)
    factors = [1.0] * steps if schedule is None else _checks.factors(schedule, steps)
    path, values = _walk(problem, points, grid, factors, nesterov, noise)
    return _label(problem, path, values, grid)


def _grid(lr: Any, momentum: Any, seeds: Any) -> dict[str, tuple[list, bool]]:
    """Return for each hyper-parameter its values, checked, and whether it is a dimension."""
    bounds: dict[str, dict[str, Any]] = {
        "lr": {"low": 0, "open_low": True},
        "momentum": {"low": 0, "high": 1, "open_high": True},
    }
    grid: dict[str, tuple[list[Any], bool]] = {}
    for name, value in (("lr", lr), ("momentum", momentum)):
        values, many = _list(value)
        numbers = [_checks.number(name, v, **bounds[name]) for v in values]
        grid[name] = _checks.distinct(name, numbers), many
    values, many = _list(seeds)
    grid["seed"] = _checks.distinct("seeds", _checks.seeds(values)), many
    return grid


def _list(value: Any) -> tuple[list, bool]:
    """Return the values of a setting, and whether they were given as several."""
    plain = value.tolist() if isinstance(value, np.ndarray | Tensor) else value
    if isinstance(plain, str) or not isinstance(plain, Sequence):
        return [plain], False
    return list(plain), True


def _starts(problem: Problem, starts: Tensor) -> Tensor:
    if not isinstance(problem, Problem):
        _checks.fail("problem", "a Problem", problem, "see sgdcourse.problems", TypeError)
    if _checks.tensor("starts", starts).is_complex():
        _checks.fail("starts", "real numbers", starts.dtype, error=TypeError)
    points = starts.detach().to(torch.float64)
    if points.ndim not in (1, 2) or points.shape[-1] != problem.dim:
        shape = f"({problem.dim},) or (p, {problem.dim})"
        _checks.fail("starts", f"of shape {shape}", tuple(points.shape))
    return points.reshape(-1, problem.dim)


def _walk(
    problem: Problem,
    points: Tensor,
    grid: dict[str, tuple[list, bool]],
    factors: list[float],
    nesterov: bool,
    noise: float,
) -> tuple[Tensor, Tensor]:
    """Run all paths at once; (steps + 1, lr, momentum, seed, start, coordinate), and values."""
    rates, momenta = (_spread(grid[name][0], axis) for axis, name in enumerate(("lr", "momentum")))
    sizes = [len(grid[name][0]) for name in ("lr", "momentum", "seed")]
    generators = [torch.Generator().manual_seed(s) for s in grid["seed"][0]]
    w = points.expand(*sizes, *points.shape).clone()
    path = w.new_empty(len(factors) + 1, *w.shape)
    values = w.new_empty(path.shape[:-1])
    state: rules.State = {}
    for t, factor in enumerate(factors):
        path[t] = w
        values[t], gradient = problem(w), problem.gradient(w)
        if noise:
            shocks = [torch.randn(points.shape, generator=g, dtype=w.dtype) for g in generators]
            gradient += noise * torch.stack(shocks)
        rules.sgd_(w, gradient, state, lr=rates * factor, momentum=momenta, nesterov=nesterov)
    path[-1], values[-1] = w, problem(w)
    return path, values


def _spread(values: list[float], axis: int) -> Tensor | float:
    """One number as it is; several as a tensor along their axis of (lr, momentum, seed, …)."""
    if len(values) == 1:
        return values[0]
    shape = [1] * 5
    shape[axis] = -1
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def _label(
    problem: Problem, path: Tensor, value: Tensor, grid: dict[str, tuple[list, bool]]
) -> xr.Dataset:
    """Name the axes, leaving out those of single values."""
    dims = [name for name, (_, many) in grid.items() if many]
    keep = [slice(None) if many else 0 for _, many in grid.values()]
    coordinates: dict[str, Any] = {name: grid[name][0] for name in dims}
    coordinates["step"] = np.arange(len(path))
    axes = ["step", *dims, "start"]
    table = xr.Dataset(
        {
            "w": ([*axes, "coordinate"], path[(slice(None), *keep)].numpy()),
            "value": (axes, value[(slice(None), *keep)].numpy()),
        },
        coordinates,
        {"problem": problem.name},
    ).transpose(*dims, "start", "step", "coordinate")
    return table.assign(diverged=~np.isfinite(table.value).all("step"))
