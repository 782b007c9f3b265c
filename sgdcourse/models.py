"""The networks of the course, initialised as PyTorch does, from a seed of their own.

The weights of seed s are those that PyTorch's layers have after `torch.manual_seed(s)`; the
global generator is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from sgdcourse import _checks

__all__ = ["convnet", "initialise", "logistic_regression", "mlp", "parabola_net"]

_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def initialise(model: nn.Module, *, seed: int) -> nn.Module:
    """Draw the weights anew, in place, as PyTorch does after `torch.manual_seed(seed)`.

    Every layer with a `reset_parameters` method is reset, in the order of `model.modules()`.

    Parameters
    ----------
    model : nn.Module
    seed : int in [0, 2³¹)

    Returns
    -------
    nn.Module
        The same object.

    Examples
    --------
    >>> net = initialise(nn.Linear(2, 1), seed=3)
    >>> _ = torch.manual_seed(3)
    >>> torch.equal(net.weight, nn.Linear(2, 1).weight)
    True
    """
    if not isinstance(model, nn.Module):
        _checks.fail("model", "an nn.Module", model, error=TypeError)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_checks.seed(seed))
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                dtype = next(layer.parameters()).dtype
                layer.to(torch.float32).reset_parameters()  # one set of numbers for every dtype
                layer.to(dtype)
    return model


def mlp(
    sizes: Sequence[int],
    *,
    activation: str = "relu",
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> nn.Sequential:
    """Multi-layer perceptron: linear layers with an activation between them.

    Parameters
    ----------
    sizes : sequence of int, each ≥ 1, at least two
        Inputs, hidden units of each layer, outputs.
    activation : {"relu", "tanh"}
    seed : int in [0, 2³¹), default 0
    dtype : torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, sizes[0]) to (batch, sizes[-1]).

    Examples
    --------
    >>> mlp([64, 32, 10])(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """
    widths = [_checks.integer("sizes", size, low=1) for size in sizes]
    if len(widths) < 2:
        _checks.fail("sizes", "at least two numbers", sizes)
    make = _ACTIVATIONS[_checks.one_of("activation", activation, _ACTIVATIONS)]
    layers: list[nn.Module] = []
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        layers += [nn.utils.skip_init(nn.Linear, inputs, outputs), make()]
    return initialise(nn.Sequential(*layers[:-1]), seed=seed).to(dtype)


def parabola_net(*, seed: int = 0, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """Build the course's smallest network: 1 input, 10 hidden ReLU units, 1 output.

    Parameters
    ----------
    seed : int in [0, 2³¹), default 0
    dtype : torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, 1) to (batch, 1); 31 parameters.

    Examples
    --------
    >>> sum(p.numel() for p in parabola_net().parameters())
    31
    """
    return mlp([1, 10, 1], seed=seed, dtype=dtype)


def logistic_regression(
    inputs: int = 64, classes: int = 10, *, seed: int = 0, dtype: torch.dtype = torch.float32
) -> nn.Sequential:
    """One linear layer that gives a score for each class; train it with cross-entropy.

    Parameters
    ----------
    inputs, classes : int, ≥ 1, default 64 and 10
    seed : int in [0, 2³¹), default 0
    dtype : torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, inputs) to (batch, classes).

    Examples
    --------
    >>> logistic_regression()(torch.zeros(3, 64)).shape
    torch.Size([3, 10])
    """
    return mlp([inputs, classes], seed=seed, dtype=dtype)


def convnet(
    *, channels: int = 8, seed: int = 0, dtype: torch.dtype = torch.float32
) -> nn.Sequential:
    """Small convolutional network for the 8×8 digits.

    Two 3×3 convolutions with ReLU, each followed by 2×2 pooling, then one linear layer.

    Parameters
    ----------
    channels : int, ≥ 1, default 8
        Of the first convolution; the second has twice as many.
    seed : int in [0, 2³¹), default 0
    dtype : torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, 64) to (batch, 10).

    Examples
    --------
    >>> convnet()(torch.zeros(3, 64)).shape
    torch.Size([3, 10])
    """
    _checks.integer("channels", channels, low=1)
    layers = nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.utils.skip_init(nn.Conv2d, 1, channels, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.utils.skip_init(nn.Conv2d, channels, 2 * channels, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.utils.skip_init(nn.Linear, 2 * channels * 4, 10),
    )
    return initialise(layers, seed=seed).to(dtype)
