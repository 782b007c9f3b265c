"""Instruments against closed forms: linear models, quadratics, and torch.autograd.functional."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call

from sgdcourse import data as datasets
from sgdcourse import diagnostics, models, theory
from sgdcourse.diagnostics import ranges


def small_net(dtype=torch.float64):
    """A 2-4-3 tanh net with fixed weights and 12 examples of three classes."""
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).to(dtype)
    for p in net.parameters():
        p.data = torch.randn(p.shape, generator=generator, dtype=dtype) / 2
    x = torch.randn(12, 2, generator=generator, dtype=dtype)
    return net, (x, torch.arange(12) % 3)


class Bowl(nn.Module):
    """½ Σ λ w² as a model: its output is √λ·w for every example, to be brought to 0."""

    def __init__(self, curvature, start=1.0):
        super().__init__()
        self.lam = torch.tensor(curvature, dtype=torch.float64)
        self.w = nn.Parameter(torch.full_like(self.lam, start))

    def forward(self, x):
        return (0.5 * self.lam * self.w**2).sum() + 0 * x


def first_output(output, y):
    return output.mean()


EMPTY = (torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))


def line(slope=2.0, dtype=torch.float64):
    """y = slope · x without offset: the gradient of one example is 2x(slope·x − y)."""
    layer = nn.Linear(1, 1, bias=False, dtype=dtype)
    layer.weight.data.fill_(slope)
    return layer


def line_data(n=50, seed=3):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 1, generator=generator, dtype=torch.float64)
    return x, 0.5 * x + torch.randn(n, 1, generator=generator, dtype=torch.float64)


def state_of(model):
    return copy.deepcopy(model.state_dict()), model.training, [p.grad for p in model.parameters()]


# --- gradients -----------------------------------------------------------------------------


def test_gradient_is_what_backward_leaves():
    net, data = small_net()
    flat = diagnostics.gradient(net, data, loss="cross_entropy")
    assert all(p.grad is None for p in net.parameters())
    nn.functional.cross_entropy(net(data[0]), data[1]).backward()
    torch.testing.assert_close(flat, torch.cat([p.grad.flatten() for p in net.parameters()]))


def test_example_gradients_are_those_of_a_loop_and_their_mean_is_the_gradient():
    net, (x, y) = small_net()
    rows = diagnostics.example_gradients(net, (x, y), loss="cross_entropy")
    loop = [
        diagnostics.gradient(net, (x[i : i + 1], y[i : i + 1]), loss="cross_entropy")
        for i in range(12)
    ]
    torch.testing.assert_close(rows, torch.stack(loop), rtol=0, atol=1e-14)
    full = diagnostics.gradient(net, (x, y), loss="cross_entropy")
    torch.testing.assert_close(rows.mean(0), full, rtol=0, atol=1e-12)


def test_gradient_noise_of_a_line_is_known():
    x, y = line_data()
    each = 2 * x * (2.0 * x - y)
    noise = diagnostics.gradient_noise(line(), (x, y), loss="mse")
    assert noise.norm_squared == pytest.approx(each.mean().item() ** 2)
    assert noise.trace == pytest.approx(each.var(correction=0).item())
    assert noise.scale == pytest.approx(
        theory.noise_scale(each.var(correction=0).item(), each.mean().abs().item())
    )


def nets():
    """Stacks of linear layers, and what only looks like one; each takes two numbers to three."""
    same, frozen, (net, _) = nn.Linear(2, 2), nn.Linear(2, 3), small_net()
    frozen.bias.requires_grad_(False)
    ramp = [nn.Linear(2, 4), nn.ReLU(inplace=True), nn.Linear(4, 3, bias=False)]
    return {
        "tanh": net,
        "relu in place": nn.Sequential(*ramp),
        "one layer": nn.Linear(2, 3),
        "same layer twice": nn.Sequential(same, nn.Tanh(), same, nn.Linear(2, 3)),
        "frozen bias": nn.Sequential(nn.Linear(2, 2), nn.ReLU(), frozen),
        "gelu": nn.Sequential(nn.Linear(2, 3), nn.GELU()),
    }


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", nn.functional.cross_entropy])
@pytest.mark.parametrize("name", nets())
def test_gradient_noise_is_that_of_the_single_gradients(name, loss):
    net, (x, classes) = nets()[name].double(), small_net()[1]
    data = x, (x @ torch.ones(2, 3).double() + classes[:, None] if loss == "mse" else classes)
    each = diagnostics.example_gradients(net, data, loss=loss)
    noise = diagnostics.gradient_noise(net, data, loss=loss)
    assert noise.norm_squared == pytest.approx(each.mean(0).square().sum().item())
    assert noise.trace == pytest.approx(each.var(0, correction=0).sum().item())


def test_gradient_noise_of_sequences_is_that_of_the_single_gradients():
    net, x = nn.Linear(2, 1).double(), small_net()[1][0].view(4, 3, 2)
    data = x, x.sum(2, keepdim=True).sin()
    each = diagnostics.example_gradients(net, data, loss="mse")
    noise = diagnostics.gradient_noise(net, data, loss="mse")
    assert noise.trace == pytest.approx(each.var(0, correction=0).sum().item())


def test_noise_during_training_is_that_of_the_nets_on_the_way():
    """Against a loop with PyTorch's optimizer, interrupted at the checkpoints."""
    net, points = (
        models.parabola_net(dtype=torch.float64),
        datasets.noisy_parabola(dtype=torch.float64),
    )
    before, global_state = state_of(net), torch.get_rng_state()
    found = diagnostics.noise_during_training(
        net, points, loss="mse", checkpoints=[0, 2, 7], seeds=2, lr=0.2, momentum=0.5
    )
    for seed in (0, 1):
        mine = models.parabola_net(seed=seed, dtype=torch.float64)
        optimizer = torch.optim.SGD(mine.parameters(), lr=0.2, momentum=0.5)
        for step in range(8):
            if step in (0, 2, 7):
                exact = diagnostics.gradient_noise(mine, points, loss="mse")
                here = found.sel(step=step, seed=seed)
                assert here.norm_squared.item() == pytest.approx(exact.norm_squared)
                assert here.trace.item() == pytest.approx(exact.trace)
                assert here.scale.item() == pytest.approx(exact.scale)
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(mine(points[0]), points[1]).backward()
            optimizer.step()
    assert all(torch.equal(before[0][k], state_of(net)[0][k]) for k in before[0])
    assert torch.equal(global_state, torch.get_rng_state())


def test_noise_vanishes_where_every_example_is_fitted():
    x = torch.randn(20, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    noise = diagnostics.gradient_noise(line(3.0), (x, 3.0 * x), loss="mse")
    assert noise.trace == 0 and noise.scale == math.inf


def test_noise_scale_estimate_agrees_with_the_exact_one():
    net, data = small_net()
    exact = diagnostics.gradient_noise(net, data, loss="cross_entropy")
    found = diagnostics.estimate_noise_scale(
        net, data, loss="cross_entropy", small=2, large=32, repeats=1500
    )
    assert found.norm_squared == pytest.approx(exact.norm_squared, rel=0.05)
    assert found.trace == pytest.approx(exact.trace, rel=0.05)
    assert found.scale == pytest.approx(exact.scale, rel=0.1)


def test_noise_scale_estimate_is_seeded_and_leaves_the_global_state_alone():
    model, data = line(), line_data()
    before = torch.get_rng_state()
    options = {"loss": "mse", "small": 1, "large": 8, "repeats": 10}
    one = diagnostics.estimate_noise_scale(model, data, seed=1, **options)
    two = diagnostics.estimate_noise_scale(model, data, seed=1, **options)
    other = diagnostics.estimate_noise_scale(model, data, seed=2, **options)
    assert one == two != other
    assert torch.equal(before, torch.get_rng_state())


# --- curvature -----------------------------------------------------------------------------


def test_hessian_is_that_of_autograd_functional():
    net, (x, y) = small_net()
    named = dict(net.named_parameters())
    start = diagnostics.flat_parameters(net)

    def loss(vector):
        pieces = vector.split([p.numel() for p in named.values()])
        cut = {n: v.view_as(p) for (n, p), v in zip(named.items(), pieces, strict=True)}
        return nn.functional.cross_entropy(functional_call(net, cut, (x,)), y)

    expected = torch.autograd.functional.hessian(loss, start)
    found = diagnostics.hessian(net, (x, y), loss="cross_entropy")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    vector = torch.linspace(-1, 1, len(start), dtype=torch.float64)
    product = diagnostics.hessian_vector_product(net, (x, y), vector, loss="cross_entropy")
    torch.testing.assert_close(product, expected @ vector, rtol=0, atol=1e-12)
    top = torch.linalg.eigvalsh(expected)[-1].item()
    assert diagnostics.sharpness(net, (x, y), loss="cross_entropy") == pytest.approx(top, rel=1e-5)


@pytest.mark.parametrize(
    "curvature", [[1.0, 10.0], [3.0], [-5.0, 2.0], [-1.0, -4.0], [0.0, 0.0], [-3.0, 3.0, 1.0]]
)
def test_sharpness_is_the_largest_curvature_with_its_sign(curvature):
    bowl = Bowl(curvature)
    found = diagnostics.sharpness(bowl, EMPTY, loss=first_output)
    assert found == pytest.approx(max(curvature), rel=1e-5, abs=1e-9)


def test_sharpness_of_a_net_that_diverged_is_no_number():
    net, data = small_net()
    net[0].weight.data.fill_(math.nan)
    assert math.isnan(diagnostics.sharpness(net, data, loss="cross_entropy"))


def test_sharpness_of_least_squares_is_the_largest_eigenvalue_of_the_data():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    model = nn.Linear(3, 1, bias=False, dtype=torch.float64)
    top = torch.linalg.eigvalsh(2 * x.T @ x / 40)[-1].item()
    assert diagnostics.sharpness(model, (x, x[:, :1]), loss="mse") == pytest.approx(top, rel=1e-5)


def test_a_linear_loss_has_no_curvature():
    model = line()
    data = (torch.ones(3, 1, dtype=torch.float64), torch.zeros(3, 1, dtype=torch.float64))
    assert diagnostics.sharpness(model, data, loss=first_output) == 0
    assert diagnostics.hessian(model, data, loss=first_output).item() == 0


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_finite_difference_of_a_cubic(values):
    w = torch.tensor(values, dtype=torch.float64)
    found = diagnostics.finite_difference(lambda v: (v**3).sum(), w)
    torch.testing.assert_close(found, 3 * w**2, rtol=0, atol=1e-8)


def test_gradient_check_passes_right_gradients_and_catches_a_wrong_one():
    net, data = small_net(torch.float32)
    assert diagnostics.gradient_check(net, data, loss="cross_entropy") < 1e-8
    assert net[0].weight.dtype == torch.float32

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    def wrong(output, y):
        return Twice.apply(nn.functional.cross_entropy(output, y))

    assert diagnostics.gradient_check(net, data, loss=wrong) > 1e-2


# --- landscape -----------------------------------------------------------------------------


def test_slices_of_a_bowl_are_parabolas():
    bowl = Bowl([1.0, 10.0], start=0.0)
    east, north = torch.eye(2, dtype=torch.float64)
    along = torch.linspace(-1, 1, 5, dtype=torch.float64)
    plane = diagnostics.loss_slice(bowl, EMPTY, [east, north], loss=first_output, along=along)
    assert plane.dims == ("a", "b")
    expected = 0.5 * along[:, None] ** 2 + 5 * along**2
    torch.testing.assert_close(torch.tensor(plane.values), expected)
    across = diagnostics.loss_slice(bowl, EMPTY, [north], loss=first_output, along=[0.0, 2.0])
    assert across.sel(a=2.0).item() == pytest.approx(20.0)


def test_the_line_between_two_models_ends_at_their_losses():
    net, data = small_net()
    start = diagnostics.flat_parameters(net)
    end = start + 0.3
    cut = diagnostics.loss_slice(
        net, data, [end - start], loss="cross_entropy", along=[0.0, 1.0], centre=start
    )
    twin = diagnostics.load_flat_parameters(copy.deepcopy(net), end)
    for value, model in zip(cut.values, (net, twin), strict=True):
        assert value == pytest.approx(
            nn.functional.cross_entropy(model(data[0]), data[1]).item(), abs=1e-12
        )


def test_filter_normalisation_gives_rows_the_norm_of_the_weights():
    net, _ = small_net()
    direction = diagnostics.random_direction(net, seed=4)
    parts = direction.split([p.numel() for p in net.parameters()])
    for part, p in zip(parts, net.parameters(), strict=True):
        if p.ndim == 1:
            assert not part.any()
        else:
            torch.testing.assert_close(part.view_as(p).norm(dim=1), p.detach().norm(dim=1))
    whole = diagnostics.random_direction(net, seed=4, normalise="whole")
    assert whole.norm().item() == pytest.approx(diagnostics.flat_parameters(net).norm().item())
    assert not torch.equal(whole, diagnostics.random_direction(net, seed=5, normalise="whole"))


def test_trajectory_pca_finds_the_plane_of_a_path():
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(30, 2, generator=generator, dtype=torch.float64))[0].T
    flat = torch.randn(50, 2, generator=generator, dtype=torch.float64) * torch.tensor([3.0, 1.0])
    path = flat @ basis + 7.0
    seen = diagnostics.trajectory_pca(path)
    assert seen.explained.sum().item() == pytest.approx(1.0)
    assert seen.explained[0] > seen.explained[1]
    torch.testing.assert_close(seen.coordinates @ seen.directions + path[-1], path)
    torch.testing.assert_close(
        seen.directions @ seen.directions.T, torch.eye(2, dtype=torch.float64)
    )


def test_flat_parameters_round_trip():
    net, _ = small_net()
    vector = diagnostics.flat_parameters(net)
    torch.testing.assert_close(vector, nn.utils.parameters_to_vector(net.parameters()).detach())
    diagnostics.load_flat_parameters(net, 2 * vector)
    torch.testing.assert_close(diagnostics.flat_parameters(net), 2 * vector)


# --- range test ----------------------------------------------------------------------------


def test_range_test_is_a_plain_loop_with_a_growing_lr():
    x, y = line_data(16)
    found = diagnostics.lr_range_test(
        line(), (x, y), loss="mse", low=1e-3, high=0.1, steps=30, batch_size=16, smoothing=0.0
    )
    model, losses = line(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for step in range(30):
        optimizer.param_groups[0]["lr"] = 1e-3 * 100 ** (step / 29)
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert found.loss.dims == ("lr",)
    assert found.loss.values.tolist() == pytest.approx(losses, rel=1e-9)
    assert found.smooth_loss.values.tolist() == pytest.approx(losses, rel=1e-9)
    assert math.isnan(found.attrs["stopped"])


def test_range_test_breaks_off_beyond_the_stability_limit():
    x, y = line_data(16)
    limit = theory.gd_stability_limit((2 * x.square().mean()).item())
    found = diagnostics.lr_range_test(
        line(10.0), (x, y), loss="mse", low=1e-3, high=1e3, steps=200, batch_size=16, smoothing=0.5
    )
    assert found.attrs["steepest"] < found.attrs["lowest"] < found.attrs["stopped"]
    assert limit < found.attrs["stopped"] < 10 * limit
    assert found.loss.isnull().any() and not found.loss.isnull()[0]


def test_range_test_reads_the_descent_and_not_what_comes_after_the_break():
    """Smoothed losses fall, rise and crash down again: only the first fall counts."""
    rates = torch.tensor([0.1, 0.2, 0.4, 0.8, 1.6, 3.2], dtype=torch.float64)
    smooth = torch.tensor([2.0, 1.9, 1.0, 0.9, 2.6, 1.0], dtype=torch.float64)
    found = ranges._read(rates, smooth)
    assert (found["steepest"], found["lowest"]) == (0.2, 0.8)
    rising = ranges._read(rates, torch.arange(6, dtype=torch.float64))
    assert math.isnan(rising["steepest"]) and rising["lowest"] == 0.1


@pytest.mark.parametrize("training", [True, False])
def test_nothing_changes_the_model(training):
    net, data = small_net()
    net.train(training)
    before = state_of(net)
    seed_state = torch.get_rng_state()
    loss = {"loss": "cross_entropy"}
    direction = diagnostics.random_direction(net)
    diagnostics.gradient_noise(net, data, **loss)
    diagnostics.estimate_noise_scale(net, data, small=1, large=4, repeats=2, **loss)
    diagnostics.sharpness(net, data, iterations=3, **loss)
    diagnostics.gradient_check(net, data, **loss)
    diagnostics.loss_slice(net, data, [direction], along=[0.0, 1.0], **loss)
    diagnostics.lr_range_test(net, data, steps=5, batch_size=4, **loss)
    after = state_of(net)
    assert all(torch.equal(before[0][k], after[0][k]) for k in before[0])
    assert before[1:] == after[1:]
    assert torch.equal(seed_state, torch.get_rng_state())


def test_buffers_stay_where_the_loss_is_taken_in_training_mode():
    """Batch normalisation updates its running statistics at each call, but not at ours."""
    net = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    before = copy.deepcopy(net.state_dict())
    data = small_net()[1]
    diagnostics.gradient(net, data, loss="cross_entropy")
    diagnostics.sharpness(net, data, loss="cross_entropy", iterations=2)
    direction = diagnostics.random_direction(net)
    diagnostics.loss_slice(net, data, [direction], along=[0.0, 1.0], loss="cross_entropy")
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


def test_a_weight_that_is_never_used_has_no_slope():
    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = line(), line()

        def forward(self, x):
            return self.used(x)

    alone, both = line(), Spare()
    slope = diagnostics.gradient(alone, XY, loss="mse")
    assert torch.equal(diagnostics.gradient(both, XY, loss="mse"), torch.cat([slope, ZERO]))
    bend = diagnostics.sharpness(alone, XY, loss="mse")
    assert diagnostics.sharpness(both, XY, loss="mse") == pytest.approx(bend)


def test_gradient_noise_sees_what_hangs_on_a_layer():
    net, data = small_net()
    net[0].register_forward_hook(lambda module, inputs, outputs: 3 * outputs)
    rows = diagnostics.example_gradients(net, data, loss="cross_entropy")
    noise = diagnostics.gradient_noise(net, data, loss="cross_entropy")
    assert noise.trace == pytest.approx(rows.var(0, correction=0).sum().item())


# --- curves --------------------------------------------------------------------------------


def test_first_below_over_many_curves():
    curves = torch.tensor([[3.0, 1.0, 2.0], [3.0, math.nan, 1.0], [3.0, 2.0, 1.5]])
    assert diagnostics.first_below(curves, 1.0).tolist() == [1.0, 2.0, math.inf]
    assert diagnostics.first_below(curves[0], 5.0).item() == 0


@given(rate=st.floats(0.1, 1.5), start=st.floats(0.01, 100))
def test_measure_rate_of_a_geometric_series(rate, start):
    errors = start * torch.tensor(rate, dtype=torch.float64) ** torch.arange(40)
    assert diagnostics.measure_rate(errors) == pytest.approx(rate, rel=1e-9)


def test_measure_rate_of_gradient_descent():
    w = torch.tensor([1.0, 1.0], dtype=torch.float64)
    errors = []
    for _ in range(200):
        w = w - 0.15 * torch.tensor([1.0, 10.0], dtype=torch.float64) * w
        errors.append(w.norm().item())
    rate = diagnostics.measure_rate(errors)
    assert rate == pytest.approx(theory.gd_rate(0.15, [1.0, 10.0]), abs=1e-6)


@given(exponent=st.floats(-3, 3), factor=st.floats(0.01, 100))
def test_power_law_is_found_again(exponent, factor):
    x = torch.logspace(0, 3, 10, dtype=torch.float64)
    law = diagnostics.fit_power_law(x, factor * x**exponent)
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law.factor == pytest.approx(factor, rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(min_steps=st.floats(10, 1e4), critical=st.floats(2, 500), noise=st.sampled_from([0, 0.05]))
def test_hyperbola_is_found_again(min_steps, critical, noise):
    sizes = 2.0 ** torch.arange(11, dtype=torch.float64)
    examples = min_steps * critical
    steps = theory.steps_to_target(sizes, min_steps=min_steps, min_examples=examples)
    wiggle = 1 + noise * torch.tensor([(-1.0) ** k for k in range(11)], dtype=torch.float64)
    found = diagnostics.fit_hyperbola(sizes, steps * wiggle)
    tolerance = 0.2 if noise else 1e-6
    expected = (min_steps, examples, critical)
    assert tuple(found) == pytest.approx(expected, rel=tolerance)


# --- arguments -----------------------------------------------------------------------------

NET, DATA = small_net()
LINE, XY = line(), line_data(8)
ONE = torch.ones(1, dtype=torch.float64)
ZERO = torch.zeros(1, dtype=torch.float64)
NORMED = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
DROPPED = nn.Sequential(nn.Linear(1, 4), nn.Dropout(), nn.Linear(4, 1)).double()


def range_test(**options):
    return diagnostics.lr_range_test(LINE, XY, loss="mse", **{"batch_size": 4, **options})


def during(**options):
    settings = {"loss": "mse", "checkpoints": [1], "seeds": 1, "lr": 0.1, **options}
    return diagnostics.noise_during_training(LINE, XY, **settings)


def estimate(**options):
    settings = {"loss": "mse", "small": 1, "large": 4, **options}
    return diagnostics.estimate_noise_scale(LINE, XY, **settings)


def cut(directions, along=(0.0, 1.0), **options):
    return diagnostics.loss_slice(LINE, XY, directions, loss="mse", along=along, **options)


BAD = [
    (lambda: diagnostics.gradient("net", XY, loss="mse"), TypeError, "model", "'net'"),
    (lambda: diagnostics.gradient(nn.ReLU(), XY, loss="mse"), ValueError, "model", "ReLU"),
    (lambda: diagnostics.gradient(LINE, XY[0], loss="mse"), TypeError, "data", "Tensor"),
    (lambda: diagnostics.gradient(LINE, (XY[0], XY[1][:3]), loss="mse"), ValueError, "data", "3"),
    (lambda: diagnostics.gradient(LINE, (XY[0][:0], XY[1]), loss="mse"), ValueError, "data", "0"),
    (
        lambda: diagnostics.gradient(LINE, (XY[0] * math.nan, XY[1]), loss="mse"),
        ValueError,
        "data",
        "nan",
    ),
    (lambda: diagnostics.example_gradients(LINE, XY, loss="hinge"), ValueError, "loss", "hinge"),
    (lambda: diagnostics.gradient_noise(LINE, None, loss="mse"), TypeError, "data", "None"),
    (lambda: during(checkpoints=[1, -1]), ValueError, "checkpoints", "-1"),
    (lambda: during(seeds=0), ValueError, "seeds", "0"),
    (lambda: during(checkpoints=5), TypeError, "checkpoints", "5"),
    (lambda: during(lr=[0.1, 0.2]), ValueError, "lr", "[0.1, 0.2]"),
    (lambda: during(checkpoints=[0], lr=-1.0), ValueError, "lr", "-1"),
    (lambda: during(checkpoints=[0], foo=3), ValueError, "hyper-parameter", "foo"),
    (
        lambda: diagnostics.example_gradients(NORMED, DATA, loss="cross_entropy"),
        ValueError,
        "model",
        "BatchNorm1d",
    ),
    (lambda: diagnostics.sharpness(DROPPED, XY, loss="mse"), ValueError, "model", "Dropout"),
    (lambda: diagnostics.gradient_noise(DROPPED, XY, loss="mse"), ValueError, "model", "Dropout"),
    (lambda: diagnostics.fit_power_law(3, 4), TypeError, "x", "3"),
    (lambda: diagnostics.fit_power_law([1.0, 1.0], [2.0, 3.0]), ValueError, "x", "[1.0, 1.0]"),
    (lambda: diagnostics.fit_hyperbola([4, 4], [2.0, 3.0]), ValueError, "batch_sizes", "4.0"),
    (lambda: diagnostics.measure_rate(2), TypeError, "errors", "2"),
    (lambda: during(lr=-1.0), ValueError, "lr", "-1"),
    (lambda: estimate(small=0), ValueError, "small", "0"),
    (lambda: estimate(large=1), ValueError, "large", "1"),
    (lambda: estimate(repeats=1.5), TypeError, "repeats", "1.5"),
    (lambda: estimate(seed=-1), ValueError, "seed", "-1"),
    (
        lambda: diagnostics.hessian_vector_product(LINE, XY, torch.ones(2), loss="mse"),
        ValueError,
        "vector",
        "(2,)",
    ),
    (lambda: diagnostics.hessian(LINE, XY, loss=3), TypeError, "loss", "3"),
    (lambda: diagnostics.sharpness(LINE, XY, loss="mse", iterations=0), ValueError, "iter", "0"),
    (lambda: diagnostics.sharpness(LINE, XY, loss="mse", tolerance=0), ValueError, "tol", "0"),
    (lambda: diagnostics.finite_difference(torch.sum, torch.ones(2)), TypeError, "point", "32"),
    (lambda: diagnostics.finite_difference(torch.sum, ONE, step=0.0), ValueError, "step", "0.0"),
    (lambda: diagnostics.gradient_check(LINE, XY, loss="mse", step=-1), ValueError, "step", "-1"),
    (lambda: diagnostics.random_direction(NET, normalise="row"), ValueError, "normalise", "row"),
    (lambda: cut([]), ValueError, "directions", "[]"),
    (lambda: cut([torch.ones(3)]), ValueError, "directions", "(3,)"),
    (lambda: cut([ONE], along=[]), ValueError, "along", "0"),
    (lambda: cut([ONE], centre=torch.ones(2)), ValueError, "centre", "(2,)"),
    (lambda: diagnostics.trajectory_pca(torch.ones(3, 2)), ValueError, "path", "(3, 2)"),
    (lambda: diagnostics.trajectory_pca(torch.ones(3)), ValueError, "path", "(3,)"),
    (lambda: diagnostics.trajectory_pca(torch.eye(3), dims=4), ValueError, "dims", "4"),
    (lambda: diagnostics.load_flat_parameters(LINE, torch.ones(2)), ValueError, "vector", "(2,)"),
    (lambda: diagnostics.flat_parameters(nn.ReLU()), ValueError, "model", "ReLU"),
    (lambda: range_test(low=0.0), ValueError, "low", "0.0"),
    (lambda: range_test(low=1.0, high=1.0), ValueError, "high", "1.0"),
    (lambda: range_test(steps=1), ValueError, "steps", "1"),
    (lambda: range_test(batch_size=9), ValueError, "batch_size", "9"),
    (lambda: range_test(momentum=1.0), ValueError, "momentum", "1.0"),
    (lambda: range_test(smoothing=1.0), ValueError, "smoothing", "1.0"),
    (lambda: diagnostics.first_below(torch.tensor(1.0), 0.5), ValueError, "losses", "()"),
    (lambda: diagnostics.first_below(torch.ones(3), math.nan), ValueError, "target", "nan"),
    (lambda: diagnostics.measure_rate([1.0, 0.0]), ValueError, "errors", "0.0"),
    (lambda: diagnostics.measure_rate([1.0, 0.5], last=0.1), ValueError, "errors", "1"),
    (lambda: diagnostics.measure_rate([1.0, 0.5], last=0.0), ValueError, "last", "0.0"),
    (lambda: diagnostics.fit_power_law([1.0, 2.0], [1.0]), ValueError, "y", "1"),
    (lambda: diagnostics.fit_power_law([1.0, "2"], [1.0, 2.0]), TypeError, "x", "'2'"),
    (lambda: diagnostics.fit_hyperbola([1, 2], [3.0]), ValueError, "steps", "1"),
    (lambda: diagnostics.fit_hyperbola([0, 2], [3.0, 2.0]), ValueError, "batch_sizes", "0.0"),
]


@pytest.mark.parametrize(("call", "error", "name", "value"), BAD)
def test_bad_arguments_name_the_argument_and_its_value(call, error, name, value):
    with pytest.raises(error, match=rf"^{name}.* must be ") as caught:
        call()
    assert value in str(caught.value)
