"""Checkpoints of fit: resumed runs are exact, other runs are refused, and nothing is half done."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from sgdcourse import SGD, checkpoints, data, models, schedules
from sgdcourse.training import fit

PARABOLA = data.noisy_parabola(dtype=torch.float64)


def net(seed=0):
    return models.parabola_net(seed=seed, dtype=torch.float64)


def train(path, *, model=None, kind=SGD, lr=0.1, momentum=0.9, feed=PARABOLA, **options):
    model = net() if model is None else model
    optimizer = kind(model.parameters(), lr=lr, momentum=momentum)
    options = {"loss": "mse", "checkpoint": path, "resume": path is not None, **options}
    if feed is PARABOLA:
        options.setdefault("batch_size", 20)
    return fit(model, feed, optimizer=optimizer, **options)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters()).detach()


def assert_same(run, other):
    assert torch.equal(weights(run.model), weights(other.model))
    for name in ("loss", "lr", "epoch_loss", "eval_loss", "eval_accuracy"):
        mine, theirs = getattr(run, name), getattr(other, name)
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0, equal_nan=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.pt"


@pytest.mark.parametrize(
    "length", [{"epochs": 5}, {"steps": 12}, {"epochs": 4, "eval_data": PARABOLA}]
)
@pytest.mark.parametrize("schedule", [None, schedules.cosine(30)])
def test_the_same_call_again_gives_the_same_run(path, length, schedule):
    first = train(path, schedule=schedule, **length)
    again = train(path, model=net(7), schedule=schedule, **length)
    assert again.steps == first.steps
    assert_same(again, first)


def test_a_finished_run_makes_no_step(path):
    train(path, epochs=3)
    model = net()

    def loss(output, y):
        raise AssertionError("no step is left")

    assert train(path, model=model, loss=loss, epochs=3).steps == 15


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ({"epochs": 3}, "epochs must be at least 5, as many as the checkpoint holds, got 3"),
        ({"steps": 24}, "steps must be at least 25, as many as the checkpoint holds, got 24"),
    ],
)
def test_fewer_steps_than_were_made_are_refused(path, length, words):
    train(path, epochs=5)
    with pytest.raises(ValueError, match=words):
        train(path, **length)


def test_a_second_fit_starts_from_the_optimizers_own_lr(path):
    model = net()
    groups = [{"params": layer.parameters()} for layer in (model[0], model[2])]
    optimizer = SGD([{**groups[0], "lr": 0.2}, groups[1]], lr=0.1)
    torch.optim.lr_scheduler.StepLR(optimizer, 1)  # leaves a key "initial_lr"
    optimizer.param_groups[1]["lr"] = 0.05
    options = {"loss": "mse", "optimizer": optimizer, "batch_size": 20}
    options["schedule"] = schedules.cosine(10)
    for _ in range(2):
        run = fit(model, PARABOLA, epochs=2, **options)
        assert run.lr.tolist() == [0.2 * options["schedule"](t) for t in range(10)]
        assert [g["lr"] for g in optimizer.param_groups] == [0.2, 0.05]
    fit(model, PARABOLA, epochs=1, checkpoint=path, **options)
    fit(model, PARABOLA, epochs=2, checkpoint=path, resume=True, **options)
    assert [g["lr"] for g in optimizer.param_groups] == [0.2, 0.05]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_keeps_the_lr_and_resumes_exactly(path, error):
    calls = []

    def loss(output, y):
        calls.append(1)
        if len(calls) == 13:
            raise error
        return F.mse_loss(output, y)

    model, schedule = net(), schedules.cosine(30)
    optimizer = SGD(model.parameters(), lr=torch.tensor(0.1), momentum=0.9)
    options = {"epochs": 6, "batch_size": 20, "schedule": schedule, "checkpoint": path}
    with pytest.raises(error):
        fit(model, PARABOLA, loss=loss, optimizer=optimizer, **options)
    assert optimizer.param_groups[0]["lr"].item() == pytest.approx(0.1)
    resumed = fit(model, PARABOLA, loss="mse", optimizer=optimizer, resume=True, **options)
    assert_same(resumed, train(None, lr=torch.tensor(0.1), epochs=6, schedule=schedule))


def test_an_lr_that_somebody_else_schedules_is_left_to_them():
    model = net()
    optimizer = SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    run = fit(model, PARABOLA, loss="mse", optimizer=optimizer, steps=2)
    assert run.lr.tolist() == [0.05, 0.025]  # written down after the step
    assert optimizer.param_groups[0]["lr"] == 0.025


DATASET = TensorDataset(*PARABOLA)
SAMPLERS = {
    "shuffle, generator": lambda g: {"batch_size": 20, "shuffle": True, "generator": g},
    "shuffle": lambda g: {"batch_size": 20, "shuffle": True},
    "RandomSampler": lambda g: {
        "batch_size": 20, "sampler": RandomSampler(DATASET, generator=g)},
    "replacement": lambda g: {
        "batch_size": 20, "sampler": RandomSampler(DATASET, replacement=True, generator=g)},
    "SubsetRandomSampler": lambda g: {
        "batch_size": 20, "sampler": SubsetRandomSampler(range(100), generator=g)},
    "WeightedRandomSampler": lambda g: {
        "batch_size": 20, "sampler": WeightedRandomSampler([1.0] * 100, 100, generator=g)},
    "BatchSampler": lambda g: {
        "batch_sampler": BatchSampler(RandomSampler(DATASET, generator=g), 20, False)},
    "list": lambda g: {"batch_size": 20, "sampler": list(range(100))},
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_loader_goes_on_with_the_same_batches(path, name):
    def loader():
        return DataLoader(DATASET, **SAMPLERS[name](torch.Generator().manual_seed(1)))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        whole = train(None, feed=loader(), epochs=6)
        torch.manual_seed(0)
        train(path, feed=loader(), epochs=3)
        torch.manual_seed(99)
        resumed = train(path, feed=loader(), epochs=6)
    assert_same(resumed, whole)


class Mine(Sampler):
    """Shuffles with a generator that nobody knows."""

    def __iter__(self):
        return iter(np.random.default_rng().permutation(100).tolist())

    def __len__(self):
        return 100


def test_samplers_of_unknown_state_are_refused_with_a_checkpoint_only(path):
    for options, words in [
        ({"sampler": Mine(), "batch_size": 20}, "data.sampler must be .*, got 'Mine'"),
        ({"batch_sampler": BatchSampler(Mine(), 20, False)}, "data.batch_sampler.sampler must be"),
    ]:
        loader = DataLoader(DATASET, **options)
        assert train(None, feed=loader, epochs=1).steps == 5
        with pytest.raises(ValueError, match=words):
            train(path, feed=loader, epochs=1)


OTHER = {
    "lr": ({"lr": 0.2}, r"\['lr'\] must be 0.1 as in the checkpoint .*, got 0.2"),
    "momentum": ({"momentum": 0.5}, r"\['momentum'\] must be 0.9 as in .*, got 0.5"),
    "optimizer": ({"kind": torch.optim.RMSprop}, "optimizer must be 'SGD' as in .*'RMSprop'"),
    "batch_size": ({"batch_size": 50}, "batch_size must be 20 as in the checkpoint .*, got 50"),
    "seed": ({"seed": 1}, "seed must be 0 as in the checkpoint .*, got 1"),
    "sampling": ({"sampling": "fixed"}, "sampling must be 'reshuffle' as in .*, got 'fixed'"),
    "drop_last": ({"drop_last": True}, "drop_last must be False as in .*, got True"),
    "examples": (
        {"feed": tuple(t[:80] for t in PARABOLA), "batch_size": 20},
        "data must be '100 examples' as in the checkpoint .*, got '80 examples'"),
    "loader": ({"feed": DataLoader(DATASET, 20)}, "data must be '100 examples' as .*DataLoader"),
    "schedule": ({"schedule": schedules.cosine(9)}, "schedule must be None as in .*'a function'"),
    "eval_data": ({"eval_data": PARABOLA}, "eval_data must be None as in .*'100 examples'"),
    "width": (
        {"model": models.mlp([1, 5, 1], dtype=torch.float64)},
        r"model.state_dict\(\)\['0.weight'\] must be 'torch.float64 \(10, 1\)' as in .*\(5, 1\)"),
    "dtype": (
        {"model": models.parabola_net(), "feed": data.noisy_parabola(), "batch_size": 20},
        "must be 'torch.float64 .* got 'torch.float32"),
    "layers": (
        {"model": models.mlp([1, 10, 10, 1], dtype=torch.float64)}, r"\['params'\] must be"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_another_setting_is_refused_and_nothing_is_changed(path, name):
    train(path, epochs=2)
    changes, words = copy.deepcopy(OTHER[name])
    model = changes.setdefault("model", net(3))
    before, torchs = weights(model), torch.get_rng_state()
    with pytest.raises(ValueError, match=words):
        train(path, epochs=4, **changes)
    assert torch.equal(weights(model), before)
    assert torch.equal(torch.get_rng_state(), torchs)


def test_another_schedule_is_refused(path):
    train(path, epochs=2, schedule=schedules.linear(10))
    words = r"schedule\(1\) must be what it was for the checkpoint, where lr was 0.09, got 0.95"
    with pytest.raises(ValueError, match=words):
        train(path, epochs=4, schedule=schedules.linear(20))


def damaged(part):
    """A way to spoil a checkpoint."""

    def spoil(path):
        state = torch.load(path, weights_only=True)
        if part in state:
            del state[part]
        else:
            del state["model" if "." in part else "history"][part]
        torch.save(state, path)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: p.write_text("junk"), "checkpoint must be a file that this version of fit wro"),
        (lambda p: p.write_bytes(p.read_bytes()[:999]), "checkpoint must be a file that"),
        (lambda p: torch.save({"a": 1}, p), "checkpoint must be a file that .*run.pt"),
        (lambda p: torch.save([1.0], p), "checkpoint must be a file that"),
        (damaged("settings"), "checkpoint must be a file that"),
        (damaged("generators"), "checkpoint must be a file that"),
        (damaged("0.weight"), r"model.state_dict\(\)\['0.weight'\] must be 'nothing' as in the"),
        (damaged("loss"), "history of loss must be 'nothing' as in the checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_refused(path, spoil, words):
    train(path, epochs=2)
    spoil(path)
    model = net(3)
    with pytest.raises(ValueError, match=words):
        train(path, model=model, epochs=4)
    assert torch.equal(weights(model), weights(net(3)))


@pytest.mark.parametrize(
    ("place", "error", "words"),
    [
        (3, TypeError, "checkpoint must be a path, got 3"),
        (".", ValueError, "checkpoint must be a file, not a folder"),
        ("nowhere/run.pt", ValueError, "checkpoint must be in a folder that exists"),
    ],
)
def test_a_bad_place_is_noticed_before_the_first_step(tmp_path, monkeypatch, place, error, words):
    monkeypatch.chdir(tmp_path)
    model = net()
    with pytest.raises(error, match=words):
        train(place, model=model, epochs=1)
    assert torch.equal(weights(model), weights(net()))
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_last_checkpoint_and_nothing_else(path, monkeypatch):
    train(path, epochs=1)
    before = path.read_bytes()

    def full(state, part):
        part.write_bytes(b"half of it")
        raise OSError("no space left on device")

    monkeypatch.setattr(checkpoints.torch, "save", full)
    with pytest.raises(OSError, match="no space left"):
        train(path, epochs=2)
    assert [file.name for file in path.parent.iterdir()] == ["run.pt"]
    assert path.read_bytes() == before


def test_numbers_of_numpy_can_be_read_again(path):
    options = {"lr": np.float64(0.1), "seed": np.int64(4), "batch_size": np.int64(20)}
    train(path, epochs=2, **options)
    whole = train(None, epochs=4, lr=0.1, seed=4, batch_size=20)
    assert_same(train(path, epochs=4, **options), whole)
    assert torch.load(path, weights_only=True)["settings"]["seed"] == 4


def test_adam_and_tuples_of_settings_resume_exactly(path):
    def go(file, epochs):
        model = net()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, betas=(0.8, 0.99))
        options = {"loss": "mse", "epochs": epochs, "checkpoint": file, "resume": file is not None}
        return fit(model, PARABOLA, optimizer=optimizer, batch_size=20, **options)

    go(path, 2)
    assert_same(go(path, 4), go(None, 4))
