"""With what, from which commit and by which command results were made."""

import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "scipy", "mesa", "pydantic", "xarray", "zarr")


def circumstances() -> dict[str, Any]:
    """Versions, commit and command."""
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return {"versions": libraries(), "commit": commit(), "command": command}


def typed(command: str) -> str:
    """A recorded command as one would type it again; empty where it was another program's."""
    first, _, rest = command.partition(" ")
    return f"cohesion {rest}" if first in ("__main__.py", "cohesion") and not rest.startswith("-") else ""


def libraries() -> dict[str, str]:
    """Versions of Python, of this package and of the libraries that results may depend on."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("alliance-cohesion", *LIBRARIES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def commit() -> str | None:
    """The commit of the checkout that the code runs from, None outside one or inside another's."""
    here = Path(__file__).resolve()
    if _git("ls-files", "--error-unmatch", here.name) is None:
        return None
    return _git("describe", "--always", "--dirty", "--abbrev=40") or None


def _git(*arguments: str) -> str | None:
    """What git says of the folder of this file, None where it fails or is not there."""
    here = str(Path(__file__).resolve().parent)
    try:
        done = subprocess.run(["git", "-C", here, *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
