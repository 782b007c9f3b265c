"""The benchmark's own arithmetic, and that its contestants train the same thing."""

import pytest
import torch

from benchmarks import contestants, report, timing, workloads
from benchmarks.report import Goal


def test_goals_and_floors():
    fast = Goal("speed", 70.0, 100.0, True, "×")
    assert not fast.reached and fast.above_floor
    assert not Goal("speed", 59.0, 100.0, True).above_floor
    slow = Goal("time", 1.5, 1.0, False, "s")
    assert not slow.reached and slow.above_floor
    assert slow.row().replace(report.GLUE, " ") == "| time | ≤ 1 s | 1.5 s | no |"
    assert Goal("time", 2.0, 1.0, False, "s").row().endswith("| below the floor |")


def test_everybody_has_the_same_number_of_turns():
    turns = []
    ways = {name: lambda name=name: turns.append(name) or 1 for name in "ab"}
    times = timing.take_turns(ways, rounds=1)
    assert turns == ["a", "b"] * 2
    assert times["a"].least <= times["a"].median <= times["a"].most


@pytest.mark.parametrize("make", [workloads.toy, workloads.digits, workloads.logistic])
def test_contestants_do_the_updates_they_count(make):
    work = make()
    assert contestants.swept(work, 3) == 3 * work.steps
    assert contestants.plain_loop(work, 1) == work.steps
    assert contestants.with_loader(work) == work.steps
    assert contestants.fitted(work) == work.steps


def test_numpy_loop_counts_its_updates():
    assert contestants.numpy_loop(workloads.toy()) == workloads.toy().steps


def test_page_shows_every_number(tmp_path):
    time = {"median": 2e-6, "least": 1e-6, "most": 3e-6}
    results = {
        "rounds": 5,
        "single": {"plain loop, torch.optim.SGD": time, "other": time},
        "absent": ["d2l"],
        "many": [{"name": "net", "runs": 7, "times": {"plain loop": time, "sweep": time},
                  "compiling": None}],
        "versions": {"torch": torch.__version__},
    }  # fmt: skip
    text = report.page(results, [Goal("speed", 2.0, 1.0, True, "×")])
    assert f"1{report.GLUE}×" in text
    text = text.replace(report.GLUE, " ")
    for words in (
        "| other | 2 | 1 … 3 | 1.00 |",
        "Not installed where this was measured: d2l",
        "| net | 7 | 2 | 2 (1 … 3) | 1 × | – |",
        "| speed | ≥ 1× | 2× | yes |",
    ):
        assert words in text
