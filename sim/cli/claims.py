"""`cohesion claims`: test the paper's claims on the model and print the ledger."""

from pathlib import Path
from typing import Any

from sim.cli import show
from sim.cli.resumable import all_or_nothing
from sim.errors import plural
from sim.estimates.intervals import REPLICATES
from sim.evidence.claim import load_claims
from sim.evidence.ledger import Ledger, claims, passes
from sim.reports.claims import said
from sim.storage.effort import effort


def main(names: list[str], out: Path | None, json: bool, **how: Any) -> None:
    """Check everything first, run, print, write; ``how`` are options of :func:`sim.claims`."""
    loaded = load_claims(names)
    folder = out or Path("results") / "claims"

    def report(ledger: Ledger) -> None:
        if json:
            tables = {"claims": ledger.table.to_dict("records"), "tests": ledger.tests.to_dict("records")}
            show.print_json({"runs": ledger.runs, "seed": ledger.seed, "out": str(folder), **tables})
        else:
            show.blocks(said(ledger))

    asked, how["runs"] = how["runs"], effort(how["runs"], how["seed"], multiple=REPLICATES).runs
    if how["runs"] != asked:
        show.notice(
            f"{plural(asked, 'run')} rounded up to {how['runs']:,}: {REPLICATES} for each draw of what is uncertain."
        )
    total = how["runs"] * passes(loaded)
    with all_or_nothing(folder), show.progress(total, f"{plural(len(loaded), 'claim')}: runs") as advance:
        claims(loaded, progress=advance, out=folder, written=report, **how)
    show.notice(f"In {folder}/: ledger.csv, tests.csv, figures.")
