"""From measurements to one table in Markdown, goals and floors included."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, absent
from benchmarks.timing import Time

__all__ = ["Goal", "page", "say", "store", "versions", "write"]

HERE = Path(__file__).parent
GLUE = "\N{NO-BREAK SPACE}"  # keeps a number beside its unit on a narrow page
PAGE = HERE.parent / "book" / "appendix" / "benchmarks.md"
STORED = {"engine": HERE / "results.json", "pages": HERE / "pages.json"}
WORST = ("accessibility", "best-practices", "seo")
FLOOR = 0.6
PAIRED = 4  # times the rounds of all others, for `fit` beside the loop


@dataclass(frozen=True)
class Goal:
    """One promise: a ratio that must be at least, or a cost that may be at most, so much."""

    what: str
    measured: float
    goal: float
    at_least: bool
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal

    @property
    def above_floor(self) -> bool:
        """Whether 60% of the goal is met."""
        if self.at_least:
            return self.measured >= FLOOR * self.goal
        return self.measured <= self.goal / FLOOR

    def row(self) -> str:
        """Return the goal as a row of the table."""
        sign = "≥" if self.at_least else "≤"
        verdict = "yes" if self.reached else "no" if self.above_floor else "below the floor"
        unit = self.unit if self.unit in ("×", "") else f"{GLUE}{self.unit}"
        measured = f"{self.measured:.0f}" if self.measured >= 1000 else f"{self.measured:.3g}"
        return f"| {self.what} | {sign}{GLUE}{self.goal:g}{unit} | {measured}{unit} | {verdict} |"


def versions() -> dict[str, str]:
    """Return what was measured on: Python, processor and libraries."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("torch", "numpy", "xarray", *PEERS):
        if name not in absent():
            found[name] = metadata.version(name)
    return found


def page(results: dict[str, Any], goals: list[Goal], loads: dict[str, Any] | None = None) -> str:
    """Return the book's page: the engine's tables, and how the book's own pages load."""
    lines = [
        "# Benchmarks",
        "",
        "How fast the companion package trains, next to other ways to train the same models,"
        " and how fast these pages load.",
        "This page is written by `make bench`, which measures everything anew on your machine.",
        "",
        "One thread, processor time, contestants taking turns in one process,"
        f" medians of {results['rounds']} rounds.",
        "The plain loop is timed on two runs and counted per update.",
        "That `fit` is as fast as the loop is measured apart, with just the two taking turns, in"
        f" {PAIRED * results['rounds']} rounds.",
        "Ratios travel from one machine to another; microseconds do not.",
        "",
        "## One run",
        "",
        "The net 1-10-1, batch 16, 120 updates; processor time of one update.",
        "",
        "| way to train | µs | least … most | against the plain loop |",
        "| --- | ---: | ---: | ---: |",
    ]
    plain = results["single"]["plain loop, torch.optim.SGD"]["median"]
    for name, time in results["single"].items():
        lines.append(f"| {name} | {_span(time)} | {time['median'] / plain:.2f} |")
    lines += [
        "",
        *(
            [f"Not installed where this was measured: {', '.join(results['absent'])}."]
            if results["absent"]
            else []
        ),
        "",
        "## Many runs",
        "",
        "Processor time of one update of one run; drawing weights and orders counts.",
        "JAX is `jit(vmap(scan))` with `optax.sgd`, first drawing its orders like the others, then"
        " with orders that were drawn before the clock started.",
        "Its compile time stands apart, and comes again for every new shape.",
        "",
        "| workload | runs | plain loop, µs | sweep, µs (least … most) | sweep against the loop |"
        " JAX, µs | JAX, orders given, µs | sweep / JAX | JAX compiles, s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [_many_row(row) for row in results["many"]]
    lines += _loads(loads) if loads else []
    lines += [
        "",
        "## Goals",
        "",
        "`make bench` fails when one of these falls below 60% of its goal.",
        "",
        "| what | goal | measured | met |",
        "| --- | ---: | ---: | --- |",
        *[goal.row() for goal in goals],
        "",
        "## Measured with",
        "",
        ", ".join(f"{name} {version}" for name, version in results["versions"].items()) + ".",
        "",
        'Run it yourself with `make bench`; `pip install "sgdcourse[bench]"` adds the peers.',
        "",
    ]
    return "\n".join(lines)


def _loads(loads: dict[str, Any]) -> list[str]:
    """Return the section on the book's pages."""
    rows: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in loads["pages"]:
        rows.setdefault((row["theme"], row["page"]), {})[row["preset"]] = row
    return [
        "",
        "## The pages of this book",
        "",
        f"Lighthouse {loads['lighthouse']} in {loads['browser']}, each page served compressed from"
        f" the same machine; performance is the median of the loads ({loads['rounds']}).",
        "The phone is Lighthouse's throttled one: a slow network, a quarter of this processor.",
        "The last rows are the same pages in the theme's default settings, with MathJax and all"
        " else served from the same place.",
        "",
        "Performance: phone and desktop. The rest: accessibility, best practices, SEO.",
        "",
        "| page | performance | the rest | first load, kB | phone: largest paint, s | shift |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *[_load_row(theme, name, presets) for (theme, name), presets in rows.items()],
    ]


def _load_row(theme: str, name: str, presets: dict[str, dict[str, Any]]) -> str:
    phone, desktop = presets["mobile"], presets["desktop"]
    both = phone, desktop
    path = name.removeprefix("book/").removesuffix(".html")
    title = f"{{doc}}`/book/{path}`" + (", default settings" if theme != "ours" else "")
    cells = [
        title,
        f"{phone['performance']}, {desktop['performance']}",
        ", ".join(f"{min(row[score] for row in both)}" for score in WORST),
        f"{max(row['bytes'] for row in both) / 1000:.0f}",
        f"{phone['paint']:.1f}",
        f"{max(row['shift'] for row in both):.2g}",
    ]
    return "| " + " | ".join(cells) + " |"


def _many_row(row: dict[str, Any]) -> str:
    times = row["times"]
    loop, sweep, jax = times["plain loop"], times["sweep"], times.get("jax")
    given = times.get("jax, orders given")
    cells = [
        row["name"],
        str(row["runs"]),
        f"{loop['median'] * 1e6:.0f}",
        f"{sweep['median'] * 1e6:.3g}"
        f" ({sweep['least'] * 1e6:.3g}{GLUE}… {sweep['most'] * 1e6:.3g})",
        f"{loop['median'] / sweep['median']:.0f}{GLUE}×",
        "–" if jax is None else f"{jax['median'] * 1e6:.3g}",
        "–" if given is None else f"{given['median'] * 1e6:.3g}",
        "–" if jax is None else f"{sweep['median'] / jax['median']:.2f}",
        "–" if jax is None else f"{row['compiling']:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _span(time: dict[str, float]) -> str:
    micro = {name: value * 1e6 for name, value in time.items()}
    return f"{micro['median']:.0f} | {micro['least']:.0f}{GLUE}… {micro['most']:.0f}"


def store(part: str, results: dict[str, Any], goals: list[Goal]) -> None:
    """Keep one part's measurements and goals beside this file."""
    stored = {**results, "goals": [asdict(goal) for goal in goals]}
    STORED[part].write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write() -> str:
    """Write the book's page from what is stored of each part; return the page."""
    engine, loads = (
        json.loads(file.read_text("utf-8")) if file.exists() else None for file in STORED.values()
    )
    goals = [Goal(**goal) for part in (engine, loads) if part for goal in part["goals"]]
    text = page(engine, goals, loads) if engine else ""
    if text:
        PAGE.write_text(text, "utf-8")
    return text


def plain(times: dict[str, Time]) -> dict[str, dict[str, float]]:
    """Return times as dictionaries."""
    return {name: asdict(time) for name, time in times.items()}


def say(what: str) -> None:
    """Tell people who wait what is measured now."""
    print(f"… {what}", file=sys.stderr, flush=True)
