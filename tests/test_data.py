"""Data sets: shapes, reproducibility and the formulas they claim."""

import numpy as np
import pytest
import torch

from sgdcourse import data


def test_noisy_parabola_is_the_parabola_plus_bounded_noise():
    x, y = data.noisy_parabola(1000, noise=0.2, seed=3, dtype=torch.float64)
    lift = (y - x**2) / 0.2
    assert lift.min() >= 0 and lift.max() < 1
    assert lift.mean() == pytest.approx(0.5, abs=0.03)
    torch.testing.assert_close(x.diff(dim=0), torch.full((999, 1), 2 / 999, dtype=torch.float64))


def test_linear_regression_is_solved_by_the_weights_it_was_made_from():
    x, y = data.linear_regression(50, weights=(1.0, -2.0), bias=3.0, noise=0.0, dtype=torch.float64)
    ones = torch.ones(50, 1, dtype=torch.float64)
    solution = torch.linalg.lstsq(torch.cat([x, ones], 1), y).solution
    torch.testing.assert_close(solution, torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64))


def test_spirals_wind_as_far_as_they_say():
    x, y = data.spirals(300, classes=3, turns=0.75, noise=0.0, dtype=torch.float64)
    assert torch.bincount(y).tolist() == [100, 100, 100]
    torch.testing.assert_close(x.norm(dim=1)[99], torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(x[99], torch.tensor([0.0, -1.0], dtype=torch.float64))


def test_digits_equal_the_copy_in_scikit_learn():
    sklearn = pytest.importorskip("sklearn.datasets")
    x, y = data.digits(dtype=torch.float64)
    theirs = sklearn.load_digits()
    np.testing.assert_array_equal(x * 16, theirs.data)
    np.testing.assert_array_equal(y, theirs.target)


def test_digits_are_not_shared_between_callers():
    x, _ = data.digits()
    x.zero_()
    assert data.digits()[0].sum() > 0


@pytest.mark.parametrize(
    "make", [data.noisy_parabola, data.linear_regression, data.spirals], ids=lambda f: f.__name__
)
def test_seed_decides_and_the_global_generator_is_left_alone(make):
    before = torch.get_rng_state()
    first, again, other = make(seed=1), make(seed=1), make(seed=2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0]) or not torch.equal(first[1], other[1])
    assert torch.equal(before, torch.get_rng_state())
    assert make(dtype=torch.float64)[0].dtype == torch.float64


def test_split_deals_every_example_once():
    x = torch.arange(103.0).unsqueeze(1)
    parts = data.split(x, x[:, 0].long(), fractions=(0.5, 0.3, 0.2), seed=4)
    assert [len(p[0]) for p in parts] == [52, 31, 20]
    assert sorted(torch.cat([p[1] for p in parts]).tolist()) == list(range(103))
    assert all(torch.equal(p[0][:, 0].long(), p[1]) for p in parts)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: data.noisy_parabola(1), ValueError, "n must be"),
        (lambda: data.noisy_parabola(noise=-0.1), ValueError, "noise must be .* got -0.1"),
        (lambda: data.noisy_parabola(seed=-1), ValueError, "seed must be .* got -1"),
        (lambda: data.noisy_parabola(seed=2**31), ValueError, "seed"),
        (lambda: data.noisy_parabola(seed=0.5), TypeError, "seed"),
        (lambda: data.linear_regression(weights=()), ValueError, "weights"),
        (lambda: data.linear_regression(weights=("a",)), TypeError, "weights"),
        (lambda: data.linear_regression(weights=3), TypeError, "weights must be a list, got 3"),
        (lambda: data.linear_regression(bias=float("inf")), ValueError, "bias.*inf"),
        (lambda: data.spirals(2), ValueError, "n must be"),
        (lambda: data.spirals(classes=1), ValueError, "classes"),
        (lambda: data.spirals(turns=0), ValueError, "turns"),
        (lambda: data.split([1], torch.ones(1)), TypeError, "x must be a torch.Tensor"),
        (lambda: data.split(torch.ones(3), torch.ones(2)), ValueError, "y must be as long as x"),
        (lambda: data.split(torch.ones(9), torch.ones(9), fractions=(0.5, 0.6)), ValueError, "1"),
        (lambda: data.split(torch.ones(2), torch.ones(2)), ValueError, "large enough"),
        (lambda: data.split(torch.ones(0), torch.ones(0)), ValueError, "at least one"),
        (lambda: data.split(torch.tensor(1.0), torch.ones(1)), ValueError, "x must be .* row"),
        (lambda: data.split(torch.ones(3), torch.ones(3), fractions=1.0), TypeError, "fractions"),
        (lambda: data.split(torch.ones(3) * 1j * np.nan, torch.ones(3)), ValueError, "x .*NaN"),
        *[
            (lambda make=make, dtype=dtype: make(dtype=dtype), TypeError, "dtype must be a float")
            for make in (data.noisy_parabola, data.linear_regression, data.spirals, data.digits)
            for dtype in ("float64", torch.int64, torch.complex64)
        ],
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
