"""Gradients by hand against autograd on the same stacked weights."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import layers, models
from sgdcourse.engine import Stacked, network
from sgdcourse.jobs import Job

ONE_HIDDEN = [[1, 7, 1], [2, 5, 1]]
THIN = [*ONE_HIDDEN, [2, 5, 2], [1, 1], [6, 1], [2, 9], [1, 4, 2, 3, 1]]
WIDE = [[3, 5, 4], [7, 3], [1, 4, 4, 1], [4, 3, 3, 5]]


def make_job(sizes, activation, loss, runs, seeds, n=9):
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(n, sizes[0], generator=generator, dtype=torch.float64)
    y = torch.randn(n, sizes[-1], generator=generator, dtype=torch.float64)
    if loss == "cross_entropy":
        y = torch.randint(sizes[-1], (n,), generator=generator)
    model = models.mlp(sizes, activation=activation, dtype=torch.float64)
    return Job(
        model=model, weights=models.start_weights(model, range(runs)).double(), x=x, y=y,
        loss=loss, rule="sgd", hyper={}, lr=0.1, seeds=seeds, samplings=("reshuffle",) * runs,
        steps=3, batch_size=4,
    )  # fmt: skip


def expected_path(sizes, activation):
    if sizes not in THIN:
        return layers.RunsFirst
    short = sizes in ONE_HIDDEN and activation == "relu"
    return layers.OneReLU if short else layers.RunsLast


@given(
    sizes=st.sampled_from(THIN + WIDE),
    activation=st.sampled_from(["relu", "tanh"]),
    loss=st.sampled_from(["mse", "cross_entropy"]),
    seeds=st.sampled_from([(0,), (5, 5), (3, 4, 3, 4), (0, 1, 2)]),
)
def test_gradients_equal_autograd(sizes, activation, loss, seeds):
    """Losses, gradients and outputs, for full and partial batches, own and shared orders."""
    job = make_job(sizes, activation, loss, len(seeds), seeds)
    by_hand, by_autograd = network(job), Stacked(job)
    assert type(by_hand) is expected_path(sizes, activation)
    for order, start, stop in job.batches():
        for net in (by_hand, by_autograd):
            net.visit(order)
        with torch.no_grad():
            mine, slopes = by_hand.gradients(start, stop)
        theirs, expected = by_autograd.gradients(start, stop)
        torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-13)
        rows = [s.transpose(0, -1).reshape(len(seeds), -1) if sizes in THIN else s.flatten(1)
                for s in slopes]  # fmt: skip
        flat = torch.cat([g.flatten(1) for g in expected], 1)
        torch.testing.assert_close(torch.cat(rows, 1), flat, rtol=1e-11, atol=1e-13)
    with torch.no_grad():
        torch.testing.assert_close(by_hand.predict(job.x), by_autograd.predict(job.x))


def test_weights_come_back_as_they_went_in():
    for sizes in ([1, 7, 1], [3, 5, 4]):
        job = make_job(sizes, "relu", "mse", 3, (0, 1, 2))
        assert torch.equal(network(job).weights(), job.weights)


TWICE = torch.nn.Linear(3, 3)


@pytest.mark.parametrize(
    "model",
    [
        torch.nn.Sequential(TWICE, torch.nn.ReLU(), TWICE),
        torch.nn.Sequential(torch.nn.Linear(3, 2, bias=False)),
        torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Linear(4, 2)),
        torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(3, 2)),
        torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()),
        torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softmax(1)),
    ],
)
def test_what_is_no_plain_stack_is_left_to_autograd(model):
    job = make_job([3, 2], "relu", "mse", 1, (0,))
    assert layers.linear_stack(Job(**{**job.__dict__, "model": model})) is None


def test_large_scores_do_not_overflow():
    """Cross-entropy subtracts the largest score first."""
    z = torch.tensor([[[1000.0, 0.0, -1000.0]]], dtype=torch.float64)
    losses, delta = layers.loss_and_delta("cross_entropy", z, torch.tensor([[1]]), 1, 2)
    assert losses.item() == 1000.0
    assert delta.flatten().tolist() == [1.0, -1.0, 0.0]
