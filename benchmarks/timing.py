"""Fair timing on a busy machine: contestants take turns, processor time, medians."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Time", "take_turns"]


@dataclass(frozen=True)
class Time:
    """Processor seconds for one unit of work: median, least and most over the rounds."""

    median: float
    least: float
    most: float


def take_turns(contestants: dict[str, Callable[[], int]], rounds: int) -> dict[str, Time]:
    """Time each contestant once a round, in turn; each returns how many units of work it did.

    One round is made beforehand and not counted: imports, compilation and caches.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            gc.collect()
            start = time.process_time()
            units = contestant()
            spent = (time.process_time() - start) / units
            if number:
                seconds[name].append(spent)
    return {n: Time(statistics.median(s), min(s), max(s)) for n, s in seconds.items()}
