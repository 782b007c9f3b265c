"""Whether targets fit a model's outputs and its loss: shapes that broadcast hide mistakes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse import _checks

__all__ = ["check_targets", "check_value", "has_classes"]

SOME = 8  # examples on which a suspicious loss is tried


def has_classes(outputs: Tensor, y: Tensor) -> bool:
    """Say whether targets are class numbers, and outputs hold a score for each of several classes.

    The scores lie along dimension 1.
    """
    whole = not (y.is_floating_point() or y.is_complex() or y.dtype == torch.bool)
    several = outputs.ndim > 1 and outputs.shape[1] > 1
    return whole and several and outputs.shape[:1] + outputs.shape[2:] == y.shape


def check_targets(
    loss: Callable[[Tensor, Tensor], Tensor], outputs: Any, y: Tensor, *, name: str = "data[1]"
) -> None:
    """Refuse targets that the loss would compare with the wrong outputs, or not at all.

    Parameters
    ----------
    loss : callable (output, y) → scalar
    outputs : Tensor
        What the model gave for some examples.
    y : Tensor
        Their targets.
    name : str
        What the targets are called in the message.

    Raises
    ------
    ValueError
        If the shapes do not fit. A function of one's own may take any targets, but for those
        that it broadcasts: shaped as the outputs apart from dimensions of size 1, and with
        another loss for several examples together than the mean of their own.
    """
    if not isinstance(outputs, Tensor):
        _checks.fail("model", "one that returns a tensor", type(outputs).__name__)
    same, shape, got = outputs.shape == y.shape, tuple(outputs.shape), tuple(y.shape)
    if loss is nn.functional.cross_entropy:
        shares = same and y.is_floating_point() and len(shape) > 1 and shape[1] > 1
        if not shares and not has_classes(outputs, y):
            rule = f"class numbers of shape {shape[:1] + shape[2:]}, two or more classes"
            _checks.fail(name, rule, f"{y.dtype} of shape {got}", f"outputs have shape {shape}")
    elif not same and (
        loss is nn.functional.mse_loss
        or (_differ_by_ones(outputs, y) and _mixes_examples(loss, outputs, y))
    ):
        _checks.fail(name, f"of the shape of the model's outputs, {shape}", got)


def check_value(value: Any, *, trained: bool = True) -> None:
    """Refuse what a loss must not return: anything but one number, to be differentiated if trained.

    Raises
    ------
    ValueError
        Naming the loss.
    """
    if not isinstance(value, Tensor) or value.numel() != 1:
        got = tuple(value.shape) if isinstance(value, Tensor) else value
        _checks.fail("loss", "a function that returns one number, the mean over the batch", got)
    if trained and not value.requires_grad:
        _checks.fail("loss", "a function that PyTorch can differentiate", value.item())


def _differ_by_ones(outputs: Tensor, y: Tensor) -> bool:
    """Say whether targets are real numbers in the outputs' shape but for sides of length one."""
    long = [[side for side in t.shape if side != 1] for t in (outputs, y)]
    return y.is_floating_point() and long[0] == long[1]


@torch.no_grad()
def _mixes_examples(loss: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, y: Tensor) -> bool:
    """Say whether the loss of some examples is another than the mean of their own losses.

    It is tried on the outputs as they are, and on the targets as outputs.
    """
    some = y[:SOME]
    for tried in (outputs[:SOME], some.reshape(outputs[:SOME].shape).to(outputs)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch's own about broadcasting
            apart = [loss(*one) for one in zip(tried.split(1), some.split(1), strict=True)]
            values = [loss(tried, some), *apart]
        if not all(isinstance(value, Tensor) and value.numel() == 1 for value in values):
            return False  # `check_value` will say so
        together, mean = float(values[0]), sum(map(float, apart)) / len(apart)
        mixed = not math.isclose(together, mean, rel_tol=1e-3, abs_tol=1e-8)
        if math.isfinite(together + mean) and mixed:
            return True
    return False
