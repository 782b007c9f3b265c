"""The sweep engine against a plain loop with PyTorch's optimizers."""

import itertools

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sgdcourse import models, sampling, schedules
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


MODELS = {
    "runs last": lambda: (models.parabola_net(), "mse"),
    "runs last, two outputs": lambda: (models.mlp([2, 6, 2], activation="tanh"), "cross_entropy"),
    "runs first": lambda: (models.mlp([3, 5, 4, 3]), "mse"),
    "runs first, classes": lambda: (models.mlp([3, 7, 4], activation="tanh"), "cross_entropy"),
    "one layer": lambda: (models.logistic_regression(5, 3), "cross_entropy"),
    "any module": lambda: (nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 3)), "mse"),
}
PATHS = {"runs last": "RunsLast", "runs last, two outputs": "RunsLast", "any module": "Stacked"}


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
