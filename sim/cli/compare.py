"""`cohesion compare`: differences between scenarios under common random numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.check import brief
from sim.cli.resumable import all_or_nothing, folder_for
from sim.reports import comparison
from sim.results.comparison import Comparison, compare, sides
from sim.results.result import since_then


def main(name: str, others: list[str], overrides: dict[str, Any], out: Path | None, json: bool, **how: Any) -> None:
    """Load everything, compare, print and write; ``how`` are options of :func:`sim.compare`."""
    base, *rest = sides(name, others, overrides)
    brief(base, *rest)
    folder = out or Path("results") / folder_name(base.name, [s.name for s in rest], base.overrides)

    def report(c: Comparison) -> None:
        if json:
            said: dict[str, Any] = {
                "base": base.name,
                "runs": c.runs,
                "seed": c.seed,
                "begins": c.begins,
                "out": str(folder),
            }
            said["continued"] = {s.name: since_then(s).get("continued") for s in (c.base, *c.others)}
            said["coefficients"] = c.not_fitted
            said["sentences"] = c.sentences()
            show.print_json({**said, "differences": c.table.assign(date=c.table.date.astype(str)).to_dict("records")})
        else:
            show.blocks(comparison.said(c))

    with all_or_nothing(folder), show.progress(how["runs"], f"{base.name} against {len(rest)}: runs") as advance:
        compare(base, *rest, progress=advance, out=folder, written=report, **how)
    show.notice(f"In {folder}/: differences.csv, curves.csv, figures.")


def folder_name(base: str, others: list[str], both: Mapping[str, object] | None = None) -> str:
    """By what is compared: ``compare-A-with-B``, ``compare-A-with-leader.coercion-low`` where A itself is changed.

    ``both``: what is set in all of them.
    """
    changed = "-and-".join(other.removeprefix(f"{base} with ") for other in others)
    alike = "".join(f"-both-{path}-{value}" for path, value in (both or {}).items())
    return folder_for(f"compare-{base}-with-{changed}{alike}")
