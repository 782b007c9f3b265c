"""Many runs at once: every setting that is a list becomes a labelled dimension of the result."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import Any

import torch
import xarray as xr
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse.chunks import run_all
from sgdcourse.grids import make_grid
from sgdcourse.plans import make_plan
from sgdcourse.requirements import Loss, Options
from sgdcourse.results import collect

__all__ = ["sweep", "trained"]


def sweep(
    model: nn.Module | Callable[[int], nn.Module],
    data: tuple[Tensor, Tensor],
    *,
    loss: Loss,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | Iterable[int] | None = None,
    seeds: int | Iterable[int] = 1,
    rule: str = "sgd",
    schedule: Any = None,
    sampling: str | Iterable[str] = "reshuffle",
    drop_last: bool = False,
    eval_data: tuple[Tensor, Tensor] | None = None,
    eval_every: int | str | None = "epoch",
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    memory: float = 48.0,
    progress: bool | None = None,
    **hyper: Any,
) -> xr.Dataset:
    r"""Train a model once for every combination of settings and seeds, all at the same time.

    Each run gives what a plain loop with PyTorch's optimizer would: seed s fixes the first weights
    (PyTorch's float32 ones after `torch.manual_seed(s)`, in every dtype) and the order of the
    examples, for all settings alike.
    A list given for lr or another hyper-parameter becomes a dimension, in the order of the call;
    so does one for `schedule`, `batch_size` or `sampling`, after them.

    Parameters
    ----------
    model : nn.Module, or callable seed -> nn.Module
        Layers are initialised anew for each seed; a callable gives the first weights itself.
    data : tuple of Tensor (N, …)
        Inputs and targets.
    loss : {"mse", "cross_entropy"} or callable (outputs, targets) -> mean over the batch
        Of each example's own loss: weighted means cannot be averaged over parts of the data.
    epochs, steps : int, ≥ 1
        Passes over the data, or updates; give one of them.
    batch_size : int in 1 … N, or list; default N
    seeds : int or iterable of int
        A number k stands for 0 … k − 1. Always a dimension.
    rule : str, default "sgd"
        Update rule in `rules.RULES`; `hyper` holds its hyper-parameters, numbers or lists: for
        "sgd" lr, momentum, dampening, nesterov, weight_decay and maximize.
    schedule : callable step -> factor, list of them, or dict of name -> schedule
        The learning rate of step t is lr · schedule(t); None leaves it constant.
    sampling : {"reshuffle", "replacement", "fixed", "in_order"} or list
    drop_last : bool
        Leave out the last batch of an epoch where it is smaller.
    eval_data : tuple of Tensor, optional
        Held-out inputs and targets.
    eval_every : "epoch", int or None
        How often the loss on all data (and on held-out data) is taken.
    dtype, device
        Default: those of the model.
    executor : concurrent.futures.Executor, optional
        Chunks of runs are mapped over it; the results are the same to the last bit.
    chunk : int, optional
        Runs trained at once; by default as many as `memory` has room for.
    memory : float, in megabytes
    progress : bool, optional
        Progress bar; by default on sweeps of five million steps of runs or more.

    Returns
    -------
    xarray.Dataset
        Dimensions: settings, then seed, then step. `loss` (…, step) of the batch before each
        update, `lr_used`, `full_loss` (…, eval_step) on all data, `eval_loss`, `eval_accuracy`,
        `diverged`, `weights` (…, parameter): see `trained`. Shorter runs end in NaN.

    Raises
    ------
    ValueError, TypeError
        Before any work, if an argument is out of its range or the model cannot be batched.

    Examples
    --------
    >>> from sgdcourse import data, models
    >>> runs = sweep(models.parabola_net(), data.noisy_parabola(), loss="mse", lr=[0.01, 0.1],
    ...              momentum=0.9, batch_size=10, epochs=3, seeds=8)
    >>> dict(runs.loss.sizes)
    {'lr': 2, 'seed': 8, 'step': 30}
    >>> runs.full_loss.isel(eval_step=-1).median("seed").argmin("lr").item()
    1
    """
    size = len(_checks.pair("data", data)[0]) if batch_size is None else batch_size
    settings = {**hyper, "schedule": schedule, "batch_size": size, "sampling": sampling}
    plan = make_plan(
        model,
        data,
        make_grid(rule, settings, seeds),
        Options(loss, rule, epochs, steps, drop_last, eval_every, chunk, memory),
        eval_data=eval_data,
        dtype=dtype,
        device=device,
    )
    return collect(plan, run_all(plan.jobs(), executor, progress))


def trained(runs: xr.Dataset, model: nn.Module, **where: Any) -> nn.Module:
    """Return the trained model of one run.

    Parameters
    ----------
    runs : xarray.Dataset
        What `sweep` gave.
    model : nn.Module
        A model of the architecture that was trained; a copy of it takes the weights.
    **where
        The run's labels, such as ``lr=0.1, seed=3``; dimensions of length one may be left out.

    Returns
    -------
    nn.Module
        A new model.

    Raises
    ------
    ValueError
        If the labels do not name one run, or the model has another number of parameters.

    Examples
    --------
    >>> from sgdcourse import data, models
    >>> net = models.parabola_net()
    >>> runs = sweep(net, data.noisy_parabola(), loss="mse", lr=[0.01, 0.1], epochs=3, seeds=2)
    >>> trained(runs, net, lr=0.1, seed=1)(torch.zeros(1, 1)).shape
    torch.Size([1, 1])
    """
    if not isinstance(runs, xr.Dataset) or "weights" not in runs:
        _checks.fail("runs", "what sweep gave", runs, error=TypeError)
    try:
        weights = runs.weights.sel(where)
    except KeyError as error:
        raise ValueError(f"run must be among the labels of the sweep, got {where}") from error
    weights = weights.squeeze([dim for dim in weights.dims[:-1] if weights.sizes[dim] == 1])
    if weights.dims != ("parameter",):
        _checks.fail("run", "one run", where, f"also give {', '.join(map(str, weights.dims[:-1]))}")
    size = sum(p.numel() for p in _checks.module("model", model).parameters())
    if weights.size != size:
        _checks.fail("model", f"one with {weights.size} parameters", size)
    result = copy.deepcopy(model)
    flat = torch.from_numpy(weights.values.copy())
    result = result.to(flat.dtype).cpu()
    nn.utils.vector_to_parameters(flat, result.parameters())
    return result
