"""Find exercises and their texts."""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from sgdcourse._checks import integer
from sgdcourse.exercises.model import Exercise, Text

__all__ = ["CHAPTERS", "exercise", "names", "read", "text"]

_FOLDER = files("sgdcourse.exercises") / "texts"
CHAPTERS = tuple(sorted(int(file.name[:2]) for file in _FOLDER.iterdir()))  # 01.yaml, 02.yaml, …


def read(file: Traversable) -> Any:
    """Return what a YAML file holds, by libyaml where PyYAML has it: ten times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), loader)


@cache
def _texts() -> dict[str, Text]:
    """Read every chapter's YAML file, in order."""
    found = {}
    for chapter in CHAPTERS:
        data = read(_FOLDER / f"{chapter:02d}.yaml")
        for item in data["exercises"]:
            hints = tuple(item.pop("hints"))
            found[item["name"]] = Text(
                **item, hints=hints, chapter=chapter, sections=data["sections"]
            )
    return found


@cache
def _judges(chapter: int) -> dict[str, Exercise]:
    module = importlib.import_module(f"sgdcourse.exercises.chapter{chapter:02d}")
    return {item.name: item for item in module.EXERCISES}


def names(chapter: int | None = None) -> list[str]:
    """Return the names of all exercises, or of those of one chapter, in the book's order.

    Parameters
    ----------
    chapter : int, optional
        From 1.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names(1)[0]
    'gd_step'
    """
    if chapter is not None:
        integer("chapter", chapter, low=CHAPTERS[0], high=CHAPTERS[-1])
    return [name for name, item in _texts().items() if chapter in (None, item.chapter)]


def text(name: str) -> Text:
    """Return what the reader sees of the exercise `name`.

    Raises
    ------
    ValueError
        If there is no such exercise; the message suggests the nearest name.
    """
    if isinstance(name, str) and name in _texts():
        return _texts()[name]
    near = difflib.get_close_matches(str(name), names(), n=1)
    tip = f"; did you mean {near[0]!r}?" if near else "; exercises.names() lists them"
    raise ValueError(f"name must be the name of an exercise, got {name!r}{tip}")


def exercise(name: str) -> Exercise:
    """Return how the exercise `name` is judged."""
    return _judges(text(name).chapter)[name]
