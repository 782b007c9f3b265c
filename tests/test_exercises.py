"""Exercises: right answers pass however they are written, wrong ones are told why they are."""

import ast
import contextlib
import gc
import json
import os
import re
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from sgdcourse import exercises
from sgdcourse.exercises import check, hint, library, names, progress
from sgdcourse.exercises.cells import append, cells, check_line, solution_source
from sgdcourse.exercises.compare import difference, freeze, show
from sgdcourse.exercises.grading import grade
from sgdcourse.exercises.guard import run_guarded
from sgdcourse.exercises.verdict import Verdict
from tests.learner_answers import RIGHT, WRONG

BOOK = Path(__file__).parents[1] / "book"
ALL = names()


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("SGDCOURSE_PROGRESS", str(tmp_path / "progress.json"))
    exercises._shown.clear()
    return tmp_path / "progress.json"


def run(source, name):
    """Run a cell's source as a notebook would and return the variable `name`."""
    space = {"torch": torch}
    exec(source, space)
    return space[name]


# Every exercise


@pytest.mark.parametrize("name", ALL)
def test_the_stub_is_not_yet_and_the_solution_passes(name):
    item = library.text(name)
    assert grade(name, run(item.stub, name)).status == "not yet"
    verdict = grade(name, run(item.solution, name), seconds=30)  # however busy the machine is
    assert verdict, verdict
    assert not verdict.notes, "the solution must not print or change its inputs"


@pytest.mark.parametrize(
    ("name", "answer"),
    [(n, a) for n in RIGHT for a in RIGHT[n]],
    ids=lambda v: v if isinstance(v, str) else getattr(v, "__name__", type(v).__name__),
)
def test_right_answers_written_differently_pass(name, answer):
    verdict = grade(name, answer, seconds=30)
    assert verdict, verdict


@pytest.mark.parametrize(
    ("name", "slip", "answer"),
    [(n, *pair) for n in WRONG for pair in WRONG[n]],
    ids=lambda v: v.replace(" ", "-") if isinstance(v, str) else getattr(v, "__name__", "value"),
)
def test_a_learners_wrong_answer_is_recognised(name, slip, answer):
    verdict = grade(name, answer, seconds=30)
    assert (verdict.status, verdict.slip) == ("slip", slip), verdict
    item = library.text(name)
    told = item.slips[slip]
    assert verdict.message.startswith(told["says"])
    if "section" in told:
        assert item.sections[told["section"]] in verdict.message
    else:
        assert verdict.message == told["says"], "no section treats it, so none is named"


@pytest.mark.parametrize("name", ALL)
def test_three_wrong_answers_and_another_right_one_are_tested(name):
    assert len({slip for slip, _ in WRONG[name]}) >= 3 and len(RIGHT[name]) >= 1


@pytest.mark.parametrize("name", ALL)
def test_every_slip_differs_from_the_truth_and_from_the_other_slips(name):
    task = library.exercise(name)
    for slip, wrong in task.slips.items():
        for form in wrong if isinstance(wrong, tuple) else (wrong,):
            assert grade(name, form, seconds=30).slip == slip


def test_slips_in_code_and_in_words_are_the_same():
    for name in ALL:
        assert list(library.exercise(name).slips) == list(library.text(name).slips)


def test_four_to_six_exercises_a_chapter_from_recall_to_build():
    for chapter in library.CHAPTERS:
        levels = [library.text(name).level for name in names(chapter)]
        assert 4 <= len(levels) <= 6
        assert {"recall", "build"} <= set(levels) <= {"recall", "use", "explain", "build"}


@pytest.mark.parametrize("name", ALL)
def test_texts_are_complete(name):
    item = library.text(name)
    assert "How it is checked" in item.statement
    assert len(item.hints) >= 2
    assert item.stub.count("...") == 1
    for slip in item.slips.values():
        assert re.match(r"\*\*[^*]+\*\*", slip["says"]), "a verdict starts with the slip's name"
        assert slip.get("section", min(item.sections)) in item.sections


# Hostile answers


def forever(w, grad, lr):
    while True:
        pass


def forever_and_deaf(w, grad, lr):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def deaf_thrice():
    while True:
        try:
            while True:
                with contextlib.suppress(BaseException):
                    forever_and_deaf(1, 2, 3)
        except BaseException:
            pass


def deep(w, grad, lr):
    return deep(w, grad, lr)


def asleep(w, grad, lr):
    time.sleep(60)


def endless_items(w, grad, lr):
    while True:
        yield 1.0


def loud(w, grad, lr):
    while True:
        print("x" * 1000)


HOSTILE = [
    (forever, "slow", "stopped"),
    (forever_and_deaf, "slow", "stopped"),
    (asleep, "slow", "stopped"),
    (loud, "slow", "stopped"),
    (endless_items, "wrong", "shape"),
    (deep, "error", "RecursionError"),
    (lambda w, grad, lr: sys.exit(1), "error", "SystemExit"),
    (lambda w, grad, lr: 1 / 0, "error", "ZeroDivisionError"),
    (lambda w, grad, lr: undefined, "error", "NameError"),  # noqa: F821
    (lambda w, grad, lr: None, "wrong", "return"),
    (lambda w, grad, lr: w * torch.nan, "wrong", "NaN"),
    (lambda w, grad, lr: (w - lr * grad)[None], "wrong", "shape"),
    (lambda w, grad, lr: "w", "wrong", "a str"),
    (lambda w, grad, lr: object(), "wrong", "object"),
    (lambda w, grad, lr: 3 * (w - lr * grad), "wrong", "3 times"),
    (lambda w: w, "wrong", "gd_step(w, grad, lr)"),
    (lambda w, grad, lr: w.requires_grad_().clone().backward(), "error", "RuntimeError"),
    (torch.nn.Linear, "wrong", "class"),
    (7, "wrong", "function"),
    ("gd_step", "wrong", "function"),
    (None, "wrong", "None"),
    (..., "not yet", "not yet"),
]


def crowded():
    """How much longer a machine with more work than processors may take."""
    return (
        max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1)) if hasattr(os, "getloadavg") else 3
    )


@pytest.mark.parametrize(("answer", "status", "words"), HOSTILE)
def test_hostile_answers_get_a_message_in_time(answer, status, words):
    start = time.perf_counter()
    verdict = check("gd_step", answer) if answer is forever else grade("gd_step", answer, seconds=1)
    assert time.perf_counter() - start < (5 if answer is forever else 3) * crowded()
    assert verdict.status == status
    assert words in repr(verdict)
    assert check("gd_step", lambda w, grad, lr: w - lr * grad), "the next answer is judged as ever"


@pytest.mark.parametrize("turn", range(8))
def test_code_that_swallows_every_exception_is_stopped_each_time(turn):
    start = time.perf_counter()
    assert run_guarded(deaf_thrice, seconds=0.05).timed_out
    assert time.perf_counter() - start < 1.5 * crowded()


def test_time_that_ends_in_a_hook_of_the_garbage_collector_is_told_to_nobody(capfd):
    def hook(phase, info):
        end = time.perf_counter() + 0.2
        while time.perf_counter() < end:
            pass

    def litter():
        gc.callbacks.append(hook)
        gc.collect()
        forever(0, 0, 0)

    try:
        assert run_guarded(litter, seconds=0.05).timed_out
    finally:
        gc.callbacks.remove(hook)
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_outside_the_main_thread_the_time_is_limited_as_well():
    found = []
    start = time.perf_counter()
    thread = threading.Thread(target=lambda: found.append(grade("gd_step", forever, seconds=0.3)))
    thread.start()
    thread.join(5)
    assert found[0].status == "slow" and time.perf_counter() - start < 3 * crowded()


def test_an_in_place_answer_passes_and_is_told_so():
    verdict = check("gd_step", lambda w, grad, lr: w.sub_(grad, alpha=lr))
    assert verdict and "`w`" in verdict.notes[0]


def test_prints_are_shown_in_the_verdict_only(capsys):
    verdict = check("gd_step", lambda w, grad, lr: print("seen") or w - lr * grad)
    assert verdict and "seen" in verdict.notes[0]
    assert capsys.readouterr().out == ""


def test_what_an_answer_changes_for_the_notebook_is_put_back():
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002 - the reader's old habits
    before = torch.rand(2), np.random.rand(2)  # noqa: NPY002
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002

    def careless(w, grad, lr):
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        os.chdir("/")
        return w - lr * grad

    folder = Path.cwd()
    assert check("gd_step", careless)
    assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32
    assert Path.cwd() == folder
    assert torch.equal(torch.rand(2), before[0])
    assert np.array_equal(np.random.rand(2), before[1])  # noqa: NPY002


def test_an_import_is_not_cut_in_the_middle(tmp_path, monkeypatch):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.5)\nready = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports(w, grad, lr):
        import slow_to_import

        return w - lr * grad if slow_to_import.ready else None

    assert grade("gd_step", imports, seconds=0.2)


def test_the_guard_leaves_an_alarm_that_was_set_before():
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "setitimer"):
        pytest.skip("no interval timer on this system")
    handler = signal.getsignal(signal.SIGALRM)
    assert run_guarded(lambda: forever(0, 0, 0), 0.1).timed_out
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


# Names, hints, progress


@pytest.mark.parametrize("call", [check, hint])
def test_an_unknown_name_is_told_with_the_nearest(call):
    with pytest.raises(ValueError, match="did you mean 'gd_step'"):
        call("gd_stp")


def test_without_an_answer_the_notebooks_variable_is_taken(monkeypatch):
    assert check("gd_step").status == "not yet"
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "gd_step", lambda w, g, lr: w - lr * g, raising=False)
    assert check("gd_step")


def test_hints_come_one_at_a_time_and_then_again():
    total = len(library.text("gd_step").hints)
    assert [hint("gd_step").number for _ in range(total + 1)] == [*range(1, total + 1), 1]


def test_progress_is_kept_in_a_small_file(own_progress):
    check("gd_step", lambda w, g, lr: w + lr * g)
    assert progress().solved(1) == []
    check("gd_step", lambda w, g, lr: w - lr * g)
    check("gd_step", lambda w, g, lr: w + lr * g)
    assert progress().solved(1) == ["gd_step"], "once solved, it stays solved"
    assert json.loads(own_progress.read_text()) == {"gd_step": {"attempts": 3, "solved": True}}
    assert "1 of 5" in repr(progress()) and "1 of 5" in progress()._repr_html_()


def test_stubs_and_the_books_solutions_leave_no_progress(own_progress):
    check("gd_step", ...)
    check("gd_step", lambda w, g, lr: w - lr * g, record=False)
    assert not own_progress.exists()


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"gd_step": 3}', '{"gone": {"solved": true}}'])
def test_a_damaged_file_counts_as_empty(own_progress, damage):
    own_progress.write_text(damage)
    assert progress().record == {}
    check("gd_step", lambda w, g, lr: w - lr * g)
    assert progress().solved(1) == ["gd_step"]


def test_without_a_place_to_write_progress_lasts_as_long_as_the_kernel(monkeypatch, tmp_path):
    monkeypatch.setenv("SGDCOURSE_PROGRESS", str(tmp_path / "missing" / "progress.json"))
    check("gd_step", lambda w, g, lr: w - lr * g)
    assert progress().solved(1) == ["gd_step"]


# Comparison and display


@pytest.mark.parametrize(
    ("truth", "answer", "words"),
    [
        (1.0, True, "a bool"),
        (1.0, 2.0, "the number is too large"),
        (-1.0, torch.tensor(-2.0), "the number is too small"),
        (1.0, torch.ones(2), "a single number is expected, yours is of shape (2,)"),
        (torch.ones(2), 1.0, "the shape (2,) is expected, yours is a single number"),
        (torch.ones(2), torch.zeros(2), "the numbers differ"),
        (1.0, [1.0, 2.0], "shape"),
        (torch.ones(2), [1.0, "a"], "do not stack"),
        (True, 1.0, "True or False"),
        ([1.0, 2.0], [1.0], "a list of 2 items is expected, yours has 1"),
        ([1.0], None, "None"),
        ([1.0], 1.0, "a list of 1 item is expected, yours is a single number"),
        ([torch.ones(2), torch.ones(1)], torch.ones(2), "2 items is expected, yours is a single t"),
        ([torch.ones(2), torch.ones(2)], torch.ones(2, 2), ""),
        ([1.0, 2.0], torch.tensor([1.0, 2.0]), ""),
        ([1.0, 2.0, 3.0], [1.0, 2.5, 3.0], "item 1: the number is too large"),
        ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], "the items are in reverse order"),
        ({"a"}, 3, "set of names"),
        ({"a", "b"}, {"c", "d", "B"}, "1 name missing, 2 names too many"),
        ({"a"}, {" A"}, ""),
        (1.0, 10**400, "too large"),
        (1.0, 1j, "complex"),
        (torch.tensor([torch.nan]), torch.tensor([torch.nan]), ""),
    ],
)
def test_differences_are_said_in_words(truth, answer, words):
    told = difference(freeze(truth), freeze(answer), 1e-4)
    assert words in told and bool(told) == bool(words)


def test_long_values_are_shown_shortly():
    assert show(torch.arange(100.0)) == "[0, 1, 2, 3, 4, 5, …]"


def test_a_value_of_the_wrong_type_or_size_is_told_so():
    assert "a number is expected, yours is a str" in grade("steps_needed", "2763").message
    assert "too small" in grade("steps_needed", 100).message
    assert "too large" in grade("steps_needed", 1e5).message


def test_tiny_numbers_have_no_common_factor_by_rounding():
    verdict = grade("measure_floor", lambda lr, curvature, sigma: 1e-14 * lr)
    assert "the number is too small" in verdict.message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("backtracking", "For f = ½ Σ ["),
        ("numerical_gradient", "For f = Σw³ + "),
        ("lrs_really_used", "·epoch), lr = "),
    ],
)
def test_functions_among_the_inputs_are_shown_as_formulas(name, words):
    assert words in grade(name, lambda *inputs: "nothing").notes[0]


def test_a_schedule_that_returns_no_number_is_told_the_step():
    verdict = grade("budget_schedule", lambda t: 0.3 if t < 100 else None)
    assert "at t = 100 the schedule must return a number, got None" in verdict.message


def test_the_best_constant_lr_is_the_one_that_the_text_and_the_verdict_quote():
    def loss(lr):  # by the recursion that the statement gives
        total = 0.0
        for curvature in (1.0, 0.1):
            mean, variance = 5.0, 0.0
            for _ in range(200):
                mean *= 1 - lr * curvature
                variance = (1 - lr * curvature) ** 2 * variance + (0.5 * lr) ** 2
            total += curvature * (mean**2 + variance) / 2
        return total

    best = min((k / 1000 for k in range(1, 1000)), key=loss)
    item, remark = library.text("budget_schedule"), library.exercise("budget_schedule").remark
    for text in (remark, item.statement, item.slips["constant"]["says"]):
        assert f"{loss(best):.4f}" in text
    for text in (remark, item.hints[0]):
        assert f"{best:.3f}" in text
    assert round(2 / 3 * loss(best), 4) == 0.015, "at least a third less, to the digits shown"


def test_code_in_a_verdict_keeps_its_asterisks():
    text = repr(Verdict("a", "slip", "**Power**: `a**2 + b**2`, **not** `2 * a`."))
    assert text == "✗ a: Power: `a**2 + b**2`, not `2 * a`."


def test_verdicts_escape_what_the_reader_wrote():
    def bad(w, grad, lr):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in check("gd_step", bad)._repr_html_()


# The cells of the notebooks


@pytest.mark.parametrize("chapter", library.CHAPTERS)
def test_cells_are_valid_python_and_complete(chapter):
    made = cells(chapter)
    assert len(made) == 6 * len(names(chapter))
    for cell in made:
        if cell.kind == "code":
            ast.parse(cell.source)


@pytest.mark.parametrize("chapter", library.CHAPTERS)
def test_the_notebook_holds_the_exercises_as_written_here(chapter):
    found = sorted(BOOK.glob(f"{chapter:02d}_*.ipynb"))
    if not found:
        pytest.skip(f"chapter {chapter} is not written yet")
    stored = json.loads(found[0].read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]).strip() for cell in stored]
    text = "\n".join(sources)
    for name in names(chapter):
        item = library.text(name)
        for part in (item.stub.strip(), check_line(item), solution_source(item)):
            assert part in sources, f"{found[0].name} must hold this cell as it is:\n{part}"
        assert item.statement.strip() in text, f"the statement of {name} differs"
    headings = [line for line in text.splitlines() if line.startswith("#")]
    for section in library.text(names(chapter)[0]).sections.values():
        assert any(section in line for line in headings), f"no section is called {section!r}"


def test_lacking_exercises_are_appended_to_a_notebook(tmp_path):
    path = tmp_path / "01_new.ipynb"
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "utf-8")
    assert append(1, path) == names(1)
    stored = json.loads(path.read_text("utf-8"))["cells"]
    assert [(cell["cell_type"], cell["source"]) for cell in stored] == [
        (cell.kind, cell.source) for cell in cells(1)
    ]
    before = path.read_bytes()
    assert append(1, path) == []
    assert path.read_bytes() == before


def test_in_a_real_kernel_a_hostile_answer_leaves_the_notebook_usable(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cells = [
        "import sgdcourse as sc",
        "def gd_step(w, grad, lr):\n    while True:\n        pass",
        'sc.check("gd_step")',
        "def gd_step(w, grad, lr):\n    scale = 1 / 0\n    return w",
        'sc.check("gd_step", gd_step)',
        'sc.check("gd_step", lambda w, grad, lr: w - lr * grad)',
        'sc.hint("gd_step")',
        "sc.exercises.progress()",
        'sc.quiz("01")',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    places = {"metadata": {"path": str(tmp_path)}}
    client = nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", resources=places)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the kernel's own parts
        client.execute()
    shown = ["".join(o.data["text/plain"] for o in c.outputs) for c in notebook.cells if c.outputs]
    starts = ["✗ gd_step: stopped after 3 s", "✗ gd_step: your code raised", "✓", "Hint 1 of 2"]
    assert all(text.startswith(start) for text, start in zip(shown, starts, strict=False)), shown
    assert "(line 2: `scale = 1 / 0`)" in shown[1]
    assert "1 of 5" in shown[4] and shown[5].startswith("Quiz of chapter 1")
