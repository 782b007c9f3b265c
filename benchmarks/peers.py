"""Other libraries that train the same workloads; those that are not installed are left out."""

from __future__ import annotations

import functools
import importlib
import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.workloads import MOMENTUM, Workload
from sgdcourse.sampling import many_epoch_orders

__all__ = ["PEERS", "absent", "compile_scan", "single_runs"]

PEERS = ("jax", "optax", "keras", "lightning", "skorch", "fastai", "d2l")


@functools.cache
def absent() -> tuple[str, ...]:
    """Return the peers that cannot be imported here."""
    gone = []
    for name in PEERS:
        try:
            importlib.import_module("d2l.torch" if name == "d2l" else name)
        except Exception:  # whatever keeps a peer away, the others are measured
            gone.append(name)
    return tuple(gone)


def compile_scan(
    work: Workload, runs: int, *, given: bool = False
) -> tuple[Callable[[], int], float]:
    """Compile jit(vmap(scan)) with optax.sgd for all runs; return it and the compile seconds.

    Weights, a permutation for each epoch and all updates are inside the compiled function; with
    `given` the permutations are drawn beforehand, outside what is timed.
    """
    import jax
    import jax.numpy as jnp
    import optax

    kind = jnp.float64 if work.x.dtype == torch.float64 else jnp.float32
    jax.config.update("jax_enable_x64", work.x.dtype == torch.float64)
    x, y = jnp.asarray(work.x.numpy()), jnp.asarray(work.y.numpy())
    layers = list(zip(work.sizes, work.sizes[1:], strict=False))

    def start(key: Any) -> Any:
        weights = []
        for fan_in, fan_out in layers:
            key, one, two = jax.random.split(key, 3)
            bound = fan_in**-0.5
            weights.append(
                (
                    jax.random.uniform(one, (fan_in, fan_out), kind, -bound, bound),
                    jax.random.uniform(two, (fan_out,), kind, -bound, bound),
                )
            )
        return weights

    def loss(weights: Any, rows: Any) -> Any:
        h, target = x[rows], y[rows]
        for w, b in weights[:-1]:
            h = jax.nn.relu(h @ w + b)
        z = h @ weights[-1][0] + weights[-1][1]
        if work.loss == "mse":
            return jnp.mean((z - target) ** 2)
        return optax.softmax_cross_entropy_with_integer_labels(z, target).mean()

    def one_run(key: Any, lr: Any, orders: Any) -> Any:
        rule = optax.sgd(lr, MOMENTUM)
        key, own = jax.random.split(key)
        weights = start(own)

        def step(carry: Any, rows: Any) -> Any:
            weights, state = carry
            value, slopes = jax.value_and_grad(loss)(weights, rows)
            updates, state = rule.update(slopes, state)
            return (optax.apply_updates(weights, updates), state), value

        def epoch(carry: Any, order: Any) -> Any:
            rows = order if given else jax.random.permutation(order, len(x))
            rows = rows[: work.per_epoch * work.batch_size]
            return jax.lax.scan(step, carry, rows.reshape(work.per_epoch, work.batch_size))

        sources = orders if given else jax.random.split(key, work.epochs)
        (weights, _), losses = jax.lax.scan(epoch, (weights, rule.init(weights)), sources)
        return weights, losses

    drawn = many_epoch_orders(len(x), seeds=range(runs), epochs=work.epochs)
    orders = jnp.asarray(torch.stack(list(drawn), 1).numpy())
    keys = jax.random.split(jax.random.key(0), runs)
    arguments = keys, jnp.asarray(work.lrs(runs), kind), orders
    began = time.process_time()
    compiled = jax.jit(jax.vmap(one_run)).lower(*arguments).compile()
    spent = time.process_time() - began

    def run() -> int:
        jax.block_until_ready(compiled(*arguments))
        return work.steps * runs

    return run, spent


def single_runs(work: Workload) -> dict[str, Callable[[], int]]:
    """Return the trainers of other libraries that are installed, for one run each."""
    makers = {
        "lightning": _lightning,
        "skorch": _skorch,
        "fastai": _fastai,
        "d2l": _d2l,
        "keras": _keras,
    }
    gone = absent()
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return {name: make(work) for name, make in makers.items() if name not in gone}


def _loader(work: Workload) -> DataLoader:
    return DataLoader(TensorDataset(work.x, work.y), work.batch_size, True, drop_last=True)


def _lightning(work: Workload) -> Callable[[], int]:
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.losses = work.model(), []

        def training_step(self, batch: Any, _: int) -> Any:
            loss = work.function(self.net(batch[0]), batch[1])
            self.losses.append(loss.detach())
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.01, momentum=MOMENTUM)

    def run() -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = Module()
            lightning.Trainer(
                max_epochs=work.epochs, accelerator="cpu", logger=False,
                enable_checkpointing=False, enable_progress_bar=False,
                enable_model_summary=False,
            ).fit(module, _loader(work))  # fmt: skip
        return len(module.losses)

    return run


def _skorch(work: Workload) -> Callable[[], int]:
    import skorch

    def run() -> int:
        net = skorch.NeuralNet(
            work.model(), torch.nn.MSELoss, optimizer=torch.optim.SGD, lr=0.01,
            optimizer__momentum=MOMENTUM, max_epochs=work.epochs, batch_size=work.batch_size,
            iterator_train__shuffle=True, iterator_train__drop_last=True, train_split=None,
            verbose=0,
        )  # fmt: skip
        net.fit(work.x, work.y)
        return work.steps

    return run


def _fastai(work: Workload) -> Callable[[], int]:
    import fastai.callback.progress  # noqa: F401 - gives Learner its no_bar
    from fastai.learner import DataLoaders, Learner
    from fastai.optimizer import OptimWrapper

    def sgd(parameters: Any, **settings: Any) -> Any:
        return OptimWrapper(parameters, torch.optim.SGD, momentum=MOMENTUM, **settings)

    def run() -> int:
        loaders = DataLoaders(_loader(work), _loader(work))
        learner = Learner(loaders, work.model(), loss_func=work.function, opt_func=sgd, lr=0.01)
        with learner.no_bar(), learner.no_logging():
            learner.fit(work.epochs)
        return work.steps

    return run


def _d2l(work: Workload) -> Callable[[], int]:
    """D2l's Trainer, its drawing left out: with it, the drawing would be what is measured."""
    from d2l import torch as d2l

    class Module(d2l.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.losses = work.model(), []

        def loss(self, y_hat: Any, y: Any) -> Any:
            return work.function(y_hat, y)

        def plot(self, key: str, value: Any, train: bool) -> None:
            self.losses.append(value.detach())

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.01, momentum=MOMENTUM)

    class Data(d2l.DataModule):
        def get_dataloader(self, train: bool) -> DataLoader | None:
            return _loader(work) if train else None

    def run() -> int:
        module = Module()
        d2l.Trainer(max_epochs=work.epochs).fit(module, Data())
        return len(module.losses)

    return run


def _keras(work: Workload) -> Callable[[], int]:
    import keras

    usable = work.per_epoch * work.batch_size

    def run() -> int:
        model = keras.Sequential([keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.01, MOMENTUM), "mse")
        model.fit(
            work.x[:usable], work.y[:usable], batch_size=work.batch_size, epochs=work.epochs,
            verbose=0,
        )  # fmt: skip
        return work.steps

    return run
