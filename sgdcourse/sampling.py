"""In which order the examples are seen: seeded, reproducible, the same for one run or a thousand.

The order of seed s comes from a generator of its own, seeded with s + 2³¹ so that it never
repeats the numbers that drew the weights of seed s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = ["SAMPLINGS", "batches", "epoch_orders", "many_epoch_orders"]

SAMPLINGS = ("reshuffle", "replacement", "fixed", "in_order")


def epoch_orders(n: int, *, seed: int = 0, sampling: str = "reshuffle") -> Iterator[Tensor]:
    """Yield the order of the examples, epoch after epoch, without end.

    Parameters
    ----------
    n : int, ≥ 1
        Number of examples.
    seed : int in [0, 2³¹), default 0
    sampling : {"reshuffle", "replacement", "fixed", "in_order"}
        A new shuffle each epoch; n independent draws, so that some examples come twice and some
        not at all; one shuffle for all epochs; the order of the data.

    Yields
    ------
    Tensor of shape (n,), int64
        Row numbers.

    Examples
    --------
    >>> orders = epoch_orders(4, seed=1)
    >>> next(orders).sort().values
    tensor([0, 1, 2, 3])
    >>> next(epoch_orders(3, sampling="in_order"))
    tensor([0, 1, 2])
    """
    for order in many_epoch_orders(n, seeds=[seed], sampling=sampling):
        yield order[0]


def many_epoch_orders(
    n: int, *, seeds: Sequence[int], sampling: str = "reshuffle"
) -> Iterator[Tensor]:
    """Yield the orders of many seeds at once: row k is what `epoch_orders` gives for seeds[k].

    Parameters
    ----------
    n : int, ≥ 1
        Number of examples.
    seeds : sequence of int in [0, 2³¹)
    sampling : {"reshuffle", "replacement", "fixed", "in_order"}

    Yields
    ------
    Tensor of shape (len(seeds), n), int64

    Examples
    --------
    >>> next(many_epoch_orders(5, seeds=[3, 4])).shape
    torch.Size([2, 5])
    """
    _checks.integer("n", n, low=1)
    _checks.one_of("sampling", sampling, SAMPLINGS)
    seeds = [_checks.seed(s) for s in seeds]
    generators = [torch.Generator().manual_seed(s + _checks.MAX_SEED) for s in seeds]
    return _orders(n, generators, sampling)


def _orders(n: int, generators: list[torch.Generator], sampling: str) -> Iterator[Tensor]:
    keys = torch.empty(len(generators), n)

    def draw() -> Tensor:
        for row, generator in zip(keys, generators, strict=True):
            row.uniform_(generator=generator)
        return keys

    if sampling in ("fixed", "in_order"):
        order = _shuffled(draw()) if sampling == "fixed" else torch.arange(n).expand(len(keys), n)
        while True:
            yield order
    while True:
        if sampling == "reshuffle":
            yield _shuffled(draw())
        else:
            yield (draw() * n).long().clamp_(max=n - 1)


def _shuffled(keys: Tensor) -> Tensor:
    """Equal `keys.argsort(dim=1, stable=True)` for uniform float32 keys, ten times as fast.

    The keys are whole multiples of 2⁻²⁴: packed with their column into one integer, they can be
    sorted by value.
    """
    bits = max(1, (keys.shape[1] - 1).bit_length())
    kind = np.uint32 if bits <= 8 else np.uint64
    packed = (keys.numpy() * 2**24).astype(kind) << kind(bits)
    packed |= np.arange(keys.shape[1], dtype=kind)
    packed.sort(axis=1)
    return torch.from_numpy((packed & kind(2**bits - 1)).astype(np.int64))


def batches(
    n: int,
    batch_size: int,
    *,
    epochs: int,
    seed: int = 0,
    sampling: str = "reshuffle",
    drop_last: bool = False,
) -> Iterator[Tensor]:
    """Yield the row numbers of one mini-batch after another.

    Parameters
    ----------
    n : int, ≥ 1
        Number of examples.
    batch_size : int in 1 … n
    epochs : int, ≥ 1
    seed, sampling
        As in `epoch_orders`.
    drop_last : bool, default False
        Whether to leave out the last batch of an epoch when it is smaller.

    Yields
    ------
    Tensor of shape (batch_size,), int64
        The last of an epoch may be shorter.

    Examples
    --------
    >>> [len(rows) for rows in batches(10, 4, epochs=2)]
    [4, 4, 2, 4, 4, 2]
    """
    _checks.integer("n", n, low=1)
    _checks.integer("batch_size", batch_size, low=1, high=n)
    _checks.integer("epochs", epochs, low=1)
    _checks.flag("drop_last", drop_last)
    orders = epoch_orders(n, seed=seed, sampling=sampling)
    used = n - n % batch_size if drop_last else n
    return (
        rows for _, order in zip(range(epochs), orders) for rows in order[:used].split(batch_size)
    )
