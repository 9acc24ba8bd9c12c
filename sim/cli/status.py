"""`cohesion status`: how far a computation is."""

from pathlib import Path

from sim.cli import show
from sim.storage.status import status

AT_ONCE = ("run", "comparison", "ledger")
"""Kinds that keep nothing until they are whole."""


def main(folder: Path, json: bool) -> None:
    """Print it."""
    s = status(folder)
    if json:
        show.print_json(s.as_dict())
        return
    show.paragraph((s.title, "bold"), f": {s.kind}, {s.state}")
    if s.total:
        more = "".join(f", {k.replace('_', ' ')} {v:.4g}" for k, v in s.more.items() if v == v)
        much = f"{s.share:.0%} of {s.unit}" if s.total == 1 else f"{_count(s.done)} of {_count(s.total)} {s.unit}"
        show.paragraph(f"{much} done{'' if s.total == 1 else f' ({s.share:.0%})'}{more}")
    for difference in s.differences:
        show.paragraph(f"Beware: {difference}.")
    if s.state == "interrupted":
        again = "begins anew" if s.kind in AT_ONCE else "goes on with it"
        show.paragraph(f"The command that began it, given again, {again}.")
    if s.rate == s.rate:
        show.paragraph(f"{s.rate:,.1f} {s.unit} a second, about {s.left / 60:,.1f} minutes left")


def _count(x: float) -> str:
    return f"{x:,.0f}" if x == int(x) else f"{x:,.2f}"
