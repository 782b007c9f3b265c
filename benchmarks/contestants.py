"""Ways to train a workload with PyTorch and NumPy alone. Each returns the run-steps it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

import sgdcourse as sc
from benchmarks.workloads import MOMENTUM, Workload
from sgdcourse import sampling
from sgdcourse.engine import train
from sgdcourse.jobs import Job
from sgdcourse.models import start_weights

__all__ = ["fitted", "numpy_loop", "plain_loop", "swept", "with_loader"]


def plain_loop(work: Workload, runs: int, **optimizer: Any) -> int:
    """Train a few runs one after the other with torch.optim.SGD, keeping every loss."""
    for seed, lr in zip(range(min(runs, 2)), work.lrs(runs), strict=False):
        model, losses = work.model(seed), []
        sgd = torch.optim.SGD(model.parameters(), lr=float(lr), momentum=MOMENTUM, **optimizer)
        order = sampling.batches(
            len(work.x), work.batch_size, seed=seed, epochs=work.epochs, drop_last=True
        )
        for rows in order:
            loss = work.function(model(work.x[rows]), work.y[rows])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            losses.append(loss.detach())
        torch.stack(losses)
    return work.steps * min(runs, 2)


def with_loader(work: Workload) -> int:
    """Train one run with PyTorch's DataLoader."""
    model, losses = work.model(), []
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=MOMENTUM)
    loader = DataLoader(TensorDataset(work.x, work.y), work.batch_size, True, drop_last=True)
    for _ in range(work.epochs):
        for x, y in loader:
            loss = work.function(model(x), y)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            losses.append(loss.detach())
    return len(losses)


def fitted(work: Workload) -> int:
    """Train one run with `fit`."""
    model = work.model()
    sgd = torch.optim.SGD(model.parameters(), lr=0.01, momentum=MOMENTUM)
    run = sc.fit(
        model, (work.x, work.y), loss=work.loss, optimizer=sgd, epochs=work.epochs,
        batch_size=work.batch_size, drop_last=True, progress=False,
    )  # fmt: skip
    return run.steps


def swept(work: Workload, runs: int) -> int:
    """Train all runs with `sweep`: as many seeds, and a schedule-free lr that all share."""
    sc.sweep(
        work.model(), (work.x, work.y), loss=work.loss, lr=0.01, momentum=MOMENTUM, seeds=runs,
        batch_size=work.batch_size, epochs=work.epochs, drop_last=True, eval_every=None,
        progress=False,
    )  # fmt: skip
    return work.steps * runs


def engine(work: Workload, runs: int) -> int:
    """Train all runs with the engine below `sweep`: every run has a seed and an lr of its own."""
    job = Job(
        model=work.model(),
        weights=start_weights(work.model(), range(runs)).to(work.x.dtype),
        x=work.x,
        y=work.y,
        loss=work.loss,
        rule="sgd",
        hyper={"momentum": MOMENTUM},
        lr=torch.from_numpy(work.lrs(runs)),
        seeds=tuple(range(runs)),
        samplings=("reshuffle",) * runs,
        steps=work.steps,
        batch_size=work.batch_size,
        drop_last=True,
        evaluate=False,
    )
    train(job)
    return work.steps * runs


def numpy_loop(work: Workload) -> int:
    """Train the net 1-10-1 with NumPy and gradients written by hand."""
    w1, b1, w2, b2 = (p.detach().numpy().T.copy() for p in work.model().parameters())
    x, y, done = work.x.numpy(), work.y.numpy(), 0
    velocity = [np.zeros_like(p) for p in (w1, b1, w2, b2)]
    losses = np.empty(work.steps, np.float32)
    for rows in sampling.batches(len(x), work.batch_size, epochs=work.epochs, drop_last=True):
        u, v = x[rows.numpy()], y[rows.numpy()]
        h = np.maximum(u @ w1 + b1, 0)
        residual = h @ w2 + b2 - v
        losses[done] = np.mean(residual * residual)
        d = residual * (2 / len(u))
        dh = (d @ w2.T) * (h > 0)
        slopes = (u.T @ dh, dh.sum(0), h.T @ d, d.sum(0))
        for p, g, m in zip((w1, b1, w2, b2), slopes, velocity, strict=True):
            m *= MOMENTUM
            m += g
            p -= np.float32(0.01) * m
        done += 1
    return done
