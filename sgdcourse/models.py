"""The networks of the course, initialised as PyTorch does, from a seed of their own.

The weights of seed s are those that PyTorch's float32 layers have on the CPU after
`torch.manual_seed(s)`, in every dtype and on every device: they are drawn so and then converted.
(PyTorch's own float64 layers draw other numbers.) The global generators are left as they were.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from sgdcourse import _checks

__all__ = ["convnet", "initialise", "logistic_regression", "mlp", "parabola_net", "start_weights"]

_Model = TypeVar("_Model", bound=nn.Module)
_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}
_UNIFORM = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)  # drawn from U(±1/√fan_in)


def initialise(model: _Model, *, seed: int) -> _Model:
    """Draw the weights anew, in place, as PyTorch does after `torch.manual_seed(seed)`.

    Every layer with a `reset_parameters` method is reset, in the order of `model.modules()`, as a
    float32 layer on the CPU; it gets its dtype and its device back.

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
    _checks.module("model", model)
    with _seeded(seed):
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                _reset(layer)
    return model


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch's generator on the CPU, that one alone, and put its state back afterwards."""
    _checks.seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


def _reset(layer: Any) -> None:
    """Draw the weights of a layer: one set of numbers for every dtype and device."""
    found = [(p.device, p.dtype) for p in layer.parameters()]
    if not found:  # a normalisation without weights
        layer.reset_parameters()
        return
    layer.to("cpu", torch.float32).reset_parameters()
    layer.to(*found[0])


def start_weights(model: nn.Module, seeds: Sequence[int]) -> Tensor:
    """Return what `initialise` would draw for many seeds; the model itself is left alone.

    Parameters
    ----------
    model : nn.Module
    seeds : sequence of int in [0, 2³¹)

    Returns
    -------
    Tensor of shape (len(seeds), P), float32
        One row for each seed: all parameters, flat, in the order of `model.parameters()`.

    Raises
    ------
    ValueError
        If a parameter belongs to no layer with a `reset_parameters` method.

    Examples
    --------
    >>> start_weights(nn.Linear(2, 1), [3, 4]).shape
    torch.Size([2, 3])
    """
    seeds = _checks.seeds(seeds)
    if not any(True for _ in _checks.module("model", model).parameters()):
        _checks.fail("model", "one with parameters", type(model).__name__)
    owners = [layer for layer in model.modules() if list(layer.parameters(recurse=False))]
    for layer in owners:
        if not hasattr(layer, "reset_parameters"):
            hint = "or give a function seed -> nn.Module instead of a model"
            rule = "made of layers with a reset_parameters method"
            _checks.fail("model", rule, type(layer).__name__, hint)
    shared = len(list(model.parameters())) < sum(len(list(layer.parameters())) for layer in owners)
    if not shared and all(type(layer) in _UNIFORM for layer in owners):
        return _uniform_weights(owners, seeds)
    flat = nn.utils.parameters_to_vector
    return torch.stack(
        [flat(initialise(copy.deepcopy(model), seed=s).parameters()).detach() for s in seeds]
    )


def _uniform_weights(layers: list[nn.Module], seeds: list[int]) -> Tensor:
    """Draw the weights of linear and convolutional layers with one call for each seed."""
    bounds = torch.cat([_bounds(layer, p) for layer in layers for p in layer.parameters()])
    drawn = torch.empty(len(seeds), bounds.numel())
    generator = torch.Generator()
    for row, s in zip(drawn.unbind(), seeds, strict=True):
        row.uniform_(generator=generator.manual_seed(s))
    return torch.addcmul(-bounds, drawn, 2 * bounds)  # rounded once, as in PyTorch's own draw


def _bounds(layer: nn.Module, parameter: Tensor) -> Tensor:
    """Return 1/√fan_in for every number of a parameter, rounded the way PyTorch rounds it."""
    fan_in = layer.get_parameter("weight")[0].numel()
    gain = math.sqrt(2.0 / (1 + math.sqrt(5) ** 2))
    weight = math.sqrt(3.0) * (gain / math.sqrt(fan_in))
    bound = weight if parameter.ndim > 1 else 1 / math.sqrt(fan_in)
    return torch.full((parameter.numel(),), bound)


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
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, sizes[0]) to (batch, sizes[-1]).

    Examples
    --------
    >>> mlp([64, 32, 10])(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """
    widths = [_checks.integer("sizes", size, low=1) for size in _checks.sequence("sizes", sizes)]
    if len(widths) < 2:
        _checks.fail("sizes", "at least two numbers", sizes)
    make = _ACTIVATIONS[_checks.one_of("activation", activation, _ACTIVATIONS)]
    _checks.dtype("dtype", dtype)
    layers: list[nn.Module] = []
    with _seeded(seed):
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs, dtype=torch.float32), make()]
    return nn.Sequential(*layers[:-1]).to(dtype)


def parabola_net(*, seed: int = 0, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """Build the course's smallest network: 1 input, 10 hidden ReLU units, 1 output.

    Parameters
    ----------
    seed : int in [0, 2³¹), default 0
    dtype : floating-point torch.dtype, default float32

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
    dtype : floating-point torch.dtype, default float32

    Returns
    -------
    nn.Sequential
        Maps (batch, inputs) to (batch, classes).

    Examples
    --------
    >>> logistic_regression()(torch.zeros(3, 64)).shape
    torch.Size([3, 10])
    """
    _checks.integer("inputs", inputs, low=1)
    _checks.integer("classes", classes, low=1)
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
    dtype : floating-point torch.dtype, default float32

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
    _checks.dtype("dtype", dtype)
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
