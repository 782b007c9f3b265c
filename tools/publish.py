"""Write the repository's address where the book needs it: `make publish-config REPO=owner/name`.

The address stands in `_config.yml`; the first cell of each notebook, which Colab runs, repeats it.
Until it is set, no page shows a button that would lead nowhere.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from tools.notebooks import stored

ROOT = Path(__file__).parents[1]
UNSET = "OWNER/REPO"
ADDRESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
INSTALL = re.compile(r"git\+https://github\.com/([\w.-]+/[\w.-]+)")
START, END = "# published from (set by make publish-config)", "# end of published from"
BLOCK = """{start}
repository: {{url: "https://github.com/{repo}", branch: main, path_to_book: ""}}
launch_buttons:
  notebook_interface: jupyterlab
  colab_url: https://colab.research.google.com
  binderhub_url: https://mybinder.org
{end}
"""


def main(arguments: list[str]) -> int:
    """Set the address given; return the exit status."""
    repo = arguments[0] if len(arguments) == 1 else ""
    if not ADDRESS.fullmatch(repo) or repo.endswith((".git", ".")):
        print(
            f"publish-config: REPO must be owner/name, such as REPO=ada/course, got {repo!r}",
            file=sys.stderr,
        )
        return 2
    publish(repo)
    print(f"The book is now published from https://github.com/{repo}; commit the changed files.")
    return 0


def publish(repo: str, root: Path = ROOT) -> None:
    """Write the address into the settings and into every notebook's first cell."""
    owner, name = repo.split("/")
    config = root / "_config.yml"
    text = unpublished(config.read_text("utf-8"))
    text += BLOCK.format(start=START, end=END, repo=repo)
    site = f"https://{owner.lower()}.github.io/{name}/"
    text = re.sub(r'(ogp_site_url: )"[^"]*"', rf'\1"{site}"', text)
    config.write_text(text, "utf-8", newline="\n")
    for notebook in notebooks(root):
        old = notebook.read_text("utf-8")
        new = INSTALL.sub(f"git+https://github.com/{repo}", old)
        if new != old:
            text = stored(nbformat.reads(new, as_version=4))
            notebook.write_text(text, "utf-8", newline="\n")


def unpublished(text: str) -> str:
    """Return the settings without the block that names the repository."""
    return re.sub(rf"{re.escape(START)}.*?{re.escape(END)}\n", "", text, flags=re.DOTALL)


def published(root: Path = ROOT) -> str:
    """Return owner/name as the settings have it, or what stands for none."""
    text = (root / "_config.yml").read_text("utf-8")
    found = re.search(r'^repository: \{url: "https://github\.com/([^"]+)"', text, re.MULTILINE)
    return found[1] if found else UNSET


def notebooks(root: Path = ROOT) -> list[Path]:
    """List the book's notebooks."""
    return sorted((root / "book").rglob("*.ipynb"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
