"""Sweeps on workers: the same bits as here, and nothing lost when a worker dies."""

import contextlib
import multiprocessing
import os
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import xarray as xr
from torch import nn

from sgdcourse import chunks, data, models
from sgdcourse.sweeps import sweep

PARENT = os.getpid()
ARGUMENTS = {
    "model": models.parabola_net(),
    "data": data.noisy_parabola(),
    "loss": "mse",
    "lr": [0.01, 0.03, 0.1],
    "momentum": [0.0, 0.9],
    "batch_size": 10,
    "epochs": 3,
    "seeds": 5,
    "chunk": 4,
}


def single_thread():
    torch.set_num_threads(1)


@pytest.fixture
def pool():
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context, initializer=single_thread) as executor:
        yield executor


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings(), contextlib.ExitStack() as stack:
        warnings.simplefilter("ignore")
        local = stack.enter_context(
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address=None, silence_logs=50,
            )
        )  # fmt: skip
        client = stack.enter_context(distributed.Client(local))
        client.run(single_thread)
        yield client


class DeadlyLoss:
    """Mean squared error that kills the first worker which computes it."""

    def __init__(self, flag):
        self.flag = str(flag)

    def __call__(self, outputs, targets):
        if os.getpid() != PARENT and not Path(self.flag).exists():
            Path(self.flag).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nn.functional.mse_loss(outputs, targets)


def test_threads_and_processes_give_the_same_bits(pool):
    here = sweep(**ARGUMENTS)
    xr.testing.assert_identical(here, sweep(**ARGUMENTS, executor=pool))
    with ThreadPoolExecutor(2) as threads:
        xr.testing.assert_identical(here, sweep(**ARGUMENTS, executor=threads))


def test_threads_do_not_disturb_each_other():
    """One module, called with different weights at the same time."""
    x = torch.randn(4000, 8, generator=torch.Generator().manual_seed(0))
    net = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 1))
    arguments = {"model": net, "data": (x, x.sum(1, keepdim=True)), "loss": "mse", "lr": 0.01,
                 "steps": 20, "batch_size": 100, "seeds": 8, "chunk": 1}  # fmt: skip
    with ThreadPoolExecutor(4) as threads:
        xr.testing.assert_identical(sweep(**arguments), sweep(**arguments, executor=threads))


def test_a_killed_process_loses_nothing(pool, tmp_path):
    deadly = {**ARGUMENTS, "loss": DeadlyLoss(tmp_path / "killed")}
    there = sweep(**deadly, executor=pool)
    assert (tmp_path / "killed").exists()
    xr.testing.assert_identical(sweep(**deadly), there)


def test_dask_gives_the_same_bits(cluster):
    assert len(cluster.scheduler_info()["workers"]) == 2
    with cluster.get_executor() as executor:
        xr.testing.assert_identical(sweep(**ARGUMENTS), sweep(**ARGUMENTS, executor=executor))


def test_a_killed_dask_worker_loses_nothing(cluster, tmp_path):
    flag, parent = str(tmp_path / "killed"), PARENT

    def deadly(outputs, targets):  # local, so that it travels whole to the workers
        if os.getpid() != parent and not Path(flag).exists():
            Path(flag).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nn.functional.mse_loss(outputs, targets)

    arguments = {**ARGUMENTS, "loss": deadly}
    with cluster.get_executor() as executor:
        there = sweep(**arguments, executor=executor)
    assert Path(flag).exists()
    xr.testing.assert_identical(sweep(**arguments), there)


class Unlucky(ThreadPoolExecutor):
    """An executor that remembers what it was asked and what was cancelled."""

    def submit(self, *arguments):
        future = super().submit(*arguments)
        self.futures = [*getattr(self, "futures", []), future]
        return future


def test_ctrl_c_cancels_what_has_not_begun(monkeypatch):
    def interrupted(job, tick=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(chunks, "train", interrupted)
    with Unlucky(1) as executor, pytest.raises(KeyboardInterrupt):
        sweep(**ARGUMENTS, executor=executor)
    assert all(future.done() for future in executor.futures)
    with pytest.raises(KeyboardInterrupt):
        sweep(**ARGUMENTS)


def test_progress_is_silent_on_short_sweeps_and_can_be_had(capsys):
    sweep(**ARGUMENTS)
    assert capsys.readouterr().err == ""
    sweep(**ARGUMENTS, progress=True)
    assert "it/s" in capsys.readouterr().err
