"""Finding notebooks, and the one form in which they are stored."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_VOLATILE = ("execution", "scrolled", "collapsed", "jupyter", "ExecuteTime", "pycharm", "vscode")


def paths(book: Path = BOOK) -> list[Path]:
    """Every notebook of the book, in the order of their names."""
    found = book.rglob("*.ipynb")
    return sorted(path for path in found if not _hidden(path.relative_to(book)))


def find(name: str, book: Path = BOOK) -> Path:
    """Find the one notebook that `name` means: its path, its file name, or a part of it.

    Raises
    ------
    ValueError
        If no notebook, or more than one, matches.
    """
    known = paths(book)
    exact = [path for path in known if name in _names(path, book)]
    found = exact or [path for path in known if name in path.name]
    if len(found) == 1:
        return found[0]
    options = ", ".join(path.relative_to(book).as_posix() for path in found or known)
    verdict = "unknown notebook" if not found else "more than one notebook matches"
    raise ValueError(f"{verdict} {name!r}; choose one of: {options}")


def clear(notebook: Any) -> None:
    """Drop outputs and execution counts, as a fresh kernel finds them."""
    for cell in _code(notebook):
        cell["outputs"] = []
        cell["execution_count"] = None


def normalise(notebook: Any) -> None:
    """Bring a notebook into its stored form: nothing in it depends on when or where it ran."""
    notebook["metadata"] = {key: dict(value) for key, value in METADATA.items()}
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    _name_cells(notebook)
    for cell in notebook["cells"]:
        for key in _VOLATILE:
            cell["metadata"].pop(key, None)
    for cell in _code(notebook):
        cell["outputs"] = _joined(cell["outputs"])
        for output in cell["outputs"]:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if "metadata" in output:
                output["metadata"] = {}


def stored(notebook: Any) -> str:
    """Return the text of a notebook's file, in its stored form."""
    normalise(notebook)
    return str(nbformat.writes(notebook, version=4)) + "\n"


def slim_pictures(notebook: Any) -> None:
    """Store pictures with a palette of 256 colours, in a third of the bytes; the eye sees none."""
    for cell in _code(notebook):
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = _slim(data["image/png"])


def _slim(encoded: str) -> str:
    picture = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _name_cells(notebook: Any) -> None:
    """Give every cell an id that follows from its text."""
    seen: dict[str, int] = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        digest = hashlib.sha256(f"{cell['cell_type']}\n{source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _joined(outputs: list[Any]) -> list[Any]:
    """Merge neighbouring pieces of one stream, whose cuts depend on the kernel's timing."""
    merged: list[Any] = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] = "".join(last["text"]) + "".join(output["text"])
        else:
            merged.append(output)
    return merged


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _names(path: Path, book: Path) -> set[str]:
    inside = path.relative_to(book)
    return {path.stem, path.name, inside.as_posix(), (Path("book") / inside).as_posix(), str(path)}


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
