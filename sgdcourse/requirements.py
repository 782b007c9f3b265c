"""What `sweep` asks of its arguments, checked before any work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse._functional import BATCH_NORM, DROPOUT, as_function
from sgdcourse.targets import check_targets, check_value
from sgdcourse.training import loss_function

__all__ = [
    "Loss",
    "Options",
    "check_loss",
    "check_model",
    "check_options",
    "check_together",
    "read_pair",
]

Loss = str | Callable[[Tensor, Tensor], Tensor]
INSTEAD = "train it with fit, one run at a time"
SOME = 64  # examples on which a loss is tried


@dataclass(frozen=True)
class Options:
    """The arguments of `sweep` that are no axis, as it describes them."""

    loss: Loss
    rule: str
    epochs: int | None
    steps: int | None
    drop_last: bool
    eval_every: int | str | None
    chunk: int | None
    memory: float


def check_model(model: nn.Module) -> None:
    """Refuse models whose runs cannot be computed together."""
    if not any(p.requires_grad for p in _checks.module("model", model).parameters()):
        _checks.fail("model", "one with parameters to train", type(model).__name__)
    for layer in model.modules():
        if getattr(layer, "track_running_stats", False) or isinstance(layer, BATCH_NORM):
            rule = "free of statistics of the batch"
            _checks.fail("model", rule, type(layer).__name__, INSTEAD)
        if isinstance(layer, DROPOUT) and layer.p > 0:
            _checks.fail("model", "free of dropout", type(layer).__name__, INSTEAD)


@torch.no_grad()
def check_together(model: nn.Module, x: Tensor) -> None:
    """See that `vmap` can compute the model for several runs at once."""
    named = {name: torch.stack([p, p]) for name, p in model.named_parameters()}
    try:
        torch.vmap(as_function(model), in_dims=(0, None))(named, x[:2])
    except (RuntimeError, ValueError, TypeError) as error:
        rule = "one whose runs PyTorch's vmap can compute together"
        _checks.fail("model", rule, type(model).__name__, f"{INSTEAD}: {_first_words(error)}")


def check_options(options: Options) -> None:
    """Check the arguments that are no axis."""
    if (options.epochs is None) == (options.steps is None):
        got = (options.epochs, options.steps)
        _checks.fail("epochs or steps", "given, one of the two", got)
    for name in ("epochs", "steps", "chunk"):
        if getattr(options, name) is not None:
            _checks.integer(name, getattr(options, name), low=1)
    _checks.flag("drop_last", options.drop_last)
    _checks.number("memory", options.memory, low=0, open_low=True)
    if options.eval_every not in ("epoch", None):
        _checks.integer("eval_every", options.eval_every, low=1, hint='or "epoch" or None')


def read_pair(
    name: str, data: Any, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Check inputs and targets and bring floating-point numbers to the sweep's dtype."""
    x, y = (
        part.to(device, dtype) if part.is_floating_point() else part.to(device)
        for part in _checks.pair(name, data)
    )
    return x, y


@torch.no_grad()
def check_loss(name: Loss, model: nn.Module, x: Tensor, y: Tensor, data: str) -> None:
    """See that targets fit the model's outputs, and that the loss is a mean over examples.

    Examples from all over the data are taken as one batch, and in two parts of unlike size.
    """
    rows = torch.linspace(0, len(x) - 1, max(2, min(len(x), SOME))).long().to(x.device)
    outputs, loss = model(x[rows]), loss_function(name)
    check_targets(loss, outputs, y[rows], name=f"{data}[1]")
    if name == "cross_entropy":
        _check_classes(y, outputs.shape[1], f"{data}[1]")
    cut = len(rows) // 4 or 1
    both = zip(outputs.tensor_split([cut]), y[rows].tensor_split([cut]), strict=True)
    whole, parts = loss(outputs, y[rows]), [loss(*part) for part in both]
    check_value(whole, trained=False)
    if whole.ndim:  # a run's losses are scalars, stacked along the runs
        _checks.fail("loss", "a function that returns a scalar", f"shape {tuple(whole.shape)}")
    mean = (cut * parts[0] + (len(rows) - cut) * parts[1]) / len(rows)
    if bool(torch.isfinite(whole)) and not torch.allclose(whole, mean, rtol=1e-3):
        values, hint = (whole.item(), mean.item()), "two parts of a batch have another mean"
        _checks.fail("loss", "a mean over the batch", values, hint)


def _check_classes(y: Tensor, classes: int, name: str) -> None:
    """See that every target is the number of a class."""
    if y.dtype != torch.int64:
        _checks.fail(name, "class numbers (int64) for cross_entropy", y.dtype)
    low, high = y.min().item(), y.max().item()
    if low < 0 or high >= classes:
        _checks.fail(name, f"class numbers from 0 to {classes - 1}", (low, high))


def _first_words(error: Exception) -> str:
    """Return the first sentence of an error's message."""
    return str(error).split("\n")[0].split(". ")[0]
