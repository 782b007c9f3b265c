"""The sweep engine against a plain loop with PyTorch's optimizers."""

import itertools

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sgdcourse import data, engine, models, sampling, schedules
from sgdcourse.sweeps import sweep, trained

LOSSES = {"mse": nn.functional.mse_loss, "cross_entropy": nn.functional.cross_entropy}
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}


def plain_loop(
    model,
    points,
    *,
    loss,
    seed,
    batch_size,
    epochs,
    sampled="reshuffle",
    drop_last=False,
    schedule=None,
    optimizer=torch.optim.SGD,
    **hyper,
):
    """Train as a reader would: one model, one optimizer, one batch after the other."""
    x, y = points
    model = models.initialise(model.float(), seed=seed).to(x.dtype)
    stepper = optimizer(model.parameters(), **hyper)
    lr, losses = hyper["lr"], []
    order = sampling.batches(
        len(x), batch_size, epochs=epochs, seed=seed, sampling=sampled, drop_last=drop_last
    )
    for step, rows in enumerate(order):
        for group in stepper.param_groups:
            group["lr"] = lr if schedule is None else lr * schedule(step)
        value = LOSSES[loss](model(x[rows]), y[rows])
        stepper.zero_grad()
        value.backward()
        stepper.step()
        losses.append(value.item())
    return model, torch.tensor(losses, dtype=torch.float64)


def assert_same_run(run, model, alone, losses, tolerance):
    """One run of a sweep has the losses and the weights of the plain loop."""
    mine = torch.as_tensor(run.loss.values).double()
    tolerance *= max(1.0, losses.abs().max().item())
    assert (mine[: len(losses)] - losses).abs().max() <= tolerance
    assert mine[len(losses) :].isnan().all()
    ours = nn.utils.parameters_to_vector(trained(run, model).parameters())
    theirs = nn.utils.parameters_to_vector(alone.parameters())
    assert (ours - theirs).abs().max() <= tolerance


class Spare(nn.Module):
    """A net with a layer that is never called, and one with a weight that is not trained."""

    def __init__(self):
        super().__init__()
        self.first, self.spare, self.last = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.first.weight.requires_grad_(False)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)))


def hooked():
    """A net whose first layer has something hung on it that changes its outputs."""
    net = models.mlp([3, 5, 2])
    net[0].register_forward_hook(lambda module, inputs, outputs: 3 * outputs)
    return net


MODELS = {
    "one ReLU layer": lambda: (models.parabola_net(), "mse"),
    "runs last": lambda: (models.mlp([1, 6, 1], activation="tanh"), "mse"),
    "runs last, two outputs": lambda: (models.mlp([2, 6, 2], activation="tanh"), "cross_entropy"),
    "runs first": lambda: (models.mlp([3, 5, 4, 3]), "mse"),
    "runs first, classes": lambda: (models.mlp([3, 7, 4], activation="tanh"), "cross_entropy"),
    "one layer": lambda: (models.logistic_regression(5, 3), "cross_entropy"),
    "any module": lambda: (nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 3)), "mse"),
    "frozen and unused": lambda: (Spare(), "mse"),
    "hooks": lambda: (hooked(), "mse"),
}
PATHS = {
    "one ReLU layer": "OneReLU", "runs last": "RunsLast", "runs last, two outputs": "RunsLast",
    "any module": "Stacked", "frozen and unused": "Stacked", "hooks": "Stacked",
}  # fmt: skip


def drawn_data(model, loss, n, dtype):
    """Return random data of the right shape for a model."""
    generator = torch.Generator().manual_seed(n)
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    x = torch.randn(n, layers[0].in_features, generator=generator, dtype=dtype)
    if loss == "cross_entropy":
        return x, torch.randint(layers[-1].out_features, (n,), generator=generator)
    return x, torch.randn(n, layers[-1].out_features, generator=generator, dtype=dtype)


@settings(max_examples=50)
@given(
    kind=st.sampled_from(list(MODELS)),
    dtype=st.sampled_from([torch.float64, torch.float32]),
    lrs=st.lists(st.floats(0.001, 0.05), min_size=1, max_size=2, unique=True),
    momentum=st.sampled_from([0.0, 0.9, [0.0, 0.9], [0.5, 0.8]]),
    damping=st.sampled_from([{}, {"dampening": 0.3}, {"dampening": [0.0, 0.5]},
                             {"nesterov": True}, {"nesterov": [False, True]}]),
    weight_decay=st.sampled_from([0.0, 0.01, [0.0, 0.1]]),
    schedule=st.sampled_from(
        [None, schedules.cosine(12), {"a": None, "b": schedules.exponential(0.9)}]
    ),
    batch_size=st.sampled_from([1, 4, 10, [3, 5]]),
    sampled=st.sampled_from([*sampling.SAMPLINGS, ["reshuffle", "replacement"]]),
    drop_last=st.booleans(),
    seeds=st.sampled_from([1, 2, [3, 9, 4]]),
)  # fmt: skip
def test_sweep_equals_a_plain_loop(
    kind, dtype, lrs, momentum, damping, weight_decay, schedule, batch_size, sampled, drop_last,
    seeds,
):  # fmt: skip
    """Every network, every argument, every sampling: each run is what its plain loop gives."""
    model, loss = MODELS[kind]()
    points = drawn_data(model, loss, 10, dtype)
    hyper = {"lr": lrs, "momentum": momentum, "weight_decay": weight_decay, **damping}
    runs = sweep(
        model, points, loss=loss, epochs=2, batch_size=batch_size, schedule=schedule,
        sampling=sampled, drop_last=drop_last, seeds=seeds, dtype=dtype, **hyper,
    )  # fmt: skip
    places = list(itertools.product(*(range(runs.sizes[d]) for d in runs.diverged.dims)))
    for place in places[:: max(1, len(places) // 4)]:
        run = runs.isel(dict(zip(runs.diverged.dims, place, strict=True)))
        one = {k: run[k].item() if isinstance(v, list) else v for k, v in hyper.items()}
        if one.get("nesterov") and not one["momentum"]:
            one["nesterov"] = False  # PyTorch refuses it; without momentum it has no effect
        follows = schedule[run.schedule.item()] if isinstance(schedule, dict) else schedule
        alone, losses = plain_loop(
            MODELS[kind]()[0], points, loss=loss, seed=run.seed.item(), epochs=2,
            batch_size=run.batch_size.item() if isinstance(batch_size, list) else batch_size,
            sampled=run.sampling.item() if isinstance(sampled, list) else sampled,
            drop_last=drop_last, schedule=follows, **one,
        )  # fmt: skip
        assert_same_run(run, model, alone, losses, TOLERANCE[dtype])


@pytest.mark.parametrize("kind", list(MODELS))
def test_each_model_takes_its_path(kind):
    """The drawn settings above reach every network of the engine."""
    seen = {}
    original = engine.network

    def spy(job):
        seen["path"] = type(original(job)).__name__
        return original(job)

    model, loss = MODELS[kind]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "network", spy)
        points = drawn_data(model, loss, 6, torch.float32)
        sweep(model, points, loss=loss, lr=0.1, steps=1)
    assert seen["path"] == PATHS.get(kind, "RunsFirst")


RULES = {
    "adagrad": (torch.optim.Adagrad, {"lr": 0.1}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9}),
    "adam": (torch.optim.Adam, {"lr": 0.01}),
    "adamw": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
}


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("kind", ["runs last", "runs first, classes", "any module"])
def test_other_rules_plug_in(rule, kind):
    optimizer, hyper = RULES[rule]
    model, loss = MODELS[kind]()
    points = drawn_data(model, loss, 10, torch.float64)
    lrs = {**hyper, "lr": [hyper["lr"], 0.5 * hyper["lr"]]}
    runs = sweep(model, points, loss=loss, rule=rule, epochs=3, batch_size=4, dtype=torch.float64,
                 **lrs)  # fmt: skip
    alone, losses = plain_loop(
        MODELS[kind]()[0], points, loss=loss, seed=0, batch_size=4, epochs=3, optimizer=optimizer,
        **hyper,
    )  # fmt: skip
    assert_same_run(runs.isel(lr=0, seed=0), model, alone, losses, 1e-10)


@pytest.mark.parametrize("make", [models.convnet, lambda: models.mlp([64, 16, 10])])
def test_full_and_held_out_loss_and_accuracy(make):
    """What is recorded at the end is what the trained model gives."""
    x, y = data.digits()
    points, held_out = (x[:150], y[:150]), (x[200:350], y[200:350])
    runs = sweep(make(), points, loss="cross_entropy", lr=0.1, batch_size=50, epochs=2, seeds=2,
                 eval_data=held_out)  # fmt: skip
    assert runs.eval_step.values.tolist() == [0, 3, 6]
    assert runs.epoch.values.tolist() == [0, 1, 2]
    with torch.no_grad():
        outputs = trained(runs, make(), seed=1)(held_out[0])
        on_all = trained(runs, make(), seed=1)(points[0])
    last = runs.isel(eval_step=-1).sel(seed=1)
    cross_entropy = nn.functional.cross_entropy
    assert last.eval_loss.item() == pytest.approx(cross_entropy(outputs, held_out[1]).item(), 1e-5)
    assert last.full_loss.item() == pytest.approx(cross_entropy(on_all, points[1]).item(), 1e-5)
    right = (outputs.argmax(1) == held_out[1]).double().mean()
    assert last.eval_accuracy.item() == pytest.approx(right.item(), abs=1e-6)


PARABOLA = data.noisy_parabola()


def test_labels_and_dimensions():
    runs = sweep(
        models.parabola_net(), PARABOLA, loss="mse", lr=[0.01, 0.1], momentum=[0.0, 0.9],
        schedule={"flat": None, "cosine": schedules.cosine(20)}, batch_size=[10, 50], seeds=3,
        steps=20, eval_every=10,
    )  # fmt: skip
    runs_dims = ("lr", "momentum", "schedule", "batch_size", "seed")
    assert runs.loss.dims == (*runs_dims, "step")
    assert runs.diverged.dims == runs_dims and runs.diverged.dtype == bool
    assert runs.schedule.values.tolist() == ["flat", "cosine"]
    assert runs.lr_used.dims == ("lr", "schedule", "step")
    assert runs.lr_used.sel(lr=0.1, schedule="cosine")[10].item() == pytest.approx(0.05)
    assert runs.eval_step.values.tolist() == [0, 10, 20]
    assert "eval_accuracy" not in runs
    assert runs.attrs["torch_version"] == torch.__version__


def test_runs_of_one_seed_share_start_and_order():
    """Common random numbers: settings differ, luck does not."""
    runs = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=[0.01, 0.02], epochs=1,
                 batch_size=10, seeds=2)  # fmt: skip
    first = runs.loss.isel(step=0)
    assert (first.sel(lr=0.01) == first.sel(lr=0.02)).all()
    assert first.sel(seed=0)[0] != first.sel(seed=1)[0]


def test_a_diverged_run_is_marked_and_disturbs_nobody():
    both = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=[0.01, 1e4], epochs=20, seeds=2)
    alone = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=[0.01, 0.02], epochs=20, seeds=2)
    assert both.diverged.values.tolist() == [[False, False], [True, True]]
    assert (both.loss.sel(lr=0.01) == alone.loss.sel(lr=0.01)).all()


@pytest.mark.parametrize("chunk", [1, 3, 7])
@pytest.mark.parametrize("kind", list(MODELS))
def test_chunks_change_nothing(kind, chunk):
    model, loss = MODELS[kind]()
    points = drawn_data(model, loss, 12, torch.float64)
    settings = {"loss": loss, "lr": [0.01, 0.1], "seeds": 5, "epochs": 2, "batch_size": 4}
    whole = sweep(model, points, dtype=torch.float64, **settings)
    pieces = sweep(model, points, dtype=torch.float64, chunk=chunk, **settings)
    torch.testing.assert_close(
        torch.tensor(whole.weights.values), torch.tensor(pieces.weights.values),
        rtol=1e-12, atol=1e-13,
    )  # fmt: skip


def test_a_function_of_the_seed_gives_the_first_weights():
    runs = sweep(lambda seed: models.mlp([1, 4, 1], seed=seed + 7), PARABOLA, loss="mse", lr=0.1,
                 seeds=2, steps=1)  # fmt: skip
    expected = sweep(models.mlp([1, 4, 1]), PARABOLA, loss="mse", lr=0.1, seeds=[7, 8], steps=1)
    assert runs.loss.values == pytest.approx(expected.loss.values, rel=1e-6)


class OfSeed(nn.Module):
    """A net with more of its own than its weights."""

    def __init__(self, seed, kind):
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.layer = nn.Linear(4 + seed * (kind == "size"), 1)
        self.register_buffer("features", torch.randn(1, self.layer.in_features, generator=draw))
        self.factor = 1.0 + seed * (kind == "attribute")
        if kind != "buffer":
            self.features.fill_(1.0)

    def forward(self, x):
        return self.layer(self.factor * x @ self.features)


@pytest.mark.parametrize("kind", ["buffer", "attribute", "size"])
def test_seeds_may_differ_in_their_weights_alone(kind):
    arguments = {"loss": "mse", "lr": 0.1, "seeds": 2, "steps": 1}
    sweep(lambda seed: OfSeed(seed, None), PARABOLA, **arguments)
    with pytest.raises(ValueError, match="model must be of one make for all seeds"):
        sweep(lambda seed: OfSeed(seed, kind), PARABOLA, **arguments)


def test_nothing_is_built_for_a_wrong_argument_and_what_is_built_is_left_alone():
    with pytest.raises(ValueError, match="steps must be"):
        sweep(lambda seed: pytest.fail("built"), PARABOLA, loss="mse", lr=0.1, steps=-4)
    net = models.parabola_net()
    sweep(lambda seed: net, PARABOLA, loss="mse", lr=0.1, steps=1, dtype=torch.float64)
    assert next(net.parameters()).dtype == torch.float32


def test_a_schedule_is_asked_once_for_every_step():
    asked = []
    runs = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=0.1, seeds=6, chunk=2, steps=5,
                 schedule=lambda t: asked.append(t) or 1 / (1 + t))  # fmt: skip
    assert asked == [0, 1, 2, 3, 4]
    assert runs.lr_used.values == pytest.approx([0.1 / (1 + t) for t in range(5)])


def test_accuracy_of_classes_at_several_places():
    """Outputs (N, C, L) and targets (N, L): each of the N·L places counts."""
    x, y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.arange(80) % 4
    net = nn.Sequential(nn.Linear(3, 8), nn.Unflatten(1, (4, 2)))
    held_out = (x, y.reshape(40, 2))
    runs = sweep(net, held_out, loss="cross_entropy", lr=0.5, steps=9, eval_data=held_out)
    right = trained(runs, net)(x).argmax(1) == held_out[1]
    assert runs.eval_accuracy[0, -1].item() == pytest.approx(right.double().mean().item())


def test_targets_that_are_no_classes_have_no_accuracy():
    x = PARABOLA[0]
    pair = (x, (x > 0).to(torch.int64))

    def binary(outputs, targets):
        loss = nn.functional.binary_cross_entropy_with_logits
        return loss(outputs, targets.to(outputs.dtype))

    runs = sweep(models.parabola_net(), pair, loss=binary, lr=0.1, steps=1, eval_data=pair)
    assert "eval_accuracy" not in runs and "eval_loss" in runs


def test_a_loss_of_your_own():
    def huber(outputs, targets):
        return nn.functional.huber_loss(outputs, targets)

    runs = sweep(models.parabola_net(), PARABOLA, loss=huber, lr=0.1, steps=3)
    model = models.parabola_net(seed=0)
    expected = huber(model(PARABOLA[0]), PARABOLA[1]).item()
    assert runs.loss[0, 0].item() == pytest.approx(expected, rel=1e-6)


def test_nothing_is_evaluated_where_nothing_is_asked():
    runs = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=0.1, steps=3, eval_every=None)
    assert "full_loss" not in runs and "eval_step" not in runs.coords


def test_the_model_that_is_given_is_left_alone():
    model = models.parabola_net(seed=5)
    before = nn.utils.parameters_to_vector(model.parameters()).clone()
    sweep(model, PARABOLA, loss="mse", lr=0.1, steps=3)
    assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), before)


def test_results_survive_a_file(tmp_path):
    pytest.importorskip("scipy")
    runs = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=[0.1, 0.2], steps=3)
    runs.to_netcdf(tmp_path / "runs.nc", engine="scipy")
    again = xr.open_dataset(tmp_path / "runs.nc", engine="scipy")
    assert torch.equal(
        trained(runs, models.parabola_net(), lr=0.2)[0].weight,
        trained(again, models.parabola_net(), lr=0.2)[0].weight,
    )


class WithBatchNorm(nn.Sequential):
    def __init__(self, **options):
        super().__init__(nn.Linear(1, 4), nn.BatchNorm1d(4, **options), nn.Linear(4, 1))


class Calls(nn.Module):
    """A line, and a function applied to what it gives."""

    def __init__(self, then):
        super().__init__()
        self.line, self.then = nn.Linear(1, 1), then

    def forward(self, x):
        return self.then(self.line(x))


def in_a_list(outputs, targets):
    return nn.functional.mse_loss(outputs, targets).reshape(1)


def root_mean_square(outputs, targets):
    return nn.functional.mse_loss(outputs, targets).sqrt()


CLASSES = (PARABOLA[0], torch.arange(100) % 3)
WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, 20.0]))


def bad(**changes):
    return {"model": models.parabola_net(), "data": PARABOLA, "loss": "mse", "lr": 0.1,
            "epochs": 1, **changes}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (bad(lr=[]), ValueError, r"lr must be one value or more, got \[\]"),
        (bad(lr=[0.1, float("nan")]), ValueError, "lr must be a finite number"),
        (bad(lr=[0.1, 0.1]), ValueError, "lr must be a list of different values"),
        (bad(lr=-0.1), ValueError, "lr must be a finite number ≥ 0"),
        (bad(lr="0.1"), TypeError, "lr must be a number"),
        (bad(learning_rate=0.1), ValueError, "hyper-parameter must be one of lr, momentum"),
        (bad(rule="adam", momentum=0.9), ValueError, "hyper-parameter must be one of lr, beta1"),
        (bad(rule="lion"), ValueError, "rule must be one of 'sgd'"),
        (bad(nesterov=True, momentum=0.9, dampening=0.5), ValueError, "dampening must be 0 where"),
        (bad(nesterov=1), TypeError, "nesterov must be True or False"),
        (bad(seeds=[]), ValueError, "seeds must be one value or more"),
        (bad(seeds=0), ValueError, "seeds must be a whole number ≥ 1"),
        (bad(seeds=[1, 1]), ValueError, "seeds must be a list of different values"),
        (bad(seeds=[-1]), ValueError, "seeds must be a whole number ≥ 0"),
        (bad(batch_size=101), ValueError, "batch_size must be .* ≤ 100, got 101; there are 100"),
        (bad(batch_size=[10, 0]), ValueError, "batch_size must be a whole number ≥ 1"),
        (bad(sampling="random"), ValueError, "sampling must be one of 'reshuffle'"),
        (bad(schedule=0.1), TypeError, "schedule must be a function step -> factor"),
        (bad(schedule={}), ValueError, "schedule must be one value or more"),
        (bad(steps=3), ValueError, "epochs or steps must be given, one of the two"),
        (bad(epochs=None), ValueError, "epochs or steps must be given, one of the two"),
        (bad(epochs=0), ValueError, "epochs must be a whole number ≥ 1"),
        (bad(eval_every=0), ValueError, 'eval_every must be .* or "epoch" or None'),
        (bad(chunk=0), ValueError, "chunk must be a whole number ≥ 1"),
        (bad(memory=0), ValueError, "memory must be a finite number > 0"),
        (bad(executor="pool"), TypeError, "executor must be a concurrent.futures.Executor"),
        (bad(data=(PARABOLA[0], PARABOLA[1][:50])), ValueError, r"data\[1\] must be as long as"),
        (bad(data=PARABOLA[0]), TypeError, r"data must be a pair \(x, y\) of tensors"),
        (bad(data=(PARABOLA[0] / 0, PARABOLA[1])), ValueError, "free of NaN and infinity"),
        (bad(data=5), TypeError, r"data must be a pair \(x, y\) of tensors, got 'int'"),
        (bad(data=(torch.tensor(1.0), PARABOLA[1])), ValueError, r"data\[0\] must be a tensor"),
        (bad(data=(PARABOLA[0], PARABOLA[1][:, 0])), ValueError, r"data.1. must be of the shape"),
        (bad(eval_data=(PARABOLA[0], PARABOLA[1][:, 0])), ValueError, "eval_data.1. must be"),
        (bad(loss="cross_entropy"), ValueError, "data.1. must be class numbers"),
        (bad(model=models.mlp([1, 2]), data=CLASSES, loss="cross_entropy"), ValueError,
         r"data.1. must be class numbers from 0 to 1, got \(0, 2\)"),
        (bad(model=models.mlp([1, 3]), data=(PARABOLA[0], CLASSES[1][:, None]),
             loss="cross_entropy"), ValueError, "data.1. must be class numbers of"),
        (bad(model=models.mlp([1, 3]), data=CLASSES, loss=WEIGHTED), ValueError,
         "loss must be a mean over the batch.*two parts"),
        (bad(loss=in_a_list), ValueError, r"loss must be .* a scalar, got 'shape \(1,\)'"),
        (bad(loss=root_mean_square), ValueError, "loss must be a mean over the batch"),
        (bad(epochs=3, schedule=[0.1, 0.2].__getitem__), ValueError, r"schedule\(2\) must be"),
        (bad(schedule=lambda t: None), TypeError, r"schedule\(0\) must be a number"),
        (bad(schedule=lambda t: -1.0), ValueError, r"schedule\(0\) must be a finite number"),
        (bad(seeds=2**31), ValueError, "seeds must be a whole number ≥ 1 and ≤ 1e"),
        (bad(dtype=torch.int64), TypeError, "dtype must be a floating-point torch.dtype"),
        (bad(dtype="float64"), TypeError, "dtype must be a floating-point torch.dtype"),
        (bad(progress="no"), TypeError, "progress must be True or False"),
        (bad(loss="l1"), ValueError, "loss must be one of 'mse'"),
        (bad(loss=nn.MSELoss(reduction="none")), ValueError, "loss must be a function that"),
        (bad(loss=nn.MSELoss(reduction="sum")), ValueError, "loss must be a mean over the batch"),
        (bad(model=WithBatchNorm()), ValueError, "free of statistics .* train it with fit"),
        (bad(model=nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.1))), ValueError, "free of dropout"),
        (bad(model=WithBatchNorm(track_running_stats=False)), ValueError, "free of statistics"),
        (bad(model=Calls(lambda z: (z, z))), ValueError, "model must be one that returns"),
        (bad(model=Calls(nn.functional.dropout)), ValueError, "model must be one whose run.*vmap"),
        (bad(model=Calls(lambda z: z if z.sum() > 0 else -z)), ValueError, "model must be one who"),
        (bad(model=lambda seed: seed), TypeError, "model must be an nn.Module, got 0"),
        (bad(model=nn.ReLU()), ValueError, "model must be one with parameters"),
        (bad(model=nn.Linear(1, 1).requires_grad_(False)), ValueError, "with parameters to train"),
        (bad(model="net"), TypeError, "model must be an nn.Module or a function"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_before_any_work(arguments, error, words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sgdcourse.chunks.train", lambda *_: pytest.fail("work was done"))
        with pytest.raises(error, match=words):
            sweep(**arguments)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_targets_that_broadcast_by_mistake_are_refused():
    with pytest.raises(ValueError, match=r"data.1. must be of the shape of the model's outputs"):
        sweep(**bad(data=(PARABOLA[0], PARABOLA[1][:, 0]), loss=nn.MSELoss()))


@pytest.mark.parametrize("lr", [torch.tensor(0.1), np.array(0.1), np.float64(0.1)])
def test_a_number_in_a_tensor_is_one_number(lr):
    runs = sweep(models.parabola_net(), PARABOLA, loss="mse", lr=lr, steps=1,
                 batch_size=np.array(5), seeds=torch.tensor(3))  # fmt: skip
    assert runs.loss.dims == ("seed", "step") and runs.sizes["seed"] == 3


def test_trained_has_the_shape_and_the_frozen_weights_of_its_model():
    line = nn.Linear(1, 1, bias=False)
    runs = sweep(line, PARABOLA, loss="mse", lr=0.1, steps=1)
    assert trained(runs, line).weight.item() == pytest.approx(runs.weights.item())
    x = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    net = trained(sweep(Spare(), (x, x[:, :2]), loss="mse", lr=0.1, steps=1), Spare())
    assert [p.requires_grad for p in net.parameters()] == [False] + [True] * 5


@pytest.mark.parametrize(("runs", "model"), [(3, nn.Linear(1, 1)), (xr.Dataset(), None)])
def test_trained_refuses_what_is_no_sweep(runs, model):
    with pytest.raises(TypeError, match="runs must be what sweep gave"):
        trained(runs, model)


def test_trained_asks_for_one_run():
    net = models.parabola_net()
    runs = sweep(net, PARABOLA, loss="mse", lr=[0.1, 0.2], steps=1, seeds=2)
    with pytest.raises(ValueError, match=r"run must be one run.*also give seed"):
        trained(runs, net, lr=0.1)
    with pytest.raises(ValueError, match="run must be among the labels"):
        trained(runs, net, lr=0.3, seed=0)
    with pytest.raises(ValueError, match="model must be one with 31 parameters, got 4"):
        trained(runs, models.mlp([1, 1, 1]), lr=0.1, seed=0)
