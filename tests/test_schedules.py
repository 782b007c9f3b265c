"""Schedules against torch.optim.lr_scheduler, step by step."""

import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler as tls

from sgdcourse import schedules

STEPS = 200


def optimizer(lr=0.3):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def rates(opt, scheduler, steps=STEPS):
    """The learning rate PyTorch uses at each of the first `steps` updates."""
    seen = [opt.param_groups[0]["lr"]]
    for _ in range(steps - 1):
        opt.step()
        scheduler.step()
        seen.append(opt.param_groups[0]["lr"])
    return seen


TWINS = {
    "constant": (schedules.constant(lr=0.3), lambda o: tls.ConstantLR(o, factor=1.0)),
    "step": (schedules.step(30, gamma=0.5, lr=0.3), lambda o: tls.StepLR(o, 30, gamma=0.5)),
    "multi_step": (
        schedules.multi_step([40, 41, 150], gamma=0.2, lr=0.3),
        lambda o: tls.MultiStepLR(o, [40, 41, 150], gamma=0.2),
    ),
    "exponential": (schedules.exponential(0.97, lr=0.3), lambda o: tls.ExponentialLR(o, 0.97)),
    "polynomial": (
        schedules.polynomial(120, power=2.0, lr=0.3),
        lambda o: tls.PolynomialLR(o, total_iters=120, power=2.0),
    ),
    "linear": (
        schedules.linear(120, end=0.1, lr=0.3),
        lambda o: tls.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=120),
    ),
    "cosine": (
        schedules.cosine(200, end=0.1, lr=0.3),
        lambda o: tls.CosineAnnealingLR(o, T_max=200, eta_min=0.03),
    ),
    "warm_restarts": (
        schedules.warm_restarts(20, growth=2, end=0.1, lr=0.3),
        lambda o: tls.CosineAnnealingWarmRestarts(o, T_0=20, T_mult=2, eta_min=0.03),
    ),
    "one_cycle": (
        schedules.one_cycle(200, lr=0.3),
        lambda o: tls.OneCycleLR(o, max_lr=0.3, total_steps=200, cycle_momentum=False),
    ),
    "warmup": (
        schedules.warmup(10, schedules.exponential(0.9, lr=0.3)),
        lambda o: tls.SequentialLR(
            o,
            [tls.LambdaLR(o, lambda t: (t + 1) / 10), tls.ExponentialLR(o, 0.9)],
            milestones=[10],
        ),
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_equals_pytorch_at_every_step(name):
    ours, make = TWINS[name]
    opt = optimizer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR steps its schedulers in __init__
        theirs = rates(opt, make(opt))
    assert [ours(t) for t in range(STEPS)] == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_every_torch_twin_that_exists_is_compared():
    without = {"inverse_time", "inverse_sqrt", "wsd", "as_torch", "Schedule", "reduce_on_plateau"}
    assert set(schedules.__all__) - without == set(TWINS)


@given(
    st.lists(st.floats(0.1, 2.0), max_size=60),
    st.integers(0, 5),
    st.floats(0.0, 0.2),
)
def test_reduce_on_plateau_equals_pytorch(losses, patience, threshold):
    opt = optimizer(lr=0.3)
    scheduler = tls.ReduceLROnPlateau(opt, factor=0.5, patience=patience, threshold=threshold)
    for loss in losses:
        scheduler.step(loss)
    ours = schedules.reduce_on_plateau(
        losses, gamma=0.5, patience=patience, threshold=threshold, lr=0.3
    )
    assert ours == opt.param_groups[0]["lr"]


def test_reduce_on_plateau_stops_where_pytorch_does_and_reads_any_history():
    opt, losses = optimizer(lr=1.0), torch.ones(100)
    scheduler = tls.ReduceLROnPlateau(opt, patience=1)
    for loss in losses:
        scheduler.step(loss)
    ours = [schedules.reduce_on_plateau(h, patience=1) for h in (losses, losses.numpy(), [1] * 100)]
    assert ours == [opt.param_groups[0]["lr"]] * 3
    assert ours[0] > 1e-9
    assert schedules.reduce_on_plateau([1.0, math.nan, math.inf], patience=1) == 0.1


@pytest.mark.parametrize("name", TWINS)
def test_as_torch_drives_an_optimizer(name):
    ours, _ = TWINS[name]
    opt = optimizer(lr=0.5)
    assert rates(opt, schedules.as_torch(opt, ours), 50) == [0.5 * ours(t) for t in range(50)]


def test_as_torch_resumes_from_its_state():
    first, second = optimizer(), optimizer()
    schedule = schedules.cosine(40)
    whole = rates(first, schedules.as_torch(first, schedule), 30)
    half = optimizer()
    begun = schedules.as_torch(half, schedule)
    rates(half, begun, 13)  # twelve steps of the scheduler
    resumed = schedules.as_torch(second, schedule)
    resumed.load_state_dict(begun.state_dict())
    second.load_state_dict(half.state_dict())
    assert rates(second, resumed, 18) == whole[12:]


def test_plotting_a_schedule_does_not_use_it_up():
    schedule = schedules.warmup(5, schedules.cosine(20))
    assert [schedule(t) for t in range(30)] == [schedule(t) for t in range(30)]


def test_inverse_time_and_inverse_sqrt_meet_robbins_and_monro_where_they_should():
    t = range(1_000_000)
    time, root = schedules.inverse_time(1.0), schedules.inverse_sqrt(1.0)
    assert sum(time.factor(i) ** 2 for i in t) == pytest.approx(math.pi**2 / 6, abs=1e-5)
    harmonic = sum(root.factor(i) ** 2 for i in t)
    assert harmonic == pytest.approx(math.log(1e6) + 0.5772156649, abs=1e-5)


def test_wsd_has_a_rise_a_plateau_and_a_fall():
    schedule = schedules.wsd(100, warmup=10, decay=40, end=0.1, shape="sqrt", lr=2.0)
    assert schedule(0) == pytest.approx(0.2)
    assert [schedule(t) for t in (10, 35, 60)] == [2.0, 2.0, 2.0]
    assert schedule(70) == pytest.approx(2.0 * (0.1 + 0.9 * 0.5))
    assert schedule(100) == schedule(1000) == pytest.approx(0.2)


def test_schedules_show_how_they_were_made():
    text = repr(schedules.warmup(5, schedules.step(3, gamma=0.5)))
    assert text == "warmup(5, step(step_size=3, gamma=0.5, lr=1.0))"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: schedules.step(0), ValueError, "step_size must be a whole number ≥ 1, got 0"),
        (lambda: schedules.step(2.0), TypeError, "step_size must be a whole number, got 2.0"),
        (lambda: schedules.step(2, gamma=0), ValueError, "gamma"),
        (lambda: schedules.step(2, lr=-1.0), ValueError, "lr must be .*> 0, got -1.0"),
        (lambda: schedules.step(2, lr="1"), TypeError, "lr must be a number, got '1'"),
        (lambda: schedules.exponential(float("nan")), ValueError, "gamma.*nan"),
        (lambda: schedules.multi_step([3, 2]), ValueError, "milestones.*increasing"),
        (lambda: schedules.multi_step([]), ValueError, "milestones"),
        (lambda: schedules.multi_step(30), TypeError, "milestones must be a list, got 30"),
        (lambda: schedules.multi_step([0, 2]), ValueError, "milestones"),
        (lambda: schedules.polynomial(10, power=-1), ValueError, "power"),
        (lambda: schedules.linear(10, end=2), ValueError, "end"),
        (lambda: schedules.cosine(-5), ValueError, "steps must be .* got -5"),
        (lambda: schedules.inverse_time(0), ValueError, "decay"),
        (lambda: schedules.inverse_sqrt(-1), ValueError, "scale"),
        (lambda: schedules.warm_restarts(0), ValueError, "period"),
        (lambda: schedules.warm_restarts(5, growth=0), ValueError, "growth"),
        (lambda: schedules.warmup(0, schedules.constant()), ValueError, "steps"),
        (lambda: schedules.warmup(5, 0.1), TypeError, "then must be a schedule"),
        (lambda: schedules.one_cycle(1), ValueError, "steps"),
        (lambda: schedules.one_cycle(100, warm=0.005), ValueError, "warm"),
        (lambda: schedules.one_cycle(100, start=2), ValueError, "start"),
        (lambda: schedules.wsd(10, warmup=8, decay=5), ValueError, "decay"),
        (lambda: schedules.wsd(10, warmup=2, decay=5, shape="cubic"), ValueError, "shape"),
        (lambda: schedules.reduce_on_plateau([1.0], gamma=1.0), ValueError, "gamma"),
        (lambda: schedules.reduce_on_plateau([1.0], patience=-1), ValueError, "patience"),
        (lambda: schedules.reduce_on_plateau([1.0], threshold=1), ValueError, "threshold"),
        (lambda: schedules.reduce_on_plateau(1.0), TypeError, "losses must be a list, got 1.0"),
        (lambda: schedules.reduce_on_plateau(["a"]), TypeError, "losses must be numbers, got 'a'"),
        (lambda: schedules.step(3, gamma=10**400), ValueError, "gamma must be a finite number"),
        (lambda: schedules.constant()(-1), ValueError, "step must be a whole number ≥ 0"),
        (lambda: schedules.constant()(0.5), TypeError, "step"),
        (lambda: schedules.as_torch(None, schedules.constant()), TypeError, "optimizer"),
        (lambda: schedules.as_torch(optimizer(), 0.1), TypeError, "schedule"),
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
