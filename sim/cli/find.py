"""`cohesion find`: list the runs in which something is so, or say what follows if it is."""

import re
from pathlib import Path

from sim.analysis.find import find
from sim.cli.analyses import analyse
from sim.storage.files import called
from sim.storage.workspace import digest


def main(folder: Path, condition: str | None, given: str | None, out: Path | None, force: bool, json: bool) -> None:
    """Find, print, write."""
    home = out or Path("results") / folder_name(folder, condition or "", given or "")
    analyse(lambda _: find(folder, condition, given), "Looking at runs", home, force, json)


def folder_name(folder: Path, condition: str, given: str) -> str:
    """Of the folder of an answer: what was asked, as far as a name has room, and its hash."""
    asked = f"{condition} given {given}" if given else condition
    words = re.sub(r"[^A-Za-z0-9.]+", "-", asked).strip("-")[:60]
    return f"find-{called(folder)}-{words}-{digest(asked)[:6]}"
