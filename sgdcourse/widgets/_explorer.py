"""What all explorers share: traits, repr, and the placeholder that the page wakes."""

from __future__ import annotations

import html
import json
from typing import Any, ClassVar

import anywidget
from torch import Tensor

from sgdcourse.widgets._parameters import PARAMETERS, STATIC

__all__ = ["RUN_IT", "Explorer"]

RUN_IT = "Run the cell, or open this page with JavaScript, to move it."


class Explorer(anywidget.AnyWidget):
    """Base of the explorers; subclasses say `kind`, their parameters, `path` and a picture."""

    kind: ClassVar[str] = ""
    _css = STATIC / "explorers.css"

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings on screen: name → value, in the order of the controls."""
        return {name: getattr(self, name) for name in PARAMETERS[self.kind]}

    @property
    def path(self) -> Tensor:
        """What is drawn, as a tensor; computed when it is asked for."""
        raise NotImplementedError

    def sentence(self) -> str:
        """Say in words what the still picture shows."""
        raise NotImplementedError

    def still(self) -> str:
        """Draw the figure once, as SVG."""
        raise NotImplementedError

    def __repr__(self) -> str:
        table = PARAMETERS[self.kind]
        given = [
            f"{name}={value!r}"
            for name, value in self.parameters.items()
            if value != table[name]["default"]
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def placeholder(self) -> str:
        """HTML that stands for the explorer where there is no kernel, the same at every run."""
        state = html.escape(json.dumps(self.parameters, sort_keys=True), quote=True)
        return (
            f'<div class="sgd-widget" data-widget="{self.kind}" data-state="{state}">'
            f'<p class="sgd-fallback">{html.escape(self.sentence())}</p>{self.still()}</div>'
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/html": self.placeholder()}, metadata
