"""From the results of a sweep's jobs to one labelled data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

import sgdcourse
from sgdcourse.jobs import Job, Result
from sgdcourse.plans import Plan

__all__ = ["collect"]


def collect(plan: Plan, finished: Iterable[tuple[Job, Result]]) -> xr.Dataset:
    """Put the results of all jobs in their places.

    Parameters
    ----------
    plan : Plan
        The sweep.
    finished : iterable of (Job, Result)
        Every job with its result, in any order.

    Returns
    -------
    xarray.Dataset
        As `sweep` describes it.
    """
    sizes = plan.grid.axes["batch_size"].values
    steps = max(map(plan.steps_of, sizes))
    evaluations = max(len(plan.evaluations(size)) for size in sizes)
    table = _Table(plan)
    for job, result in finished:
        table.put("loss", job.runs, result.loss, steps)
        for name in ("full_loss", "eval_loss", "eval_accuracy"):
            values: list[Tensor] = getattr(result, name)
            if values:
                table.put(name, job.runs, torch.stack(values), evaluations)
        table.put("weights", job.runs, result.weights.T, result.weights.shape[1])
        table.put("diverged", job.runs, _diverged(result)[None], 1)
    return table.dataset(steps)


class _Table:
    """One array for each variable, runs first, that fills up as jobs finish."""

    ENDS = {"loss": "step", "weights": "parameter", "diverged": ""}

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.arrays: dict[str, np.ndarray] = {}

    def put(self, name: str, runs: Tensor, values: Tensor, length: int) -> None:
        """Store values of shape (≤ length, runs)."""
        found = values.cpu().numpy()
        if name not in self.arrays:
            blank = False if found.dtype == bool else np.nan
            shape = (int(np.prod(self.plan.grid.shape)), length)
            self.arrays[name] = np.full(shape, blank, dtype=found.dtype)
        self.arrays[name][runs.numpy(), : len(found)] = found.T

    def dataset(self, steps: int) -> xr.Dataset:
        """Label the arrays."""
        grid, variables = self.plan.grid, {}
        for name, array in self.arrays.items():
            end = self.ENDS.get(name, "eval_step")
            shaped = array.reshape(*grid.shape, -1)
            if not end:
                variables[name] = (tuple(grid.dims), shaped[..., 0])
            else:
                variables[name] = ((*grid.dims, end), shaped)
        variables["lr_used"] = _lr_used(self.plan, steps)
        coordinates = {**grid.dims, "step": np.arange(steps), **_evaluation_labels(self.plan)}
        return xr.Dataset(variables, coordinates, _attributes(self.plan))


def _diverged(result: Result) -> Tensor:
    """Say which runs met a loss or ended on weights that are not finite."""
    finite = result.loss.isfinite().all(0) & result.weights.isfinite().all(1)
    for values in result.full_loss:
        finite &= values.isfinite()
    return ~finite


def _lr_used(plan: Plan, steps: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Return lr · schedule(step), with the dimensions that it depends on."""
    axes = plan.grid.axes
    factors = plan.factors.T.numpy()
    lrs = np.array(axes["lr"].values) if "lr" in axes else np.array([plan.default_lr])
    table = lrs[:, None, None] * factors
    dims = [name for name in axes if name in ("lr", "schedule") and axes[name].listed]
    order = [name for name in axes if name in ("lr", "schedule")]
    if order == ["schedule", "lr"]:
        table = table.swapaxes(0, 1)
    return (*dims, "step"), table.reshape(*[len(axes[d].labels) for d in dims], steps)


def _evaluation_labels(plan: Plan) -> dict[str, Any]:
    """Return the coordinates of the evaluations: updates made, and epochs done."""
    if plan.options.eval_every is None:
        return {}
    sizes: Sequence[int] = plan.grid.axes["batch_size"].values
    updates = [plan.evaluations(size) for size in sizes]
    epochs = [[u / plan.per_epoch(s) for u in of] for s, of in zip(sizes, updates, strict=True)]
    labels: dict[str, Any] = {}
    if all(of == updates[0] for of in updates):
        labels["eval_step"] = updates[0]
    if all(of == epochs[0] for of in epochs):
        labels["epoch"] = ("eval_step", epochs[0])
    return labels


def _attributes(plan: Plan) -> dict[str, Any]:
    """Return what is needed to repeat a sweep."""
    options, axes = plan.options, plan.grid.axes.values()
    text = {axis.name: str(axis.labels if axis.listed else axis.labels[0]) for axis in axes}
    loss = options.loss if isinstance(options.loss, str) else repr(options.loss)
    rest = {
        "rule": options.rule,
        "loss": loss,
        "epochs": options.epochs,
        "steps": options.steps,
        "drop_last": options.drop_last,
        "eval_every": options.eval_every,
        "chunk": options.chunk,
        "memory": options.memory,
    }
    return {
        "model": repr(plan.model),
        "examples": len(plan.x),
        "dtype": str(plan.x.dtype),
        "device": str(plan.x.device),
        **text,
        **{name: str(value) for name, value in rest.items()},
        "sgdcourse_version": sgdcourse.__version__,
        "torch_version": torch.__version__,
        "numpy_version": np.__version__,
    }
