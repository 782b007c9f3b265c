"""A sweep that has been checked and laid out: which runs are trained together, and on what."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sgdcourse import _checks, rules
from sgdcourse._functional import as_function
from sgdcourse.grids import Grid
from sgdcourse.jobs import ROWS, Job
from sgdcourse.models import start_weights
from sgdcourse.requirements import (
    Options,
    check_loss,
    check_model,
    check_options,
    check_together,
    read_pair,
)
from sgdcourse.sampling import steps_per_epoch

__all__ = ["Plan", "make_plan"]

MOST_RUNS = 1024  # more at once are no faster
SAME_IN_A_JOB = ("batch_size", "maximize", "centered")


@dataclass(frozen=True)
class Plan:
    """A checked sweep.

    Parameters
    ----------
    grid : Grid
        Its axes and seeds.
    options : Options
        Its other arguments.
    model : nn.Module
        The architecture.
    starts : Tensor of shape (S, P)
        First weights of every seed.
    x, y, held_out
        Data, in the dtype and on the device of the sweep.
    """

    grid: Grid
    options: Options
    model: nn.Module
    starts: Tensor
    x: Tensor
    y: Tensor
    held_out: tuple[Tensor, Tensor] | None

    @property
    def default_lr(self) -> float:
        """The learning rate that the rule takes by default."""
        return float(rules.hyperparameters(self.options.rule)["lr"])

    def steps_of(self, batch_size: int) -> int:
        """Return the number of updates that runs of a batch size make."""
        if self.options.steps is not None:
            return self.options.steps
        return int(self.options.epochs or 0) * self.per_epoch(batch_size)

    def per_epoch(self, batch_size: int) -> int:
        """Return the number of updates in an epoch."""
        return steps_per_epoch(len(self.x), batch_size, drop_last=self.options.drop_last)

    def evaluations(self, batch_size: int) -> list[int]:
        """Return the numbers of updates after which the full-data loss is taken."""
        every, last = self.options.eval_every, self.steps_of(batch_size)
        if every is None:
            return []
        stride = self.per_epoch(batch_size) if every == "epoch" else int(every)
        return [*range(0, last, stride), last]

    def jobs(self) -> Iterator[Job]:
        """Yield the sweep's jobs: runs that can be trained together, as many as memory allows."""
        columns = self.grid.columns()
        shared = [name for name in SAME_IN_A_JOB if name in columns]
        counts = [len(self.grid.axes[name].values) for name in shared]
        group = np.ravel_multi_index([columns[name] for name in shared], counts)
        for number in np.unique(group):
            runs = np.flatnonzero(group == number)
            first = {name: column[runs[0]] for name, column in columns.items()}
            size = self.grid.axes["batch_size"].values[first["batch_size"]]
            together = self.options.chunk or self._room(size)
            for start in range(0, len(runs), together):
                yield self._job(runs[start : start + together], columns, size)

    def _job(self, runs: np.ndarray, columns: dict[str, np.ndarray], batch_size: int) -> Job:
        """Return the job of some runs with the same batch size."""
        axes, mine = self.grid.axes, {name: column[runs] for name, column in columns.items()}
        settings = {
            name: _per_run(axes[name].values, mine[name], name in SAME_IN_A_JOB, self.starts)
            for name in axes
            if name in rules.hyperparameters(self.options.rule) and name != "lr"
        }
        steps = self.steps_of(batch_size)
        factors, follows = self._factors(mine["schedule"], steps)
        own = torch.from_numpy(mine["seed"])
        return Job(
            model=self.model,
            weights=self.starts[own.to(self.starts.device)],
            x=self.x,
            y=self.y,
            held_out=self.held_out,
            loss=self.options.loss,
            rule=self.options.rule,
            hyper=settings,
            lr=self._lr(mine),
            factors=factors,
            schedule_of_run=follows,
            seeds=tuple(self.grid.seeds[i] for i in mine["seed"]),
            samplings=tuple(axes["sampling"].values[i] for i in mine["sampling"]),
            steps=steps,
            batch_size=batch_size,
            drop_last=self.options.drop_last,
            evaluations=frozenset(self.evaluations(batch_size)[:-1]),
            evaluate=self.options.eval_every is not None,
            runs=torch.from_numpy(runs),
        )

    def _lr(self, mine: dict[str, np.ndarray]) -> float | Tensor:
        """Return the learning rates of some runs: a number where all of the sweep share it."""
        if "lr" not in self.grid.axes:
            return self.default_lr
        exact = torch.empty(0, dtype=torch.float64)  # on the CPU: not every device has float64
        return _per_run(self.grid.axes["lr"].values, mine["lr"], False, exact)

    @cached_property
    def factors(self) -> Tensor:
        """The value of every schedule at every step of the longest run, (T, U), float64."""
        schedules = self.grid.axes["schedule"].values
        steps = max(map(self.steps_of, self.grid.axes["batch_size"].values))
        table = [[1.0] * steps if s is None else _checks.factors(s, steps) for s in schedules]
        return torch.tensor(table, dtype=torch.float64).T

    def _factors(self, which: np.ndarray, steps: int) -> tuple[Tensor | None, Tensor | None]:
        """Return the values of every schedule at every step, and the one that each run follows."""
        schedules = self.grid.axes["schedule"].values
        if schedules == [None]:
            return None, None
        return self.factors[:steps], None if len(schedules) == 1 else torch.from_numpy(which)

    def _room(self, batch_size: int) -> int:
        """Return how many runs fit into the memory that may be used at once."""
        rows = max(batch_size, min(ROWS, len(self.x)))
        numbers = 4 * self.starts.shape[1] + 3 * rows * _values_per_example(self.model, self.x)
        numbers += self.x.numel() if self.x.ndim == 2 and self.x.shape[1] <= 2 else 0
        size = numbers * self.starts.element_size() + 16 * len(self.x)
        return max(1, min(MOST_RUNS, int(self.options.memory * 1e6 / size)))


def make_plan(
    model: nn.Module | Callable[[int], nn.Module],
    data: tuple[Tensor, Tensor],
    grid: Grid,
    options: Options,
    *,
    eval_data: tuple[Tensor, Tensor] | None,
    dtype: torch.dtype | None,
    device: torch.device | str | None,
) -> Plan:
    """Check the arguments of a sweep against each other and return its plan.

    Parameters
    ----------
    model, data, eval_data, dtype, device
        As in `sweep`.
    grid, options
        Its axes and its other arguments.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError, TypeError
        If something does not fit.
    """
    check_options(options)
    made = _made(model, grid.seeds)
    own = next(made[0].parameters())
    dtype = own.dtype if dtype is None else _checks.dtype("dtype", dtype)
    device = _checks.device(own.device if device is None else device)
    x, y = read_pair("data", data, dtype, device)
    held_out = None if eval_data is None else read_pair("eval_data", eval_data, dtype, device)
    for size in grid.axes["batch_size"].values:
        _checks.integer("batch_size", size, low=1, high=len(x), hint=f"there are {len(x)} examples")
    template = copy.deepcopy(made[0]).to(device, dtype)
    check_loss(options.loss, template, x, y, "data")
    if held_out is not None:
        check_loss(options.loss, template, *held_out, "eval_data")
    check_together(template, x)
    if isinstance(model, nn.Module):
        starts = start_weights(model, grid.seeds).to(device, dtype)
    else:
        starts = torch.stack([_weights(one, template, x) for one in made])
    return Plan(grid, options, template, starts, x, y, held_out)


def _made(model: Any, seeds: list[int]) -> list[nn.Module]:
    """Return the models that weights come from: one to initialise anew, or one for each seed."""
    if not isinstance(model, nn.Module) and not callable(model):
        _checks.fail("model", "an nn.Module or a function seed -> nn.Module", model, "", TypeError)
    made = [model] if isinstance(model, nn.Module) else [model(seed) for seed in seeds]
    for one in made:
        check_model(one)
    return made


@torch.no_grad()
def _weights(one: nn.Module, template: nn.Module, x: Tensor) -> Tensor:
    """Return a model's weights as one row, if it is the template in all else."""
    twin = copy.deepcopy(one).to(x.device, next(template.parameters()).dtype)
    named = dict(twin.named_parameters())
    shapes = [{n: p.shape for n, p in m.named_parameters()} for m in (twin, template)]
    if shapes[0] != shapes[1] or not torch.allclose(
        twin(x[:2]), as_function(template)(named, x[:2]), equal_nan=True
    ):
        rule = "of one make for all seeds, but for the values of its parameters"
        _checks.fail("model", rule, one, "buffers and attributes must not depend on the seed")
    return nn.utils.parameters_to_vector(named.values())


def _per_run(values: list[Any], which: np.ndarray, same: bool, like: Tensor) -> Any:
    """Return the values of some runs as a tensor; as a number where there is only one."""
    if same or len(values) == 1:
        return values[which[0]]
    dtype = torch.bool if isinstance(values[0], bool) else like.dtype
    return torch.tensor(values, dtype=dtype)[torch.from_numpy(which)].to(like.device)


def _values_per_example(model: nn.Module, x: Tensor) -> int:
    """Count the numbers that a model computes for one example."""
    total = [x[:1].numel()]

    def count(_module: nn.Module, _inputs: Any, outputs: Any) -> None:
        total.append(outputs.numel() if isinstance(outputs, Tensor) else 0)

    hooks = [m.register_forward_hook(count) for m in model.modules()]
    with torch.no_grad():
        model(x[:1])
    for hook in hooks:
        hook.remove()
    return sum(total)
