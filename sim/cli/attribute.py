"""`cohesion attribute`: what makes the difference between two scenarios."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.analysis.attribute import Attribution, attribute
from sim.analysis.parts import named
from sim.cli import show
from sim.cli.analyses import analyse
from sim.cli.resumable import folder_for
from sim.cli.show import Column
from sim.model.outcomes import OUTCOMES, sentence


def main(
    a: str,
    b: str,
    parts: Sequence[str],
    overrides: Mapping[str, Any],
    out: Path | None,
    force: bool,
    json: bool,
    **how: Any,
) -> None:
    """Share out the gap, print what each part adds, write the tables."""
    held = named(parts)
    asked = "".join(f"-{x}" for x in (*how["outcomes"], *held, *(f"{k}-{v}" for k, v in overrides.items()), *how["by"]))
    analyse(
        lambda tell: attribute(a, b, held, set=overrides, progress=tell, **how),
        "sets of parts: runs",
        out or Path("results") / folder_for(f"attribute-{Path(a).stem}-and-{Path(b).stem}{asked}"),
        force,
        json,
        print_shares,
    )


def print_shares(found: Attribution) -> None:
    """A table for each outcome: a row a part, the largest at the last horizon first; the gap last."""
    shares, gaps, names = found.frames["shares"], found.frames["gaps"], found.about["names"]
    for (outcome, member), own in shares.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[str(outcome)]
        scale, digits = (100, 1) if o.probability else (1, 3)

        def number(x: float, scale: int = scale, digits: int = digits) -> str:
            return f"{scale * x:+.{digits}f}"

        whole = gaps[(gaps.outcome == outcome) & (gaps.member == member)]
        size = own[own.date == own.date.max()].set_index("part").added.abs().sort_values(ascending=False, kind="stable")
        columns = [Column(sentence(o.title.format(names.get(member, member))), left=True)]
        rows: list[list[show.Part]] = [[part] for part in size.index] + [[("the gap", "bold")]]
        for date in dict.fromkeys(own.date):
            columns += [Column(date[:7]), Column("\n±"), Column("\n90 % interval")]
            here = own[own.date == date].set_index("part").loc[size.index].rename(columns={"added": "gap"})
            for row, r in zip(rows, [*here.itertuples(), *whole[whole.date == date].itertuples()], strict=True):
                row += [number(r.gap), f"{scale * r.mcse:.{digits}f}", f"{number(r.q05)} to {number(r.q95)}"]
        show.paragraph()
        show.table(columns, rows)
    unit = " Of probabilities in percentage points." if any(OUTCOMES[x].probability for x in gaps.outcome) else ""
    show.paragraph(
        "What each part adds, averaged over the orders in which parts may be changed (Shapley values); ± is one Monte "
        "Carlo standard error; the interval is over coefficients, coded values and inputs to come, the same in both, "
        f"chance taken out.{unit}"
    )
    show.paragraph(f"{found.about['footer'].replace('  |  ', '; ')}.")
