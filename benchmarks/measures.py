"""The measurements: each returns rows of a table, or numbers that goals are held against."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

import sgdcourse as sc
from benchmarks import contestants, peers, workloads
from benchmarks.timing import Time, take_turns

__all__ = [
    "equality",
    "fit_beside_loop",
    "heat_map",
    "many_runs",
    "memory",
    "rosenbrock",
    "single_run",
    "start_up",
]


def single_run(rounds: int) -> dict[str, Time]:
    """B1, one run: every way to train it, per update."""
    work = workloads.toy()
    ways: dict[str, Callable[[], int]] = {
        "plain loop, torch.optim.SGD": lambda: contestants.plain_loop(work, 1),
        "… foreach=True": lambda: contestants.plain_loop(work, 1, foreach=True),
        "… fused=True": lambda: contestants.plain_loop(work, 1, fused=True),
        "… with DataLoader": lambda: contestants.with_loader(work),
        "sgdcourse.fit": lambda: contestants.fitted(work),
        "sgdcourse.sweep, R = 1": lambda: contestants.swept(work, 1),
        "NumPy, gradients by hand": lambda: contestants.numpy_loop(work),
        **peers.single_runs(work),
    }
    if not {"jax", "optax"} & set(peers.absent()):
        ways["JAX + Optax, jit(scan)"] = peers.compile_scan(work, 1)[0]
    return take_turns(ways, rounds)


def fit_beside_loop(rounds: int) -> dict[str, Time]:
    """B1, one run with `fit` and with the plain loop, and nobody between them."""
    work = workloads.toy()
    pair = {
        "plain loop": lambda: contestants.plain_loop(work, 1),
        "fit": lambda: contestants.fitted(work),
    }
    return take_turns(pair, rounds)


def many_runs(
    work: workloads.Workload, runs: int, rounds: int
) -> tuple[dict[str, Time], float | None]:
    """B1 to B3: many runs, per update of one run; and JAX's compile seconds."""
    ways: dict[str, Callable[[], int]] = {
        "plain loop": lambda: contestants.plain_loop(work, runs),
        "sweep": lambda: contestants.swept(work, runs),
    }
    compiling = None
    if not {"jax", "optax"} & set(peers.absent()):
        ways["jax"], compiling = peers.compile_scan(work, runs)
        ways["jax, orders given"], _ = peers.compile_scan(work, runs, given=True)
    return take_turns(ways, rounds), compiling


def rosenbrock(rounds: int) -> tuple[dict[str, Time], float]:
    """B4: 10,000 starts × 500 recorded steps; also the seconds of the whole."""
    problem = sc.problems.rosenbrock()
    generator = torch.Generator().manual_seed(0)
    starts = torch.rand(10_000, 2, generator=generator, dtype=torch.float64) * 2 - 1

    def together() -> int:
        sc.descend(problem, starts, steps=500, lr=2e-4, momentum=0.9)
        return 10_000 * 500

    def alone() -> int:
        w = starts[0].clone().requires_grad_()
        sgd, path = torch.optim.SGD([w], lr=2e-4, momentum=0.9), []
        for _ in range(500):
            sgd.zero_grad()
            problem(w).backward()
            sgd.step()
            path.append(w.detach().clone())
        return len(path)

    times = take_turns({"plain loop": alone, "descend": together}, rounds)
    return times, times["descend"].median * 10_000 * 500


def heat_map(rounds: int) -> Time:
    """B5: lr × momentum, 32 × 32, 100 epochs of B1, in seconds."""
    work = workloads.toy()
    momenta = [k / 32 for k in range(32)]

    def draw() -> int:
        sc.sweep(
            work.model(), (work.x, work.y), loss="mse", lr=work.lrs(32), momentum=momenta,
            batch_size=16, epochs=100, drop_last=True, eval_every=None, progress=False,
        )  # fmt: skip
        return 1

    return take_turns({"sweep": draw}, rounds)["sweep"]


MEMORY_CODE = """
import torch
torch.set_num_threads(1)
from benchmarks import contestants, measures, workloads
contestants.swept(workloads.digits(), 1)
base = measures.peak()
contestants.swept(workloads.digits(), 1024)
print(measures.peak() - base)
"""


def peak() -> float:
    """Return the most memory that this process ever had, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the kernel's other counter starts at the parent's
        return float(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def memory() -> float:
    """B2: megabytes that 1024 runs of the digits MLP add, in a process of their own."""
    return float(_child(MEMORY_CODE))


IMPORT_CODE = """
import time, torch
start = time.process_time()
import sgdcourse as sc
spent = time.process_time() - start
import sys
x = torch.rand(10, 1)
sc.sweep(sc.models.parabola_net(), (x, x), loss="mse", lr=0.1, steps=1)
assert "torch._dynamo" not in sys.modules
print(spent)
"""


def start_up() -> float:
    """B8: seconds that `import sgdcourse` takes after torch; a sweep must not load _dynamo."""
    return min(float(_child(IMPORT_CODE)) for _ in range(3))


def _child(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout.strip()


def equality(dtype: torch.dtype) -> float:
    """B7: the greatest difference in a weight between `sweep` and plain loops, B1, 8 runs."""
    work, worst = workloads.toy(), 0.0
    x, y = work.x.to(dtype), work.y.to(dtype)
    settings = {"weight_decay": 0.01, "momentum": [0.5, 0.9], "nesterov": [False, True]}
    cosine = sc.schedules.cosine(140)
    model = sc.models.parabola_net(dtype=dtype)
    runs = sc.sweep(
        model, (x, y), loss="mse", lr=0.05, schedule=cosine, batch_size=16, epochs=20, seeds=2,
        progress=False, **settings,
    )  # fmt: skip
    for momentum in settings["momentum"]:
        for nesterov in settings["nesterov"]:
            for seed in (0, 1):
                alone = sc.models.parabola_net(seed=seed, dtype=dtype)
                sgd = torch.optim.SGD(
                    alone.parameters(), lr=0.05, momentum=momentum, nesterov=nesterov,
                    weight_decay=0.01,
                )  # fmt: skip
                for step, rows in enumerate(sc.sampling.batches(100, 16, seed=seed, epochs=20)):
                    sgd.param_groups[0]["lr"] = 0.05 * cosine(step)
                    sgd.zero_grad()
                    work.function(alone(x[rows]), y[rows]).backward()
                    sgd.step()
                flat = torch.nn.utils.parameters_to_vector(alone.parameters()).detach()
                label = {"momentum": momentum, "nesterov": nesterov, "seed": seed}
                mine = torch.from_numpy(runs.weights.sel(label).values)
                worst = max(worst, (mine - flat).abs().max().item())
    return worst
