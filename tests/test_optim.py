"""optim.SGD against torch.optim.SGD, bit for bit in float64."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcourse.optim import SGD

SETTINGS = st.fixed_dictionaries(
    {
        "lr": st.floats(0.0, 0.3),
        "momentum": st.sampled_from([0.0, 0.5, 0.9, 0.99]),
        "dampening": st.sampled_from([0.0, 0.0, 0.3, 1.0]),
        "weight_decay": st.sampled_from([0.0, 1e-4, 0.1]),
        "nesterov": st.booleans(),
        "maximize": st.booleans(),
    }
).map(lambda s: s if s["momentum"] and not s["dampening"] else {**s, "nesterov": False})


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(3, 2), (4,), ()]
    draw = [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]
    return [torch.nn.Parameter(t) for t in draw]


def objective(params, step):
    """A loss that changes from step to step, and leaves out one parameter now and then."""
    used = params if step % 3 else params[:-1]
    return sum(((p - 0.1 * step).sin() * p).sum() for p in used)


def train(params, optimizer, steps, start=0, keep_grad=4):
    for step in range(start, start + steps):
        if step % keep_grad != keep_grad - 1:  # now and then gradients pile up
            optimizer.zero_grad(set_to_none=step % 2 == 0)
        objective(params, step).backward()
        optimizer.step()


def assert_same(ours, theirs):
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


@settings(max_examples=250, deadline=None)
@given(SETTINGS, st.integers(0, 10_000), st.integers(1, 8))
def test_equals_torch_bit_for_bit(options, seed, half):
    ours, theirs = parameters(seed), parameters(seed)
    mine, torchs = SGD(ours, **options), torch.optim.SGD(theirs, foreach=False, **options)
    train(ours, mine, half)
    train(theirs, torchs, half)
    assert_same(ours, theirs)

    resumed = SGD(ours, lr=0.123)  # a new optimizer takes up the saved state, mid-way
    resumed.load_state_dict(copy.deepcopy(mine.state_dict()))
    train(ours, resumed, half, start=half)
    train(theirs, torchs, half, start=half)
    assert_same(ours, theirs)


def test_takes_up_the_state_of_torchs_optimizer():
    ours, theirs = parameters(), parameters()
    torchs = torch.optim.SGD(theirs, lr=0.1, momentum=0.9, foreach=False)
    train(theirs, torchs, 5)
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            a.copy_(b)
    mine = SGD(ours, lr=0.1, momentum=0.9)
    state = copy.deepcopy(torchs.state_dict())
    mine.load_state_dict(state)
    train(ours, mine, 5, start=5)
    train(theirs, torchs, 5, start=5)
    assert_same(ours, theirs)


@pytest.mark.parametrize("nesterov", [0, 1, None, np.False_, np.True_, 2.5])
def test_a_flag_is_what_torch_takes_it_for(nesterov):
    ours, theirs = parameters(), parameters()
    options = {"lr": 0.1, "momentum": 0.9, "nesterov": nesterov}
    train(ours, SGD(ours, **options), 5)
    train(theirs, torch.optim.SGD(theirs, foreach=False, **options), 5)
    assert_same(ours, theirs)


def test_a_buffer_may_be_none_in_a_loaded_state():
    """As older versions of PyTorch stored it."""
    runs = []
    for kind in (SGD, torch.optim.SGD):
        params = parameters()
        optimizer = kind(params, lr=0.1, momentum=0.9)
        groups = optimizer.state_dict()["param_groups"]
        empty = {i: {"momentum_buffer": None} for i in range(len(params))}
        optimizer.load_state_dict({"state": empty, "param_groups": groups})
        train(params, optimizer, 4)
        runs.append(params)
    assert_same(*runs)


def test_parameter_groups_keep_their_own_options():
    def make(kind):
        params = parameters(1)
        groups = [{"params": params[:1], "lr": 0.2, "weight_decay": 0.1}, {"params": params[1:]}]
        extra = {"foreach": False} if kind is torch.optim.SGD else {}
        return params, kind(groups, lr=0.05, momentum=0.9, **extra)

    (ours, mine), (theirs, torchs) = make(SGD), make(torch.optim.SGD)
    train(ours, mine, 7)
    train(theirs, torchs, 7)
    assert_same(ours, theirs)
    late = torch.nn.Parameter(torch.ones(2, dtype=torch.float64))
    mine.add_param_group({"params": [late]})
    late.grad = torch.ones_like(late)
    mine.step()
    assert late.tolist() == [0.95, 0.95]


def test_closure_is_evaluated_with_gradients_and_its_loss_returned():
    w = torch.nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
    optimizer = SGD([w], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = w**2 / 2
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0
    assert w.item() == 1.0
    assert optimizer.step() is None


def test_tensor_lr_and_schedulers_are_obeyed():
    w = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = SGD([w], lr=torch.tensor(0.5))
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    for _ in range(3):
        w.grad = torch.ones_like(w)
        optimizer.step()
        scheduler.step()
    assert w.item() == pytest.approx(-(0.5 + 0.25 + 0.125))


BAD = [
    {"lr": -0.1},
    {"lr": torch.tensor([0.1, 0.2])},
    {"momentum": -1.0},
    {"weight_decay": -0.5},
    {"nesterov": True},
    {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
    {"lr": "0.1"},
    {"momentum": None},
]


@pytest.mark.parametrize("options", BAD, ids=str)
def test_bad_arguments_give_torchs_errors(options):
    with pytest.raises((ValueError, TypeError)) as theirs:
        torch.optim.SGD(parameters(), **options)
    with pytest.raises(theirs.type) as ours:
        SGD(parameters(), **options)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("params", [[], torch.ones(2), [1.0]], ids=str)
def test_bad_parameters_give_torchs_errors(params):
    with pytest.raises((ValueError, TypeError)) as theirs:
        torch.optim.SGD(params)
    with pytest.raises(theirs.type) as ours:
        SGD(params)
    assert str(ours.value) == str(theirs.value)
