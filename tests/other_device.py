"""A second device for machines without a GPU: "other", which computes on the CPU.

Like CUDA it refuses to mix its tensors with the CPU's (single numbers excepted) and to become
NumPy arrays; unlike CUDA its results are the CPU's to the last bit. Tensors get there through
`.to("other")`; within `Creating` functions like `torch.zeros` can make them there as well.
"""

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "other"


def register():
    """Make the device known, for as long as the process lives."""
    _setup_privateuseone_for_python_backend(NAME)


class Other(torch.Tensor):
    """A tensor on that device: a shell around one on the CPU."""

    @staticmethod
    def __new__(cls, raw):
        return torch.Tensor._make_wrapper_subclass(
            cls, raw.shape, strides=raw.stride(), storage_offset=raw.storage_offset(),
            dtype=raw.dtype, device=torch.device(NAME, 0),
        )  # fmt: skip

    def __init__(self, raw):
        self.raw = raw

    @classmethod
    def __torch_dispatch__(cls, operation, _types, args=(), kwargs=None):
        return computed(operation, args, kwargs or {})


class Creating(TorchDispatchMode):
    """Let functions that take `device=` make tensors there."""

    def __torch_dispatch__(self, operation, _types, args=(), kwargs=None):
        return computed(operation, args, kwargs or {})

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # skipping would import the compiler, which takes seconds


def on_cpu(value):
    """What the CPU is given in place of a tensor, or of the name, of that device."""
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.raw if isinstance(value, Other) else value


def computed(operation, args, kwargs):
    """Compute an operation on the CPU; the result belongs where its tensors are, or are to be."""
    values = pytree.tree_leaves((args, kwargs))
    tensors = [v for v in values if isinstance(v, torch.Tensor)]
    wanted = [v.type for v in values if isinstance(v, torch.device)]
    there = NAME in wanted or (not wanted and any(isinstance(t, Other) for t in tensors))
    moving = operation.overloadpacket in (torch.ops.aten._to_copy, torch.ops.aten.copy_)
    if there and not moving and any(t.ndim and not isinstance(t, Other) for t in tensors):
        raise RuntimeError(f"{operation} met tensors on {NAME} and on the CPU")
    owners = {id(t.raw): t for t in tensors if isinstance(t, Other)}
    moved = pytree.tree_map(on_cpu, (args, kwargs))
    result = operation(*moved[0], **moved[1])

    def placed(found):
        return owners[id(found)] if id(found) in owners else Other(found) if there else found

    return pytree.tree_map_only(torch.Tensor, placed, result)
