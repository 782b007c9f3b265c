"""All parameters of a model as one long vector, and the loss as a function of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse._functional import DROPOUT, as_function
from sgdcourse.training import Loss, loss_function

__all__ = ["flat_parameters", "load_flat_parameters"]

Data = tuple[Tensor, Tensor]


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that are trained, by name."""
    named = _checks.module("model", model).named_parameters()
    found = {name: p for name, p in named if p.requires_grad}
    if not found:
        _checks.fail("model", "a module with a parameter to train", model)
    return found


def refuse(model: nn.Module, kind: type, rule: str) -> None:
    """Refuse models with a layer of some kind that is in training mode."""
    for layer in model.modules():
        if isinstance(layer, kind) and layer.training:
            _checks.fail("model", rule, type(layer).__name__, "or in evaluation mode: model.eval()")


def flatten(tensors: Iterable[Tensor]) -> Tensor:
    """Return the tensors one after the other as one vector."""
    return torch.cat([t.reshape(-1) for t in tensors])


def slopes(value: Tensor, parameters: list[Any], **options: Any) -> tuple[Tensor, ...]:
    """Return the gradient by each parameter, zeros by those that the value does not depend on."""
    return torch.autograd.grad(
        value, parameters, allow_unused=True, materialize_grads=True, **options
    )


def unflatten(model: nn.Module, vector: Tensor) -> dict[str, Tensor]:
    """Cut a vector into tensors shaped like the model's parameters, by name."""
    named = trainable(model)
    pieces = vector.split([p.numel() for p in named.values()])
    return {name: piece.view_as(p) for (name, p), piece in zip(named.items(), pieces, strict=True)}


def checked_vector(name: str, vector: Tensor, model: nn.Module) -> Tensor:
    """Return `vector` if it has one number for every parameter of the model."""
    size = sum(p.numel() for p in trainable(model).values())
    if tuple(_checks.tensor(name, vector).shape) != (size,):
        _checks.fail(name, f"of shape ({size},), one number a parameter", tuple(vector.shape))
    return vector.detach()


def loss_of_parameters(
    model: nn.Module, data: Data, loss: str | Loss
) -> Callable[[dict[str, Tensor]], Tensor]:
    """Return the mean loss over `data` as a function of the named parameters."""
    function = loss_function(loss)
    x, y = _checks.pair("data", data)
    call = as_function(model)
    refuse(model, DROPOUT, "free of dropout")
    return lambda named: function(call(named, x), y)


def flat_parameters(model: nn.Module) -> Tensor:
    """Copy all trained parameters into one vector.

    Parameters
    ----------
    model : nn.Module
        Any model with p trained numbers.

    Returns
    -------
    Tensor of shape (p,)
        In the order of `model.parameters()`.

    Raises
    ------
    ValueError, TypeError
        If the model has nothing to train, or is no module.

    References
    ----------
    PyTorch's `torch.nn.utils.parameters_to_vector` is the same, with gradients attached.

    Examples
    --------
    >>> flat_parameters(nn.Linear(3, 2)).shape
    torch.Size([8])
    """
    return flatten(p.detach() for p in trainable(model).values()).clone()


@torch.no_grad()
def load_flat_parameters(model: nn.Module, vector: Tensor) -> nn.Module:
    """Write one long vector into the model's parameters, in place.

    Parameters
    ----------
    model : nn.Module
        Any model with p trained numbers.
    vector : Tensor of shape (p,)
        As `flat_parameters` gives it.

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    ValueError, TypeError
        If the vector has another length.

    References
    ----------
    PyTorch's `torch.nn.utils.vector_to_parameters` is the same, without the check.

    Examples
    --------
    >>> load_flat_parameters(nn.Linear(1, 1), torch.tensor([2.0, 3.0])).bias.item()
    3.0
    """
    values = unflatten(model, checked_vector("vector", vector, model))
    for name, parameter in trainable(model).items():
        parameter.copy_(values[name])
    return model
