"""Where `fit` gets its batches: slices of two tensors in a seeded order, or a DataLoader."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.utils import data as torch_data
from torch.utils.data import DataLoader

from sgdcourse import _checks, sampling

__all__ = ["Loader", "Pair", "Tensors", "make_source", "moved"]

Pair = tuple[Tensor, Tensor]
#: Samplers that keep no state, or all of it in a generator that can be stored.
STORABLE = (
    list,
    range,
    tuple,
    torch_data.BatchSampler,
    torch_data.RandomSampler,
    torch_data.SequentialSampler,
    torch_data.SubsetRandomSampler,
    torch_data.WeightedRandomSampler,
)


def moved(pair: Pair, device: torch.device | None) -> Pair:
    """Return inputs and targets on a device; where they are if that is None."""
    x, y = pair
    return (x, y) if device is None else (x.to(device), y.to(device))


@dataclass
class Tensors:
    """Batches sliced from two tensors in a seeded order, a function of seed and epoch."""

    x: Tensor
    y: Tensor
    size: int
    per_epoch: int
    orders: Callable[[], Iterator[Tensor]]
    settings: dict[str, Any]

    def first(self) -> Pair:
        """Return a batch of the usual size."""
        return self.x[: self.size], self.y[: self.size]

    def epochs(self, start: int) -> Iterator[Iterator[Pair]]:
        """Each epoch's batches, from epoch number `start` on."""
        for order in islice(self.orders(), start, None):
            used = order[: self.per_epoch * self.size].to(self.x.device)
            yield ((self.x[rows], self.y[rows]) for rows in used.split(self.size))

    def generators(self) -> dict[str, torch.Generator]:
        """Return the generators whose state decides the batches to come: none."""
        return {}


@dataclass
class Loader:
    """Batches from a DataLoader, whose generators are its only state."""

    loader: DataLoader
    device: torch.device | None
    per_epoch: int

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the batches, generators apart."""
        sampler = type(self.loader.sampler).__name__
        return {"data": f"a DataLoader with {self.per_epoch} batches an epoch, by {sampler}"}

    def first(self) -> None:
        """Return no batch: to take one would change those that follow."""

    def epochs(self, start: int) -> Iterator[Iterator[Pair]]:
        """Each epoch's batches; what was before `start` is in the generators."""
        while True:
            yield (moved(_checked(batch), self.device) for batch in self.loader)

    def generators(self) -> dict[str, torch.Generator]:
        """Return the generators whose state decides the batches to come, by their places."""
        found = {name: getattr(part, "generator", None) for name, part in self._parts().items()}
        return {name: g for name, g in found.items() if isinstance(g, torch.Generator)}

    def check_storable(self) -> None:
        """Refuse samplers that may keep a state which no checkpoint holds."""
        for name, part in self._parts().items():
            if name != "data" and part is not None and type(part) not in STORABLE:
                rule = "with a checkpoint, one of PyTorch's own samplers in torch.utils.data"
                _checks.fail(name, rule, type(part).__name__)

    def _parts(self) -> dict[str, Any]:
        batches = self.loader.batch_sampler
        return {
            "data": self.loader,
            "data.sampler": self.loader.sampler,
            "data.batch_sampler": batches,
            "data.batch_sampler.sampler": getattr(batches, "sampler", None),
        }


def _checked(batch: Any) -> Pair:
    if not isinstance(batch, tuple | list) or not all(isinstance(t, Tensor) for t in batch):
        _checks.fail("data", "a DataLoader of pairs (x, y)", type(batch).__name__)
    if len(batch) != 2:
        _checks.fail("data", "a DataLoader of pairs (x, y)", f"batches of {len(batch)} tensors")
    return batch[0], batch[1]


def make_source(
    data: Any,
    *,
    batch_size: Any,
    seed: Any,
    sampling_name: Any,
    drop_last: Any,
    device: torch.device | None,
) -> Tensors | Loader:
    """Return the source of the batches of one call of `fit`, its arguments checked."""
    if isinstance(data, DataLoader):
        given = {"batch_size": batch_size, "seed": seed, "sampling": sampling_name}
        given["drop_last"] = drop_last
        for (name, value), default in zip(
            given.items(), (None, 0, "reshuffle", False), strict=True
        ):
            if type(value) is not type(default) or value != default:
                _checks.fail(name, "left out with a DataLoader", value, "it has its own")
        return Loader(data, device, _length(data))
    return _tensors(
        moved(_checks.pair("data", data), device), batch_size, seed, sampling_name, drop_last
    )


def _length(loader: DataLoader) -> int:
    try:
        return len(loader)
    except TypeError:
        rule = "a DataLoader with a length"
        _checks.fail("data", rule, type(loader.dataset).__name__, "give its dataset a __len__")


def _tensors(pair: Pair, batch_size: Any, seed: Any, sampling_name: Any, drop_last: Any) -> Tensors:
    x, y = pair
    n = len(x)
    size = n if batch_size is None else _checks.integer("batch_size", batch_size, low=1, high=n)
    _checks.seed(seed)
    _checks.one_of("sampling", sampling_name, sampling.SAMPLINGS)
    cut = _checks.flag("drop_last", drop_last)
    settings = {
        "data": f"{n} examples",
        "batch_size": size,
        "seed": int(seed),
        "sampling": sampling_name,
        "drop_last": cut,
    }
    orders = partial(sampling.epoch_orders, n, seed=seed, sampling=sampling_name)
    return Tensors(x, y, size, n // size if cut else math.ceil(n / size), orders, settings)
