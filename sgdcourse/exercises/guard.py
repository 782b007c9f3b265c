"""Run a reader's code within a time limit and without letting anything escape.

In the main thread of a POSIX process an alarm signal stops the code, even inside `time.sleep`.
Elsewhere (Windows, a kernel's side thread) the code runs in a thread of its own, into which an
exception is thrown. One long call into compiled code ends only when that call returns, and an
import is not interrupted, since half a module would stay behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
import random
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch

__all__ = ["Outcome", "run_guarded"]

_KEEP = 2000  # characters of the reader's prints that are kept
_AGAIN = 0.002  # seconds between two alarms, for code that swallows the first
_SOON = 20e-6  # at most so many seconds, for code that swallows the second as well
_GRANT, _GRANTS = 0.5, 30  # more seconds for code caught in an import, and how often


class _TimeUp(BaseException):
    """Raised inside code that has used up its time."""


@dataclass(frozen=True)
class Outcome:
    """What came of the reader's code: a value, or an error in words, or no time left."""

    value: Any = None
    error: str = ""
    timed_out: bool = False
    printed: str = ""


def run_guarded(call: Callable[[], Any], seconds: float = 3.0) -> Outcome:
    """Call `call()`; whatever it raises, prints or never finishes comes back as an `Outcome`.

    Parameters
    ----------
    call : callable
        Takes nothing.
    seconds : float
        Wall-clock time allowed.

    Returns
    -------
    Outcome
        Prints are cut at 2,000 characters; random states and torch defaults are put back.

    Examples
    --------
    >>> run_guarded(lambda: 1 / 0).error
    'ZeroDivisionError: division by zero'
    """
    out = _Capped()

    def protected() -> Outcome:
        try:
            return Outcome(value=call())
        except _TimeUp:
            return Outcome(timed_out=True)
        except BaseException as error:  # SystemExit and friends too
            return Outcome(error=_in_words(error))

    in_main = threading.current_thread() is threading.main_thread()
    limited = _by_alarm if in_main and hasattr(signal, "setitimer") else _by_thread
    with _untouched(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        outcome = limited(protected, seconds)
    return Outcome(outcome.value, outcome.error, outcome.timed_out, out.getvalue().strip())


def _by_alarm(protected: Callable[[], Outcome], seconds: float) -> Outcome:
    """Stop `protected` by SIGALRM, again and again until it lets go."""
    armed, started, struck, grants = True, False, False, _GRANTS
    chance = random.Random(0)
    outcome = Outcome(timed_out=True)

    def alarm(signum: int, frame: FrameType | None) -> None:
        nonlocal grants, struck
        if not armed or (frame is not None and frame.f_code is _by_alarm.__code__):
            return
        if grants and _importing(frame):
            grants -= 1
            signal.setitimer(signal.ITIMER_REAL, _GRANT, _AGAIN)
            return
        gc.disable()  # or an alarm might strike in the finaliser of something unrelated
        if struck:  # the code swallows alarms: let one meet it in its own `except`
            signal.setitimer(signal.ITIMER_REAL, _SOON * chance.random() + 1e-6, _AGAIN)
        struck = True
        raise _TimeUp

    collecting = gc.isenabled()
    before = signal.signal(signal.SIGALRM, alarm)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    while armed:  # an alarm may strike anywhere below the `try`
        try:
            if not started:
                started = True
                outcome = protected()
            armed = False
        except _TimeUp:
            pass
    signal.setitimer(signal.ITIMER_REAL, remaining, interval)
    signal.signal(signal.SIGALRM, before)
    if collecting:
        gc.enable()
    return outcome


def _by_thread(protected: Callable[[], Outcome], seconds: float) -> Outcome:
    """Run `protected` in a thread and throw `_TimeUp` into it when the time is over."""
    box: list[Outcome] = []
    thread = threading.Thread(target=lambda: box.append(protected()), daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(_GRANTS):
        if not _importing(sys._current_frames().get(thread.ident or 0)):
            break
        thread.join(_GRANT)
    for _ in range(50):
        if not thread.is_alive():
            break
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TimeUp)
        )
        thread.join(0.02)
    return box[0] if box else Outcome(timed_out=True)


def _importing(frame: FrameType | None) -> bool:
    """Tell whether the code at `frame` runs inside an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def _untouched() -> Iterator[None]:
    """Put back what a reader's code may have changed for the rest of the notebook."""
    numpy_random = getattr(sys.modules.get("numpy"), "random", None)
    states = (torch.get_rng_state(), random.getstate())
    numpy_state = numpy_random.get_state() if numpy_random else None
    settings = (torch.get_default_dtype(), torch.is_grad_enabled(), sys.getrecursionlimit())
    folder, complain = Path.cwd(), sys.unraisablehook
    # Python calls finalisers and hooks of its own in the midst of the code: an end that comes
    # there is told to nobody, and the next one follows at once.
    sys.unraisablehook = lambda u: None if u.exc_type is _TimeUp else complain(u)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        if numpy_random:
            numpy_random.set_state(numpy_state)
        torch.set_default_dtype(settings[0])
        torch.set_grad_enabled(settings[1])
        sys.setrecursionlimit(settings[2])
        os.chdir(folder)
        sys.unraisablehook = complain


class _Capped(io.StringIO):
    """Keeps the first characters written to it and forgets the rest."""

    def write(self, text: str) -> int:
        room = _KEEP - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def _in_words(error: BaseException) -> str:
    """Return type and message of an error, and the line of the reader's cell it came from."""
    try:
        message = str(error)
    except Exception:  # even the error's text is the reader's code
        message = ""
    first = message.strip().splitlines()[0][:200] if message.strip() else ""
    text = f"{type(error).__name__}: {first}" if first else type(error).__name__
    steps = traceback.extract_tb(error.__traceback__)
    own = [s for s in steps if "ipykernel" in s.filename or s.filename.startswith("<ipython")]
    if own and own[-1].line:
        text += f" (line {own[-1].lineno}: `{own[-1].line}`)"
    return text
