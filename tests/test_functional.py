"""A module as a function of its weights: PyTorch's with those weights, and nothing of it stays."""

import copy

import pytest
import torch
from torch import nn

import sgdcourse as sc
from sgdcourse._functional import as_function


class Tied(nn.Module):
    """Two layers that share one tensor of weights."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def same_layer_twice():
    layer = nn.Linear(2, 2)
    return nn.Sequential(layer, nn.Tanh(), nn.Sequential(layer))


@pytest.mark.parametrize("build", [lambda: nn.Linear(2, 2), Tied, same_layer_twice])
def test_outputs_are_those_of_a_model_with_these_weights(build):
    model = build()
    own = dict(model.named_parameters())
    other = copy.deepcopy(model)
    for p in other.parameters():
        p.data.add_(1.0)
    x = torch.linspace(-1, 1, 6).view(3, 2)
    named = {name: p.detach() for name, p in other.named_parameters()}
    assert torch.equal(as_function(model)(named, x), other(x))
    assert all(p is own[name] for name, p in model.named_parameters())


def test_what_is_not_given_stays_the_models_own():
    layer = nn.Linear(2, 1)
    out = as_function(layer)({"bias": torch.tensor([5.0])}, torch.zeros(1, 2))
    assert out.item() == 5.0


@pytest.mark.parametrize("build", [Tied, same_layer_twice])
def test_shared_weights_train_as_in_pytorch(build):
    """In a sweep, whose runs start from the seeds' own weights."""
    model, (x, y) = build(), (torch.randn(8, 2), torch.randn(8, 2))
    runs = sc.sweep(model, (x, y), loss="mse", lr=0.1, steps=3, batch_size=8, seeds=2)
    mine = sc.models.initialise(copy.deepcopy(model), seed=1)
    optimizer = torch.optim.SGD(mine.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        loss = nn.functional.mse_loss(mine(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(runs.loss.sel(seed=1).values))
