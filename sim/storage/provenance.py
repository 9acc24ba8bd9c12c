"""Which code made a result: what is half done by one version is not gone on with by another."""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path


@lru_cache
def code(*floors: str) -> str:
    """A hash of the code of some floors, such as ``code("model", "scenario")``."""
    root = Path(__file__).resolve().parent.parent
    files = [p for floor in floors for p in sorted((root / floor).glob("*.py"))]
    text = "".join(p.read_text("utf-8") for p in files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions(*floors: str) -> dict[str, str]:
    """What results have in common that may be put together."""
    return {"code": code(*floors), "numpy": version("numpy")}
