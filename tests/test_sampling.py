"""Orders of the examples: against the plain PyTorch lines that define them."""

from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import sampling

SEEDS = st.integers(0, 2**31 - 1)


@given(st.integers(1, 700), SEEDS)
def test_reshuffle_is_a_stable_argsort_of_uniform_keys(n, seed):
    generator = torch.Generator().manual_seed(seed + 2**31)
    for order in islice(sampling.epoch_orders(n, seed=seed), 3):
        assert torch.equal(order, torch.rand(n, generator=generator).argsort(stable=True))


@given(st.integers(1, 700), SEEDS)
def test_replacement_is_a_scaled_uniform_draw(n, seed):
    generator = torch.Generator().manual_seed(seed + 2**31)
    for order in islice(sampling.epoch_orders(n, seed=seed, sampling="replacement"), 3):
        expected = (torch.rand(n, generator=generator) * n).long().clamp(max=n - 1)
        assert torch.equal(order, expected)


def test_fixed_is_the_first_reshuffle_for_ever_and_in_order_is_the_data():
    first = next(sampling.epoch_orders(50, seed=7))
    for order in islice(sampling.epoch_orders(50, seed=7, sampling="fixed"), 3):
        assert torch.equal(order, first)
    for order in islice(sampling.epoch_orders(50, seed=7, sampling="in_order"), 3):
        assert torch.equal(order, torch.arange(50))


@pytest.mark.parametrize("name", sampling.SAMPLINGS)
@pytest.mark.parametrize("n", [1, 100, 300])
def test_many_seeds_give_the_rows_of_each(name, n):
    seeds = [3, 0, 3, 99]
    together = islice(sampling.many_epoch_orders(n, seeds=seeds, sampling=name), 3)
    alone = [islice(sampling.epoch_orders(n, seed=s, sampling=name), 3) for s in seeds]
    for table, *rows in zip(together, *alone, strict=True):
        assert table.dtype == torch.int32
        assert torch.equal(table.long(), torch.stack(rows))


def test_orders_already_given_do_not_change_later():
    orders = list(islice(sampling.epoch_orders(20, seed=1, sampling="replacement"), 4))
    again = list(islice(sampling.epoch_orders(20, seed=1, sampling="replacement"), 4))
    assert all(torch.equal(a, b) for a, b in zip(orders, again, strict=True))
    assert not torch.equal(orders[0], orders[1])


@given(st.integers(1, 60), st.data())
def test_batches_cut_every_epoch_into_consecutive_slices(n, data):
    size = data.draw(st.integers(1, n))
    rows = list(sampling.batches(n, size, epochs=2, seed=5))
    orders = islice(sampling.epoch_orders(n, seed=5), 2)
    assert torch.equal(torch.cat(rows), torch.cat(list(orders)))
    assert [len(r) for r in rows] == 2 * ([size] * (n // size) + [n % size] * (n % size > 0))
    full = list(sampling.batches(n, size, epochs=2, seed=5, drop_last=True))
    assert [len(r) for r in full] == 2 * [size] * (n // size)


def test_of_many_rows_none_is_favoured():
    """How often a row is drawn is Poisson's: variance and mean of the counts are equal."""
    n = 12_000_000
    order = next(sampling.epoch_orders(n, sampling="replacement"))
    assert order.min() >= 0 and order.max() < n
    counts = order.bincount(minlength=n).double()
    assert (counts.var() / counts.mean()).item() == pytest.approx(1, abs=0.01)


def test_global_generator_is_left_alone():
    before = torch.get_rng_state()
    list(sampling.batches(10, 3, epochs=3))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: sampling.epoch_orders(0), ValueError, "n must be .* got 0"),
        (lambda: sampling.epoch_orders(5, seed=-1), ValueError, "seed"),
        (lambda: sampling.epoch_orders(5, sampling="shuffle"), ValueError, "'reshuffle'"),
        (lambda: sampling.many_epoch_orders(5, seeds=3), TypeError, "seeds must be a list"),
        (lambda: sampling.batches(5, 2, epochs=1, seed=-5), ValueError, "seed"),
        (lambda: sampling.steps_per_epoch(0, 2), ValueError, "n must be .* got 0"),
        (lambda: sampling.steps_per_epoch("5", 2), TypeError, "n must be .* got '5'"),
        (lambda: sampling.steps_per_epoch(5, 0), ValueError, "batch_size must be .* got 0"),
        (lambda: sampling.steps_per_epoch(5, 2.5), TypeError, "batch_size must be .* got 2.5"),
        (lambda: sampling.steps_per_epoch(5, 2, drop_last="no"), TypeError, "drop_last"),
        (lambda: sampling.many_epoch_orders(5, seeds=[1.5]), TypeError, "seed"),
        (lambda: sampling.batches(5, 6, epochs=1), ValueError, "batch_size must be .* got 6"),
        (lambda: sampling.batches(5, 0, epochs=1), ValueError, "batch_size"),
        (lambda: sampling.batches(5, 2, epochs=0), ValueError, "epochs"),
        (lambda: sampling.batches(5, 2, epochs=1, drop_last=1), TypeError, "drop_last"),
    ],
)
def test_bad_arguments_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize("n", [3, 100, 300])
@pytest.mark.parametrize("name", sampling.SAMPLINGS)
def test_drawing_ahead_changes_nothing(name, n):
    ahead = sampling.many_epoch_orders(n, seeds=[1, 9], sampling=name, epochs=5)
    single = islice(sampling.epoch_orders(n, seed=9, sampling=name), 5)
    for many, one in zip(ahead, single, strict=True):
        assert torch.equal(many[1], one)


def test_steps_per_epoch_counts_the_batches():
    for drop_last in (False, True):
        counted = len(list(sampling.batches(100, 16, epochs=1, drop_last=drop_last)))
        assert counted == sampling.steps_per_epoch(100, 16, drop_last=drop_last)
