"""All parameters of a model as one long vector, and the loss as a function of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from sgdcourse import _checks
from sgdcourse._functional import as_function
from sgdcourse.training import Loss, loss_function

__all__ = ["flat_parameters", "load_flat_parameters"]

Data = tuple[Tensor, Tensor]


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the parameters that are trained, by name."""
    if not isinstance(model, nn.Module):
        _checks.fail("model", "an nn.Module", model, error=TypeError)
    found = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if not found:
        _checks.fail("model", "a module with a parameter to train", model)
    return found


def checked_data(data: Data) -> Data:
    """Return the pair (x, y) if both are tensors of the same, positive length."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        _checks.fail("data", "a pair (x, y) of tensors", type(data).__name__, error=TypeError)
    x, y = _checks.tensor("data", data[0]), _checks.tensor("data", data[1])
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        shapes = (tuple(x.shape), tuple(y.shape))
        _checks.fail("data", "a pair (x, y) with as many rows in x as in y", shapes)
    return x, y


def flatten(tensors: Iterable[Tensor]) -> Tensor:
    """Return the tensors one after the other as one vector."""
    return torch.cat([t.reshape(-1) for t in tensors])


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
    x, y = checked_data(data)
    call = as_function(model)
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
