"""Measure everything: `python -m benchmarks`; it takes some minutes.

One part alone: `python -m benchmarks engine` or `python -m benchmarks pages`; what is stored of
the other part stays.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["KERAS_BACKEND"] = "torch"
os.environ["OMP_NUM_THREADS"] = "1"

import torch

from benchmarks import measures, pages, peers, report, workloads
from benchmarks.report import Goal, say

SIZES = {"toy": (1, 256, 1024), "digits": (256,), "digits64": (256,), "logistic": (256,)}


def main() -> int:
    """Measure, print and write the tables; return 1 if a goal is below its floor."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="one part alone; default: both")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every measurement")
    options = parser.parse_args()
    held = []
    for part in [options.part] if options.part else PARTS:
        measured, hold = PARTS[part]
        try:
            results = measured(options.rounds)
        except pages.MissingError as missing:
            print(f"bench: the pages are not measured: {missing}", file=sys.stderr)
            return 1
        goals = hold(results)
        report.store(part, results, goals)
        held += goals
    print(report.write())
    return 0 if all(goal.above_floor for goal in held) else 1


def measure(rounds: int) -> dict[str, Any]:
    """Return all measurements of the engine, which are short: each is made four times as often."""
    torch.set_num_threads(1)
    rounds *= 4
    makers = {
        "toy": workloads.toy,
        "digits": workloads.digits,
        "digits64": lambda: workloads.digits(torch.float64),
        "logistic": workloads.logistic,
    }
    say("fit beside the plain loop")
    fitting = measures.fit_beside_loop(report.PAIRED * rounds)
    many = []
    for key, make in makers.items():
        for runs in SIZES[key]:
            say(f"{make().name}, {runs} runs")
            times, compiling = measures.many_runs(make(), runs, rounds)
            many.append(
                {
                    "key": f"{key} {runs}",
                    "name": make().name,
                    "runs": runs,
                    "times": report.plain(times),
                    "compiling": compiling,
                }
            )
    say("one run, every way")
    single = report.plain(measures.single_run(rounds))
    say("Rosenbrock, heat map, memory, equality")
    paths, seconds = measures.rosenbrock(rounds)
    return {
        "rounds": rounds,
        "versions": report.versions(),
        "absent": list(peers.absent()),
        "single": single,
        "fit": report.plain(fitting),
        "many": many,
        "rosenbrock": {**report.plain(paths), "seconds": seconds},
        "heat_map": measures.heat_map(min(rounds, 3)).median,
        "memory": measures.memory(),
        "import": measures.start_up(),
        "equality": [measures.equality(torch.float64), measures.equality(torch.float32)],
    }


def hold_goals(results: dict[str, Any]) -> list[Goal]:
    """Hold the measurements against the goals."""
    many = {row["key"]: row["times"] for row in results["many"]}
    goals = []
    for key, name, over_loop, over_jax in (
        ("toy 1024", "net 1-10-1, R = 1024", 800, 1.2),
        ("toy 256", "net 1-10-1, R = 256", 300, None),
        ("toy 1", "net 1-10-1, R = 1", 1, None),
        ("digits 256", "digits MLP, R = 256", 9, 1.3),
        ("logistic 256", "logistic regression, R = 256", 25, 1.5),
    ):
        times = {way: time["median"] for way, time in many[key].items()}
        speed = times["plain loop"] / times["sweep"]
        goals.append(Goal(f"{name}: speed against the plain loop", speed, over_loop, True, "×"))
        if over_jax and "jax" in times:
            ratio = times["sweep"] / times["jax"]
            goals.append(Goal(f"{name}: time against compiled JAX", ratio, over_jax, False, "×"))
            ratio = times["sweep"] / times["jax, orders given"]
            what = f"{name}: time against JAX that was given its orders"
            goals.append(Goal(what, ratio, over_jax, False, "×"))
    paths = results["rosenbrock"]
    speed = paths["plain loop"]["median"] / paths["descend"]["median"]
    fit = results["fit"]["fit"]["median"] / results["fit"]["plain loop"]["median"]
    return [
        *goals,
        Goal("Rosenbrock, 10,000 starts × 500 steps: speed", speed, 5000, True, "×"),
        Goal("the same: time", paths["seconds"], 0.5, False, "s"),
        Goal("heat map lr × momentum, 32 × 32, 100 epochs", results["heat_map"], 2, False, "s"),
        Goal("memory of 1024 runs of the digits MLP", results["memory"], 250, False, "MB"),
        Goal("fit against the plain loop", fit, 1.1, False, "×"),
        Goal("import sgdcourse, after torch", results["import"], 0.3, False, "s"),
        Goal("difference to plain loops, float64", results["equality"][0], 1e-12, False),
        Goal("difference to plain loops, float32", results["equality"][1], 1e-5, False),
    ]


PARTS = {"engine": (measure, hold_goals), "pages": (pages.measure, pages.hold_goals)}

if __name__ == "__main__":
    sys.exit(main())
