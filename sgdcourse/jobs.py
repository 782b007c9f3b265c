"""What the engine is asked to do, and what it hands back: plain data that travels to workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse import sampling
from sgdcourse.targets import has_classes
from sgdcourse.training import Loss, loss_function

__all__ = ["Job", "Result"]

ROWS = 128  # examples evaluated at once, at least


@dataclass(frozen=True)
class Job:
    """R runs of one model on the same data with the same batch size.

    Parameters
    ----------
    model : nn.Module
        The architecture; its weights are not used.
    weights : Tensor of shape (R, P)
        First weights, flat, in the order of `model.parameters()`.
    x, y : Tensor of shape (N, …)
        Examples and targets.
    held_out : tuple of Tensor, optional
        Inputs and targets to evaluate on.
    loss : str or callable
        Name in `training.LOSSES`, or a function (outputs, targets) → mean over the batch.
    rule, hyper : str, dict
        Update rule, and its hyper-parameters: numbers, or tensors of shape (R,).
    lr : float or Tensor of shape (R,), float64
    factors : Tensor of shape (T, U), float64, optional
        The values of U schedules at every step.
    schedule_of_run : Tensor of shape (R,), int64, optional
        Which of the U schedules a run follows.
    seeds, samplings : tuple of int, tuple of str
        Each run's seed of its order, and how it draws it.
    steps, batch_size, drop_last
        As in `sweep`.
    evaluations : frozenset of int
        Steps before which the full-data loss is taken; it is always taken after the last.
    evaluate : bool
        Whether it is taken at all.
    runs : Tensor of shape (R,), int64
        The runs' places in the whole sweep.
    """

    model: nn.Module
    weights: Tensor
    x: Tensor
    y: Tensor
    loss: str | Callable[[Tensor, Tensor], Tensor]
    rule: str
    hyper: dict[str, Any]
    lr: float | Tensor
    seeds: tuple[int, ...]
    samplings: tuple[str, ...]
    steps: int
    batch_size: int
    drop_last: bool = False
    factors: Tensor | None = None
    schedule_of_run: Tensor | None = None
    held_out: tuple[Tensor, Tensor] | None = None
    evaluations: frozenset[int] = frozenset()
    evaluate: bool = True
    runs: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int64))

    @property
    def loss_function(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss as a function of outputs and targets."""
        return loss_function(self.loss)

    @cached_property
    def _seeds_of(self) -> dict[str, list[int]]:
        """The seeds that each sampling is asked for, without repetition."""
        found: dict[str, dict[int, None]] = {}
        for way, seed in zip(self.samplings, self.seeds, strict=True):
            found.setdefault(way, {})[seed] = None
        return {way: list(seeds) for way, seeds in found.items()}

    @cached_property
    def _row_of_run(self) -> Tensor | None:
        """Which of the distinct orders each run follows; None where that is its own number."""
        orders = [(name, seed) for name, seeds in self._seeds_of.items() for seed in seeds]
        place = {order: i for i, order in enumerate(orders)}
        rows = [place[order] for order in zip(self.samplings, self.seeds, strict=True)]
        return None if rows == list(range(len(orders))) else torch.tensor(rows).to(self.x.device)

    def spread(self, rows: Tensor) -> Tensor:
        """Turn one row for each distinct order into one row for each run."""
        return rows if self._row_of_run is None else rows[self._row_of_run]

    def batches(self) -> Iterator[tuple[Tensor, int, int]]:
        """Yield, for every step, the epoch's orders (a row each), the batch's start and stop."""
        n, size = len(self.x), self.batch_size
        per_epoch = sampling.steps_per_epoch(n, size, drop_last=self.drop_last)
        epochs = -(-self.steps // per_epoch)
        drawn = [
            sampling.many_epoch_orders(n, seeds=seeds, sampling=name, epochs=epochs)
            for name, seeds in self._seeds_of.items()
        ]
        for epoch, orders in enumerate(zip(*drawn, strict=True)):
            here = (orders[0] if len(orders) == 1 else torch.cat(orders)).to(self.x.device)
            for k in range(min(per_epoch, self.steps - epoch * per_epoch)):
                yield here, k * size, min((k + 1) * size, n)

    def lr_at(self, step: int) -> float | Tensor:
        """Return the learning rate of a step: lr · schedule(step), a number or one for each run."""
        lr = self.lr
        if self.factors is not None and self.schedule_of_run is None:
            lr = lr * self.factors[step, 0].item()
        elif self.factors is not None:
            lr = lr * self.factors[step][self.schedule_of_run]
        return lr.to(self.weights) if isinstance(lr, Tensor) else lr


@dataclass
class Result:
    """What a job's runs recorded; the last dimension is the run.

    Parameters
    ----------
    loss : Tensor of shape (T, R)
        Batch loss before each update.
    full_loss, eval_loss, eval_accuracy : list of Tensor of shape (R,)
        One entry for every evaluation.
    weights : Tensor of shape (R, P)
        Last weights.
    """

    loss: Tensor
    full_loss: list[Tensor] = field(default_factory=list)
    eval_loss: list[Tensor] = field(default_factory=list)
    eval_accuracy: list[Tensor] = field(default_factory=list)
    weights: Tensor = field(default_factory=lambda: torch.empty(0))

    @classmethod
    def empty(cls, job: Job) -> Result:
        """Return a result with room for a job's losses."""
        return cls(job.weights.new_empty(job.steps, len(job.weights)))

    def evaluate(self, predict: Callable[[Tensor], Tensor], job: Job) -> None:
        """Record the loss of every run on all data, and loss and accuracy on held-out data."""
        if not job.evaluate:
            return
        self.full_loss.append(_measure(predict, job, job.x, job.y, accuracy=False)[0])
        if job.held_out is not None:
            loss, accuracy = _measure(predict, job, *job.held_out)
            self.eval_loss.append(loss)
            if accuracy is not None:
                self.eval_accuracy.append(accuracy)


def _measure(
    predict: Callable[[Tensor], Tensor], job: Job, x: Tensor, y: Tensor, *, accuracy: bool = True
) -> tuple[Tensor, Tensor | None]:
    """Return each run's loss and accuracy on some data; None where the targets are no classes."""
    loss = job.weights.new_zeros(len(job.weights))
    right: Tensor | None = None
    rows = max(job.batch_size, ROWS)
    for some_x, some_y in zip(x.split(rows), y.split(rows), strict=True):
        outputs = predict(some_x)
        loss += _losses(job.loss, outputs, some_y) * (len(some_x) / len(x))
        if accuracy and has_classes(outputs[0], some_y):
            here = (outputs.argmax(2) == some_y).flatten(1).sum(1) / y.numel()
            right = here if right is None else right + here
    return loss, right


def _losses(loss: str | Loss, outputs: Tensor, y: Tensor) -> Tensor:
    """Return each run's mean loss; the losses with names need no vmap, which takes its time."""
    if loss == "mse":
        return (outputs - y).square_().flatten(1).mean(1)
    if loss == "cross_entropy":
        same = y.expand(len(outputs), *y.shape)
        each = nn.functional.cross_entropy(outputs.movedim(2, 1), same, reduction="none")
        return each.flatten(1).mean(1)
    return torch.vmap(loss_function(loss), in_dims=(0, None))(outputs, y)
