"""Pack the built book into one zip that opens from a file manager: `make offline`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from tools.site import HTML

ZIP = HTML.parent / "sgd-course.zip"
FOLDER = "sgd-course"
UNNEEDED = (".buildinfo", "_sources/", ".doctrees/")


def main() -> int:
    """Write the zip; return the exit status."""
    if not (HTML / "index.html").exists():
        print("offline: there is no built book yet; run make book", file=sys.stderr)
        return 1
    pack(HTML, ZIP)
    size = ZIP.stat().st_size / 1e6
    print(f"{ZIP.relative_to(HTML.parents[1])}: {size:.1f} MB. Unpack it and open index.html.")
    return 0


def pack(folder: Path, target: Path) -> None:
    """Pack the folder's files, always in the same order and with the same dates."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in names:
            if name.startswith(UNNEEDED) or "/." in f"/{name}":
                continue
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, (folder / name).read_bytes())


if __name__ == "__main__":
    sys.exit(main())
