"""How well coefficients have carried over to alliances that were left out of the fit: quoted wherever they are lent."""

from functools import lru_cache
from pathlib import Path

from sim.errors import plural
from sim.scenario.reading import read_csv, shipped

TABLE = "left-out.csv"
"""Among the shipped scenarios; where it is missing nothing is quoted."""
ALL = "sum of all"
"""The row that adds up all alliances."""


def quote(alliance: str) -> str:
    """What to say of an alliance whose coefficients are another's: its own score, or the sum of those that have one."""
    return _quoted(alliance, shipped("scenarios") / TABLE)


@lru_cache
def _quoted(alliance: str, file: Path) -> str:
    if not file.is_file():
        return ""
    rows = {row.cells["alliance"]: row.cells for row in read_csv(file).rows}
    others = len(rows.keys() - {ALL})
    row = rows.get(alliance) or rows.get(ALL)
    if row is None:
        return ""
    exits, expected = plural(int(row["seen"]), "exit"), float(row["expected"])
    scores = f"{float(row['log_score']):.3f} (base rate {float(row['base_rate']):.3f})"
    had = f"{exits} where {expected:.1f} were forecast, log score {scores}"
    if alliance in rows:
        return f"left out of the shipped calibration it had {had}"
    return f"left out of the shipped calibration in turn, {plural(others, 'alliance')} had {had}, in sum"
