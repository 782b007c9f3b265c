"""In which order the examples are seen: seeded, reproducible, the same for one run or a thousand.

The order of seed s comes from a generator of its own, seeded with s + 2³¹ so that it never
repeats the numbers that drew the weights of seed s.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from sgdcourse import _checks

__all__ = ["SAMPLINGS", "batches", "epoch_orders", "many_epoch_orders", "steps_per_epoch"]

#: Ways to draw examples (shuffled each epoch, with replacement, shuffled once, as stored).
SAMPLINGS = ("reshuffle", "replacement", "fixed", "in_order")
DRAWN_AHEAD = 2**21  # numbers: 8 MB
KEYS = 2**24  # what `torch.rand` tells apart in float32
FEW = 2**16  # rows up to which that is fine enough


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
    orders = many_epoch_orders(n, seeds=[_checks.seed(seed)], sampling=sampling)
    return (order[0].long() for order in orders)


def many_epoch_orders(
    n: int, *, seeds: Sequence[int], sampling: str = "reshuffle", epochs: int | None = None
) -> Iterator[Tensor]:
    """Yield the orders of many seeds at once: row k is what `epoch_orders` gives for seeds[k].

    Parameters
    ----------
    n : int, ≥ 1
        Number of examples.
    seeds : sequence of int in [0, 2³¹)
    sampling : {"reshuffle", "replacement", "fixed", "in_order"}
    epochs : int, optional
        How many epochs will be asked for, when that is known: the numbers of several epochs are
        then drawn at once; they are the same numbers. The iterator ends after so many.

    Yields
    ------
    Tensor of shape (len(seeds), n), int32
        Half the memory of int64.

    Examples
    --------
    >>> next(many_epoch_orders(5, seeds=[3, 4])).shape
    torch.Size([2, 5])
    """
    _checks.integer("n", n, low=1)
    _checks.one_of("sampling", sampling, SAMPLINGS)
    seeds = _checks.seeds(seeds)
    if epochs is not None:
        _checks.integer("epochs", epochs, low=1)
    ahead = max(1, min(epochs or 1, DRAWN_AHEAD // (n * max(1, len(seeds)))))
    return itertools.islice(_orders(n, seeds, sampling, ahead, once=ahead == epochs), epochs)


def _orders(n: int, seeds: list[int], sampling: str, ahead: int, once: bool) -> Iterator[Tensor]:
    generators = _generators(seeds, once=once or sampling == "fixed")
    if sampling in ("fixed", "in_order"):
        order = torch.arange(n, dtype=torch.int32).expand(len(seeds), n)
        if sampling == "fixed":
            order = _shuffled(_drawn(generators, (len(seeds), 1, n)))[:, 0]
        while True:
            yield order
    while True:
        keys = _drawn(generators, (len(seeds), ahead, n))
        orders = _shuffled(keys) if sampling == "reshuffle" else _scaled(keys)
        yield from orders.unbind(1)


def _generators(seeds: list[int], *, once: bool) -> Iterable[torch.Generator]:
    """Return the generator of each seed; when they serve once, one is seeded anew for each."""
    numbers = [seed + _checks.MAX_SEED for seed in seeds]
    if not once:
        return [torch.Generator().manual_seed(number) for number in numbers]
    one = torch.Generator()
    return (one.manual_seed(number) for number in numbers)


def _drawn(generators: Iterable[torch.Generator], shape: tuple[int, int, int]) -> Tensor:
    """Draw the bits from which so many calls of `torch.rand(n)` would make their numbers.

    An even n is drawn in pairs, which takes less time, the later of two in front: see `_places`.
    """
    bits = torch.empty(shape, dtype=torch.int32)
    drawn = bits if shape[-1] % 2 else bits.view(torch.int64)
    for row, generator in zip(drawn.unbind(), generators, strict=True):
        row.random_(generator=generator)
    return bits


def _places(n: int) -> Tensor:
    """Return the number of the draw that stands at each place of a row."""
    return torch.arange(n) if n % 2 else torch.arange(n) ^ 1


def _scaled(bits: Tensor) -> Tensor:
    """Turn what was drawn into row numbers below n, one for each of n draws."""
    n = bits.shape[-1]
    if n > FEW:  # with 24 bits some rows would be drawn notably more often than others
        return ((bits[..., _places(n)] & (2**31 - 1)).double() * (n / 2**31)).int()
    uniform = bits[..., _places(n)].bitwise_and_(KEYS - 1).float() / KEYS
    return (uniform * n).int().clamp_(max=n - 1)


def _shuffled(bits: Tensor) -> Tensor:
    """Sort the draws of each row and return their places, as a stable `argsort` would.

    Ten times as fast: the 24 bits of a draw that count are packed with its place below them into
    one integer, and sorted by value. `bits` is used up.
    """
    n = bits.shape[-1]
    whole, low = (torch.int32, np.uint8) if n <= 256 else (torch.int64, np.int32)
    room = 8 * whole.itemsize - 24
    packed = bits.to(whole)
    torch.add(_places(n).to(whole), packed, alpha=2**room, out=packed)
    packed.numpy().view(f"u{whole.itemsize}").sort(axis=-1)
    places = packed.numpy().view(low)[..., :: whole.itemsize // np.dtype(low).itemsize]
    side_by_side = np.moveaxis(places, 0, -1).astype(np.int32, order="C")  # runs are neighbours
    return torch.from_numpy(np.moveaxis(side_by_side, -1, 0))


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
    some = itertools.islice(orders, epochs)
    return (rows for order in some for rows in order[:used].split(batch_size))


def steps_per_epoch(n: int, batch_size: int, *, drop_last: bool = False) -> int:
    """Return how many batches one epoch has: n / batch_size, rounded up or down.

    Parameters
    ----------
    n, batch_size : int, ≥ 1
    drop_last : bool, default False
        Round down.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        On a bad argument.

    Examples
    --------
    >>> steps_per_epoch(100, 16), steps_per_epoch(100, 16, drop_last=True)
    (7, 6)
    """
    rows, size = _checks.integer("n", n, low=1), _checks.integer("batch_size", batch_size, low=1)
    return rows // size if _checks.flag("drop_last", drop_last) else -(-rows // size)
