"""`device=`: the same numbers elsewhere, nothing computed half here and half there.

Run by test_devices.py in a process of its own: a device cannot be taken back.
"""

import numpy as np
import pytest
import torch
from torch import nn

import sgdcourse as sc
from sgdcourse import engine, jobs, models, schedules, training
from tests import other_device

DEVICES = [other_device.NAME, *(["cuda"] if torch.cuda.is_available() else [])]
NETS = {
    "OneReLU": (lambda: models.parabola_net(), "mse"),
    "RunsLast": (lambda: models.mlp([2, 5, 2], activation="tanh"), "cross_entropy"),
    "RunsFirst": (lambda: models.mlp([3, 5, 4]), "cross_entropy"),
    "Stacked": (lambda: nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 3)), "mse"),
}


@pytest.fixture(scope="session", autouse=True)
def registered():
    other_device.register()


def tolerance(device):
    """The stand-in computes on the CPU; a GPU adds in another order."""
    return {"rtol": 0, "atol": 0} if device == other_device.NAME else {"rtol": 1e-4, "atol": 1e-5}


def points(net, loss):
    """Random data of the right shape."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(20, net[0].in_features, generator=generator)
    if loss == "cross_entropy":
        return x, torch.randint(net[-1].out_features, (20,), generator=generator)
    return x, torch.randn(20, net[-1].out_features, generator=generator)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", NETS)
def test_a_sweep_gives_the_same_on_another_device(name, device, monkeypatch):
    """Every network; hyper-parameters, schedules and held-out data move along."""
    seen = []
    original = engine.network

    def spy(job):
        net = original(job)
        seen.append((type(net).__name__, net.parameters[0].device.type))
        return net

    monkeypatch.setattr(engine, "network", spy)
    build, loss = NETS[name]
    data = points(build(), loss)
    arguments = {
        "loss": loss, "lr": [0.01, 0.1], "momentum": [0.0, 0.9], "weight_decay": [0.0, 0.01],
        "schedule": {"none": None, "cosine": schedules.cosine(8)}, "seeds": 3, "epochs": 2,
        "batch_size": 6, "sampling": ["reshuffle", "replacement"], "eval_data": data,
    }  # fmt: skip
    here = sc.sweep(build(), data, **arguments)
    with other_device.Creating():
        there = sc.sweep(build(), data, device=device, **arguments)
    assert {kind for kind, _ in seen} == {name}
    assert [place for _, place in seen] == ["cpu"] * (len(seen) // 2) + [device] * (len(seen) // 2)
    assert there.attrs["device"].startswith(device)
    assert set(here.data_vars) == set(there.data_vars)
    for variable in here.data_vars:
        np.testing.assert_allclose(here[variable], there[variable], **tolerance(device))


def test_the_stand_in_notices_a_step_taken_half_here_and_half_there(monkeypatch):
    """Orders that stay on the CPU, as a slip in the engine would leave them."""
    original = jobs.Job.batches

    def forgetful(self):
        for _, start, stop in original(self):
            yield torch.arange(20, dtype=torch.int32)[None], start, stop

    monkeypatch.setattr(jobs.Job, "batches", forgetful)
    build, loss = NETS["OneReLU"]
    met = pytest.raises(RuntimeError, match="met tensors on other and on the CPU")
    with other_device.Creating(), met:
        sc.sweep(
            build(), points(build(), loss), loss=loss, lr=0.1, epochs=1, batch_size=5,
            device=other_device.NAME,
        )  # fmt: skip


@pytest.mark.parametrize("device", DEVICES)
def test_fit_trains_and_resumes_on_another_device(device, tmp_path):
    """Model, data, momentum buffers and checkpoints; the file is read on the CPU as well."""
    data, runs = sc.data.noisy_parabola(), {}
    with other_device.Creating():
        for place in ("cpu", device):
            file = tmp_path / f"{place}.pt"
            for epochs in (2, 4):
                net = models.parabola_net(seed=1).to(place)
                sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
                runs[place] = training.fit(
                    net, data, loss="mse", optimizer=sgd, epochs=epochs, batch_size=16,
                    eval_data=data, device=place, checkpoint=file, resume=True,
                )  # fmt: skip
            assert next(net.parameters()).device.type == place
    for field in ("loss", "epoch_loss", "eval_loss"):
        mine, theirs = getattr(runs[device], field), getattr(runs["cpu"], field)
        assert mine.device.type == "cpu"
        torch.testing.assert_close(mine, theirs, **tolerance(device))
