"""Analytic problems: derivatives against finite differences, minimisers against Newton."""

from dataclasses import replace

import pytest
import torch

from sgdcourse import problems

ALL = {
    "quadratic": problems.quadratic((1.0, 25.0), rotation=0.4),
    "quadratic, 5-D": problems.quadratic((1.0, 2.0, 3.0, 4.0, 50.0)),
    "double well": problems.double_well(),
    "double well, 3-D, tilted": problems.double_well(dim=3, tilt=0.2),
    "saddle": problems.saddle(),
    "rosenbrock": problems.rosenbrock(),
    "beale": problems.beale(),
    "himmelblau": problems.himmelblau(),
}
BEALE = ALL["beale"]
each = pytest.mark.parametrize("problem", ALL.values(), ids=ALL)


def points(problem, n=20):
    low, high = torch.tensor(problem.window, dtype=torch.float64).T
    unit = torch.rand(
        n, problem.dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    return low + (high - low) * unit


@each
def test_gradient_equals_central_differences(problem):
    w, h = points(problem), 1e-6
    steps = h * torch.eye(problem.dim, dtype=torch.float64)
    numeric = torch.stack([(problem(w + s) - problem(w - s)) / (2 * h) for s in steps], dim=-1)
    torch.testing.assert_close(problem.gradient(w), numeric, rtol=1e-6, atol=1e-6)


@each
def test_closed_form_and_autograd_agree(problem):
    w = points(problem)
    by_autograd = replace(problem, derivative=None)
    assert problem.derivative is not None
    torch.testing.assert_close(problem.gradient(w), by_autograd.gradient(w), rtol=1e-12, atol=1e-12)


@each
def test_hessian_equals_differences_of_the_gradient_and_is_symmetric(problem):
    w, h = points(problem), 1e-5
    steps = h * torch.eye(problem.dim, dtype=torch.float64)
    numeric = torch.stack(
        [(problem.gradient(w + s) - problem.gradient(w - s)) / (2 * h) for s in steps], dim=-1
    )
    hessian = problem.hessian(w)
    torch.testing.assert_close(hessian, numeric, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(hessian, hessian.mT)


@each
def test_minimisers_are_stationary_and_nothing_in_the_window_is_lower(problem):
    gradient = problem.gradient(problem.minimisers)
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-12)
    assert problem(points(problem, 20_000)).min() >= problem(problem.minimisers).max() - 1e-12


@each
def test_value_keeps_the_leading_shape_and_the_dtype(problem):
    w = points(problem, 6).reshape(2, 3, problem.dim).float()
    assert problem(w).shape == (2, 3)
    assert problem(w).dtype == problem.gradient(w).dtype == torch.float32
    assert problem.start.shape == (problem.dim,)
    assert len(problem.window) == problem.dim


def test_quadratic_has_the_curvatures_it_was_given():
    bowl = problems.quadratic((1.0, 25.0), rotation=0.7)
    hessian = bowl.hessian(torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(
        torch.linalg.eigvalsh(hessian), torch.tensor([1.0, 25.0], dtype=torch.float64)
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: problems.quadratic(()), ValueError, "curvature"),
        (lambda: problems.quadratic(5), TypeError, "curvature must be a list, got 5"),
        (lambda: problems.quadratic([10**400]), ValueError, "curvature must be a finite number"),
        (lambda: replace(BEALE, window=((1.0, 0.0),)), ValueError, "window must be made of pairs"),
        (lambda: replace(BEALE, dim=0), ValueError, "dim must be a whole number ≥ 1, got 0"),
        (lambda: replace(BEALE, derivative=3), TypeError, "derivative must be a function of a p"),
        (lambda: problems.quadratic((1.0, -2.0)), ValueError, "curvature.*got -2.0"),
        (lambda: problems.quadratic(("1",)), TypeError, "curvature must be a number, got '1'"),
        (lambda: problems.quadratic((1.0,), rotation=0.3), ValueError, "rotation"),
        (lambda: problems.quadratic(rotation=float("nan")), ValueError, "rotation.*nan"),
        (lambda: problems.double_well(dim=0), ValueError, "dim"),
        (lambda: problems.double_well(tilt=0.5), ValueError, "tilt"),
        (lambda: problems.rosenbrock(b=0), ValueError, "b must be"),
        (lambda: problems.rosenbrock(a=True), TypeError, "a must be a number, got True"),
        (lambda: problems.beale()([0.0, 1.0]), TypeError, "w must be a torch.Tensor"),
        (lambda: problems.beale()(torch.zeros(3)), ValueError, r"w must be of shape \(..., 2\)"),
        (lambda: problems.beale()(torch.tensor(1.0)), ValueError, "w must be of shape"),
        (lambda: problems.beale().gradient(torch.zeros(2, dtype=int)), TypeError, "floating"),
        (lambda: problems.beale().hessian(torch.zeros(0, 2)), ValueError, "at least one"),
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
