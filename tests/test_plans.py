"""How a sweep is laid out: axes, chunks, evaluations."""

import numpy as np
import pytest
import torch

from sgdcourse import data, models, plans
from sgdcourse.grids import make_grid
from sgdcourse.requirements import Options


def make_plan(model=None, points=None, *, memory=48.0, chunk=None, eval_every="epoch", **settings):
    points = points or data.noisy_parabola()
    settings = {"lr": 0.1, "batch_size": 10, "sampling": "reshuffle", "schedule": None, **settings}
    seeds = settings.pop("seeds", 3)
    options = Options("mse", "sgd", 2, None, False, eval_every, chunk, memory)
    return plans.make_plan(
        model or models.parabola_net(), points, make_grid("sgd", settings, seeds), options,
        eval_data=None, dtype=None, device=None,
    )  # fmt: skip


def test_columns_run_through_the_grid_with_the_seed_fastest():
    grid = make_grid("sgd", {"lr": [0.1, 0.2], "momentum": [0.0, 0.5, 0.9]}, 2)
    columns = grid.columns()
    assert grid.shape == (2, 3, 2)
    assert columns["lr"].tolist() == [0] * 6 + [1] * 6
    assert columns["momentum"].tolist() == [0, 0, 1, 1, 2, 2] * 2
    assert columns["seed"].tolist() == [0, 1] * 6


@pytest.mark.parametrize("settings", [{}, {"batch_size": [10, 50]}, {"sampling": ["fixed"]},
                                      {"lr": [0.1, 0.2], "maximize": [False, True]}])  # fmt: skip
@pytest.mark.parametrize("chunk", [None, 2])
def test_every_run_is_in_one_job(settings, chunk):
    plan = make_plan(chunk=chunk, **settings)
    runs = torch.cat([job.runs for job in plan.jobs()])
    assert sorted(runs.tolist()) == list(range(int(np.prod(plan.grid.shape))))
    for job in plan.jobs():
        assert len(job.runs) == len(job.weights) == len(job.seeds) <= (chunk or 10**6)


def test_memory_bounds_the_runs_of_a_job():
    sizes = []
    for memory in (2.0, 8.0, 1e6):
        plan = make_plan(models.mlp([1, 64, 64, 1]), seeds=2000, memory=memory)
        sizes.append(max(len(job.runs) for job in plan.jobs()))
    assert sizes[0] < sizes[1] < sizes[2] == plans.MOST_RUNS


def test_evaluations_end_with_the_last_step():
    assert make_plan().evaluations(10) == [0, 10, 20]
    assert make_plan(eval_every=8).evaluations(10) == [0, 8, 16, 20]
    assert make_plan(eval_every=None).evaluations(10) == []


def test_one_value_stays_a_number_and_several_become_one_for_each_run():
    [job] = make_plan(momentum=0.9).jobs()
    assert job.lr == 0.1 and job.hyper == {"momentum": 0.9}
    [job] = make_plan(momentum=[0.0, 0.9], seeds=1).jobs()
    assert job.hyper["momentum"].tolist() == pytest.approx([0.0, 0.9])
