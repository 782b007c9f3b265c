"""Update rules against PyTorch's optimizers, to the last bit."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sgdcourse import rules


def ours(rule, steps=5, dtype=torch.float64, **hyper):
    """Do some steps of a rule on a parameter, with drawn gradients."""
    generator = torch.Generator().manual_seed(1)
    param = torch.randn(3, 7, generator=generator, dtype=dtype)
    grads = torch.randn(steps, 3, 7, generator=generator, dtype=dtype)
    state = {}
    for grad in grads:
        param, state = getattr(rules, rule)(param, grad, state, **hyper)
    return param


def theirs(optimizer, steps=5, dtype=torch.float64, **hyper):
    """Do the same steps with one of PyTorch's optimizers."""
    generator = torch.Generator().manual_seed(1)
    param = torch.nn.Parameter(torch.randn(3, 7, generator=generator, dtype=dtype))
    grads = torch.randn(steps, 3, 7, generator=generator, dtype=dtype)
    stepper = optimizer([param], foreach=False, **hyper)
    for grad in grads:
        param.grad = grad.clone()
        stepper.step()
    return param.detach()


rates = st.floats(1e-4, 2.0)
decays = st.sampled_from([0.0, 0.01, 0.3])
fractions = st.sampled_from([0.0, 0.5, 0.9])


@given(
    lr=rates, momentum=fractions, dampening=fractions, weight_decay=decays, maximize=st.booleans()
)
def test_sgd_equals_torch_bit_for_bit(**hyper):
    assert torch.equal(ours("sgd", **hyper), theirs(torch.optim.SGD, **hyper))


@given(lr=rates, momentum=st.sampled_from([0.5, 0.9]), weight_decay=decays)
def test_nesterov_equals_torch_bit_for_bit(**hyper):
    hyper["nesterov"] = True
    assert torch.equal(ours("sgd", **hyper), theirs(torch.optim.SGD, **hyper))


@given(lr=rates, lr_decay=decays, weight_decay=decays, maximize=st.booleans())
def test_adagrad_equals_torch_bit_for_bit(**hyper):
    assert torch.equal(ours("adagrad", **hyper), theirs(torch.optim.Adagrad, **hyper))


@given(lr=rates, alpha=fractions, momentum=fractions, centered=st.booleans(), weight_decay=decays)
def test_rmsprop_equals_torch_bit_for_bit(**hyper):
    hyper["eps"] = 0.1 if hyper["centered"] else 1e-8
    mine, other = ours("rmsprop", **hyper), theirs(torch.optim.RMSprop, **hyper)
    torch.testing.assert_close(mine, other, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", ["adam", "adamw"])
@given(lr=rates, beta1=fractions, beta2=fractions, weight_decay=decays, maximize=st.booleans())
def test_adam_equals_torch_bit_for_bit(name, lr, beta1, beta2, weight_decay, maximize):
    hyper = {"lr": lr, "weight_decay": weight_decay, "maximize": maximize}
    optimizer = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    mine = ours(name, beta1=beta1, beta2=beta2, **hyper)
    assert torch.equal(mine, theirs(optimizer, betas=(beta1, beta2), **hyper))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", list(rules.RULES))
def test_defaults_equal_torch(name, dtype):
    optimizer = {
        "sgd": torch.optim.SGD,
        "adagrad": torch.optim.Adagrad,
        "rmsprop": torch.optim.RMSprop,
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }[name]
    hyper = {"lr": 0.1} if name == "sgd" else {}
    assert torch.equal(ours(name, dtype=dtype, **hyper), theirs(optimizer, dtype=dtype, **hyper))


SETTINGS = {
    "sgd": [
        {"lr": 0.1, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
        {"lr": 0.2, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1, "nesterov": False},
        {"lr": 0.3, "momentum": 0.0, "dampening": 0.5, "weight_decay": 0.1, "nesterov": False},
        {"lr": 0.3, "momentum": 0.5, "dampening": 0.0, "weight_decay": 0.1, "nesterov": True},
    ],
    "adagrad": [
        {"lr": 0.1, "lr_decay": 0.0, "eps": 1e-8, "weight_decay": 0.0},
        {"lr": 0.2, "lr_decay": 0.1, "eps": 1e-2, "weight_decay": 0.1},
    ],
    "rmsprop": [
        {"lr": 0.1, "alpha": 0.5, "eps": 1e-8, "momentum": 0.0, "weight_decay": 0.0},
        {"lr": 0.2, "alpha": 0.9, "eps": 1e-2, "momentum": 0.9, "weight_decay": 0.1},
    ],
    "adam": [
        {"lr": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 1e-8, "weight_decay": 0.0},
        {"lr": 0.2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.1},
    ],
    "adamw": [
        {"lr": 0.1, "beta1": 0.0, "beta2": 0.9, "eps": 1e-8, "weight_decay": 0.0},
        {"lr": 0.2, "beta1": 0.9, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.1},
    ],
}


@pytest.mark.parametrize("name", list(rules.RULES))
def test_tensors_of_hyperparameters_equal_one_run_each(name):
    """Many runs updated by one call equal each run updated alone."""
    settings = SETTINGS[name]
    generator = torch.Generator().manual_seed(2)
    start = torch.randn(len(settings), 5, generator=generator, dtype=torch.float64)
    grads = torch.randn(6, len(settings), 5, generator=generator, dtype=torch.float64)
    together, state = start.clone(), {}
    columns = {key: torch.tensor([[s[key]] for s in settings]) for key in settings[0]}
    columns = {k: v if v.dtype == torch.bool else v.double() for k, v in columns.items()}
    for grad in grads:
        rules.RULES[name](together, grad, state, **columns)
    for run, hyper in enumerate(settings):
        alone, own = start[run].clone(), {}
        for grad in grads[:, run]:
            exact = {
                k: v if isinstance(v, bool) else float(columns[k][run]) for k, v in hyper.items()
            }
            rules.RULES[name](alone, grad, own, **exact)
        torch.testing.assert_close(together[run], alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", list(rules.RULES))
def test_pure_rule_leaves_its_arguments_alone(name):
    param, grad = torch.ones(2), torch.ones(2)
    _, state = getattr(rules, name)(param, grad, {}, lr=0.1)
    before = {key: value.clone() for key, value in state.items()}
    getattr(rules, name)(param, grad, state, lr=0.1)
    assert torch.equal(param, torch.ones(2)) and torch.equal(grad, torch.ones(2))
    assert all(torch.equal(state[key], before[key]) for key in before)


@pytest.mark.parametrize(
    ("rule", "hyper", "error", "words"),
    [
        ("sgd", {"lr": -0.1}, ValueError, "lr must be a finite number ≥ 0"),
        ("sgd", {"lr": float("nan")}, ValueError, "lr must be"),
        ("sgd", {"lr": "0.1"}, TypeError, "lr must be a number"),
        ("sgd", {"lr": 0.1, "momentum": -1}, ValueError, "momentum must be"),
        ("adam", {"beta1": 1.0}, ValueError, "beta1 must be a finite number ≥ 0 and < 1"),
        ("adam", {"eps": float("inf")}, ValueError, "eps must be"),
        ("sgd", {"lr": True}, TypeError, "lr must be a number, got True"),
        ("sgd", {"lr": torch.tensor(-1.0)}, ValueError, "lr must be a finite number ≥ 0, got -1.0"),
        ("adam", {"lr": torch.tensor([float("nan")])}, ValueError, "lr must be .* got nan"),
        ("sgd", {"lr": torch.ones(2)}, ValueError, r"lr must be .* broadcasts to \(1,\)"),
        ("sgd", {"lr": torch.ones(3, 1)}, ValueError, "lr must be a tensor that broadcasts"),
        ("adam", {"beta1": torch.tensor(2.0)}, ValueError, "beta1 must be .* < 1, got 2.0"),
        ("rmsprop", {"alpha": 2.0}, ValueError, "alpha must be a finite number ≥ 0 and ≤ 1"),
        ("rmsprop", {"centered": 0.5}, TypeError, "centered must be True or False, got 0.5"),
        ("adam", {"maximize": 0.3}, TypeError, "maximize must be True or False, got 0.3"),
        ("sgd", {"lr": 0.1, "nesterov": "x"}, TypeError, "nesterov must be True or False"),
        ("sgd", {"lr": 0.1, "nesterov": torch.ones(1)}, TypeError, "nesterov must be True or Fal"),
    ],
)
def test_bad_hyperparameters(rule, hyper, error, words):
    with pytest.raises(error, match=words):
        getattr(rules, rule)(torch.ones(1), torch.ones(1), {}, **hyper)


ONE = torch.ones(1)


@pytest.mark.parametrize("name", list(rules.RULES))
@pytest.mark.parametrize(
    ("param", "grad", "state", "error", "words"),
    [
        (1.0, ONE, {}, TypeError, "param must be a torch.Tensor"),
        (ONE, [1.0], {}, TypeError, "grad must be a torch.Tensor"),
        (ONE.long(), ONE, {}, TypeError, "param must be a floating-point tensor"),
        (ONE, torch.ones(3), {}, ValueError, r"grad must be of the shape of param \(1,\), got"),
        (torch.ones(3), ONE, {}, ValueError, "grad must be of the shape of param"),
        (ONE, ONE, None, TypeError, "state must be a dictionary"),
    ],
)
def test_bad_tensors(name, param, grad, state, error, words):
    with pytest.raises(error, match=words):
        getattr(rules, name)(param, grad, state, lr=0.1)


@pytest.mark.parametrize("off", [False, np.False_, torch.tensor(False)])
def test_a_flag_may_be_numpys_or_a_tensor(off):
    start = {"momentum_buffer": torch.ones(1)}
    plain = rules.sgd(ONE, ONE, start, lr=0.1, momentum=0.9)[0]
    assert torch.equal(rules.sgd(ONE, ONE, start, lr=0.1, momentum=0.9, nesterov=off)[0], plain)
    ahead = rules.sgd(ONE, ONE, start, lr=0.1, momentum=0.9, nesterov=np.True_)[0]
    assert not torch.equal(ahead, plain)


def test_unknown_rule():
    with pytest.raises(ValueError, match="rule must be one of 'sgd'"):
        rules.hyperparameters("lion")
