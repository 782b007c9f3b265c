"""fit against the loop that a reader would write."""

import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from sgdcourse import SGD, data, models, sampling, schedules
from sgdcourse.training import evaluate, fit

PARABOLA = data.noisy_parabola(dtype=torch.float64)


def net(seed=0):
    return models.parabola_net(seed=seed, dtype=torch.float64)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def torch_sgd(model, lr=0.2, momentum=0.9):
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)


def plain_loop(model, optimizer, *, batch_size, epochs, schedule, **order):
    x, y = PARABOLA
    base, losses, rates = optimizer.param_groups[0]["lr"], [], []
    for step, rows in enumerate(sampling.batches(len(x), batch_size, epochs=epochs, **order)):
        optimizer.param_groups[0]["lr"] = base * schedule(step)
        loss = F.mse_loss(model(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        rates.append(base * schedule(step))
    return losses, rates


@pytest.mark.parametrize("name", sampling.SAMPLINGS)
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("kind", [torch.optim.SGD, SGD])
def test_equals_the_plain_loop_bit_for_bit(name, drop_last, kind):
    order = {"seed": 5, "sampling": name, "drop_last": drop_last}
    schedule = schedules.cosine(20)
    ours, theirs = net(), net()
    run = fit(
        ours,
        PARABOLA,
        loss="mse",
        optimizer=kind(ours.parameters(), lr=0.1, momentum=0.9),
        epochs=3,
        batch_size=16,
        schedule=schedule,
        **order,
    )
    optimizer = torch_sgd(theirs, lr=0.1)
    losses, rates = plain_loop(
        theirs, optimizer, batch_size=16, epochs=3, schedule=schedule, **order
    )
    assert torch.equal(weights(ours), weights(theirs))
    assert run.loss.tolist() == losses
    assert run.lr.tolist() == rates
    assert run.steps == 3 * (6 if drop_last else 7)


def test_epoch_loss_weighs_the_batches_by_their_size():
    model = net()
    frozen = torch_sgd(model, lr=0.0)  # nothing moves, so every epoch is the full-data loss
    run = fit(model, PARABOLA, loss="mse", optimizer=frozen, epochs=2, batch_size=16)
    full = F.mse_loss(model(PARABOLA[0]), PARABOLA[1]).item()
    assert run.epoch_loss.tolist() == pytest.approx([full, full], rel=1e-12)
    assert run.loss[:7].mean().item() != pytest.approx(full, rel=1e-3)


def test_steps_may_end_in_mid_epoch():
    model = net()
    run = fit(model, PARABOLA, loss="mse", optimizer=torch_sgd(model), steps=10, batch_size=16)
    assert run.steps == 10
    assert len(run.epoch_loss) == 2
    sizes = torch.tensor([16.0, 16, 16])
    assert run.epoch_loss[1] == pytest.approx((sizes @ run.loss[7:].float()).item() / 48, rel=1e-6)


def test_loader_gives_the_same_as_its_batches_by_hand():
    def loader():
        generator = torch.Generator().manual_seed(1)
        return DataLoader(TensorDataset(*PARABOLA), 16, shuffle=True, generator=generator)

    ours, theirs = net(), net()
    run = fit(ours, loader(), loss="mse", optimizer=torch_sgd(ours), epochs=2)
    optimizer, batches = torch_sgd(theirs), loader()
    for _ in range(2):
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(theirs(x), y).backward()
            optimizer.step()
    assert torch.equal(weights(ours), weights(theirs))
    assert run.steps == 14


def dropout_net():
    layers = models.mlp([1, 10, 1], dtype=torch.float64)
    return nn.Sequential(layers[0], nn.ReLU(), nn.Dropout(0.2), layers[2])


@pytest.mark.parametrize("source", ["tensors", "loader"])
@pytest.mark.parametrize("make", [net, dropout_net])
def test_resume_gives_the_same_bits_as_no_break(tmp_path, source, make):
    def train(model, epochs, **options):
        batch = {"batch_size": 16, "seed": 3}
        feed = PARABOLA
        if source == "loader":
            generator = torch.Generator().manual_seed(1)
            feed, batch = (
                DataLoader(TensorDataset(*PARABOLA), 16, shuffle=True, generator=generator),
                {},
            )
        return fit(
            model,
            feed,
            loss="mse",
            optimizer=torch_sgd(model, lr=0.05),
            epochs=epochs,
            schedule=schedules.linear(42),
            eval_data=PARABOLA,
            **batch,
            **options,
        )

    with torch.random.fork_rng():
        torch.manual_seed(0)
        whole = train(make(), 6)
        torch.manual_seed(0)
        path = tmp_path / "run.pt"
        train(make(), 2, checkpoint=path)
        torch.manual_seed(99)  # a new process would start elsewhere
        resumed = train(make(), 6, checkpoint=path, resume=True)
    assert torch.equal(weights(whole.model), weights(resumed.model))
    for name in ("loss", "lr", "epoch_loss", "eval_loss"):
        assert torch.equal(getattr(whole, name), getattr(resumed, name))
    assert torch.load(path, weights_only=True)


KILLED = """
import os, torch, sgdcourse as sc
net = sc.models.parabola_net(dtype=torch.float64)
seen = []
def loss(output, y):
    seen.append(1)
    if len(seen) == {die}:
        os._exit(9)
    return torch.nn.functional.mse_loss(output, y)
sc.fit(net, sc.data.noisy_parabola(dtype=torch.float64), loss=loss, epochs=4, batch_size=16,
       optimizer=torch.optim.SGD(net.parameters(), lr=0.1), checkpoint={path!r}, resume=True)
"""


def test_a_run_killed_in_mid_epoch_resumes_to_the_same_bits(tmp_path):
    path = str(tmp_path / "run.pt")
    code = KILLED.format(die=18, path=path)  # in the third epoch of seven steps each
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    interrupted, whole = net(), net()
    options = {"loss": "mse", "epochs": 4, "batch_size": 16}
    fit(
        interrupted,
        PARABOLA,
        optimizer=torch_sgd(interrupted, 0.1, 0.0),
        checkpoint=path,
        resume=True,
        **options,
    )
    fit(whole, PARABOLA, optimizer=torch_sgd(whole, 0.1, 0.0), **options)
    assert torch.equal(weights(interrupted), weights(whole))


def test_divergence_is_data():
    model = net()
    run = fit(model, PARABOLA, loss="mse", optimizer=torch_sgd(model, lr=1e6), epochs=100)
    assert run.diverged and run.steps < 100
    assert not math.isfinite(run.loss[-1])
    assert torch.isfinite(run.loss[:-1]).all()


def test_classifier_reports_held_out_loss_and_accuracy():
    x, y = data.digits()
    train, held_out = data.split(x, y, fractions=(0.8, 0.2))
    model = models.logistic_regression()
    run = fit(
        model,
        train,
        loss="cross_entropy",
        optimizer=torch_sgd(model, lr=0.1),
        epochs=3,
        batch_size=64,
        eval_data=held_out,
    )
    with torch.no_grad():
        output = model(held_out[0])
    assert run.eval_accuracy[-1] == (output.argmax(1) == held_out[1]).double().mean()
    assert run.eval_loss[-1].item() == F.cross_entropy(output, held_out[1]).item()
    assert run.eval_accuracy[-1] > 0.85
    assert model.training


def test_evaluate_leaves_the_mode_alone_and_turns_dropout_off():
    model = nn.Sequential(nn.Dropout(0.5))
    model.train()
    ones = torch.ones(100, 1)
    assert evaluate(model, (ones, ones), loss="mse")[0] == 0.0
    assert model.training


def test_progress_is_silent_on_short_runs_and_speaks_when_asked(capsys):
    model = net()
    options = {"loss": "mse", "optimizer": torch_sgd(model), "epochs": 2}
    fit(model, PARABOLA, **options)
    assert capsys.readouterr().err == ""
    fit(model, PARABOLA, progress=True, **options)
    assert "2/2" in capsys.readouterr().err


def normed():
    layers = [nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)]
    return nn.Sequential(*layers).double()


def test_evaluate_puts_the_mode_of_every_part_back_also_after_an_error():
    model = normed()
    model[1].eval()
    modes = [part.training for part in model.modules()]
    evaluate(model, PARABOLA, loss="mse")
    assert [part.training for part in model.modules()] == modes
    with pytest.raises(ValueError, match=r"data\[0\] must be inputs that the model can take"):
        evaluate(model, (PARABOLA[0].float(), PARABOLA[1]), loss="mse")
    assert [part.training for part in model.modules()] == modes


def binary(output, y):
    return F.binary_cross_entropy_with_logits(output, y.to(output))


def test_accuracy_is_that_of_classes_or_nan():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 4, generator=generator)
    scores, pixels = nn.Flatten(1), nn.Unflatten(1, (2, 2))
    y = torch.randint(2, (60,), generator=generator)
    assert evaluate(scores, (x, y), loss="cross_entropy")[1] == (x.argmax(1) == y).double().mean()
    dense = torch.randint(2, (60, 2), generator=generator)
    hits = x.reshape(60, 2, 2).argmax(1) == dense
    assert evaluate(pixels, (x, dense), loss="cross_entropy")[1] == hits.double().mean()
    for model, targets in [
        (nn.Linear(4, 1), y.unsqueeze(1)),
        (nn.Sequential(nn.Linear(4, 1), nn.Flatten(0)), y),
        (nn.Linear(4, 3), torch.zeros(60, 3).long()),
    ]:
        assert math.isnan(evaluate(model, (x, targets), loss=binary)[1])


FLAT = (PARABOLA[0], PARABOLA[1][:, 0])


def squares(output, y):
    return ((output - y) ** 2).mean()


def aligned(output, y):
    return ((output[:, 0] - y) ** 2).mean()


@pytest.mark.parametrize("loss", ["mse", F.mse_loss, F.l1_loss, squares])
def test_targets_that_a_loss_would_broadcast_are_refused(loss):
    words = r"data\[1\] must be of the shape of the model's outputs, \(\d+, 1\), got \(\d+,\)"
    loader = DataLoader(TensorDataset(*FLAT), 16)
    for feed in (FLAT, loader):
        model = net()
        with pytest.raises(ValueError, match=words):
            fit(model, feed, loss=loss, optimizer=torch_sgd(model), epochs=1)
        assert torch.equal(weights(model), weights(net()))
    with pytest.raises(ValueError, match=words):
        evaluate(net(), FLAT, loss=loss)
    with pytest.raises(ValueError, match=r"eval_data\[1\] must be of the shape"):
        call(loss=loss, eval_data=FLAT)()


def test_a_loss_may_take_targets_of_another_shape():
    ours, theirs = net(), net()
    run = fit(ours, FLAT, loss=aligned, optimizer=torch_sgd(ours), epochs=3)
    other = fit(theirs, PARABOLA, loss="mse", optimizer=torch_sgd(theirs), epochs=3)
    torch.testing.assert_close(run.loss, other.loss)
    model = nn.Linear(4, 3)
    names = torch.nn.functional.one_hot(torch.arange(12) % 3).float()
    for y in (names, names.argmax(1)):
        fit(
            model, (torch.ones(12, 4), y), loss="cross_entropy", optimizer=torch_sgd(model), steps=1
        )


def test_checks_leave_numbers_and_statistics_alone():
    x, y = PARABOLA
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ours, theirs = normed(), normed()
        theirs.load_state_dict(ours.state_dict())
        torch.manual_seed(1)
        fit(ours, PARABOLA, loss="mse", optimizer=torch_sgd(ours), steps=1, eval_data=PARABOLA)
        torch.manual_seed(1)
        optimizer = torch_sgd(theirs)
        F.mse_loss(theirs(x), y).backward()  # examples come in another order: the same statistics
        optimizer.step()
    torch.testing.assert_close(ours[1].running_mean, theirs[1].running_mean)
    assert ours[1].num_batches_tracked == 1


class Endless(IterableDataset):
    def __iter__(self):
        return iter(zip(*PARABOLA, strict=True))


class Empty(IterableDataset):
    def __iter__(self):
        return iter(())

    def __len__(self):
        return 32


def frozen():
    model = net()
    for p in model.parameters():
        p.requires_grad_(False)
    return model


def call(**changes):
    model = changes.pop("net", net)()
    arguments = {
        "model": model, "data": PARABOLA, "loss": "mse", "optimizer": torch_sgd(model),
        "epochs": 1, **changes,
    }  # fmt: skip
    return lambda: fit(arguments.pop("model"), arguments.pop("data"), **arguments)


EMPTY = (torch.empty(0, 1), torch.empty(0, 1))
LOADER = DataLoader(TensorDataset(*PARABOLA), 16)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "net"}, TypeError, "model must be an nn.Module, got 'net'"),
        ({"data": PARABOLA[0]}, TypeError, "data must be a pair"),
        ({"data": (PARABOLA[0], PARABOLA[1][:3])}, ValueError, "as long as"),
        ({"data": EMPTY}, ValueError, "at least one element"),
        ({"data": (PARABOLA[0] * math.nan, PARABOLA[1])}, ValueError, "NaN"),
        ({"loss": "hinge"}, ValueError, "loss must be one of 'mse', 'cross_entropy'.*'hinge'"),
        ({"optimizer": None}, TypeError, "optimizer"),
        ({"optimizer": torch_sgd(net())}, ValueError, "this model's parameters"),
        ({"epochs": None}, ValueError, "epochs must be given"),
        ({"steps": 5}, ValueError, "not both"),
        ({"epochs": 0}, ValueError, "epochs must be .* got 0"),
        ({"epochs": 2.5}, TypeError, "epochs"),
        ({"epochs": None, "steps": -1}, ValueError, "steps"),
        ({"batch_size": 0}, ValueError, "batch_size must be .* got 0"),
        ({"batch_size": 101}, ValueError, "batch_size must be .* got 101"),
        ({"schedule": 0.1}, TypeError, "schedule"),
        ({"seed": -1}, ValueError, "seed"),
        ({"sampling": "random"}, ValueError, "sampling"),
        ({"drop_last": "yes"}, TypeError, "drop_last"),
        ({"eval_data": 3}, TypeError, "eval_data"),
        ({"resume": True}, ValueError, "checkpoint"),
        ({"data": LOADER, "batch_size": 16}, ValueError, "batch_size.*DataLoader"),
        ({"data": LOADER, "seed": "x"}, ValueError, "seed must be left out with a DataLoader"),
        ({"data": LOADER, "seed": 1}, ValueError, "seed must be left out"),
        ({"data": LOADER, "sampling": "fixed"}, ValueError, "sampling must be left out"),
        ({"data": LOADER, "drop_last": True}, ValueError, "drop_last must be left out"),
        ({"data": DataLoader(Endless(), 16)}, ValueError, "data must be a DataLoader with a len"),
        ({"data": DataLoader(Empty(), 16)}, ValueError, "data must be .* as its length says"),
        ({"data": DataLoader(PARABOLA[0], 16)}, ValueError, "data must be a DataLoader of pairs"),
        (
            {"data": DataLoader(TensorDataset(*PARABOLA, *PARABOLA), 16)},
            ValueError,
            "data must be a DataLoader of pairs",
        ),
        ({"data": (torch.tensor(1.0),) * 2}, ValueError, r"data\[0\] must be .* row for each"),
        ({"data": (PARABOLA[0] * complex("nan"), PARABOLA[1])}, ValueError, r"data\[0\].*NaN"),
        (
            {"data": (PARABOLA[0].float(), PARABOLA[1])},
            ValueError,
            r"data\[0\] must be inputs that the model can take, got 'torch.float32",
        ),
        ({"eval_data": (PARABOLA[0].float(), PARABOLA[1])}, ValueError, r"eval_data\[0\] must be"),
        ({"loss": "cross_entropy"}, ValueError, r"data\[1\] must be class numbers of shape \(100"),
        ({"loss": nn.MSELoss(reduction="none")}, ValueError, r"loss must be .*one number.*100, 1"),
        ({"loss": lambda output, y: 1.0}, ValueError, "loss must be .*one number.* got 1.0"),
        ({"loss": lambda output, y: y.mean()}, ValueError, "loss must be .*can differentiate"),
        ({"net": frozen}, ValueError, "model must be .* requires a gradient.* frozen"),
        ({"progress": "no"}, TypeError, "progress must be True or False, got 'no'"),
        ({"schedule": lambda t: None}, TypeError, r"schedule\(0\) must be a number, got None"),
        ({"schedule": [].__getitem__}, ValueError, r"schedule\(0\) must be a number, got IndexErr"),
        ({"schedule": lambda t: -1.0}, ValueError, r"schedule\(0\) must be a finite number ≥ 0"),
        ({"schedule": lambda t: math.nan}, ValueError, r"schedule\(0\) must be .* got nan"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(changes, error, words):
    model = changes.get("model")
    before = weights(model) if isinstance(model, nn.Module) else None
    with pytest.raises(error, match=words):
        call(**changes)()
    assert before is None or torch.equal(before, weights(model))


def test_an_optimizer_that_needs_a_closure_is_refused():
    model = net()
    optimizer = torch.optim.LBFGS(model.parameters())
    with pytest.raises(ValueError, match=r"optimizer must be .* without a closure, got 'LBFGS'"):
        fit(model, PARABOLA, loss="mse", optimizer=optimizer, epochs=1)


def test_a_schedule_may_give_any_kind_of_number():
    model = net()
    kinds = [1, 0.5, torch.tensor(0.25), torch.tensor([0.25]), 0]
    options = {"optimizer": torch_sgd(model), "schedule": kinds.__getitem__, "steps": 5}
    assert fit(model, PARABOLA, loss="mse", **options).lr.tolist() == [0.2, 0.1, 0.05, 0.05, 0.0]
