"""How well coefficients have carried over to alliances that were left out of the fit: quoted wherever they are lent."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sim.errors import plural
from sim.scenario.reading import read_csv, shipped

TABLE, WORDS, UNSUPPORTED = "left-out.csv", "trust.txt", "not-supported.txt"
"""Among the shipped scenarios, written by docs/findings.py; where they are missing nothing is quoted."""
ALL = "sum of all"
"""The row that adds up all alliances."""


class LeftOut(NamedTuple):
    """An alliance that was left out of the fit: exits seen and forecast, and log scores, the model's with its error."""

    seen: int
    expected: float
    log_score: float
    log_mcse: float
    base_rate: float


def scores() -> Mapping[str, LeftOut]:
    """By alliance, the sum of all last."""
    return _scores(shipped("scenarios") / TABLE)


@lru_cache
def _scores(file: Path) -> Mapping[str, LeftOut]:
    rows = [row.cells for row in read_csv(file).rows] if file.is_file() else []
    return {r["alliance"]: LeftOut(int(r["seen"]), *(float(r[name]) for name in LeftOut._fields[1:])) for r in rows}


def trust() -> str:
    """How forecasts made as the published ones are have done, in paragraphs; empty where that is not known."""
    return _text(WORDS)


def unsupported() -> list[str]:
    """What those scores do not support, a paragraph each."""
    return list(filter(None, _text(UNSUPPORTED).split("\n\n")))


def _text(name: str) -> str:
    file = shipped("scenarios") / name
    return file.read_text("utf-8").strip() if file.is_file() else ""


def quote(alliance: str) -> str:
    """What to say of an alliance whose coefficients are another's: its own score, or the sum of those that have one."""
    found = scores()
    row = found.get(alliance) or found.get(ALL)
    if row is None:
        return ""
    exits, score = plural(row.seen, "exit"), f"{row.log_score:.3f} (base rate {row.base_rate:.3f})"
    had = f"{exits} where {row.expected:.1f} were forecast, log score {score}"
    if alliance in found:
        return f"left out of the shipped calibration it had {had}"
    others = len(found.keys() - {ALL})
    return f"left out of the shipped calibration in turn, {plural(others, 'alliance')} had {had}, in sum"
