"""Figures of the course: axes in, axes out; nothing here trains anything.

Every function draws on `ax`, or on a new figure when it is None, labels the axes and returns
them. Noise is shown as the median over seeds with the band between the quartiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.scale import LogScale, register_scale
from matplotlib.ticker import LogLocator
from torch import Tensor

from sgdcourse import _checks
from sgdcourse.problems import Problem

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "COLORS",
    "plot_band",
    "plot_contour",
    "plot_curve",
    "plot_heatmap",
    "plot_loss",
    "plot_path",
    "plot_ranges",
    "plot_roots",
    "plot_schedule",
    "use_style",
]

#: The colour of each method, the same in plots, explorers and pages.
COLORS: Mapping[str, str] = {
    "gd": "#0B6BA8",
    "sgd": "#C8501E",
    "mini-batch": "#00795F",
    "momentum": "#8A3FA0",
    "nesterov": "#B3326B",
    "schedule": "#8C6400",
    "theory": "#444444",
}


LOG_AXES = ("", "x", "y", "xy")


class _BetweenPowers(LogLocator):
    """The ticks between powers of ten, on axes of two decades at most: on longer ones they blur."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Return the ticks of an axis from vmin to vmax."""
        return super().tick_values(vmin, vmax) if vmax <= 100 * vmin else []


class _QuietLogScale(LogScale):
    """Matplotlib's "log" with fewer ticks, which otherwise are most of a figure's drawing time."""

    def __init__(self, *given: Any, **options: Any) -> None:  # Matplotlib < 3.11 gives the axis
        super().__init__(*given, **options)

    def set_default_locators_and_formatters(self, axis: Axis) -> None:
        """Say where an axis has its ticks."""
        super().set_default_locators_and_formatters(axis)
        axis.set_minor_locator(_BetweenPowers(self.base, cast("Any", self.subs)))


def use_style() -> None:
    """Give every figure drawn from here on the look of the course.

    Long logarithmic axes have ticks at the powers of ten alone, the legible ones.
    In a notebook figures also keep the size they are given: their layout leaves nothing to trim,
    and trimming would draw each of them twice.

    Examples
    --------
    >>> use_style()
    >>> plt.rcParams["axes.spines.top"]
    False
    """
    with resources.as_file(resources.files("sgdcourse").joinpath("sgdcourse.mplstyle")) as path:
        plt.style.use(path)
    register_scale(_QuietLogScale)
    if "inline" in plt.get_backend():
        from matplotlib_inline.backend_inline import set_matplotlib_formats
        from matplotlib_inline.config import InlineBackend

        settings = InlineBackend.instance()
        settings.print_figure_kwargs = dict[str, Any](
            settings.print_figure_kwargs, bbox_inches=None
        )
        set_matplotlib_formats(*settings.figure_formats)


def _axes(ax: Axes | None, **figure: Any) -> Axes:
    if ax is not None and not isinstance(ax, Axes):
        _checks.fail("ax", "matplotlib Axes", ax, error=TypeError)
    return plt.figure(**figure).add_subplot() if ax is None else ax


def _values(name: str, values: Any, kind: type = float) -> np.ndarray:
    """Turn numbers, a tensor or a DataArray into a NumPy array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
    try:
        result: np.ndarray = np.asarray(values, dtype=kind)
    except (TypeError, ValueError):
        _checks.fail(name, "numbers", values, error=TypeError)
    if result.size == 0:
        _checks.fail(name, "not empty", values)
    return result


def plot_curve(
    x: Any,
    y: Any,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    xlabel: str = "",
    ylabel: str = "",
    log: str = "",
    **style: Any,
) -> Axes:
    """Draw one line.

    Parameters
    ----------
    x, y : array_like of shape (n,)
    ax : matplotlib Axes, optional
    label : str, optional
        Entry in the legend, which is then drawn.
    xlabel, ylabel : str
    log : {"", "x", "y", "xy"}
        Which axes are logarithmic.
    **style
        Passed to `Axes.plot`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> ax = plot_curve([1, 2], [3, 4], xlabel="step", ylabel="loss")
    >>> ax.get_xlabel()
    'step'
    """
    _checks.one_of("log", log, LOG_AXES)
    across, up = _values("x", x), _values("y", y)
    if across.shape != up.shape or across.ndim != 1:
        _checks.fail("y", f"of the shape of x, {across.shape}, and one-dimensional", up.shape)
    ax = _axes(ax)
    ax.plot(across, up, label=label, **style)
    return _finish(ax, xlabel, ylabel, log, legend=label is not None)


def _finish(ax: Axes, xlabel: str, ylabel: str, log: str = "", legend: bool = False) -> Axes:
    if xlabel:
        ax.set_xlabel(xlabel)
    if ylabel:
        ax.set_ylabel(ylabel)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    if legend:
        ax.legend()
    return ax


def plot_loss(
    losses: Any,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    xlabel: str = "step",
    ylabel: str = "loss (log scale)",
    **style: Any,
) -> Axes:
    """Draw a loss against the step, logarithmically.

    Parameters
    ----------
    losses : array_like of shape (steps,)
        Values that are not finite end the line.
    ax, label, xlabel, ylabel, **style
        As in `plot_curve`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_loss(torch.tensor([1.0, 0.5, 0.25])).get_yscale()
    'log'
    """
    values = _values("losses", losses)
    if values.ndim != 1:
        _checks.fail("losses", "one-dimensional", values.shape, "draw many runs by plot_band")
    keep = len(values) if np.isfinite(values).all() else int(np.argmin(np.isfinite(values)))
    if keep == 0:
        _checks.fail("losses", "finite at the first step", values[0])
    steps = np.arange(keep)
    return plot_curve(
        steps, values[:keep], ax=ax, label=label, xlabel=xlabel, ylabel=ylabel, log="y", **style
    )


def plot_band(
    runs: xr.DataArray,
    *,
    x: str = "step",
    over: str = "seed",
    ax: Axes | None = None,
    label: str | None = None,
    scale: float = 1.0,
    xlabel: str | None = None,
    ylabel: str = "loss (log scale)",
    log: str = "y",
    **style: Any,
) -> Axes:
    """Draw the median over seeds and the band between the quartiles.

    Parameters
    ----------
    runs : xarray.DataArray with the dimensions `x` and `over`
        Other dimensions must have been selected. NaN counts as above all numbers, as the loss of
        a run that has diverged does; median and band end where they would lie there.
    x, over : str, default "step" and "seed"
        Dimension along the axis, and the one that the band summarises.
    ax, label, xlabel, ylabel, log, **style
        As in `plot_curve`; the number of runs is added to the label, and of those that ended in
        NaN or infinity.
    scale : float, > 0, default 1
        Multiplies the coordinate `x`, for instance by the batch size to count examples.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If a dimension is missing or one is left over, or all values are NaN.

    Examples
    --------
    >>> import xarray as xr
    >>> runs = xr.DataArray([[1.0, 2.0], [2.0, 3.0], [9.0, 9.0]], dims=("seed", "step"))
    >>> plot_band(runs, label="SGD").get_lines()[0].get_ydata().tolist()
    [2.0, 3.0]
    """
    _checks.number("scale", scale, low=0, open_low=True)
    for name, dim in (("x", x), ("over", over)):
        _checks.text(name, dim)
    _checks.one_of("log", log, LOG_AXES)
    dims = getattr(runs, "dims", type(runs).__name__)
    if set(dims) != {x, over}:
        rule = f"a DataArray of the dimensions {x!r} and {over!r} only"
        _checks.fail("runs", rule, dims, "select or reduce the others first")
    table = runs.transpose(over, x)
    across = (table[x].values if x in table.coords else np.arange(table.sizes[x])) * scale
    values = _values("runs", table)
    ran = ~np.isnan(values).all(axis=0)  # a shorter run ends in NaN for all seeds
    if not ran.any():
        _checks.fail("runs", "not NaN throughout", "only NaN")
    across, values = across[ran], values[:, ran]
    low, middle, high = _quartiles(values)
    ax = _axes(ax)
    count = f"{label} ({len(values)} {over}s{_lost(values[:, -1:])})" if label is not None else None
    (line,) = ax.plot(across, middle, label=count, **style)
    ax.fill_between(across, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    return _finish(ax, x if xlabel is None else xlabel, ylabel, log, legend=label is not None)


def _quartiles(values: np.ndarray) -> np.ndarray:
    """Return the quartiles of each column; NaN, a diverged run, counts as infinite.

    NumPy's would be NaN beside an infinite value: it adds 0 · (∞ − a) to a.
    """
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=0)
    place = np.array([0.25, 0.5, 0.75]) * (len(values) - 1)
    below, above = ordered[np.floor(place).astype(int)], ordered[np.ceil(place).astype(int)]
    share = (place % 1).reshape(-1, *[1] * (values.ndim - 1))
    gap = np.subtract(above, below, out=np.zeros_like(above), where=np.isfinite(above))
    return np.where(np.isfinite(above), below + gap * share, above)


def _lost(values: np.ndarray) -> str:
    """Say how many values are not finite, if there are any."""
    lost = np.count_nonzero(~np.isfinite(values))
    return f", {lost} diverged" if lost else ""


def plot_contour(
    problem: Problem,
    *,
    ax: Axes | None = None,
    window: Sequence[Sequence[float]] | None = None,
    levels: int = 18,
    **style: Any,
) -> Axes:
    """Draw the level lines of a two-dimensional problem, and a star at each minimiser.

    Parameters
    ----------
    problem : Problem of dimension 2
    ax : matplotlib Axes, optional
    window : ((x0, x1), (y0, y1)), optional
        By default the problem's own.
    levels : int, ≥ 2, default 18
        Number of lines, closer together where the function is low.
    **style
        Passed to `Axes.contour`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from sgdcourse import problems
    >>> plot_contour(problems.quadratic()).get_xlabel()
    'w₁'
    """
    if not isinstance(problem, Problem) or problem.dim != 2:
        _checks.fail("problem", "a Problem of dimension 2", getattr(problem, "dim", problem))
    _checks.integer("levels", levels, low=2)
    (x0, x1), (y0, y1) = problem.window if window is None else _window(window)
    ax = _axes(ax, figsize=(5.0, 4.2))
    across = torch.linspace(x0, x1, 201, dtype=torch.float64)
    up = torch.linspace(y0, y1, 201, dtype=torch.float64)
    values = problem(torch.stack(torch.meshgrid(across, up, indexing="xy"), dim=-1)).numpy()
    spread = values.max() - values.min()
    marks = values.min() + spread * np.linspace(0.02, 1, levels) ** 3
    options = {"colors": "#999999", "linewidths": 0.7, **style}
    ax.contour(across, up, values, levels=marks, **options)
    ax.plot(*problem.minimisers.T.numpy(), "*", color=COLORS["theory"], markersize=9, zorder=3)
    ax.set(xlim=(x0, x1), ylim=(y0, y1))
    ax.grid(False)
    return _finish(ax, "w₁", "w₂")


def _window(window: Any) -> list[list[float]]:
    """Return a window if it is a pair of intervals."""
    rule = "((x0, x1), (y0, y1)) with x0 < x1 and y0 < y1"
    bounds = _checks.intervals("window", window, rule)
    if len(bounds) != 2:
        _checks.fail("window", rule, window)
    return bounds


def plot_path(path: Any, *, ax: Axes | None = None, label: str | None = None, **style: Any) -> Axes:
    """Draw the way from step to step in the plane of two parameters.

    Parameters
    ----------
    path : array_like of shape (steps + 1, 2)
        Points beyond the range of floats are left out.
    ax, label, **style
        As in `plot_curve`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_path([[0.0, 1.0], [0.5, 0.5]]).get_ylabel()
    'w₂'
    """
    points = _values("path", path)
    if points.ndim != 2 or points.shape[1] != 2:
        _checks.fail("path", "of shape (steps + 1, 2)", points.shape)
    points = points[np.isfinite(points).all(axis=1)]
    ax = _axes(ax, figsize=(5.0, 4.2))
    options = {"marker": "o", "markersize": 3, "linewidth": 1.2, **style}
    ax.plot(points[:, 0], points[:, 1], label=label, scalex=False, scaley=False, **options)
    return _finish(ax, "w₁", "w₂", legend=label is not None)


def plot_heatmap(
    values: xr.DataArray,
    *,
    x: str,
    y: str,
    ax: Axes | None = None,
    label: str = "",
    log: str = "",
    **style: Any,
) -> Axes:
    """Draw a labelled table as colours; cells that are not finite stay white.

    Parameters
    ----------
    values : xarray.DataArray with the dimensions `x` and `y`
    x, y : str
        Which dimension runs across and which up.
    ax : matplotlib Axes, optional
    label : str
        What the colour means, written beside the colour bar.
    log : {"", "x", "y", "xy", "c", "xc", "yc", "xyc"}
        Which axes, and the colour, are logarithmic.
    **style
        Passed to `Axes.pcolormesh`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import xarray as xr
    >>> table = xr.DataArray(np.eye(2), {"lr": [0.1, 1.0], "momentum": [0.0, 0.9]})
    >>> plot_heatmap(table, x="lr", y="momentum", log="x").get_xscale()
    'log'
    """
    _checks.one_of("log", log, ("", "x", "y", "xy", "c", "xc", "yc", "xyc"))
    for name, dim in (("x", x), ("y", y)):
        _checks.text(name, dim)
    if set(getattr(values, "dims", ())) != {x, y}:
        _checks.fail(
            "values",
            f"of the dimensions {x!r} and {y!r} only",
            getattr(values, "dims", type(values).__name__),
        )
    table = values.transpose(y, x)
    cells = np.where(np.isfinite(table.values), table.values, np.nan)
    ax = _axes(ax, figsize=(5.6, 4.0))
    options = {"shading": "nearest", "rasterized": True, **style}
    if "c" in log:
        options.setdefault("norm", LogNorm())
    mesh = ax.pcolormesh(table[x], table[y], cells, **options)
    ax.figure.colorbar(mesh, ax=ax, label=label)
    ax.grid(False)
    return _finish(ax, x, y, log.replace("c", ""))


def plot_schedule(
    schedule: Callable[[int], float],
    steps: int,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    **style: Any,
) -> Axes:
    """Draw the learning rate of every step; the schedule itself is not used up.

    Parameters
    ----------
    schedule : callable step → lr
    steps : int, ≥ 1
    ax, label, **style
        As in `plot_curve`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from sgdcourse import schedules
    >>> plot_schedule(schedules.linear(10), 10).get_ylabel()
    'learning rate'
    """
    _checks.function("schedule", schedule, "of the step")
    _checks.integer("steps", steps, low=1)
    values = [schedule(t) for t in range(steps)]
    return plot_curve(
        range(steps), values, ax=ax, label=label, xlabel="step", ylabel="learning rate", **style
    )


def plot_ranges(
    groups: Mapping[str, Any],
    *,
    ax: Axes | None = None,
    xlabel: str = "",
    log: str = "",
    show_all: bool = False,
    **style: Any,
) -> Axes:
    """Draw a row for each group of runs: a dot at the median, a bar between the quartiles.

    Parameters
    ----------
    groups : mapping of name → array_like of shape (runs,)
        Drawn from the top down; names stand at the left, with the number of values that are not
        finite. NaN counts as above all numbers, as the loss of a run that has diverged does.
    ax : matplotlib Axes, optional
    xlabel : str
    log : {"", "x"}
        Whether the axis of the values is logarithmic.
    show_all : bool, default False
        Also draw every run, as a small faint dot.
    **style
        Passed to `Axes.plot` for the dots; `color` colours the bars as well.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no group, or one is empty or not one-dimensional.

    Examples
    --------
    >>> ax = plot_ranges({"GD": [1.0, 2.0, 3.0], "SGD": [2.0, 3.0, 4.0]}, xlabel="loss")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['GD', 'SGD']
    """
    _checks.one_of("log", log, ("", "x"))
    if not isinstance(groups, Mapping) or not groups:
        _checks.fail("groups", "a mapping of names to values, not empty", groups)
    table = {name: _values(f"groups[{name!r}]", values) for name, values in groups.items()}
    ax = _axes(ax, figsize=(5.6, 0.9 + 0.36 * len(table)))
    options = {"marker": "o", "linestyle": "none", "markersize": 7, **style}
    for row, (name, values) in enumerate(table.items()):
        if values.ndim != 1:
            _checks.fail(f"groups[{name!r}]", "one-dimensional", values.shape)
        low, middle, high = _quartiles(values)
        (dot,) = ax.plot(middle, row, zorder=3, **options)
        options["color"] = color = dot.get_color()
        ax.plot([low, high], [row, row], "-", color=color, linewidth=5, alpha=0.35)
        if show_all:
            ax.plot(values, np.full(values.shape, row), ".", color=color, alpha=0.5, markersize=4)
    ax.set_yticks(range(len(table)), [f"{name}{_lost(values)}" for name, values in table.items()])
    ax.set_ylim(len(table) - 0.5, -0.5)
    return _finish(ax, xlabel, "", log)


def plot_roots(
    roots: Any, *, ax: Axes | None = None, label: str | None = None, **style: Any
) -> Axes:
    """Draw complex numbers in the plane, with the unit circle: inside it, errors shrink.

    Parameters
    ----------
    roots : array_like of complex, shape (n,)
    ax, label, **style
        As in `plot_curve`.

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_roots([0.5 + 0.5j, 0.5 - 0.5j]).get_aspect()
    1.0
    """
    points = np.atleast_1d(_values("roots", roots, complex))
    ax = _axes(ax, figsize=(4.0, 4.0))
    if not ax.patches:
        circle = plt.Circle((0, 0), 1, fill=False, color=COLORS["theory"], linewidth=0.8)
        ax.add_patch(circle)
    options = {"marker": "o", "linestyle": "none", **style}
    ax.plot(points.real, points.imag, label=label, **options)
    ax.set_aspect("equal")
    return _finish(ax, "real part", "imaginary part", legend=label is not None)
