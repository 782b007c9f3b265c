"""A module as a function of its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["BATCH_NORM", "DROPOUT", "as_function"]

#: Layers that are no function of weights and one example: they mix examples, or draw at random.
BATCH_NORM = nn.modules.batchnorm._BatchNorm
DROPOUT = nn.modules.dropout._DropoutNd


def as_function(model: nn.Module) -> Callable[[Mapping[str, Tensor], Tensor], Tensor]:
    """Return the function (parameters by name, inputs) → outputs; the model stays as it is.

    Buffers are given as copies, since layers such as batch normalisation write to theirs.

    Every place that holds a parameter is named here, once. Left to find them by itself,
    `functional_call` writes twice to a layer that stands at two places of the model, and leaves
    the strange weights there (github.com/pytorch/pytorch/issues/164759).
    """
    names = {id(p): name for name, p in model.named_parameters()}
    places = {
        f"{path}.{key}" if path else key: names[id(p)]
        for path, module in model.named_modules()
        for key, p in module.named_parameters(recurse=False, remove_duplicate=False)
    }
    buffers = dict(model.named_buffers())

    def call(parameters: Mapping[str, Tensor], x: Tensor) -> Tensor:
        given = {place: parameters[name] for place, name in places.items() if name in parameters}
        given |= {name: buffer.clone() for name, buffer in buffers.items()}
        return functional_call(model, given, (x,), tie_weights=False)

    return call
