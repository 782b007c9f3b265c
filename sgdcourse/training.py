"""One training run in plain PyTorch: any model, any loss, any optimizer.

`fit` is the loop of chapter 1 with its bookkeeping: losses, learning rates, checkpoints.
Many runs at once are the business of `sgdcourse.sweep`, which gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from sgdcourse import _checks, sampling

__all__ = ["LOSSES", "Run", "evaluate", "fit"]

Loss = Callable[[Tensor, Tensor], Tensor]
#: The losses, by the names that `fit`, `evaluate` and `sweep` take as `loss`.
#:
#: :meta hide-value:
LOSSES: dict[str, Loss] = {
    "mse": nn.functional.mse_loss,
    "cross_entropy": nn.functional.cross_entropy,
}
QUIET_STEPS = 2000


@dataclass
class Run:
    """What happened in one call of `fit`.

    Parameters
    ----------
    model : nn.Module
        The trained model, the same object that was given to `fit`.
    loss : Tensor of shape (T,)
        Mean loss of the batch of every step, before its update; float64.
    lr : Tensor of shape (T,)
        Learning rate of the first parameter group at every step; float64.
    epoch_loss : Tensor of shape (E,)
        Mean over the examples of each epoch: batch losses weighted by batch size. A last epoch
        that `steps` cuts short counts with the examples it saw.
    eval_loss, eval_accuracy : Tensor of shape (E,)
        On the held-out data after each epoch; empty without. The accuracy is NaN for regression.
    diverged : bool
        Whether a loss became infinite or NaN; the run stops there.

    Examples
    --------
    >>> Run(nn.Linear(1, 1)).steps
    0
    """

    model: nn.Module
    loss: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    lr: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    epoch_loss: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    eval_loss: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    eval_accuracy: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.float64))
    diverged: bool = False

    @property
    def steps(self) -> int:
        """Number of updates made."""
        return len(self.loss)


def loss_function(loss: str | Loss) -> Loss:
    """Return the loss of that name, or the callable itself."""
    if callable(loss):
        return loss
    if not isinstance(loss, str):
        _checks.fail("loss", "a name or a function", loss, "", TypeError)
    return LOSSES[_checks.one_of("loss", loss, LOSSES, "or give a function (output, y) → mean")]


@torch.no_grad()
def evaluate(
    model: nn.Module, data: tuple[Tensor, Tensor], *, loss: str | Loss
) -> tuple[float, float]:
    """Mean loss and accuracy on held-out data, with the model in evaluation mode.

    Parameters
    ----------
    model : nn.Module
        Its training mode is put back afterwards.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → scalar

    Returns
    -------
    loss, accuracy : float
        The accuracy is NaN unless y holds class numbers (an integer dtype).

    Examples
    --------
    >>> zero = nn.Linear(1, 1, bias=False)
    >>> _ = zero.weight.data.zero_()
    >>> evaluate(zero, (torch.ones(2, 1), torch.ones(2, 1)), loss="mse")
    (1.0, nan)
    """
    function = loss_function(loss)
    x, y = _pair("data", data)
    training = model.training
    model.eval()
    output = model(x)
    value = function(output, y).item()
    model.train(training)
    if y.is_floating_point():
        return value, math.nan
    return value, (output.argmax(-1) == y).double().mean().item()


def fit(
    model: nn.Module,
    data: tuple[Tensor, Tensor] | DataLoader,
    *,
    loss: str | Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | None = None,
    schedule: Callable[[int], float] | None = None,
    seed: int = 0,
    sampling: str = "reshuffle",
    drop_last: bool = False,
    eval_data: tuple[Tensor, Tensor] | None = None,
    device: str | torch.device | None = None,
    checkpoint: str | PathLike | None = None,
    resume: bool = False,
    progress: bool | None = None,
) -> Run:
    """Train a model and keep the history.

    At step t: lr = initial lr · schedule(t); backward on the mean loss of one batch; one
    optimizer step.

    Parameters
    ----------
    model : nn.Module
        Trained in place.
    data : (x, y) or DataLoader
        Tensors of n rows each, or a loader of such pairs. With a loader the batches are the
        loader's own; `batch_size`, `seed`, `sampling` and `drop_last` then stay unset.
    loss : "mse", "cross_entropy" or callable (output, y) → scalar mean over the batch
    optimizer : torch.optim.Optimizer
        Made from `model.parameters()`; PyTorch's or `sgdcourse.SGD`.
    epochs, steps : int, ≥ 1
        How long to train: exactly one of the two.
    batch_size : int in 1 … n, default n
        n is full-batch gradient descent, 1 is SGD one example at a time.
    schedule : callable step → factor, optional
    seed : int in [0, 2³¹), default 0
        Decides the order of the examples.
    sampling : {"reshuffle", "replacement", "fixed", "in_order"}
    drop_last : bool, default False
        Whether to leave out a last, smaller batch of each epoch.
    eval_data : (x, y), optional
        Evaluated after every epoch, in evaluation mode.
    device : str or torch.device, optional
        Model and data are moved there.
    checkpoint : path, optional
        Written after every epoch; readable by `torch.load(weights_only=True)`.
    resume : bool, default False
        Go on from `checkpoint` if that file exists: the same bits as without the break.
    progress : bool, optional
        Whether to show a progress bar; by default only on runs of 2000 steps or more.

    Returns
    -------
    Run

    Raises
    ------
    ValueError, TypeError
        On a bad argument, before anything is trained.

    Examples
    --------
    >>> from sgdcourse import data, models
    >>> net = models.parabola_net(seed=0)
    >>> sgd = torch.optim.SGD(net.parameters(), lr=0.2)
    >>> run = fit(net, data.noisy_parabola(), loss="mse", optimizer=sgd, epochs=3, batch_size=16)
    >>> run.steps, len(run.epoch_loss), run.diverged
    (21, 3, False)
    """
    function = loss_function(loss)
    _check_parts(model, optimizer, schedule, resume, checkpoint)
    device = None if device is None else _checks.device(device)
    source = _source(data, batch_size, seed, sampling, drop_last, device)
    total = _total_steps(epochs, steps, source.per_epoch)
    held_out = None if eval_data is None else _to(_pair("eval_data", eval_data), device)
    if device is not None:
        model.to(device)
        _move_state(optimizer)
    log = _Log(model, optimizer)
    if resume and checkpoint is not None and Path(checkpoint).exists():
        source.restore(log.load(checkpoint))
    quiet = total < QUIET_STEPS if progress is None else not progress
    with tqdm(total=total, initial=len(log.loss), disable=quiet, unit="step") as bar:
        for epoch in source.epochs(start=len(log.epoch_loss)):
            _one_epoch(log, function, epoch, schedule, total, bar)
            log.whole_epochs = len(log.loss) % source.per_epoch == 0
            if held_out is not None:
                log.evaluations.append(evaluate(model, held_out, loss=function))
            if checkpoint is not None and log.whole_epochs and not log.diverged:
                log.save(checkpoint, source.state())
            if log.diverged or len(log.loss) >= total:
                break
    return log.run()


def _one_epoch(
    log: _Log, function: Loss, batches: Iterable, schedule: Any, total: int, bar: tqdm
) -> None:
    """Go through one epoch's batches, update and write down what happened."""
    model, optimizer = log.model, log.optimizer
    parts: list[tuple[int, float]] = []
    model.train()
    for x, y in batches:
        if schedule is not None:
            for group, base in zip(optimizer.param_groups, log.base_lr, strict=True):
                group["lr"] = base * schedule(len(log.loss))
        loss = function(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        parts.append((len(y), value))
        log.lr.append(float(optimizer.param_groups[0]["lr"]))
        log.loss.append(value)
        bar.update()
        if not math.isfinite(value):
            log.diverged = True
            break
        if len(log.loss) >= total:
            break
    log.epoch_loss.append(sum(n * v for n, v in parts) / sum(n for n, _ in parts))


class _Log:
    """The growing history of a run, and what a checkpoint must hold to go on exactly."""

    _HISTORY = ("base_lr", "loss", "lr", "epoch_loss", "evaluations")

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer):
        self.model, self.optimizer = model, optimizer
        self.base_lr = [g.get("initial_lr", g["lr"]) for g in optimizer.param_groups]
        self.loss: list[float] = []
        self.lr: list[float] = []
        self.epoch_loss: list[float] = []
        self.evaluations: list[tuple[float, float]] = []
        self.diverged = False
        self.whole_epochs = True

    def run(self) -> Run:
        def column(values: list[float]) -> Tensor:
            return torch.tensor(values, dtype=torch.float64)

        return Run(
            self.model,
            column(self.loss),
            column(self.lr),
            column(self.epoch_loss),
            column([loss for loss, _ in self.evaluations]),
            column([accuracy for _, accuracy in self.evaluations]),
            self.diverged,
        )

    def save(self, path: str | PathLike, source: dict[str, Tensor]) -> None:
        """Write the checkpoint beside its place, then put it there in one move."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": {name: getattr(self, name) for name in self._HISTORY},
            "rng": torch.get_rng_state(),
            "source": source,
        }
        part = Path(f"{path}.part")
        torch.save(_on_cpu(state), part)
        part.replace(path)

    def load(self, path: str | PathLike) -> dict[str, Tensor]:
        """Take up the state in the checkpoint; return what belongs to the source."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for name, value in state["history"].items():
            setattr(self, name, value)
        torch.set_rng_state(state["rng"])
        return state["source"]


@dataclass
class _Tensors:
    """Batches sliced from two tensors in a seeded order."""

    x: Tensor
    y: Tensor
    size: int
    per_epoch: int
    orders: Callable[[], Iterator[Tensor]]

    def epochs(self, start: int) -> Iterator[Iterable]:
        """Each epoch's batches, from epoch number `start` on."""
        for order in islice(self.orders(), start, None):
            used = order[: self.per_epoch * self.size].to(self.x.device)
            yield ((self.x[rows], self.y[rows]) for rows in used.split(self.size))

    def state(self) -> dict[str, Tensor]:
        return {}  # the order is a function of seed and epoch: nothing to keep

    def restore(self, state: dict[str, Tensor]) -> None:
        pass


@dataclass
class _Loader:
    """Batches from a DataLoader, whose generator is the only state."""

    loader: DataLoader
    device: str | torch.device | None

    @property
    def per_epoch(self) -> int:
        return len(self.loader)

    def epochs(self, start: int) -> Iterator[Iterable]:
        while True:
            yield (_to(pair, self.device) for pair in self.loader)

    def state(self) -> dict[str, Tensor]:
        generator = self.loader.generator
        return {} if generator is None else {"generator": generator.get_state()}

    def restore(self, state: dict[str, Tensor]) -> None:
        if "generator" in state and self.loader.generator is not None:
            self.loader.generator.set_state(state["generator"])


def _source(
    data: Any, batch_size: Any, seed: Any, sampling_name: Any, drop_last: Any, device: Any
) -> _Tensors | _Loader:
    if isinstance(data, DataLoader):
        if batch_size is not None:
            _checks.fail("batch_size", "left out with a DataLoader", batch_size, "it has its own")
        return _Loader(data, device)
    x, y = _to(_pair("data", data), device)
    n = len(x)
    size = n if batch_size is None else _checks.integer("batch_size", batch_size, low=1, high=n)
    _checks.seed(seed)
    _checks.one_of("sampling", sampling_name, sampling.SAMPLINGS)
    per_epoch = n // size if _checks.flag("drop_last", drop_last) else math.ceil(n / size)
    orders = partial(sampling.epoch_orders, n, seed=seed, sampling=sampling_name)
    return _Tensors(x, y, size, per_epoch, orders)


def _check_parts(model: Any, optimizer: Any, schedule: Any, resume: Any, checkpoint: Any) -> None:
    if not isinstance(model, nn.Module):
        _checks.fail("model", "an nn.Module", model, error=TypeError)
    if not isinstance(optimizer, torch.optim.Optimizer):
        hint = "such as torch.optim.SGD(model.parameters(), lr=0.1)"
        _checks.fail("optimizer", "a torch.optim.Optimizer", optimizer, hint, TypeError)
    if schedule is not None and not callable(schedule):
        _checks.fail("schedule", "a function of the step", schedule, error=TypeError)
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for g in optimizer.param_groups for p in g["params"]):
        _checks.fail("optimizer", "made from this model's parameters", type(optimizer).__name__)
    if _checks.flag("resume", resume) and checkpoint is None:
        _checks.fail("checkpoint", "a path when resume is True", checkpoint)


def _total_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    if (epochs is None) == (steps is None):
        _checks.fail("epochs", "given, or else steps, but not both", (epochs, steps))
    if per_epoch < 1:
        _checks.fail("data", "long enough for one batch", 0)
    if steps is not None:
        return _checks.integer("steps", steps, low=1)
    return _checks.integer("epochs", epochs, low=1) * per_epoch


def _pair(name: str, data: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(data, tuple | list) or len(data) != 2:
        _checks.fail(name, "a pair (x, y) of tensors", type(data).__name__, error=TypeError)
    x, y = (_checks.tensor(f"{name}[{i}]", t) for i, t in enumerate(data))
    if len(x) != len(y):
        _checks.fail(f"{name}[1]", f"as long as {name}[0] ({len(x)} rows)", len(y))
    return x, y


def _on_cpu(state: Any) -> Any:
    """Return nested lists and dicts with their tensors on the CPU, readable on every machine."""
    if isinstance(state, dict):
        return {key: _on_cpu(value) for key, value in state.items()}
    if isinstance(state, list):
        return [_on_cpu(value) for value in state]
    return state.cpu() if isinstance(state, Tensor) else state


def _to(pair: tuple[Tensor, Tensor], device: Any) -> tuple[Tensor, Tensor]:
    x, y = pair
    return (x, y) if device is None else (x.to(device), y.to(device))


def _move_state(optimizer: torch.optim.Optimizer) -> None:
    """Bring the optimizer's own tensors to where its parameters now are."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            state = optimizer.state.get(p, {})
            for key, value in state.items():
                if isinstance(value, Tensor) and value.ndim:
                    state[key] = value.to(p.device)
