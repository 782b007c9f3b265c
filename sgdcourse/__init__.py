"""Companion package of the course on stochastic gradient descent.

`import sgdcourse as sc` costs next to nothing on top of torch: every name below is imported
when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_MODULES = (
    "data",
    "diagnostics",
    "exercises",
    "models",
    "optim",
    "plotting",
    "problems",
    "rules",
    "sampling",
    "schedules",
    "theory",
    "widgets",
)
_HOME = {
    "SGD": "optim",
    "Run": "training",
    "fit": "training",
    "sweep": "sweeps",
    "descend": "descent",
    "COLORS": "plotting",
    "use_style": "plotting",
    "check": "exercises",
    "hint": "exercises",
    "quiz": "exercises",
}

__all__ = sorted([*_MODULES, *_HOME])

if TYPE_CHECKING:
    from sgdcourse import (
        data,
        diagnostics,
        exercises,
        models,
        optim,
        plotting,
        problems,
        rules,
        sampling,
        schedules,
        theory,
        widgets,
    )
    from sgdcourse.descent import descend
    from sgdcourse.exercises import check, hint, quiz
    from sgdcourse.optim import SGD
    from sgdcourse.plotting import COLORS, use_style
    from sgdcourse.sweeps import sweep
    from sgdcourse.training import Run, fit


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
