"""Quizzes: the data are sound, the HTML is complete, deterministic and readable without scripts."""

import re
from html.parser import HTMLParser

import pytest

import sgdcourse as sc
from sgdcourse.exercises.questions import CHAPTERS, load, parse


def data(**change):
    question = {
        "id": "a",
        "kind": "single",
        "ask": "Which?",
        "options": [
            {"text": "this", "right": True, "why": "so"},
            {"text": "that", "why": "not so"},
        ],
    }
    return {"title": "T", "questions": [{**question, **change}]}


NUMERIC = {
    "kind": "numeric",
    "answer": 2,
    "tolerance": 0.1,
    "why": "one and one",
    "mistakes": [{"value": 3, "why": "one too many"}],
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_five_to_eight_sound_questions_a_chapter(chapter):
    _, questions = load(chapter)
    assert 5 <= len(questions) <= 8
    for question in questions:
        right = [option for option in question.options if option.right]
        assert right and (len(right) == 1 or question.kind == "multiple")
        assert len(question.options) >= 2
        assert all(len(option.why) > 10 for option in question.options)


def test_all_three_kinds_are_used():
    kinds = {question.kind for chapter in CHAPTERS for question in load(chapter)[1]}
    assert kinds == {"single", "multiple", "numeric"}


def test_the_right_option_is_not_always_at_the_same_place():
    places = [
        [option.right for option in question.options].index(True)
        for chapter in CHAPTERS
        for question in load(chapter)[1]
        if question.kind == "single"
    ]
    assert max(map(places.count, set(places))) < 0.6 * len(places)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "essay"}, "one of 'single', 'multiple', 'numeric'"),
        ({"options": [{"text": "x", "why": "y"}]}, "one right option"),
        ({"options": [{"text": t, "right": True, "why": "y"} for t in "xz"]}, "one right option"),
        ({"options": [{"text": "x", "right": True}]}, "must have a reason"),
        ({**NUMERIC, "mistakes": [{"value": 2.05, "why": "near"}]}, "must differ from the answer"),
        ({**NUMERIC, "why": ""}, "must have a reason"),
    ],
)
def test_unsound_questions_are_refused(change, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        parse(data(**change), "test.yaml")


def test_ids_must_differ():
    twice = data()
    twice["questions"] *= 2
    with pytest.raises(ValueError, match="must be different"):
        parse(twice, "test.yaml")


def test_an_unknown_chapter_is_refused():
    with pytest.raises(ValueError, match="chapter must be one of '01'"):
        sc.quiz("1")


class Tree(HTMLParser):
    """Checks that tags close in order, and collects what matters."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes.append(dict(attrs))
        if tag != "input":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_html_is_well_formed_and_holds_every_answer(chapter):
    quiz = sc.quiz(chapter)
    tree = Tree(quiz.html)
    assert tree.open == []
    assert tree.seen.count("fieldset") == tree.seen.count("legend") == len(quiz.questions)
    assert tree.seen.count("label") == tree.seen.count("input")
    assert "script" not in tree.seen
    rights = [a["data-right"] for a in tree.attributes if "data-right" in a]
    assert rights == [str(o.right).lower() for q in quiz.questions for o in q.options]
    dropdown = quiz.html[quiz.html.index("<details") :]
    assert dropdown.count("sgd-quiz-why") == len(rights)


def test_a_live_notebook_and_the_page_get_the_same_html():
    quiz = sc.quiz("01")
    bundle, _ = quiz._repr_mimebundle_()
    assert bundle["text/html"] == quiz.html
    assert bundle["text/plain"] == repr(quiz) == "Quiz of chapter 1: 7 questions"
