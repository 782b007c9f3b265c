"""How fast and how light the pages are: Lighthouse on the served, compressed book.

Each page is measured with Lighthouse's presets for a throttled phone and for a desktop, the
landing page and one chapter also as the theme builds them by default, with everything local.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmarks.report import Goal, say
from tools.browser import ADVICE, SWITCHES, installed
from tools.site import served

__all__ = ["MissingError", "hold_goals", "measure"]

ROOT = Path(__file__).parents[1]
WORK = ROOT / "_build" / "bench"
LIGHTHOUSE, MATHJAX = "12.8.2", "3.2.2"
PRESETS = ("mobile", "desktop")
SCORES = ("performance", "accessibility", "best-practices", "seo")
PLAIN = 2  # so many pages are measured in the theme's default settings too
STATIC = ("sgdcourse/widgets/static", "sgdcourse/exercises/static")


class MissingError(RuntimeError):
    """Something that the measurement needs is not installed."""


def measure(rounds: int) -> dict[str, Any]:
    """Measure the landing page and every chapter; the round of median performance counts."""
    rounds, lighthouse = min(rounds, 3), prepare()
    names = pages()
    rows = []
    for theme, chosen in (("ours", names), ("default", names[:PLAIN])):
        with served(build(theme)) as root:
            for name in chosen:
                for preset in PRESETS:
                    say(f"{name}, {theme}, {preset}")
                    tries = [audit(lighthouse, f"{root}/{name}", preset) for _ in range(rounds)]
                    rows.append({"page": name, "theme": theme, "preset": preset, **typical(tries)})
    return {"lighthouse": LIGHTHOUSE, "browser": browser(), "rounds": rounds, "pages": rows}


def pages() -> list[str]:
    """Name the landing page and the chapters, as the table of contents has them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [f"{name}.html" for name in [toc["root"], *files] if re.search(r"index|/\d\d_", name)]


def prepare() -> Path:
    """Fetch Lighthouse, and the MathJax of the default build, once; return Lighthouse's script."""
    if not installed():
        raise MissingError(f"no Chromium or Chrome is installed: {ADVICE}")
    if not (shutil.which("node") and shutil.which("npm")):
        raise MissingError("Lighthouse needs Node and npm, from nodejs.org")
    folder = WORK / "npm"
    script = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not (script.exists() and (folder / "node_modules" / "mathjax").exists()):
        folder.mkdir(parents=True, exist_ok=True)
        packages = [f"lighthouse@{LIGHTHOUSE}", f"mathjax@{MATHJAX}"]
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        if subprocess.run([*command, *packages], check=False).returncode:
            raise MissingError("npm could not fetch Lighthouse")
    return script


def build(theme: str) -> Path:
    """Build the book, as it is or with the theme's defaults; return the folder of its pages."""
    say(f"building the book, {theme} theme")
    target = WORK / theme
    target.mkdir(parents=True, exist_ok=True)
    options = []
    if theme == "default":
        settings = target / "_config.yml"
        settings.write_text(yaml.safe_dump(defaults(target / "static")), "utf-8")
        options = ["--config", str(settings)]
    builder = Path(sys.executable).with_name("jupyter-book")
    command = [str(builder), "build", ".", "--path-output", str(target), "-qq", *options]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return target / "_build" / "html"


def defaults(static: Path) -> dict[str, Any]:
    """Return the book's settings with nothing of our theme but the directives' contents."""
    npm = WORK / "npm" / "node_modules" / "mathjax" / "es5"
    for part in ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2"):
        target = static / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (npm / part).is_dir() else shutil.copy
        if not target.exists():
            copy(npm / part, target)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    sphinx = settings["sphinx"]
    sphinx["local_extensions"] = {"book_directives": str(ROOT / "book" / "theme")}
    config = sphinx["config"]
    config.pop("html_theme_options")
    config["mathjax_path"] = "mathjax/tex-mml-chtml.js"
    config["html_static_path"] = [str(static), *(str(ROOT / folder) for folder in STATIC)]
    config["html_js_files"] = [[name, {"type": "module"}] for name in ("boot.mjs", "quiz.mjs")]
    config["html_css_files"] = ["explorers.css", "quiz.css"]
    return settings


def audit(lighthouse: Path, address: str, preset: str) -> dict[str, float]:
    """Load a page once under Lighthouse; return its scores in per cent, bytes and times."""
    command = ["node", str(lighthouse), address, "--quiet", "--output=json"]
    command.append(f"--only-categories={','.join(SCORES)}")
    command.append(f"--chrome-flags=--headless=new {' '.join(SWITCHES)}")
    if preset == "desktop":
        command.append("--preset=desktop")
    environment = {**os.environ, "CHROME_PATH": str(installed())}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    found = json.loads(done.stdout)
    audits = found["audits"]
    scores = {name: round(100 * found["categories"][name]["score"]) for name in SCORES}
    return {
        **scores,
        "bytes": audits["total-byte-weight"]["numericValue"],
        "shift": round(audits["cumulative-layout-shift"]["numericValue"], 4),
        "paint": round(audits["largest-contentful-paint"]["numericValue"] / 1000, 2),
        "blocked": round(audits["total-blocking-time"]["numericValue"] / 1000, 2),
    }


def typical(tries: list[dict[str, float]]) -> dict[str, float]:
    """Return the round of median performance, with the worst of what must never fail."""
    middle = statistics.median_low(round_["performance"] for round_ in tries)
    chosen = next(round_ for round_ in tries if round_["performance"] == middle)
    worst = {name: min(round_[name] for round_ in tries) for name in SCORES[1:]}
    return {**chosen, **worst, "shift": max(round_["shift"] for round_ in tries)}


def hold_goals(results: dict[str, Any]) -> list[Goal]:
    """Hold the book's own pages against the goals; the worst page counts."""
    rows = [row for row in results["pages"] if row["theme"] == "ours"]
    goals = []
    for preset, goal in (("mobile", 90), ("desktop", 95)):
        worst = min(row["performance"] for row in rows if row["preset"] == preset)
        goals.append(Goal(f"performance of the slowest page, {preset}", worst, goal, True))
    for score in SCORES[1:]:
        worst = min(row[score] for row in rows)
        goals.append(Goal(f"{WORDS[score]} of every page", worst, 100, True))
    heaviest = max(row["bytes"] for row in rows) / 1000
    moved = max(row["shift"] for row in rows)
    return [
        *goals,
        Goal("first load of the heaviest page", heaviest, 600, False, "kB"),
        Goal("layout shift while a page loads", moved, 0.01, False),
    ]


WORDS = {"accessibility": "accessibility", "best-practices": "best practices", "seo": "SEO"}


def browser() -> str:
    """Return the browser's name and version."""
    done = subprocess.run([str(installed()), "--version"], capture_output=True, text=True)
    found = re.search(r"^\w+(?: \w+)* [\d.]+", done.stdout)
    return found[0] if found else "Chromium"
