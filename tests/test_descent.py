"""Trajectories against closed forms and PyTorch's optimizer."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import problems, schedules
from sgdcourse.descent import descend

ROSENBROCK = problems.rosenbrock()


@given(
    lr=st.floats(0.01, 0.19),
    curvature=st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)),
    steps=st.integers(1, 30),
)
def test_a_bowl_has_a_closed_form(lr, curvature, steps):
    """Each coordinate shrinks by the factor 1 − lr · λ a step."""
    start = torch.tensor([2.0, -1.0], dtype=torch.float64)
    walk = descend(problems.quadratic(curvature), start, steps=steps, lr=lr)
    powers = np.arange(steps + 1)[:, None]
    expected = (1 - lr * np.array(curvature)) ** powers * start.numpy()
    np.testing.assert_allclose(walk.w.isel(start=0), expected, rtol=1e-10, atol=1e-12)
    value = 0.5 * (np.array(curvature) * expected**2).sum(1)
    np.testing.assert_allclose(walk.value.isel(start=0), value, rtol=1e-10, atol=1e-20)


@given(
    lr=st.floats(1e-5, 1e-3),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    nesterov=st.booleans(),
    schedule=st.sampled_from([None, schedules.cosine(20)]),
)
def test_every_path_equals_torch(lr, momentum, nesterov, schedule):
    starts = torch.tensor([[-1.2, 1.0], [0.0, 0.5]], dtype=torch.float64)
    walk = descend(
        ROSENBROCK, starts, steps=20, lr=lr, momentum=momentum, nesterov=nesterov,
        schedule=schedule,
    )  # fmt: skip
    for start, path in zip(starts, walk.w.values, strict=True):
        w = start.clone().requires_grad_()
        sgd = torch.optim.SGD([w], lr, momentum, nesterov=nesterov and momentum > 0)
        for step in range(20):
            sgd.param_groups[0]["lr"] = lr * (1.0 if schedule is None else schedule(step))
            sgd.zero_grad()
            ROSENBROCK(w).backward()
            sgd.step()
            np.testing.assert_allclose(path[step + 1], w.detach(), rtol=1e-12, atol=1e-14)


def test_lists_become_dimensions_and_equal_single_calls():
    start = ROSENBROCK.start
    many = descend(ROSENBROCK, start, steps=9, lr=[1e-4, 1e-3], momentum=[0.0, 0.9], noise=0.1,
                   seeds=[3, 5])  # fmt: skip
    assert many.w.dims == ("lr", "momentum", "seed", "start", "step", "coordinate")
    assert many.value.dims == many.w.dims[:-1]
    for lr in (1e-4, 1e-3):
        for seed in (3, 5):
            one = descend(ROSENBROCK, start, steps=9, lr=lr, momentum=0.9, noise=0.1, seeds=seed)
            found = many.w.sel(lr=lr, momentum=0.9, seed=seed)
            np.testing.assert_allclose(found, one.w, rtol=1e-12)


def test_settings_share_the_noise_and_seeds_do_not():
    flat = problems.quadratic((1e-12, 1e-12))
    walk = descend(flat, torch.zeros(2).double(), steps=50, lr=[1.0, 2.0], noise=1.0,
                   seeds=range(40))  # fmt: skip
    step = walk.w.diff("step")
    np.testing.assert_allclose(2 * step.sel(lr=1.0), step.sel(lr=2.0), atol=1e-9)
    assert float(step.sel(lr=1.0).std()) == pytest.approx(1.0, abs=0.05)
    assert not np.allclose(step.sel(seed=0), step.sel(seed=1))


def test_a_diverged_path_is_marked_and_disturbs_nobody():
    starts = torch.tensor([[0.1, 0.1], [9.0, 9.0]], dtype=torch.float64)
    walk = descend(ROSENBROCK, starts, steps=60, lr=2e-3)
    assert walk.diverged.values.tolist() == [False, True]
    alone = descend(ROSENBROCK, starts[:1], steps=60, lr=2e-3)
    np.testing.assert_array_equal(walk.w.isel(start=0), alone.w.isel(start=0))


def test_a_start_may_require_a_gradient_and_a_flag_be_numpys():
    start = ROSENBROCK.start.clone().requires_grad_()
    walk = descend(ROSENBROCK, start, steps=3, lr=np.array(1e-3), nesterov=np.False_)
    assert walk.w.dims == ("start", "step", "coordinate")
    assert walk.equals(descend(ROSENBROCK, ROSENBROCK.start, steps=3, lr=1e-3))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"lr": 0.0}, ValueError, "lr must be a finite number > 0"),
        ({"lr": []}, ValueError, "lr must be one value or more"),
        ({"lr": [0.1, 0.1]}, ValueError, "lr must be a list of different values"),
        ({"lr": np.ones((2, 2))}, TypeError, "lr must be a number"),
        ({"lr": (lr for lr in [0.1])}, TypeError, "lr must be a number"),
        ({"momentum": [0, 0.0]}, ValueError, "momentum must be a list of different values"),
        ({"seeds": [1, 1]}, ValueError, "seeds must be a list of different values"),
        ({"schedule": lambda t: None}, TypeError, r"schedule\(0\) must be a number, got None"),
        ({"schedule": [1.0, 0.5].__getitem__}, ValueError, r"schedule\(2\).*IndexError.*3 steps"),
        ({"schedule": lambda t: 1 - t}, ValueError, r"schedule\(2\) must be .*≥ 0, got -1"),
        ({"schedule": lambda t: np.nan}, ValueError, r"schedule\(0\) must be .* got nan"),
        ({"starts": torch.ones(2) * 1j}, TypeError, "starts must be real numbers"),
        ({"lr": [0.1, float("nan")]}, ValueError, "lr must be a finite number"),
        ({"momentum": 1.0}, ValueError, "momentum must be .* < 1"),
        ({"steps": 0}, ValueError, "steps must be a whole number ≥ 1"),
        ({"noise": -1}, ValueError, "noise must be a finite number ≥ 0"),
        ({"nesterov": 1}, TypeError, "nesterov must be True or False"),
        ({"schedule": 0.1}, TypeError, "schedule must be a function"),
        ({"seeds": -1}, ValueError, "seeds must be a whole number ≥ 0"),
        ({"starts": torch.zeros(3)}, ValueError, r"starts must be of shape \(2,\) or \(p, 2\)"),
        ({"starts": [0.0, 0.0]}, TypeError, "starts must be a torch.Tensor"),
        ({"problem": torch.square}, TypeError, "problem must be a Problem"),
    ],
)
def test_bad_arguments(changes, error, words):
    arguments = {"problem": ROSENBROCK, "starts": ROSENBROCK.start, "steps": 3, "lr": 0.1}
    with pytest.raises(error, match=words):
        descend(**{**arguments, **changes})
