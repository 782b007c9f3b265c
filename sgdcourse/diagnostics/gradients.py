"""Gradients one example at a time: their mean, their spread, and the noise scale."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.func import vmap

from sgdcourse import _checks
from sgdcourse._functional import BATCH_NORM, DROPOUT, as_function
from sgdcourse.diagnostics.parameters import (
    Data,
    flatten,
    loss_of_parameters,
    refuse,
    slopes,
    trainable,
    unflatten,
)
from sgdcourse.layers import plain_modules
from sgdcourse.training import Loss, loss_function

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "GradientNoise",
    "estimate_noise_scale",
    "example_gradients",
    "gradient",
    "gradient_noise",
    "noise_during_training",
]


@dataclass(frozen=True)
class GradientNoise:
    """Signal and noise of the gradient at one point.

    Parameters
    ----------
    norm_squared : float
        ‖G‖², squared norm of the full gradient.
    trace : float
        tr(Σ), summed variance of all coordinates of one example's gradient.

    Examples
    --------
    >>> GradientNoise(norm_squared=4.0, trace=40.0).scale
    10.0
    """

    norm_squared: float
    trace: float

    @property
    def scale(self) -> float:
        """Gradient noise scale tr(Σ)/‖G‖², in examples; infinite where no signal is seen."""
        if self.norm_squared <= 0:
            return float("inf")
        return self.trace / self.norm_squared


def gradient(model: nn.Module, data: Data, *, loss: str | Loss) -> Tensor:
    """Gradient of the mean loss over all examples, as one vector.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters; its `.grad` fields are left alone.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean

    Returns
    -------
    Tensor of shape (p,)

    Raises
    ------
    ValueError, TypeError
        On a bad model, loss or data.

    References
    ----------
    Bottou, Curtis, Nocedal (2018), SIAM Review 60(2):223, equation 3.6.

    Examples
    --------
    >>> line = nn.Linear(1, 1, bias=False)
    >>> _ = line.weight.data.fill_(2.0)
    >>> gradient(line, (torch.ones(4, 1), torch.zeros(4, 1)), loss="mse")
    tensor([4.])
    """
    parameters = trainable(model)
    value = loss_of_parameters(model, data, loss)(dict(parameters))
    return flatten(slopes(value, list(parameters.values())))


def example_gradients(model: nn.Module, data: Data, *, loss: str | Loss) -> Tensor:
    """Gradient of the loss of every single example, all at once.

    Parameters
    ----------
    model : nn.Module
        With p trained parameters; without batch normalisation, which mixes examples.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean

    Returns
    -------
    Tensor of shape (n, p)
        Row i is the gradient of the loss on example i alone; their mean is the full gradient.

    Raises
    ------
    ValueError, TypeError
        On a bad model, loss or data.

    References
    ----------
    Bottou, Curtis, Nocedal (2018), SIAM Review 60(2):223, section 3.3.

    Examples
    --------
    >>> line = nn.Linear(1, 1, bias=False)
    >>> _ = line.weight.data.fill_(2.0)
    >>> example_gradients(line, (torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)), loss="mse")
    tensor([[ 4.],
            [36.]])
    """
    rows = _of_each_example(model, *_checks.pair("data", data), loss_function(loss))
    return torch.cat([row.flatten(1) for row in rows], dim=1)


def _of_each_example(model: nn.Module, x: Tensor, y: Tensor, function: Loss) -> Sequence[Tensor]:
    """Return every example's own gradient by each parameter, of shape (n, …)."""
    own = {  # for each example the same weights, seen as its own
        name: p.detach().expand(len(x), *p.shape).requires_grad_()
        for name, p in trainable(model).items()
    }
    refuse(model, DROPOUT, "free of dropout")
    refuse(model, BATCH_NORM, "free of batch normalisation, which mixes examples")
    call = as_function(model)

    def loss_of_one(named: dict[str, Tensor], one_x: Tensor, one_y: Tensor) -> Tensor:
        return function(call(named, one_x[None]), one_y[None])

    with torch.enable_grad():
        losses = vmap(loss_of_one)(own, x, y)
        return slopes(losses.sum(), list(own.values()))


def gradient_noise(model: nn.Module, data: Data, *, loss: str | Loss) -> GradientNoise:
    """Signal and noise of the gradient, exactly, from all examples.

    ‖G‖² and tr(Σ) = (1/n) Σᵢ ‖gᵢ − G‖².

    Parameters
    ----------
    model : nn.Module
        With p trained parameters.
    data : (x, y)
        Tensors of n rows each; n·p numbers must fit in memory, save for linear layers with ReLU or
        tanh and a loss with a name, whose norms are found without the single gradients.
    loss : "mse", "cross_entropy" or callable (output, y) → mean

    Returns
    -------
    GradientNoise
        With `norm_squared`, `trace` and `scale`.

    Raises
    ------
    ValueError, TypeError
        On a bad model, loss or data.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, equation 2.9.
    Goodfellow (2015), arXiv:1510.01799, on the norms of single gradients.

    Examples
    --------
    >>> line = nn.Linear(1, 1, bias=False)
    >>> _ = line.weight.data.fill_(2.0)
    >>> gradient_noise(line, (torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)), loss="mse")
    GradientNoise(norm_squared=400.0, trace=256.0)
    """
    x, y = _checks.pair("data", data)
    function, modules = loss_function(loss), plain_modules(model)
    if modules is not None and x.ndim == 2 and isinstance(loss, str):
        return _noise_of_layers(modules, x, y, function)
    full = gradient(model, (x, y), loss=loss)
    rows = _of_each_example(model, x, y, function)
    means = unflatten(model, full).values()
    trace = sum(  # in place: new memory of this size costs most
        each.sub_(mean).square_().sum().item() / len(x)
        for each, mean in zip(rows, means, strict=True)
    )
    return GradientNoise(full.square().sum().item(), trace)


def _noise_of_layers(
    modules: Sequence[nn.Module], x: Tensor, y: Tensor, function: Loss
) -> GradientNoise:
    """Signal and noise of linear layers, without the single gradients: ‖δhᵀ‖² = ‖δ‖²·‖h‖².

    δ is the derivative of an example's loss by a layer's outputs, h its inputs, and a 1 for the
    bias. Added up in float64, since tr(Σ) is what is left of (1/n) Σᵢ ‖gᵢ‖² without ‖G‖².
    """
    inputs, outputs, h = [], [], x
    with torch.enable_grad():
        for module in modules:
            if isinstance(module, nn.Linear):
                one = h.new_ones(len(h), int(module.bias is not None))
                inputs.append(torch.cat([h.detach(), one], dim=1))
                outputs.append(h := module(h))
            else:
                h = torch.relu(h) if isinstance(module, nn.ReLU) else torch.tanh(h)
        deltas = torch.autograd.grad(function(h, y) * len(x), outputs)
    norm_squared = square = 0.0
    for delta, values in zip(deltas, inputs, strict=True):
        d, v = delta.to("cpu", torch.float64), values.to("cpu", torch.float64)
        norm_squared += (d.T @ v / len(x)).square().sum().item()
        square += (d.square().sum(1) @ v.square().sum(1)).item() / len(x)
    return GradientNoise(norm_squared, max(square - norm_squared, 0.0))


def estimate_noise_scale(
    model: nn.Module,
    data: Data,
    *,
    loss: str | Loss,
    small: int,
    large: int,
    repeats: int = 100,
    seed: int = 0,
) -> GradientNoise:
    """Signal and noise of the gradient, estimated from batches of two sizes b < B.

    E‖g_B‖² = ‖G‖² + tr(Σ)/B, so that ‖G‖² ≈ (B‖g_B‖² − b‖g_b‖²)/(B − b) and
    tr(Σ) ≈ (‖g_b‖² − ‖g_B‖²)/(1/b − 1/B). Both are unbiased; their ratio is not.

    Parameters
    ----------
    model : nn.Module
        Any model: batch gradients are enough.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean
    small, large : int, 1 ≤ small < large
        Batch sizes b and B; batches are drawn with replacement.
    repeats : int, ≥ 1, default 100
        Batches of each size; the squared norms are averaged over them.
    seed : int in [0, 2³¹), default 0
        Decides the batches.

    Returns
    -------
    GradientNoise
        Its parts may come out negative where the noise is large and `repeats` small.

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, appendix A.1.

    Examples
    --------
    >>> line, x = nn.Linear(1, 1), torch.linspace(-1, 1, 50)[:, None]
    >>> found = estimate_noise_scale(line, (x, x**2), loss="mse", small=2, large=32)
    >>> found.trace > 0
    True
    """
    low = _checks.integer("small", small, low=1)
    high = _checks.integer("large", large, low=low + 1, hint="it must exceed small")
    count = _checks.integer("repeats", repeats, low=1)
    x, y = _checks.pair("data", data)
    generator = torch.Generator().manual_seed(_checks.seed(seed))
    norms = []
    for size in (low, high):
        batches = torch.randint(len(x), (count, size), generator=generator)
        squares = [
            gradient(model, (x[rows], y[rows]), loss=loss).square().sum().item() for rows in batches
        ]
        norms.append(sum(squares) / count)
    return GradientNoise(
        norm_squared=(high * norms[1] - low * norms[0]) / (high - low),
        trace=(norms[0] - norms[1]) / (1 / low - 1 / high),
    )


def noise_during_training(
    model: nn.Module,
    data: Data,
    *,
    loss: str,
    checkpoints: Iterable[int],
    seeds: int,
    **training: Any,
) -> xr.Dataset:
    """Signal and noise of the gradient on the way through a training, for several seeds.

    ‖G‖² and tr(Σ) of `gradient_noise`, at the weights after each number of steps in `checkpoints`.

    Parameters
    ----------
    model : nn.Module
        Its layers are initialised anew for each seed.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse" or "cross_entropy"
    checkpoints : iterable of int, ≥ 0
        Numbers of steps; each is reached by a training of its own, which repeats the others.
    seeds : int, ≥ 1
        Runs with the seeds 0 … seeds − 1.
    **training
        Passed to `sweep`: lr, momentum, batch_size and so on, one value each.

    Returns
    -------
    xarray.Dataset
        `norm_squared`, `trace` and `scale`, their ratio, over the dimensions "step" and "seed".

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    McCandlish, Kaplan, Amodei (2018), arXiv:1812.06162, section 3 and figure 7.

    Examples
    --------
    >>> from sgdcourse import data, models
    >>> net, points = models.parabola_net(), data.noisy_parabola()
    >>> found = noise_during_training(
    ...     net, points, loss="mse", checkpoints=[0, 50], seeds=3, lr=0.2
    ... )
    >>> bool((found.norm_squared.sel(step=50) < found.norm_squared.sel(step=0)).all())
    True
    """
    import xarray

    from sgdcourse.models import start_weights
    from sgdcourse.sweeps import sweep

    given = _checks.sequence("checkpoints", checkpoints)
    places = [_checks.integer("checkpoints", step, low=0) for step in given]
    count = _checks.integer("seeds", seeds, low=1)
    options = {"loss": loss, "seeds": count, "eval_every": None, "progress": False, **training}
    first, *_ = sweep(model, data, steps=1, **options).weights.dims
    if first != "seed":
        _checks.fail(str(first), "one value, not several", training[str(first)])
    net, rows = copy.deepcopy(model), []
    like = next(net.parameters())
    for step in places:
        if step:
            weights = torch.from_numpy(sweep(model, data, steps=step, **options).weights.values)
        else:
            weights = start_weights(model, range(count))
        noises = []
        for own in weights.to(like):
            nn.utils.vector_to_parameters(own, net.parameters())
            noises.append(gradient_noise(net, data, loss=loss))
        rows.append(noises)
    labels = {"step": places, "seed": list(range(count))}
    parts = {
        part: (("step", "seed"), [[getattr(found, part) for found in row] for row in rows])
        for part in ("norm_squared", "trace", "scale")
    }
    return xarray.Dataset(parts, coords=labels)
