"""Networks: the same weights as PyTorch's own layers after torch.manual_seed."""

import pytest
import torch
from torch import nn

from sgdcourse import models


def same(ours, theirs):
    return all(
        torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
    )


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_weights_are_those_of_pytorch_after_manual_seed(seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(1, 10), nn.ReLU(), nn.Linear(10, 1))
        torch.manual_seed(seed)
        softmax = nn.Linear(64, 10)
        torch.manual_seed(seed)
        convolutions = nn.ModuleList(
            [nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1), nn.Linear(64, 10)]
        )
    assert same(models.parabola_net(seed=seed), net)
    assert same(models.logistic_regression(seed=seed), softmax)
    assert same(models.convnet(seed=seed), convolutions)


def test_float64_weights_are_the_float32_weights():
    single, double = models.mlp([3, 4, 2]), models.mlp([3, 4, 2], dtype=torch.float64)
    assert same(single.double(), double)


def test_initialise_draws_what_the_constructor_drew():
    net = models.mlp([5, 7, 3], activation="tanh", seed=4)
    again = models.initialise(models.mlp([5, 7, 3], activation="tanh", seed=9), seed=4)
    assert same(net, again)
    assert isinstance(net[1], nn.Tanh)


def test_global_generator_is_left_alone():
    before = torch.get_rng_state()
    models.convnet(seed=3)
    assert torch.equal(before, torch.get_rng_state())


def test_layers_without_weights_are_reset_too():
    net = nn.Sequential(
        nn.Linear(2, 3), nn.LayerNorm(3, elementwise_affine=False), nn.BatchNorm1d(3, affine=False)
    )
    net[2].running_mean.fill_(5.0)
    models.initialise(net, seed=1)
    assert same(net, models.initialise(nn.Linear(2, 3), seed=1))
    assert net[2].running_mean.tolist() == [0.0, 0.0, 0.0]


def test_generators_of_other_devices_are_not_seeded(monkeypatch):
    for device in (torch.cuda, torch.mps, torch.xpu):
        monkeypatch.setattr(device, "manual_seed_all", None, raising=False)
        monkeypatch.setattr(device, "manual_seed", None, raising=False)
    models.mlp([2, 3, 1], seed=4)
    models.initialise(models.convnet(), seed=4)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: models.mlp([3]), ValueError, "sizes"),
        (lambda: models.mlp([3, 0]), ValueError, "sizes must be .* got 0"),
        (lambda: models.mlp([3, 2.0]), TypeError, "sizes"),
        (lambda: models.mlp([3, 2], activation="gelu"), ValueError, "activation.*'relu'.*'gelu'"),
        (lambda: models.mlp([3, 2], seed=-2), ValueError, "seed"),
        (lambda: models.logistic_regression(0), ValueError, "inputs must be .* got 0"),
        (lambda: models.convnet(channels=0), ValueError, "channels"),
        (lambda: models.initialise("net", seed=0), TypeError, "model"),
        (lambda: models.mlp(5), TypeError, "sizes must be a list, got 5"),
        (lambda: models.mlp("12"), TypeError, "sizes must be a list, got '12'"),
        (lambda: models.start_weights(3, [1]), TypeError, "model must be an nn.Module, got 3"),
        (lambda: models.start_weights(nn.ReLU(), [1]), ValueError, "model must be one with param"),
        (lambda: models.start_weights(nn.Linear(1, 1), 3), TypeError, "seeds must be a list"),
        *[
            (lambda make=make, dtype=dtype: make(dtype=dtype), TypeError, "dtype must be a float")
            for make in (models.parabola_net, models.logistic_regression, models.convnet)
            for dtype in ("float64", torch.int64, torch.complex64)
        ],
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "model",
    [
        models.mlp([7, 33, 2]),
        models.convnet(),
        nn.Sequential(nn.Linear(3, 4, bias=False), nn.LayerNorm(4), nn.Linear(4, 2)),
    ],
)
def test_start_weights_are_those_of_each_seed(model):
    before = nn.utils.parameters_to_vector(model.parameters()).clone()
    rows = models.start_weights(model, [0, 5, 123456])
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)
    for seed, row in zip([0, 5, 123456], rows, strict=True):
        models.initialise(model, seed=seed)
        assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), row)


def test_a_bare_parameter_cannot_be_drawn():
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

    with pytest.raises(
        ValueError, match="made of layers with a reset_parameters method, got 'Bare'"
    ):
        models.start_weights(Bare(), [0])
