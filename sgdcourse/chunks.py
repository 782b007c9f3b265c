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

PATIENCE = 5.0  # seconds before a progress bar shows itself


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
        Whether a bar is shown; by default on what takes more than some seconds.

    Yields
    ------
    tuple of (Job, Result)

    Raises
    ------
    TypeError
        If the executor is none.
    """
    if executor is not None and not hasattr(executor, "submit"):
        _checks.fail("executor", "a concurrent.futures.Executor", executor, "", TypeError)
    work = list(jobs)
    delay = PATIENCE if progress is None else 0.0
    total = sum(job.steps for job in work)
    with tqdm(total=total, delay=delay, disable=progress is False, leave=False) as bar:
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
