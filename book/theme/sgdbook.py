"""The book's Sphinx extension: what the theme does too heavily is done here, at build time."""

import gc
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import appearance  # noqa: E402
import book_directives  # noqa: E402
import heights  # noqa: E402
import katex  # noqa: E402
import lost  # noqa: E402
import pictures  # noqa: E402
import scripts  # noqa: E402
import styles  # noqa: E402


def setup(app):
    """Register the parts."""
    gc.set_threshold(200_000)  # documents stay alive; looking for litter took a sixth of a build
    for part in (katex, pictures, heights, scripts, styles, appearance, book_directives, lost):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
