"""Still pictures of the explorers: small SVG drawings, the same at every run."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import contourpy
import numpy as np
import torch

from sgdcourse.problems import Problem

__all__ = ["COLORS", "Picture"]

# The palette of the plots and the page; a test holds all three equal.
COLORS = {
    "gd": "#0B6BA8",
    "sgd": "#C8501E",
    "mini-batch": "#00795F",
    "momentum": "#8A3FA0",
    "nesterov": "#B3326B",
    "schedule": "#8C6400",
    "theory": "#444444",
}

_WIDTH, _HEIGHT, _EDGE = 640, 400, 1e4
_GRID = (72, 54)
Point = Sequence[float]


class Picture:
    """A plot of fixed size in data units; logarithmic axes take positive numbers.

    Parameters
    ----------
    x, y : (low, high)
        Data at the left and right, lower and upper border.
    log : str, default ""
        Which axes are logarithmic: "", "x", "y" or "xy".
    """

    def __init__(self, x: tuple[float, float], y: tuple[float, float], log: str = "") -> None:
        self._x = _scale(x, _WIDTH, "x" in log)
        self._y = _scale((y[1], y[0]), _HEIGHT, "y" in log)
        self.window = (x, y)
        self.parts: list[str] = []

    def _pixels(self, points: Iterable[Point]) -> list[str]:
        return [
            f"{self._x(x):.1f},{self._y(y):.1f}"
            for x, y in points
            if math.isfinite(x) and math.isfinite(y)
        ]

    def line(
        self, points: Iterable[Point], color: str, *, width: float = 2, dash: str = ""
    ) -> None:
        """Draw a line through points; those that are no numbers are left out."""
        style = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline fill="none" stroke="{color}" stroke-width="{width}"{style}'
            f' points="{" ".join(self._pixels(points))}"/>'
        )

    def dots(self, points: Iterable[Point], color: str, *, radius: float = 2.5) -> None:
        """Draw dots, as strokes of no length with round ends."""
        marks = "".join(f"M{pixel}h0" for pixel in self._pixels(points))
        self.parts.append(
            f'<path fill="none" stroke="{color}" stroke-width="{2 * radius}"'
            f' stroke-linecap="round" d="{marks}"/>'
        )

    def path(self, points: list[list[float]], color: str) -> None:
        """Draw a path with a dot at each step and a larger one at its start."""
        kept = [point for point in points if max(map(abs, point)) < 1e6]
        self.line(kept, color)
        self.dots(kept, color)
        self.dots(kept[:1], color, radius=7)

    def contours(self, problem: Problem, power: float, levels: int = 9) -> None:
        """Draw contour lines at even steps of (f − lowest)^(1/power)."""
        (x0, x1), (y0, y1) = self.window
        x = torch.linspace(x0, x1, _GRID[0], dtype=torch.float64)
        y = torch.linspace(y0, y1, _GRID[1], dtype=torch.float64)
        points = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        lowest = problem(problem.minimisers[0])
        height = (problem(points) - lowest).clamp(min=0) ** (1 / power)
        lines = contourpy.contour_generator(x.numpy(), y.numpy(), height.numpy()).lines
        top = height.max().item()
        for level in range(levels):
            for curve in cast("list[np.ndarray]", lines((level + 0.6) / levels * top)):
                self.line(curve.tolist(), "#9aa9b5", width=1)

    def svg(self, label: str) -> str:
        """Return the picture; `label` is what a screen reader says."""
        name = html.escape(label, quote=True)
        return (
            f'<svg class="sgd-still" xmlns="http://www.w3.org/2000/svg" role="img"'
            f' aria-label="{name}" width="{_WIDTH}" height="{_HEIGHT}"'
            f' viewBox="0 0 {_WIDTH} {_HEIGHT}">'
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#8a97a3" fill-opacity="0.12"/>'
            f"{''.join(self.parts)}</svg>"
        )


def _scale(ends: tuple[float, float], size: float, log: bool) -> Callable[[float], float]:
    """Map data between `ends` to 0 … size, kept within sane bounds outside of them."""
    low, high = (math.log10(ends[0]), math.log10(ends[1])) if log else ends

    def pixel(value: float) -> float:
        position = math.log10(max(value, 1e-300)) if log else value
        return max(-_EDGE, min(_EDGE, (position - low) / (high - low) * size))

    return pixel
