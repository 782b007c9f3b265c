"""Explorers: interactive figures that are ipywidgets in a notebook and stay alive in the page.

Each explorer's parameters are synced traits: set them from Python, read them back after moving
a slider, `observe` or `jslink` them.  What is drawn on screen is also there as a tensor, `path`.
Without a kernel the book's page wakes the same figure from the placeholder stored in the
notebook; before that the placeholder shows a sentence and a still picture.
"""

from sgdcourse.widgets._noisy import BatchSize, NoiseBall, Schedule
from sgdcourse.widgets._smooth import Descent, Momentum

__all__ = ["BatchSize", "Descent", "Momentum", "NoiseBall", "Schedule"]
