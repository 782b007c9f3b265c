"""Plots: their pictures, their labels, and what they refuse."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.colors import to_rgb

from sgdcourse import descend, plotting, problems, schedules, theory

STYLE = Path(plotting.__file__).with_name("sgdcourse.mplstyle")
picture = pytest.mark.mpl_image_compare(style=["default", str(STYLE)], tolerance=6)


@pytest.fixture(autouse=True)
def _scale():
    """The style's logarithmic scale, which no style file can hold; it stays for good."""
    with plt.style.context("default"):
        plotting.use_style()


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def runs():
    """Eleven seeds of a noisy decay over forty steps."""
    generator = np.random.default_rng(0)
    decay = np.exp(-0.1 * np.arange(40)) * np.exp(0.3 * generator.standard_normal((11, 40)))
    return xr.DataArray(decay, {"seed": range(11), "step": range(40)})


@picture
def test_curve_and_loss():
    fig, axes = plt.subplots(1, 2)
    plotting.plot_curve([1, 2, 4], [1, 4, 16], ax=axes[0], log="xy", xlabel="x", ylabel="y")
    plotting.plot_loss(torch.tensor([1.0, 0.1, 0.01, float("inf")]), ax=axes[1], label="run")
    return fig


@picture
def test_band():
    ax = plotting.plot_band(runs(), label="SGD", color=plotting.COLORS["sgd"])
    return plotting.plot_band(runs() / 5, ax=ax, label="mini-batch", scale=2.0).figure


@picture
def test_ranges():
    groups = {"first": runs()[:, 0], "last": runs()[:, -1], "tensor": torch.tensor([0.1, 0.4])}
    return plotting.plot_ranges(groups, xlabel="loss", log="x", show_all=True).figure


def test_ranges_are_median_and_quartiles_from_the_top_down():
    groups = {"a": [1.0, 2.0, 3.0, 4.0, 9.0], "b": [5.0, 7.0, 6.0]}
    ax = plotting.plot_ranges(groups, color="k")
    dots, bars = ax.get_lines()[::2], ax.get_lines()[1::2]
    assert [line.get_xdata()[0] for line in dots] == [3.0, 6.0]
    assert [line.get_xdata().tolist() for line in bars] == [[2.0, 4.0], [5.5, 6.5]]
    assert ax.yaxis_inverted()


@picture
def test_contour_and_path():
    ax = plotting.plot_contour(problems.himmelblau())
    walk = descend(problems.himmelblau(), torch.zeros(1, 2).double(), steps=30, lr=0.01)
    return plotting.plot_path(walk.w.squeeze(), ax=ax, label="lr = 0.01").figure


@picture
def test_heatmap():
    rates, momenta = np.geomspace(0.01, 4, 24), np.linspace(0, 0.98, 24)
    table = [[theory.momentum_rate(lr, m, 1.0) for lr in rates] for m in momenta]
    grid = xr.DataArray(table, {"momentum": momenta, "lr": rates})
    return plotting.plot_heatmap(
        grid.where(grid < 1), x="lr", y="momentum", log="x", label="rate"
    ).figure


@picture
def test_schedule_and_roots():
    fig, axes = plt.subplots(1, 2)
    plotting.plot_schedule(schedules.warmup(5, schedules.cosine(45)), 50, ax=axes[0])
    plotting.plot_roots([0.6 + 0.5j, 0.6 - 0.5j], ax=axes[1])
    plotting.plot_roots([0.9, 0.2], ax=axes[1], marker="s")
    return fig


def test_axes_in_axes_out_and_a_new_figure_otherwise():
    _, ax = plt.subplots()
    assert plotting.plot_curve([1], [1], ax=ax) is ax
    assert plotting.plot_curve([1], [1]) is not ax


def test_band_is_median_and_quartiles():
    data = runs()
    ax = plotting.plot_band(data)
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), data.median("seed"))
    edge = ax.collections[0].get_paths()[0].vertices[:, 1]
    low, high = data.quantile([0.25, 0.75], "seed").values
    assert set(np.round(low, 12)) | set(np.round(high, 12)) <= set(np.round(edge, 12))


def test_runs_that_diverged_count_as_worst_and_are_told():
    """Of eleven seeds two diverge at step 10, four more at step 20: the median with them."""
    data = runs()
    data[:2, 10:], data[2:6, 20:] = np.nan, np.inf
    ax = plotting.plot_band(data, label="SGD")
    middle = ax.get_lines()[0].get_ydata()
    np.testing.assert_allclose(middle[:20], data.fillna(np.inf)[:, :20].median("seed"))
    assert not np.isfinite(middle[20:]).any()
    assert ax.get_legend_handles_labels()[1] == ["SGD (11 seeds, 6 diverged)"]
    rows = plotting.plot_ranges({"a": [1.0, 2.0, np.nan], "b": [1.0]})
    assert [tick.get_text() for tick in rows.get_yticklabels()] == ["a, 1 diverged", "b"]
    assert rows.get_lines()[0].get_xdata() == [2.0]


def test_a_shorter_run_ends_where_all_its_seeds_end():
    data = runs()
    data[:, 30:] = np.nan
    ax = plotting.plot_band(data, label="SGD")
    assert len(ax.get_lines()[0].get_ydata()) == 30
    assert ax.get_legend_handles_labels()[1] == ["SGD (11 seeds)"]


def test_nothing_has_a_title_and_every_axis_a_label():
    axes = [
        plotting.plot_band(runs()),
        plotting.plot_loss([1.0, 0.5]),
        plotting.plot_schedule(schedules.linear(5), 5),
        plotting.plot_contour(problems.saddle()),
        plotting.plot_roots([0.5]),
    ]
    for ax in axes:
        assert ax.get_title() == ""
        assert ax.get_xlabel() and ax.get_ylabel()


@pytest.mark.parametrize(("high", "between"), [(100, True), (1000, False)])
def test_only_short_logarithmic_axes_have_ticks_between_powers_of_ten(high, between):
    ax = plotting.plot_curve([1, 2], [1, 2], log="y")
    ax.set_ylim(1, high)
    assert len(ax.yaxis.get_majorticklocs()) >= 3
    assert (len(ax.yaxis.get_minorticklocs()) > 0) == between


def test_style_cycle_begins_with_the_named_colours():
    with plt.style.context("default"):
        plotting.use_style()
        cycle = plt.rcParams["axes.prop_cycle"].by_key()
    assert [c.lower().lstrip("#") for c in cycle["color"]] == [
        c.lower().lstrip("#") for c in plotting.COLORS.values()
    ]
    assert len(set(map(str, cycle["linestyle"]))) == len(cycle["linestyle"])


# Machado, Oliveira and Fernandes (2009), severity 1, applied to linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip


def lab(rgb):
    """CIELAB coordinates of linear RGB (D65)."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = np.clip(xyz @ rgb, 0, None) / [0.95047, 1.0, 1.08883]
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("kind", [None, *DEFICIENCIES])
def test_the_methods_compared_most_stay_apart_for_colour_blind_readers(kind):
    matrix = np.eye(3) if kind is None else np.array(DEFICIENCIES[kind])
    together = ["gd", "sgd", "mini-batch", "theory"]  # drawn in one figure in chapter 3
    places = [lab(np.clip(matrix @ linear(plotting.COLORS[m]), 0, 1)) for m in together]
    gaps = [np.linalg.norm(a - b) for i, a in enumerate(places) for b in places[:i]]
    assert min(gaps) > 12


GRID = xr.DataArray(np.ones((2, 2)), {"lr": [1, 2], "momentum": [0, 1]})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: plotting.plot_curve([], []), ValueError, "x must be not empty"),
        (lambda: plotting.plot_curve([1, 2], [1]), ValueError, "y must be of the shape of x"),
        (lambda: plotting.plot_curve([1], [1], log="z"), ValueError, "log"),
        (lambda: plotting.plot_loss(np.ones((2, 2))), ValueError, "plot_band"),
        (lambda: plotting.plot_loss([float("nan")]), ValueError, "finite at the first step"),
        (lambda: plotting.plot_band(runs(), x="epoch"), ValueError, "'epoch' and 'seed' only"),
        (lambda: plotting.plot_band(runs(), scale=0), ValueError, "scale"),
        (lambda: plotting.plot_band([1, 2]), ValueError, "runs must be a DataArray .* got 'list'"),
        (lambda: plotting.plot_band(runs() * np.nan), ValueError, "runs must be not NaN"),
        (lambda: plotting.plot_contour(problems.saddle(), window=3), ValueError, "window"),
        (
            lambda: plotting.plot_contour(problems.saddle(), window=((1, 0), (0, 1))),
            ValueError,
            "window must be .* x0 < x1",
        ),
        (lambda: plotting.plot_ranges({}), ValueError, "groups must be a mapping"),
        (lambda: plotting.plot_ranges({"a": []}), ValueError, "groups.'a'. must be not empty"),
        (lambda: plotting.plot_ranges({"a": np.ones((2, 2))}), ValueError, "one-dimensional"),
        (lambda: plotting.plot_ranges({"a": [1]}, log="y"), ValueError, "log"),
        (lambda: plotting.plot_contour(problems.double_well()), ValueError, "dimension 2, got 1"),
        (lambda: plotting.plot_contour("bowl"), ValueError, "problem"),
        (lambda: plotting.plot_contour(problems.saddle(), levels=1), ValueError, "levels"),
        (lambda: plotting.plot_path([1.0, 2.0]), ValueError, "path must be of shape"),
        (lambda: plotting.plot_heatmap(GRID, x="lr", y="seed"), ValueError, "'lr' and 'seed'"),
        (lambda: plotting.plot_heatmap(np.ones(2), x="a", y="b"), ValueError, "ndarray"),
        (lambda: plotting.plot_heatmap(GRID, x="lr", y="momentum", log="q"), ValueError, "log"),
        (lambda: plotting.plot_schedule(0.1, 5), TypeError, "schedule"),
        (lambda: plotting.plot_schedule(schedules.constant(), 0), ValueError, "steps"),
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
