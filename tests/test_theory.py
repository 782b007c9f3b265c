"""Theory against simulation: every closed form is held against a run, PyTorch or exact algebra."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcourse import theory

lrs = st.floats(0.01, 3.9)
momenta = st.floats(0.0, 0.97)
NOISE = 2.0


def torch_path(lr, curvature, steps, start=1.0, schedule=None, **options):
    """Iterates of `torch.optim.SGD` on ½ Σ λw², shape (steps + 1, d), float64."""
    lam = torch.atleast_1d(torch.as_tensor(curvature, dtype=torch.float64))
    w = torch.nn.Parameter(torch.full_like(lam, start))
    optimizer = torch.optim.SGD([w], lr=lr, **options)
    path = [w.detach().clone()]
    for step in range(steps):
        if schedule is not None:
            optimizer.param_groups[0]["lr"] = schedule(step)
        w.grad = lam * w.detach()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)


def linear_map(lr, momentum, curvature, nesterov):
    """One step on (w, v) as a 2×2 matrix, read off `torch.optim.SGD` itself."""
    columns = []
    for w0, v0 in ((1.0, 0.0), (0.0, 1.0)):
        w = torch.nn.Parameter(torch.tensor(w0, dtype=torch.float64))
        optimizer = torch.optim.SGD([w], lr=lr, momentum=momentum, nesterov=nesterov)
        optimizer.state[w]["momentum_buffer"] = torch.tensor(v0, dtype=torch.float64)
        w.grad = curvature * w.detach()
        optimizer.step()
        columns.append(torch.stack([w.detach(), optimizer.state[w]["momentum_buffer"]]))
    return torch.stack(columns, dim=1)


def noisy_runs(lr, curvature, *, steps, momentum=0.0, nesterov=False, replicas=4000, start=0.0):
    """Iterates of the noisy quadratic, one (replicas,) tensor a step; Gaussian noise."""
    generator = torch.Generator().manual_seed(0)
    w = torch.full((replicas,), start, dtype=torch.float64)
    v = torch.zeros_like(w)
    for step in range(steps):
        noise = torch.randn(replicas, generator=generator, dtype=torch.float64)
        gradient = curvature * w + math.sqrt(NOISE) * noise
        v = momentum * v + gradient
        rate = lr(step) if callable(lr) else lr
        w = w - rate * (gradient + momentum * v if nesterov else v)
        yield w


def long_run_variance(*args, **kwargs):
    """Mean of w² over replicas and over the second half of 2,000 steps."""
    squares = [w.square().mean() for w in noisy_runs(*args, steps=2000, **kwargs)]
    return torch.stack(squares[1000:]).mean().item()


# --- gradient descent ----------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.1, 0.25, 0.4, 0.5, 0.9, 1.1])
def test_gd_factor_is_the_measured_factor(lr):
    path = torch_path(lr, 2.0, 5)[:, 0]
    expected = torch.full((5,), theory.gd_factor(lr, 2.0), dtype=torch.float64)
    measured = torch.where(path[:-1] == 0, expected, path[1:] / path[:-1])
    torch.testing.assert_close(measured, expected, rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(lr=st.floats(0.01, 0.25), curvature=st.lists(st.floats(0.5, 10), min_size=1, max_size=4))
def test_gd_rate_is_the_norm_of_the_step(lr, curvature):
    step = torch.eye(len(curvature), dtype=torch.float64) - lr * torch.diag(
        torch.tensor(curvature, dtype=torch.float64)
    )
    expected = torch.linalg.matrix_norm(step, 2).item()
    assert theory.gd_rate(lr, curvature) == pytest.approx(expected, abs=1e-12)


def test_gd_rate_is_the_measured_rate():
    path = torch_path(0.15, [1.0, 3.0, 10.0], 200).norm(dim=1)
    assert (path[-1] / path[-2]).item() == pytest.approx(
        theory.gd_rate(0.15, [1.0, 3.0, 10.0]), abs=1e-6
    )


@pytest.mark.parametrize("kappa", [1.0, 3.0, 10.0, 100.0, 1000.0])
def test_gd_optimum_is_best_on_a_grid_and_takes_the_predicted_steps(kappa):
    best = theory.gd_optimum(1.0, kappa)
    grid = torch.linspace(0.5, 1.5, 1001, dtype=torch.float64) * best.lr
    assert theory.gd_rate(grid, [1.0, kappa]).min() >= best.rate - 1e-12
    assert best.rate == pytest.approx((kappa - 1) / (kappa + 1))
    steps = theory.steps_to(1e-6, best.rate)
    error = torch_path(best.lr, [1.0, kappa], steps).abs().amax(1)
    assert error[-1] <= 1e-6 * (1 + 1e-9)
    assert steps == 1 or error[-2] > 1e-6


def bisect(stable, low, high):
    """Largest step size for which `stable` holds, to 1e-6 relative."""
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if stable(middle) else (low, middle)
    return low


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_stability_limits_by_bisection(momentum, nesterov):
    def stable(lr):
        matrix = linear_map(lr, momentum, 3.0, nesterov and momentum > 0)
        matrix = matrix if momentum else matrix[:1, :1]  # torch keeps no buffer then
        return torch.linalg.eigvals(matrix).abs().max() < 1

    limit = theory.momentum_stability_limit(momentum, [1.0, 3.0], nesterov=nesterov)
    assert bisect(stable, 0.0, 2.0) == pytest.approx(limit, rel=1e-5)
    if momentum == 0:
        assert limit == theory.gd_stability_limit([1.0, 3.0])


@pytest.mark.parametrize("nesterov", [False, True])
def test_runs_converge_below_the_limit_and_diverge_above(nesterov):
    limit = theory.momentum_stability_limit(0.8, 1.0, nesterov=nesterov)
    below = torch_path(0.99 * limit, 1.0, 2000, momentum=0.8, nesterov=nesterov)
    above = torch_path(1.01 * limit, 1.0, 2000, momentum=0.8, nesterov=nesterov)
    assert below[-1].abs() < 1e-2 and above[-1].abs() > 1e2


def test_smooth_bound_lies_above_every_curve():
    lam = torch.logspace(-6, 0, 60, dtype=torch.float64)
    for lr in (0.1, 0.5, 1.0):
        path = torch_path(lr, lam, 300)
        loss = 0.5 * (lam * path**2).sum(1)
        steps = torch.arange(1, 301)
        bound = theory.smooth_bound(lam.numel() ** 0.5, lr, steps)
        assert (loss[1:] <= bound).all()


def test_smooth_bound_is_at_most_twice_too_high():
    """Huber's function of slope 1/(2T + 1): no smooth convex function is slower (factor 1/2)."""
    steps, w = 100, torch.nn.Parameter(torch.ones((), dtype=torch.float64))
    optimizer = torch.optim.SGD([w], lr=1.0)
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = torch.nn.functional.huber_loss(w, torch.zeros_like(w), delta=1 / (2 * steps + 1))
        loss.backward()
        optimizer.step()
    assert 0.49 < loss.item() / theory.smooth_bound(1.0, 1.0, steps) < 0.5


@pytest.mark.parametrize("offset", [1e-2, 1e-6, 1e-10])
def test_saddle_escape_steps_are_the_measured_ones(offset):
    y = torch_path(0.1, -1.0, 300, start=offset)[:, 0]
    crossed = int((y >= 0.5).nonzero()[0])
    assert crossed == math.ceil(theory.saddle_escape_steps(offset, 0.1, -1.0, 0.5))


# --- momentum ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(lr=lrs, momentum=st.floats(0.01, 0.97), curvature=st.floats(0.1, 3), nesterov=st.booleans())
def test_roots_are_the_eigenvalues_of_torch_step(lr, momentum, curvature, nesterov):
    roots = theory.momentum_roots(lr, momentum, curvature, nesterov=nesterov)
    matrix = linear_map(lr, momentum, curvature, nesterov)
    torch.testing.assert_close(roots.sum().real, matrix.trace(), rtol=0, atol=1e-9)
    torch.testing.assert_close(roots.prod().real, torch.linalg.det(matrix), rtol=0, atol=1e-9)
    assert roots[0].abs() >= roots[1].abs() - 1e-12


@pytest.mark.parametrize(
    ("lr", "momentum", "nesterov"),
    [(0.1, 0.5, False), (0.1, 0.9, False), (1.5, 0.4, True), (0.3, 0.9, True), (3.5, 0.9, False)],
)
def test_momentum_rate_is_the_measured_rate(lr, momentum, nesterov):
    """The norm of a long power of the step, read off torch, grows as rateᵗ."""
    matrix = linear_map(lr, momentum, 1.0, nesterov)
    growth = [torch.linalg.matrix_norm(torch.matrix_power(matrix, 2**k), 2).log() for k in (7, 8)]
    roots = theory.momentum_roots(lr, momentum, 1.0, nesterov=nesterov)
    rate = theory.momentum_rate(lr, momentum, 1.0, nesterov=nesterov)
    if roots[0].imag == 0:
        measured = torch.exp((growth[1] - growth[0]) / 128).item()
        assert measured == pytest.approx(rate, abs=1e-6)
    else:  # a rotating pair: the envelope is the root of the determinant
        assert torch.linalg.det(matrix).sqrt().item() == pytest.approx(rate, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(momentum=st.floats(0.01, 0.97), position=st.floats(0.01, 0.99))
def test_where_the_roots_are_complex_the_rate_is_the_root_of_the_momentum(momentum, position):
    low, high = (1 - math.sqrt(momentum)) ** 2, (1 + math.sqrt(momentum)) ** 2
    lr = low + position * (high - low)
    assert theory.momentum_rate(lr, momentum, 1.0) == pytest.approx(math.sqrt(momentum), abs=1e-9)
    assert theory.damping(lr, momentum, 1.0) == "underdamped"


@given(lr=st.floats(0.05, 0.95), momentum=st.floats(0.5, 0.97))
def test_nesterov_damps_complex_roots_more_where_it_is_steeper(lr, momentum):
    matrix = linear_map(lr, momentum, 1.0, nesterov=True)
    first = torch.linalg.eigvals(matrix)[0]
    if abs(first.imag) > 1e-6:
        modulus = math.sqrt(momentum * (1 - lr))
        assert first.abs().item() == pytest.approx(modulus, abs=1e-9)
        assert theory.momentum_rate(lr, momentum, 1.0, nesterov=True) == pytest.approx(modulus)


@given(lr=st.floats(1e-4, 1e-3), momentum=st.floats(0, 0.9))
def test_at_small_lr_momentum_has_the_variance_of_its_effective_lr(lr, momentum):
    plain = theory.stationary_variance(theory.effective_lr(lr, momentum), 1.0, NOISE)
    heavy = theory.stationary_variance(lr, 1.0, NOISE, momentum=momentum)
    assert heavy == pytest.approx(plain, rel=0.01)


@given(lr=st.floats(0.01, 3.9))
def test_critical_momentum_is_critical(lr):
    momentum = theory.critical_momentum(lr, 1.0)
    if momentum < 1:
        assert theory.damping(lr, momentum, 1.0) == "critical"
    if 1e-3 < momentum < 1 and lr < 1:
        assert theory.damping(lr, momentum * 0.99, 1.0) == "overdamped"


@pytest.mark.parametrize("kappa", [1.0, 4.0, 30.0, 1000.0])
@pytest.mark.parametrize("nesterov", [False, True])
def test_optima_are_best_on_a_grid(kappa, nesterov):
    best = (theory.nesterov_optimum if nesterov else theory.momentum_optimum)(1.0, kappa)
    lr, momentum = torch.meshgrid(
        torch.linspace(0.5, 1.5, 101, dtype=torch.float64) * best.lr,
        torch.linspace(0, 0.999, 400, dtype=torch.float64),
        indexing="ij",
    )
    rates = theory.momentum_rate(lr, momentum, [1.0, kappa], nesterov=nesterov)
    assert rates.min() >= best.rate - 1e-9
    at_best = theory.momentum_rate(best.lr, best.momentum, [1.0, kappa], nesterov=nesterov)
    assert at_best == pytest.approx(best.rate, abs=1e-6)


def test_steps_grow_as_kappa_and_as_its_root():
    """Counted on PyTorch's own paths; momentum's double root makes its power a little larger."""
    for optimum, power in ((theory.gd_optimum, 1.0), (theory.momentum_optimum, 0.5)):
        counts = []
        for kappa in (30.0, 600.0):
            best = optimum(1.0, kappa)
            steps = 2 * theory.steps_to(1e-6, best.rate)
            momentum = getattr(best, "momentum", 0.0)
            path = torch_path(best.lr, [1.0, kappa], steps, momentum=momentum)
            counts.append((path.abs().amax(1) > 1e-6).nonzero().max().item() + 1)
            assert counts[-1] < steps
        measured = math.log(counts[1] / counts[0]) / math.log(600 / 30)
        assert measured == pytest.approx(power, abs=0.06)


@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0, 0, False), (0.9, 0, False), (0.9, 0, True), (0.5, 0.3, False)],
)
def test_effective_lr_at_constant_gradient(momentum, dampening, nesterov):
    w = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
    options = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    optimizer = torch.optim.SGD([w], lr=0.1, **options)
    before = 0.0
    for _ in range(400):
        before = w.item()
        w.grad = torch.ones_like(w)
        optimizer.step()
    expected = theory.effective_lr(0.1, momentum, dampening=dampening)
    assert before - w.item() == pytest.approx(expected, abs=1e-6)


# --- conventions ---------------------------------------------------------------------------


def convention_path(name, lr, momentum, steps, lam=1.0):
    """Points at which the gradient is taken, in the convention `name`, written from its paper."""
    w, v, points = 1.0, 0.0, []
    for _ in range(steps):
        here = w + momentum * v if name == "sutskever" else w
        points.append(here)
        g = lam * here
        if name == "averaging":
            v = momentum * v + (1 - momentum) * g
        elif name == "pytorch":
            v = momentum * v + g
        else:
            v = momentum * v - lr * g
        w = w + v if name in ("keras", "sutskever") else w - lr * v
    return torch.tensor(points, dtype=torch.float64)


@pytest.mark.parametrize("source", ["pytorch", "keras", "averaging", "sutskever"])
def test_every_convention_converts_to_torch(source):
    lr, momentum = theory.convert_momentum(0.1, 0.9, source=source, target="pytorch")
    nesterov = source == "sutskever"
    expected = torch_path(lr, 1.0, 29, momentum=momentum, nesterov=nesterov)[:, 0]
    torch.testing.assert_close(convention_path(source, 0.1, 0.9, 30), expected, rtol=0, atol=1e-12)


@given(lr=st.floats(1e-4, 1), momentum=momenta, names=st.permutations(["averaging", "keras"]))
def test_conversion_and_back(lr, momentum, names):
    there = theory.convert_momentum(lr, momentum, source=names[0], target=names[1])
    back = theory.convert_momentum(*there, source=names[1], target=names[0])
    assert back == pytest.approx((lr, momentum))


def test_keras_momentum_follows_torch_through_a_schedule():
    def schedule(step):
        return 0.1 if step < 4 else 0.01

    w, v, points, plain = 1.0, 0.0, [1.0], [1.0]
    x, u = 1.0, 0.0
    for step in range(30):
        lr, previous = schedule(step), schedule(max(step - 1, 0))
        v = theory.keras_momentum(0.9, lr=lr, previous_lr=previous) * v - lr * w
        w += v
        u = 0.9 * u - lr * x
        x += u
        points.append(w)
        plain.append(x)
    expected = torch_path(0.1, 1.0, 30, momentum=0.9, schedule=schedule)[:, 0]
    torch.testing.assert_close(torch.tensor(points, dtype=torch.float64), expected)
    assert abs(plain[6] - expected[6].item()) > 0.05


# --- noise ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "curvature", "momentum", "nesterov"),
    [
        (0.1, 1.0, 0.0, False),
        (0.5, 2.0, 0.0, False),
        (1.5, 1.0, 0.0, False),
        (0.1, 1.0, 0.9, False),
        (1.0, 1.0, 0.5, False),
        (0.1, 1.0, 0.9, True),
        (0.8, 1.0, 0.5, True),
    ],
)
def test_stationary_variance_within_three_percent(lr, curvature, momentum, nesterov):
    measured = long_run_variance(lr, curvature, momentum=momentum, nesterov=nesterov, replicas=2000)
    options = {"momentum": momentum, "nesterov": nesterov}
    assert measured == pytest.approx(
        theory.stationary_variance(lr, curvature, NOISE, **options), rel=0.03
    )


@settings(deadline=None, max_examples=100)
@given(part=st.floats(0.01, 0.95), momentum=st.floats(0.01, 0.97), nesterov=st.booleans())
def test_stationary_variance_solves_the_lyapunov_equation(part, momentum, nesterov):
    """Σ = AΣAᵀ + σ²bbᵀ, with A and b read off `torch.optim.SGD`."""
    lr = part * theory.momentum_stability_limit(momentum, 1.0, nesterov=nesterov)
    matrix = linear_map(lr, momentum, 1.0, nesterov)
    push = (
        linear_map(lr, momentum, 1.0, nesterov)[:, 0]
        - linear_map(lr, momentum, 0.0, nesterov)[:, 0]
    )
    system = torch.eye(4, dtype=torch.float64) - torch.kron(matrix, matrix)
    covariance = torch.linalg.solve(system, NOISE * torch.kron(push, push))
    variance = theory.stationary_variance(lr, 1.0, NOISE, momentum=momentum, nesterov=nesterov)
    assert variance == pytest.approx(covariance[0].item(), rel=1e-6)


@given(part=st.floats(0.01, 0.95), momentum=momenta)
def test_stationary_variance_is_the_formula_of_the_text(part, momentum):
    lr = part * 2 * (1 + momentum)
    text = lr * NOISE * (1 + momentum) / ((1 - momentum) * (2 * (1 + momentum) - lr))
    variance = theory.stationary_variance(lr, 1.0, NOISE, momentum=momentum)
    assert variance == pytest.approx(text, rel=1e-9)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_expected_loss_follows_a_schedule(momentum, nesterov):
    def schedule(step):
        return 0.2 / (1 + 0.05 * step)

    predicted = theory.expected_loss(
        schedule, 1.0, NOISE, start=3.0, steps=80, momentum=momentum, nesterov=nesterov
    )
    runs = noisy_runs(
        schedule, 1.0, steps=80, start=3.0, momentum=momentum, nesterov=nesterov, replicas=40_000
    )
    measured = torch.stack([0.5 * w.square().mean() for w in runs])
    torch.testing.assert_close(measured, predicted[1:], rtol=0.03, atol=0)


def test_expected_loss_without_noise_is_the_loss_of_torch():
    lam, start = [1.0, 5.0], 2.0
    path = torch_path(0.1, lam, 50, start=start, momentum=0.7, nesterov=True)
    loss = 0.5 * (torch.tensor(lam) * path**2).sum(1)
    options = {"start": start, "steps": 50, "momentum": 0.7, "nesterov": True}
    torch.testing.assert_close(theory.expected_loss(0.1, lam, 0.0, **options), loss)


@given(part=st.floats(0.05, 0.9), momentum=st.floats(0, 0.9), nesterov=st.booleans())
@settings(deadline=None, max_examples=15)
def test_expected_loss_ends_at_the_stationary_loss(part, momentum, nesterov):
    lr = part * theory.momentum_stability_limit(momentum, 2.0, nesterov=nesterov)
    options = {"momentum": momentum, "nesterov": nesterov}
    curve = theory.expected_loss(lr, [1.0, 2.0], [NOISE, 0.5], start=0.0, steps=700, **options)
    floor = theory.stationary_loss(lr, [1.0, 2.0], [NOISE, 0.5], **options)
    assert curve[-1].item() == pytest.approx(floor, rel=1e-6)


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.8])
def test_decaying_steps_give_one_over_t(scale):
    curve = theory.expected_loss(
        lambda step: scale / (step + 1), 1.0, NOISE, start=0.0, steps=4_000
    )
    expected = theory.decaying_variance(4_000, scale=scale, curvature=1.0, noise_variance=NOISE)
    assert 2 * curve[-1].item() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("scale", "curvature"), [(0.3, 1.0), (0.1, 2.0), (0.2, 0.5)])
def test_decaying_steps_that_are_too_short_forget_the_start_with_power_two_c_lambda(
    scale, curvature
):
    curve = theory.expected_loss(
        lambda step: scale / (step + 1), curvature, 0.0, start=5.0, steps=4_000
    )
    power = torch.log(curve[4_000] / curve[400]) / math.log(10)
    assert power.item() == pytest.approx(-2 * scale * curvature, rel=0.01)


def test_averages_within_three_percent():
    lr, decay, burn, steps = 0.3, 0.95, 100, 400
    total = ema = 0.0
    for t, w in enumerate(noisy_runs(lr, 1.0, steps=burn + steps, replicas=20_000)):
        ema = decay * ema + (1 - decay) * w
        total = total + w if t >= burn else 0.0
    mean = (total / steps).var().item()
    assert mean == pytest.approx(theory.averaged_variance(lr, 1.0, NOISE, steps=steps), rel=0.03)
    assert mean == pytest.approx(NOISE / steps, rel=0.03)
    expected = theory.ema_variance(lr, 1.0, NOISE, decay=decay)
    assert ema.var().item() == pytest.approx(expected, rel=0.03)


def test_one_iterate_is_its_own_average():
    variance = theory.stationary_variance(0.3, 1.0, NOISE)
    assert theory.averaged_variance(0.3, 1.0, NOISE, steps=1) == pytest.approx(variance)
    assert theory.ema_variance(0.3, 1.0, NOISE, decay=0.0) == pytest.approx(variance)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_interpolation_factor_over_every_batch_there_is(batch_size):
    """E[eeᵀ] of least squares whose data fit exactly, averaged over all batches at every step."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    hessians = 2 * x[:, :, None] * x[:, None, :]
    pools = torch.cartesian_prod(*[torch.arange(5)] * batch_size).reshape(-1, batch_size)
    step = torch.eye(3, dtype=torch.float64) - 0.05 * hessians[pools].mean(1)
    moment, sizes = torch.eye(3, dtype=torch.float64), []
    for _ in range(300):
        moment = (step @ moment @ step.mT).mean(0)
        sizes.append(moment.trace().item())
    expected = theory.interpolation_factor(0.05, hessians, batch_size=batch_size)
    assert sizes[-1] / sizes[-2] == pytest.approx(expected, abs=1e-6)


# --- batches -------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_batch_variance_over_every_batch_there_is(batch_size):
    values = torch.tensor([1.0, 4.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    sigma2 = values.var(correction=0).item()
    without = torch.combinations(values, batch_size).mean(1).var(correction=0).item()
    pools = torch.cartesian_prod(*[values] * batch_size).reshape(-1, batch_size)
    expected = pools.mean(1).var(correction=0).item()
    assert theory.batch_variance(sigma2, batch_size) == pytest.approx(expected)
    assert theory.batch_variance(sigma2, batch_size, n=5) == pytest.approx(without, abs=1e-12)


@given(batch=st.integers(1, 10**6), steps=st.floats(1, 1e6), examples=st.floats(1, 1e9))
def test_steps_and_examples_lie_on_the_hyperbola(batch, steps, examples):
    s = theory.steps_to_target(batch, min_steps=steps, min_examples=examples)
    e = theory.examples_to_target(batch, min_steps=steps, min_examples=examples)
    assert e == pytest.approx(s * batch)
    scale = examples / steps  # (S/Smin − 1)(E/Emin − 1) = (𝓑/B)(B/𝓑)
    assert s == pytest.approx(steps * (1 + scale / batch))
    assert e == pytest.approx(examples * (1 + batch / scale))


def test_best_lr_for_batch_lowers_the_loss_most():
    """Brute force: expected loss after one noisy step on ½λw², over a grid of step sizes."""
    lam, w, sigma2 = 2.0, 1.5, 6.0
    scale = theory.noise_scale(sigma2, lam * w)
    grid = torch.linspace(0.001, 1, 20_000, dtype=torch.float64)
    for batch in (1, 4, 64):
        loss = (1 - grid * lam) ** 2 * w**2 + grid**2 * theory.batch_variance(sigma2, batch)
        best = theory.best_lr_for_batch(1 / lam, batch, noise_scale=scale)
        assert grid[loss.argmin()].item() == pytest.approx(best, rel=1e-3)


def test_allreduce_counts_the_messages_of_a_ring():
    for workers in (1, 2, 8):
        piece = theory.communication_time(4e6 / workers, latency=1e-3, bandwidth=1e9)
        expected = 2 * (workers - 1) * piece
        measured = theory.allreduce_time(4e6, workers=workers, latency=1e-3, bandwidth=1e9)
        assert measured == pytest.approx(expected)


# --- arguments -----------------------------------------------------------------------------


def test_floats_give_floats_and_tensors_give_tensors():
    assert isinstance(theory.gd_factor(0.1, 1.0), float)
    grid = torch.rand(3, 1)
    rates = theory.momentum_rate(grid, torch.rand(4) * 0.9, [1.0, 2.0])
    assert rates.shape == (3, 4) and rates.dtype == torch.float64
    assert theory.momentum_roots(grid, 0.5, 1.0).shape == (3, 1, 2)
    assert theory.gd_rate(torch.rand(2, 3), [1.0, 2.0]).shape == (2, 3)
    assert theory.stationary_loss(torch.rand(5) * 0.1 + 0.1, [1.0, 2.0], 1.0).shape == (5,)


NAN = float("nan")
BAD = [
    (lambda: theory.gd_factor(-0.1, 1.0), ValueError, "lr", "-0.1"),
    (lambda: theory.gd_factor(0.1, NAN), ValueError, "curvature", "nan"),
    (lambda: theory.gd_factor("0.1", 1.0), TypeError, "lr", "'0.1'"),
    (lambda: theory.gd_factor(True, 1.0), TypeError, "lr", "True"),
    (lambda: theory.gd_factor(torch.tensor([0.1, NAN]), 1.0), ValueError, "lr", "nan"),
    (lambda: theory.gd_factor(torch.tensor([1j]), 1.0), TypeError, "lr", "complex"),
    (lambda: theory.gd_rate(0.1, []), ValueError, "curvature", "[]"),
    (lambda: theory.gd_rate(0.1, [1.0, 0.0]), ValueError, "curvature", "0.0"),
    (lambda: theory.gd_rate(0.1, "steep"), TypeError, "curvature", "steep"),
    (lambda: theory.gd_rate(0.1, torch.ones(2, 2)), ValueError, "curvature", "(2, 2)"),
    (lambda: theory.gd_stability_limit(0.0), ValueError, "curvature", "0.0"),
    (lambda: theory.gd_optimum(2.0, 1.0), ValueError, "largest", "1.0"),
    (lambda: theory.steps_to(0.0, 0.5), ValueError, "tolerance", "0.0"),
    (lambda: theory.steps_to(1e-6, 1.0), ValueError, "rate", "1.0"),
    (lambda: theory.smooth_bound(1.0, 0.1, 0), ValueError, "steps", "0"),
    (lambda: theory.saddle_escape_steps(1e-3, 0.1, 1.0), ValueError, "curvature", "1.0"),
    (lambda: theory.momentum_roots(0.1, 1.0, 1.0), ValueError, "momentum", "1.0"),
    (lambda: theory.momentum_roots(0.1, 0.9, 1.0, nesterov=1), TypeError, "nesterov", "1"),
    (lambda: theory.momentum_rate(0.1, -0.1, 1.0), ValueError, "momentum", "-0.1"),
    (lambda: theory.momentum_stability_limit(1.5, 1.0), ValueError, "momentum", "1.5"),
    (lambda: theory.critical_momentum(4.0, 1.0), ValueError, "lr", "4.0"),
    (lambda: theory.damping(0.1, 1.0, 1.0), ValueError, "momentum", "1.0"),
    (lambda: theory.damping(0.1, 0.9, 0.0), ValueError, "curvature", "0.0"),
    (lambda: theory.momentum_optimum(0.0, 1.0), ValueError, "smallest", "0.0"),
    (lambda: theory.nesterov_optimum(-1.0, 1.0), ValueError, "smallest", "-1.0"),
    (lambda: theory.effective_lr(0.1, 1.0), ValueError, "momentum", "1.0"),
    (lambda: theory.effective_lr(0.1, 0.9, dampening=2.0), ValueError, "dampening", "2.0"),
    (
        lambda: theory.convert_momentum(0.1, 0.9, source="jax", target="keras"),
        ValueError,
        "source",
        "'jax'",
    ),
    (lambda: theory.keras_momentum(0.9, lr=0.1, previous_lr=0), ValueError, "previous_lr", "0"),
    (lambda: theory.stationary_variance(2.0, 1.0, 1.0), ValueError, "lr", "2.0"),
    (lambda: theory.stationary_variance(0.1, 1.0, -1.0), ValueError, "noise_variance", "-1.0"),
    (lambda: theory.stationary_loss(0.1, [1.0, 2.0, 3.0], [1.0, 2.0]), ValueError, "noise", "2"),
    (
        lambda: theory.expected_loss([0.1, 0.2], 1.0, 1.0, start=1.0, steps=3),
        ValueError,
        "lr",
        "2",
    ),
    (lambda: theory.expected_loss(0.1, 1.0, 1.0, start=NAN, steps=3), ValueError, "start", "nan"),
    (lambda: theory.expected_loss(0.1, 1.0, 1.0, start=1.0, steps=-1), ValueError, "steps", "-1"),
    (lambda: theory.expected_loss(0.1, 1.0, 1.0, start=1.0, steps=1.5), TypeError, "steps", "1.5"),
    (
        lambda: theory.decaying_variance(10, scale=0.5, curvature=1.0, noise_variance=1.0),
        ValueError,
        "scale",
        "0.5",
    ),
    (lambda: theory.averaged_variance(0.1, 1.0, 1.0, steps=0), ValueError, "steps", "0"),
    (lambda: theory.ema_variance(0.1, 1.0, 1.0, decay=1.0), ValueError, "decay", "1.0"),
    (lambda: theory.interpolation_factor(0.1, torch.ones(2, 2)), ValueError, "hessians", "(2, 2)"),
    (
        lambda: theory.interpolation_factor(0.1, torch.ones(2, 2, 3)),
        ValueError,
        "hessians",
        "(2, 2, 3)",
    ),
    (lambda: theory.batch_variance(1.0, 0), ValueError, "batch_size", "0"),
    (lambda: theory.batch_variance(1.0, 9, n=8), ValueError, "batch_size", "9"),
    (lambda: theory.noise_scale(1.0, 0.0), ValueError, "gradient_norm", "0.0"),
    (lambda: theory.best_lr_for_batch(0.0, 1, noise_scale=1.0), ValueError, "largest_lr", "0.0"),
    (
        lambda: theory.steps_to_target(1, min_steps=0.0, min_examples=1.0),
        ValueError,
        "min_steps",
        "0.0",
    ),
    (
        lambda: theory.examples_to_target(0, min_steps=1.0, min_examples=1.0),
        ValueError,
        "batch_size",
        "0",
    ),
    (
        lambda: theory.communication_time(1.0, latency=0.0, bandwidth=0.0),
        ValueError,
        "bandwidth",
        "0.0",
    ),
    (
        lambda: theory.allreduce_time(1.0, workers=0, latency=0.0, bandwidth=1.0),
        ValueError,
        "workers",
        "0",
    ),
]


@pytest.mark.parametrize(("call", "error", "name", "value"), BAD)
def test_bad_arguments_name_the_argument_and_its_value(call, error, name, value):
    with pytest.raises(error, match=rf"^{name}.* must be ") as caught:
        call()
    assert value in str(caught.value)
