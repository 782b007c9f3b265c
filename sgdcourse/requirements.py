"""What `sweep` asks of its arguments, checked before any work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse.training import loss_function

__all__ = ["Loss", "Options", "check_loss", "check_model", "check_options", "read_pair"]

Loss = str | Callable[[Tensor, Tensor], Tensor]


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
    instead = "train it with fit, one run at a time"
    if not any(True for _ in model.parameters()):
        _checks.fail("model", "one with parameters", type(model).__name__)
    for layer in model.modules():
        if getattr(layer, "track_running_stats", False):
            rule = "free of running statistics of the batch"
            _checks.fail("model", rule, type(layer).__name__, instead)
        if isinstance(layer, nn.modules.dropout._DropoutNd) and layer.p > 0:
            _checks.fail("model", "free of dropout", type(layer).__name__, instead)


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
    if not isinstance(data, tuple | list) or len(data) != 2:
        _checks.fail(name, "two tensors (x, y)", type(data).__name__, error=TypeError)
    x, y = (_checks.tensor(f"{name}[{i}]", part) for i, part in enumerate(data))
    if len(x) != len(y):
        _checks.fail(name, "as many inputs as targets", (len(x), len(y)))
    return tuple(  # type: ignore[return-value]
        part.to(device, dtype) if part.is_floating_point() else part.to(device) for part in (x, y)
    )


@torch.no_grad()
def check_loss(name: Loss, model: nn.Module, data: tuple[Tensor, Tensor]) -> None:
    """See that the loss fits the model's outputs and is a mean over the batch."""
    loss = loss_function(name)
    x, y = data[0][:2], data[1][:2]
    outputs = model(x)
    if name == "mse" and outputs.shape != y.shape:
        got = tuple(data[1].shape)
        _checks.fail("targets", f"of shape (N, {outputs.shape[1:].numel()}) for mse", got)
    if name == "cross_entropy" and y.dtype != torch.int64:
        _checks.fail("targets", "class numbers (int64) for cross_entropy", y.dtype)
    once = loss(outputs, y)
    if not isinstance(once, Tensor) or once.ndim != 0:
        _checks.fail("loss", "a single number, the mean over the batch", once)
    twice = loss(torch.cat([outputs] * 2), torch.cat([y] * 2))
    if bool(torch.isfinite(once)) and not torch.allclose(once, twice, rtol=1e-3):
        values = (once.item(), twice.item())
        _checks.fail("loss", "a mean over the batch", values, "a batch taken twice changed it")
