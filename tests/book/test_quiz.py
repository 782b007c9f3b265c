"""The quiz in a real browser: marking, announcements, keyboard, and no script at all."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import sgdcourse as sc
from sgdcourse import exercises
from sgdcourse.exercises.questions import CHAPTERS

STATIC = Path(exercises.__file__).parent / "static"
ORIGIN = "http://quiz.test"


def page_of(chapter):
    """Return a page with nothing but the quiz, its style and its script."""
    return (
        '<!doctype html><html lang="en"><head><title>Quiz</title>'
        '<link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="quiz.css">'
        '<script type="module" src="quiz.mjs"></script></head>'
        f"<body><main><h1>Quiz</h1>{sc.quiz(chapter).html}</main></body></html>"
    )


@pytest.fixture
def open_quiz(window):
    """Return a function that opens a chapter's quiz; every request is answered from here."""

    def serve(route):
        name = route.request.url.rsplit("/", 1)[1]
        if name.endswith(".html"):
            route.fulfill(body=page_of(name[:2]), content_type="text/html; charset=utf-8")
        elif (STATIC / name).is_file():
            kind = "text/javascript" if name.endswith(".mjs") else "text/css"
            route.fulfill(body=(STATIC / name).read_text("utf-8"), content_type=kind)
        else:
            route.fulfill(status=404)

    def open_one(chapter="01", **options):
        one = window(serve=serve, **options)
        one.go(f"{ORIGIN}/{chapter}.html", (ORIGIN, "data:"))
        opened.append(one)
        return one.page

    opened = []
    yield open_one
    for one in opened:
        assert one.faults == one.strays == []


pytestmark = pytest.mark.browser


def option(fieldset, text):
    return fieldset.get_by_text(text, exact=False).first


def question(page, id_):
    return page.locator("fieldset", has=page.locator(f'input[name$="-{id_}"]'))


def status(fieldset):
    return fieldset.get_by_role("status").inner_text()


def test_single_choice_tells_the_reason_of_the_chosen_option(open_quiz):
    page = open_quiz()
    ask = question(page, "sign")
    check = ask.get_by_role("button")
    check.click()
    assert status(ask) == "Choose an answer first."
    option(ask, "To smaller values").click()
    check.click()
    assert status(ask).startswith("Not right. That follows the gradient itself")
    option(ask, "To larger values").click()
    check.click()
    assert status(ask).startswith("Right. The step is")
    assert page.locator(".sgd-quiz-score").inner_text() == "1 of 7 right"


def test_multiple_choice_wants_all_right_ones_and_no_other(open_quiz):
    page = open_quiz()
    ask = question(page, "regimes")
    check = ask.get_by_role("button")
    option(ask, "one step reaches the minimum").click()
    check.click()
    assert status(ask).startswith("Right so far, but not all.")
    option(ask, "between 1/λ and 2/λ").click()
    check.click()
    assert status(ask).startswith("Right.")
    option(ask, "A smaller lr always").click()
    check.click()
    assert status(ask).startswith("Not right. Below 1/λ a smaller lr is slower.")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-0.6", "Right. The factor is"),
        ("−0,60", "Right. The factor is"),
        ("-3/5", "Right. The factor is"),
        ("0.6", "Not right. The size is right, the sign is not."),
        ("17", "Not right."),
        ("much", "Type a number first."),
        ("", "Type a number first."),
    ],
)
def test_numbers_are_read_as_people_write_them(open_quiz, typed, said):
    page = open_quiz()
    ask = question(page, "factor")
    ask.get_by_role("textbox").fill(typed)
    ask.get_by_role("textbox").press("Enter")
    assert status(ask).startswith(said)


def test_a_whole_quiz_by_keyboard_alone(open_quiz):
    page = open_quiz()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Check question 1"
    page.keyboard.press("Enter")
    assert status(question(page, "sign")) != ""
    page.keyboard.press("Tab")
    page.keyboard.type("-0.6")
    page.keyboard.press("Enter")
    assert status(question(page, "factor")).startswith("Right.")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_marked_answers_are_accepted_in_every_quiz(open_quiz, chapter):
    page = open_quiz(chapter)
    questions = sc.quiz(chapter).questions
    for number, asked in enumerate(questions):
        ask = page.locator("fieldset").nth(number)
        for place, choice in enumerate(asked.options):
            if choice.right and asked.kind == "numeric":
                ask.locator("input").fill(choice.text)
            elif choice.right:
                ask.locator("input").nth(place).check()
        ask.get_by_role("button").click()
        assert status(ask).startswith("Right.")
    total = len(questions)
    assert page.locator(".sgd-quiz-score").inner_text() == f"{total} of {total} right"


def test_without_scripts_the_answers_are_in_the_dropdown(open_quiz):
    page = open_quiz(java_script_enabled=False)
    assert page.get_by_role("button").count() == 0
    page.get_by_text("Answers and reasons").click()
    assert page.get_by_text("The step is −lr × gradient").is_visible()


@pytest.mark.parametrize("width", [375, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_page(open_quiz, width, scheme):
    page = open_quiz("04", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.get_by_text("Answers and reasons").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_judging_functions_under_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    code = f"""
    import {{ readNumber, judgeChoice, judgeNumber }}
      from {json.dumps((STATIC / "quiz.mjs").as_uri())};
    const rows = [
      {{value: 2, tolerance: 0.1, right: true}}, {{value: 3, tolerance: 0, right: false}},
    ];
    console.log(JSON.stringify([
      [" 1,5", "\u22122", "1/4", "+3", "1e-3", "x", ""].map(readNumber),
      judgeChoice([true, false], [0]).right, judgeChoice([true, true], [0]).right,
      judgeChoice([true, false], [0, 1]).reasons, judgeNumber(rows, "2.1").right,
      judgeNumber(rows, "3").reasons, judgeNumber(rows, "9").reasons,
    ]));
    """
    done = subprocess.run(
        [node, "--input-type=module", "--eval", code], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [
        [1.5, -2, 0.25, 3, 0.001, None, None],
        True,
        False,
        [1],
        True,
        [1],
        [],
    ]


def test_the_quiz_uses_the_courses_colours():
    css = (STATIC / "quiz.css").read_text("utf-8")
    used = set(re.findall(r"var\(--sgd-[a-z-]+, (#[0-9a-f]{6})\)", css))
    assert used == {"#00795f", "#c8501e", "#0b6ba8", "#4fc7a8", "#f5946b", "#6db9ec"}
