"""Where a sweep's jobs are computed: here, or on the workers of an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from typing import Any

from tqdm.auto import tqdm

from sgdcourse import _checks
from sgdcourse.engine import train
from sgdcourse.jobs import Job, Result

__all__ = ["run_all"]

# A bar shows itself on sweeps of this many steps of runs, and then only after some seconds. The
# size decides first, so that an output stored with a notebook never depends on the machine's speed.
QUIET_RUN_STEPS = 5_000_000
PATIENCE = 5.0


def run_all(
    jobs: Iterable[Job], executor: Executor | None = None, progress: bool | None = None
) -> Iterator[tuple[Job, Result]]:
    """Yield every job with its result.

    Jobs whose worker died are computed here, so that nothing is lost. When the consumer stops
    early, or the user presses Ctrl-C, jobs that have not begun are cancelled.

    Parameters
    ----------
    jobs : iterable of Job
    executor : concurrent.futures.Executor, optional
    progress : bool, optional
        Whether a bar is shown; by default on sweeps of five million steps of runs or more.

    Yields
    ------
    tuple of (Job, Result)

    Raises
    ------
    TypeError
        If the executor is none.
    """
    if progress is not None:
        _checks.flag("progress", progress)
    if executor is not None and not hasattr(executor, "submit"):
        _checks.fail("executor", "a concurrent.futures.Executor", executor, "", TypeError)
    work = list(jobs)
    delay = PATIENCE if progress is None else 0.0
    total = sum(job.steps for job in work)
    small = sum(job.steps * len(job.seeds) for job in work) < QUIET_RUN_STEPS
    quiet = small if progress is None else not progress
    with tqdm(total=total, delay=delay, disable=quiet, leave=False) as bar:
        if executor is None:
            for job in work:
                yield job, train(job, bar.update)
        else:
            yield from _mapped(work, executor, bar.update)


def _mapped(
    work: list[Job], executor: Executor, update: Callable[[int], Any]
) -> Iterator[tuple[Job, Result]]:
    """Yield every job with the result that a worker found."""
    futures = [executor.submit(train, job) for job in work]
    try:
        for job, future in zip(work, futures, strict=True):
            try:
                result = future.result()
            except BrokenExecutor:
                result = train(job)
            update(job.steps)
            yield job, result
    finally:
        for future in futures:
            future.cancel()
