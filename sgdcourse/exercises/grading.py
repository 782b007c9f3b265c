"""Judge an answer: run it on drawn inputs and compare with the truth and the usual slips."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sgdcourse.exercises import library
from sgdcourse.exercises.compare import difference, freeze, show
from sgdcourse.exercises.guard import Outcome, run_guarded
from sgdcourse.exercises.model import Exercise
from sgdcourse.exercises.verdict import Verdict

__all__ = ["grade"]

_SECONDS = 3.0
_SEED = 0


@dataclass
class _Trial:
    """One call of the answer: what went in, what came out, what it did to its inputs."""

    inputs: tuple[Any, ...]
    value: Any
    changed: list[str]


def grade(name: str, answer: Any, *, seconds: float = _SECONDS) -> Verdict:
    """Judge `answer` to the exercise `name`.

    Parameters
    ----------
    name : str
        Name of the exercise.
    answer : Any
        A function, or a value where the exercise asks for one; `...` means "not yet".
    seconds : float
        Time allowed for the reader's code.

    Returns
    -------
    Verdict
    """
    task = library.exercise(name)
    refused = _refuse(task, answer)
    if refused is not None:
        return refused
    trials: list[_Trial] = []
    outcome = run_guarded(lambda: _try(task, answer, trials), seconds)
    verdict = _of_outcome(task, outcome, trials, seconds)
    if verdict is None:
        verdict = _of_values(task, trials)
    notes = verdict.notes
    changed = sorted({arg for trial in trials for arg in trial.changed})
    if changed:
        listed = ", ".join(f"`{arg}`" for arg in changed)
        notes += (f"Your function changes its input {listed} in place; callers may not expect it.",)
    if outcome.printed and verdict.status != "not yet":
        notes += (f"Your code printed: {outcome.printed.splitlines()[0][:80]}",)
    return Verdict(name, verdict.status, verdict.message, verdict.slip, notes)


def _refuse(task: Exercise, answer: Any) -> Verdict | None:
    """Answer what needs no run: nothing there yet, or the wrong kind of thing."""
    if answer is ...:
        return _not_yet(task)
    if answer is None:
        return Verdict(task.name, "wrong", "your answer is `None`. Give the answer itself.")
    if task.cases is None:
        if callable(answer):
            return Verdict(task.name, "wrong", "a value is asked for, not a function: call it.")
        return None
    if isinstance(answer, type):
        return Verdict(
            task.name, "wrong", f"`{answer.__name__}` is a class. A function is asked for."
        )
    if not callable(answer):
        kind = type(answer).__name__
        return Verdict(
            task.name,
            "wrong",
            f"a function is asked for, yours is of type `{kind}`. "
            f"Hand over the function itself, without calling it.",
        )
    return _refuse_signature(task, answer)


def _refuse_signature(task: Exercise, answer: Callable[..., Any]) -> Verdict | None:
    wanted = list(inspect.signature(task.truth).parameters)
    try:
        inspect.signature(answer).bind(*wanted)
    except TypeError as error:
        call = f"`{task.name}({', '.join(wanted)})`"
        return Verdict(task.name, "wrong", f"it must be callable as {call}, but: {error}.")
    except Exception:  # no signature to read, or a hostile one: the run will tell
        return None
    return None


def _cases(task: Exercise) -> list[tuple[Any, ...]]:
    return task.cases(torch.Generator().manual_seed(_SEED)) if task.cases else [()]


def _values(task: Exercise, answer: Any) -> list[Any]:
    """Return what one of our own answers (the truth or a slip) gives on every case."""
    if task.cases is None:
        return [freeze(answer)]
    return [freeze(task.run(answer, *copy.deepcopy(inputs))) for inputs in _cases(task)]


def _try(task: Exercise, answer: Any, trials: list[_Trial]) -> None:
    """Run the reader's answer on every case; stops at the first `...`."""
    if task.cases is None:
        trials.append(_Trial((), freeze(answer), []))
        return
    args = list(inspect.signature(task.truth).parameters)
    for inputs in _cases(task):
        given = copy.deepcopy(inputs)
        trial = _Trial(inputs, None, [])
        trials.append(trial)
        trial.value = freeze(task.run(answer, *given))
        pairs = zip(args, inputs, given, strict=False)
        trial.changed = [arg for arg, old, new in pairs if _changed(old, new)]
        if _unfinished(trial.value):
            return


def _changed(old: Any, new: Any) -> bool:
    """Tell whether a tensor or a list of an input was changed."""
    if isinstance(old, Tensor):
        return old.shape != new.shape or not bool(
            ((old == new) | ((old != old) & (new != new))).all()  # NaN counts as equal to NaN
        )
    if isinstance(old, (list, tuple)):
        return len(old) != len(new) or any(map(_changed, old, new))
    return isinstance(old, (int, float, str)) and old != new


def _unfinished(value: Any) -> bool:
    return value is ... or (isinstance(value, list) and any(map(_unfinished, value)))


def _not_yet(task: Exercise) -> Verdict:
    message = (
        "not yet. Replace each `...` in the cell above by your code and run both cells. "
        f'`sc.hint("{task.name}")` gives a first hint.'
    )
    return Verdict(task.name, "not yet", message)


def _of_outcome(
    task: Exercise, outcome: Outcome, trials: list[_Trial], seconds: float
) -> Verdict | None:
    """Judge an answer that was stopped, crashed or is unfinished."""
    if any(_unfinished(trial.value) for trial in trials):
        return _not_yet(task)
    where = (_inputs(task, trials[-1]),) if trials and trials[-1].inputs else ()
    if outcome.timed_out:
        slow = f"stopped after {seconds:g} s. Is there a loop that never ends?"
        return Verdict(task.name, "slow", slow, notes=where)
    if outcome.error:
        return Verdict(task.name, "error", f"your code raised {outcome.error}", notes=where)
    return None


def _of_values(task: Exercise, trials: list[_Trial]) -> Verdict:
    """Judge the values: right, a slip that is known, or wrong in general words."""
    given = [trial.value for trial in trials]
    truth = _values(task, task.truth)
    if not _first(truth, given, task.rtol):
        drawn = f"right on {len(given)} drawn inputs." if len(given) > 1 else "right."
        return Verdict(task.name, "right", f"{drawn} {task.remark}".strip())
    for slip, wrong in task.slips.items():
        forms = wrong if isinstance(wrong, tuple) else (wrong,)
        if not all(_first(_values(task, form), given, task.rtol) for form in forms):
            return Verdict(task.name, "slip", _pointing(task, slip), slip)
    return _in_general(task, trials, truth)


def _first(truth: Sequence[Any], given: Sequence[Any], rtol: float) -> tuple[int, str] | None:
    """Return the first case that differs and how, or None."""
    for index, (right, value) in enumerate(zip(truth, given, strict=True)):
        told = difference(right, value, rtol)
        if told:
            return index, told
    return None


def _pointing(task: Exercise, slip: str) -> str:
    item = library.text(task.name)
    told = item.slips[slip]
    if "section" not in told:
        return str(told["says"])
    return f"{told['says']} See “{item.sections[told['section']]}” in chapter {item.chapter}."


def _in_general(task: Exercise, trials: list[_Trial], truth: list[Any]) -> Verdict:
    """Describe a wrong answer that no slip explains."""
    index, told = _first(truth, [trial.value for trial in trials], task.rtol) or (0, "")
    value = trials[index].value
    if value is None:
        message = "your function returns `None`. Is a `return` missing?"
        return Verdict(task.name, "wrong", message)
    if not task.cases:
        return Verdict(task.name, "wrong", f"{told}.")
    factor = _factor(truth, [trial.value for trial in trials])
    message = f"everything is {factor} times what it should be." if factor else f"{told}."
    example = f"{_inputs(task, trials[index])}, expected {show(truth[index])}, got {show(value)}."
    return Verdict(task.name, "wrong", message, notes=(example,))


def _inputs(task: Exercise, trial: _Trial) -> str:
    args = inspect.signature(task.truth).parameters
    pairs = zip(args, trial.inputs, strict=False)
    return "For " + ", ".join(f"{arg} = {show(value)}" for arg, value in pairs)


def _factor(truth: list[Any], given: list[Any]) -> str:
    """Return the one factor between answer and truth on every case, if there is one."""
    ratios: list[Tensor] = []
    for right, value in zip(truth, given, strict=True):
        try:
            pair = [torch.as_tensor(v, dtype=torch.float64) for v in (right, value)]
        except (TypeError, ValueError, RuntimeError):
            return ""
        if pair[0].shape != pair[1].shape or isinstance(right, bool):
            return ""
        ratios.append((pair[1] / pair[0])[pair[0].abs() > 1e-9].flatten())
    every = torch.cat(ratios)
    if not len(every) or not bool(torch.isfinite(every).all()):
        return ""
    same = torch.allclose(every, every[0].expand_as(every), rtol=1e-3, atol=0)
    return f"{float(every[0]):.3g}" if same and len(every) > 1 and every[0] != 0 else ""
