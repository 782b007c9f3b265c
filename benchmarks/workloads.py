"""What is trained: three models on small data, as `Workload`s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sgdcourse import data, models

__all__ = ["MOMENTUM", "Workload", "digits", "logistic", "toy"]

MOMENTUM = 0.9
LOSSES = {"mse": nn.functional.mse_loss, "cross_entropy": nn.functional.cross_entropy}


@dataclass(frozen=True)
class Workload:
    """Every run r: own seed r (weights and order), own lr; smaller last batches are left out."""

    name: str
    sizes: tuple[int, ...]
    x: Tensor
    y: Tensor
    loss: str
    batch_size: int
    epochs: int

    @property
    def per_epoch(self) -> int:
        """Updates in one epoch."""
        return len(self.x) // self.batch_size

    @property
    def steps(self) -> int:
        """Updates in one run."""
        return self.epochs * self.per_epoch

    @property
    def function(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss."""
        return LOSSES[self.loss]

    def model(self, seed: int = 0) -> nn.Sequential:
        """Return the model, with the weights of a seed."""
        return models.mlp(self.sizes, seed=seed, dtype=self.x.dtype)

    def lrs(self, runs: int) -> np.ndarray:
        """Return the learning rate of every run."""
        return np.geomspace(1e-3, 1e-1, runs)


def toy() -> Workload:
    """B1: the course's first network."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(100, 1, generator=generator) * 2 - 1
    y = x.square() + 0.1 * torch.randn(100, 1, generator=generator)
    return Workload("net 1-10-1, batch 16", (1, 10, 1), x, y, "mse", 16, 20)


def digits(dtype: torch.dtype = torch.float32) -> Workload:
    """B2: a multi-layer perceptron on the digits."""
    x, y = data.digits(dtype=dtype)
    kind = str(dtype).removeprefix("torch.")
    return Workload(
        f"digits MLP 64-64-10, batch 64, {kind}", (64, 64, 10), x, y, "cross_entropy", 64, 1
    )


def logistic() -> Workload:
    """B3: logistic regression on the digits."""
    x, y = data.digits()
    return Workload(
        "logistic regression on digits, batch 64", (64, 10), x, y, "cross_entropy", 64, 1
    )
