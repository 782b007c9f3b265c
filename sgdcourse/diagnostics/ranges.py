"""The learning-rate range test: raise the lr at every step and watch where the loss breaks."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sgdcourse import _checks, sampling
from sgdcourse.diagnostics.parameters import Data, trainable
from sgdcourse.training import Loss, loss_function

if TYPE_CHECKING:
    import xarray

__all__ = ["lr_range_test"]

BREAKS_AT = 3.0


def lr_range_test(
    model: nn.Module,
    data: Data,
    *,
    loss: str | Loss,
    low: float = 1e-4,
    high: float = 10.0,
    steps: int = 100,
    batch_size: int = 32,
    momentum: float = 0.0,
    smoothing: float = 0.9,
    seed: int = 0,
) -> xarray.Dataset:
    """Train a copy of the model for a few steps with a growing learning rate.

    At step t the lr is low·(high/low)^(t/(steps − 1)). The test stops once the smoothed loss is
    three times its least, or no longer finite.

    Parameters
    ----------
    model : nn.Module
        Left as it is: a copy is trained, by `torch.optim.SGD`.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → mean
    low, high : float, 0 < low < high, default 1e-4 and 10
        First and last learning rate.
    steps : int, ≥ 2, default 100
        How many learning rates to try.
    batch_size : int in 1 … n, default 32
    momentum : float in [0, 1), default 0
    smoothing : float in [0, 1), default 0.9
        β of the running mean of the losses, corrected for its start.
    seed : int in [0, 2³¹), default 0
        Decides the batches.

    Returns
    -------
    xarray.Dataset
        `loss` and `smooth_loss` over dimension "lr"; NaN after the test stopped. Attributes:
        `steepest` (lr where the smoothed loss falls fastest per decade, NaN if it never falls),
        `lowest` (lr of its least value: already too large) and `stopped` (lr where the test
        broke off, or NaN).

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    References
    ----------
    Smith (2017), WACV, arXiv:1506.01186, section 3.3 (there with a linear growth).

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> test = lr_range_test(nn.Linear(1, 1), (x, 3 * x + 1), loss="mse")
    >>> test.attrs["steepest"] < test.attrs["lowest"] < test.attrs["stopped"]
    True
    """
    import xarray

    function, (x, y) = loss_function(loss), _checks.pair("data", data)
    first = _checks.number("low", low, low=0, open_low=True)
    last = _checks.number("high", high, low=first, open_low=True, hint="it must exceed low")
    count = _checks.integer("steps", steps, low=2)
    size = _checks.integer("batch_size", batch_size, low=1, high=len(x))
    beta = _checks.number("smoothing", smoothing, low=0, high=1, open_high=True)
    mu = _checks.number("momentum", momentum, low=0, high=1, open_high=True)
    trainable(model)
    epochs = math.ceil(count / math.ceil(len(x) / size))
    order = sampling.batches(len(x), size, seed=_checks.seed(seed), epochs=epochs)
    batches = ((x[rows], y[rows]) for rows in order)
    rates = torch.logspace(math.log10(first), math.log10(last), count, dtype=torch.float64)
    raw, smooth = _ascend(copy.deepcopy(model).train(), function, batches, rates, mu, beta)
    return xarray.Dataset(
        {"loss": ("lr", raw.numpy()), "smooth_loss": ("lr", smooth.numpy())},
        coords={"lr": rates.numpy()},
        attrs=_read(rates, smooth),
    )


def _ascend(
    model: nn.Module,
    function: Loss,
    batches: Iterable[Data],
    rates: Tensor,
    momentum: float,
    beta: float,
) -> tuple[Tensor, Tensor]:
    """Take one step at each rate; return the losses before each step, raw and smoothed."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rates[0].item(), momentum=momentum)
    raw, smooth = torch.full_like(rates, math.nan), torch.full_like(rates, math.nan)
    mean, best = 0.0, math.inf
    for step, (rate, (x, y)) in enumerate(zip(rates.tolist(), batches, strict=False)):
        optimizer.param_groups[0]["lr"] = rate
        loss = function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean = beta * mean + (1 - beta) * loss.item()
        raw[step], smooth[step] = loss.item(), mean / (1 - beta ** (step + 1))
        best = min(best, smooth[step].item())
        if not smooth[step].item() <= BREAKS_AT * best:
            break
    return raw, smooth


def _read(rates: Tensor, smooth: Tensor) -> dict[str, float]:
    """Read the telling learning rates off the smoothed curve."""
    known = smooth[smooth.isfinite()]
    lowest = int(known.argmin()) if len(known) else 0
    descent = known[: lowest + 1].diff()  # beyond its least value the curve tells nothing
    seen = int((~smooth.isnan()).sum())
    broke = seen < len(rates) or not bool(smooth[-1].isfinite())
    return {
        "steepest": rates[int(descent.argmin())].item() if lowest else math.nan,
        "lowest": rates[lowest].item() if len(known) else math.nan,
        "stopped": rates[seen - 1].item() if broke and seen else math.nan,
    }
