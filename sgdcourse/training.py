"""One training run in plain PyTorch: any model, any loss, any optimizer.

`fit` is the loop of chapter 1 with its bookkeeping: losses, learning rates, checkpoints.
Many runs at once are the business of `sgdcourse.sweep`, which gives the same numbers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from sgdcourse import _checks, checkpoints
from sgdcourse.sources import Loader, Pair, Tensors, make_source, moved
from sgdcourse.targets import check_targets, check_value, has_classes

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
        On the held-out data after each epoch; empty without. The accuracy is NaN unless targets
        are class numbers: see `evaluate`.
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
        The training mode of each of its parts is put back afterwards.
    data : (x, y)
        Tensors of n rows each.
    loss : "mse", "cross_entropy" or callable (output, y) → scalar

    Returns
    -------
    loss, accuracy : float
        The accuracy is the share of examples whose highest output, along dimension 1, is that of
        class y. It is NaN unless y holds class numbers (an integer dtype) and lacks just that
        dimension, and there are two classes or more.

    Raises
    ------
    ValueError, TypeError
        On a bad argument, such as targets that would be broadcast to the outputs.

    Examples
    --------
    >>> zero = nn.Linear(1, 1, bias=False)
    >>> _ = zero.weight.data.zero_()
    >>> evaluate(zero, (torch.ones(2, 1), torch.ones(2, 1)), loss="mse")
    (1.0, nan)
    """
    function = loss_function(loss)
    x, y = _checks.pair("data", data)
    with _evaluation_mode(_checks.module("model", model)):
        output = _outputs(model, x, "data")
        check_targets(function, output, y)
        value = function(output, y)
    check_value(value, trained=False)
    if not has_classes(output, y):
        return value.item(), math.nan
    return value.item(), (output.argmax(1) == y).double().mean().item()


def _outputs(model: nn.Module, x: Tensor, name: str) -> Tensor:
    """Return what a model gives for the inputs of the data of that name."""
    try:
        return model(x)
    except RuntimeError as error:
        rule, hint = "inputs that the model can take", str(error).split("\n")[0]
        _checks.fail(f"{name}[0]", rule, f"{x.dtype} of shape {tuple(x.shape)}", hint)


@contextmanager
def _evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode, and afterwards each part into the mode that it had."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


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

    At step t: lr = the optimizer's own lr · schedule(t); backward on the mean loss of one batch;
    one optimizer step. In the end the optimizer has its own lr again.

    Parameters
    ----------
    model : nn.Module
        Trained in place.
    data : (x, y) or DataLoader
        Tensors of n rows each, or a loader of such pairs, with a length. With a loader the batches
        are the loader's own; `batch_size`, `seed`, `sampling` and `drop_last` then stay unset.
    loss : "mse", "cross_entropy" or callable (output, y) → scalar mean over the batch
    optimizer : torch.optim.Optimizer
        Made from `model.parameters()`; PyTorch's, without those that need a closure, or
        `sgdcourse.SGD`.
    epochs, steps : int, ≥ 1
        How long to train: exactly one of the two.
    batch_size : int in 1 … n, default n
        n is full-batch gradient descent, 1 is SGD one example at a time.
    schedule : callable step → factor ≥ 0, optional
        Called for every step before the training begins.
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
        Written after every whole epoch; readable by `torch.load(weights_only=True)`. It holds the
        state of PyTorch's generator on the CPU and of a loader's; other samplers than PyTorch's
        own may have more, and are refused.
    resume : bool, default False
        Go on from `checkpoint` if that file exists: the same bits as without the break. Only
        `epochs` or `steps` may have changed, to no fewer than were made.
    progress : bool, optional
        Whether to show a progress bar; by default only on runs of 2000 steps or more.

    Returns
    -------
    Run

    Raises
    ------
    ValueError, TypeError
        On a bad argument, before anything is trained: data that do not fit the model or the loss,
        a checkpoint of another run. The batches of a loader are looked at when the first comes.

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
    _check_parts(model, optimizer)
    place = None if device is None else _checks.device(device)
    source = make_source(
        data,
        batch_size=batch_size,
        seed=seed,
        sampling_name=sampling,
        drop_last=drop_last,
        device=place,
    )
    total = _total_steps(epochs, steps, source.per_epoch)
    factors = None if schedule is None else _checks.factors(schedule, total)
    held_out = None if eval_data is None else moved(_checks.pair("eval_data", eval_data), place)
    quiet = total < QUIET_STEPS if progress is None else not _checks.flag("progress", progress)
    log = _Log(model, optimizer, source, factors, None if held_out is None else len(held_out[0]))
    file = _file(checkpoint, resume, source)
    saved = None
    if resume and file is not None and file.exists():
        saved = checkpoints.read(file, log.state())
        log.check(saved["history"], "steps" if epochs is None else "epochs", total)
    if place is not None:
        model.to(place)
        _move_state(optimizer)
    _rehearse(model, function, data=source.first(), eval_data=held_out)
    with log.own_lr():
        if saved is not None:
            log.load(saved)
        with tqdm(total=total, initial=len(log.loss), disable=quiet, unit="step") as bar:
            _train(log, function, total, held_out, file, bar)
    return log.run()


def _train(
    log: _Log, function: Loss, total: int, held_out: Pair | None, file: Path | None, bar: tqdm
) -> None:
    """Train until the last step or until divergence, with what comes after every epoch."""
    epochs = log.source.epochs(start=len(log.epoch_loss))
    while len(log.loss) < total and not log.diverged:
        _one_epoch(log, function, next(epochs), total, bar)
        if held_out is not None:
            log.evaluations.append(evaluate(log.model, held_out, loss=function))
        if file is not None and log.at_epoch_end and not log.diverged:
            checkpoints.write(file, log.state())


def _one_epoch(log: _Log, function: Loss, batches: Iterator[Pair], total: int, bar: tqdm) -> None:
    """Go through one epoch's batches, update and write down what happened."""
    model, optimizer = log.model, log.optimizer
    parts: list[tuple[int, float]] = []
    model.train()
    for x, y in islice(batches, total - len(log.loss)):
        log.set_lr()
        output = model(x)
        if not parts:
            check_targets(function, output, y)
        loss = function(output, y)
        if not parts:
            check_value(loss)
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
    if not parts:
        _checks.fail("data", "a DataLoader with as many batches as its length says", 0)
    log.epoch_loss.append(sum(n * v for n, v in parts) / sum(n for n, _ in parts))
    if log.at_epoch_end:
        for _ in batches:  # a loader's sampler may still draw when it ends
            pass


class _Log:
    """The growing history of a run, and what a checkpoint must hold to go on exactly."""

    _HISTORY = ("loss", "lr", "epoch_loss", "evaluations")

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        source: Tensors | Loader,
        factors: list[float] | None,
        held_out: int | None,
    ):
        self.model, self.optimizer, self.source, self.factors = model, optimizer, source, factors
        self.base_lr = [group["lr"] for group in optimizer.param_groups]
        self.loss: list[float] = []
        self.lr: list[float] = []
        self.epoch_loss: list[float] = []
        self.evaluations: list[tuple[float, float]] = []
        self.diverged = False
        self.generators = {"torch": torch.default_generator, **source.generators()}
        self.settings = {
            **source.settings,
            **checkpoints.optimizer_settings(optimizer, model),
            "schedule": None if factors is None else "a function",
            "eval_data": None if held_out is None else f"{held_out} examples",
        }

    @property
    def at_epoch_end(self) -> bool:
        return len(self.loss) % self.source.per_epoch == 0

    @contextmanager
    def own_lr(self) -> Iterator[None]:
        """Give every group back, in the end, the learning rate that the schedule started from."""
        try:
            yield
        finally:
            if self.factors is not None:
                self._scale_lr(None)

    def set_lr(self) -> None:
        """Let the groups have the learning rate of the coming step."""
        if self.factors is not None:
            self._scale_lr(self.factors[len(self.loss)])

    def _scale_lr(self, factor: float | None) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lr, strict=True):
            group["lr"] = base if factor is None else base * factor

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

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds."""
        return {
            "settings": self.settings,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": {name: getattr(self, name) for name in self._HISTORY},
            "generators": {name: g.get_state() for name, g in self.generators.items()},
        }

    def check(self, history: dict[str, list], name: str, total: int) -> None:
        """See that a checkpoint has not gone further than asked, nor by another schedule."""
        unit = 1 if name == "steps" else self.source.per_epoch
        done = len(history["loss"])
        if total < done:
            rule = f"at least {done // unit}, as many as the checkpoint holds"
            _checks.fail(name, rule, total // unit)
        for t, (used, factor) in enumerate(zip(history["lr"], self.factors or [], strict=False)):
            lr = float(self.base_lr[0]) * factor
            if not math.isclose(lr, used, rel_tol=1e-6):
                rule = f"what it was for the checkpoint, where lr was {used:g}"
                _checks.fail(f"schedule({t})", rule, factor)

    def load(self, state: dict[str, Any]) -> None:
        """Take up the state in a checkpoint."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.model.load_state_dict(state["model"])
        for name, value in state["history"].items():
            setattr(self, name, value)
        for name, generator in self.generators.items():
            generator.set_state(state["generators"][name])


@torch.no_grad()
def _rehearse(model: nn.Module, function: Loss, **data: Pair | None) -> None:
    """See, before the first step, that data, model and loss fit together; change nothing."""
    for name, pair in data.items():
        if pair is not None:
            with _evaluation_mode(model), torch.random.fork_rng(devices=[]):
                output = _outputs(model, pair[0], name)
            check_targets(function, output, pair[1], name=f"{name}[1]")


def _check_parts(model: Any, optimizer: Any) -> None:
    _checks.module("model", model)
    if not isinstance(optimizer, torch.optim.Optimizer):
        hint = "such as torch.optim.SGD(model.parameters(), lr=0.1)"
        _checks.fail("optimizer", "a torch.optim.Optimizer", optimizer, hint, TypeError)
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        rule = "one that makes a step without a closure"
        _checks.fail("optimizer", rule, type(optimizer).__name__)
    own = {id(p): p for p in model.parameters()}
    given = [own[id(p)] for g in optimizer.param_groups for p in g["params"] if id(p) in own]
    if not given:
        _checks.fail("optimizer", "made from this model's parameters", type(optimizer).__name__)
    if not any(p.requires_grad for p in given):
        rule = "one in which a parameter that the optimizer has requires a gradient"
        _checks.fail("model", rule, type(model).__name__, "all are frozen")


def _file(checkpoint: Any, resume: Any, source: Tensors | Loader) -> Path | None:
    """Return where the checkpoint is, once it is sure that it can be written and resumed."""
    if checkpoint is None:
        if _checks.flag("resume", resume):
            _checks.fail("checkpoint", "a path when resume is True", checkpoint)
        return None
    _checks.flag("resume", resume)
    if isinstance(source, Loader):
        source.check_storable()
    return checkpoints.check_path(checkpoint)


def _total_steps(epochs: int | None, steps: int | None, per_epoch: int) -> int:
    if (epochs is None) == (steps is None):
        _checks.fail("epochs", "given, or else steps, but not both", (epochs, steps))
    if per_epoch < 1:
        _checks.fail("data", "long enough for one batch", 0)
    if steps is not None:
        return _checks.integer("steps", steps, low=1)
    return _checks.integer("epochs", epochs, low=1) * per_epoch


def _move_state(optimizer: torch.optim.Optimizer) -> None:
    """Bring the optimizer's own tensors to where its parameters now are."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            state = optimizer.state.get(p, {})
            for key, value in state.items():
                if isinstance(value, Tensor) and value.ndim:
                    state[key] = value.to(p.device)
