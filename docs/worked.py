"""Run the commands of a worked example and put what they print beneath them: ``python docs/worked.py docs/why.md``.

Every ``sh`` block of one line that begins with ``cohesion`` is run, in order, in one folder; what it prints on a pipe
of 80 columns becomes the ``text`` block that follows it. An image whose title is the path of a figure in that folder is
copied from there: ``![words](images/why/why.png "why/figures/why.png")``. Nothing is written where a command fails.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = re.compile(r"```sh\n(cohesion [^\n]+)\n```\n\n```text\n(?:(?s:.*?)\n)??```\n")
FIGURE = re.compile(r'!\[[^\]]*\]\((\S+) "(\S+)"\)')


def printed(command: str, folder: Path) -> str:
    """What a command prints. Raises CalledProcessError where it fails."""
    arguments = shlex.split(command)[1:]
    by = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "sim", *arguments]
    return subprocess.run(run, cwd=folder, env=by, check=True, stdout=subprocess.PIPE, text=True).stdout


def filled(text: str, run: Callable[[str], str]) -> str:
    """The document with everything printed anew."""

    def one(match: re.Match[str]) -> str:
        said = run(match[1]).strip("\n")
        return f"```sh\n{match[1]}\n```\n\n```text\n{said}\n```\n"

    return COMMAND.sub(one, text)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("document", type=Path)
    parser.add_argument("--folder", type=Path, default=ROOT / "results" / "worked", help="where the commands run")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)

    def run(command: str) -> str:
        print(command, file=sys.stderr)
        return printed(command, given.folder)

    after = filled(given.document.read_text("utf-8"), run)
    for place, source in FIGURE.findall(after):
        target = given.document.parent / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(given.folder / source, target)
    given.document.write_text(after, "utf-8")


if __name__ == "__main__":
    main()
