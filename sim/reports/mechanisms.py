"""What a study of mechanisms says: a row a mechanism, and which earns its place."""

from collections.abc import Iterator, Sequence

from sim.errors import listed, plural
from sim.evaluation.mechanisms import Mechanisms
from sim.figures.rows import Worth
from sim.model.dates import spoken
from sim.model.grammar import sentence
from sim.model.outcomes import MECHANISM_VERDICTS, in_column
from sim.reports.blocks import Block, Column, Paragraph, Table
from sim.reports.brief import Brief, chosen


def said(title: str, held_out_after: str, draws: int, found: Mechanisms) -> Iterator[Block]:
    """A line a mechanism, the most useful first."""
    yield Paragraph((title, "bold"), ": each mechanism removed in turn; ± is one Monte Carlo standard error")
    columns = [
        Column("Mechanism", words=True),
        Column("Evidence, with\nminus without"),
        Column(f"Held out after\n{spoken(held_out_after)}"),
        Column("Effective\n(steps)"),
        Column("Verdict", left=True),
    ]
    rows, lines = worths(found), []
    for r in rows:
        effective = f"{r.effective:.0f}" + (f" ({r.steps:.0f})" if r.steps > 1 else "")
        mark = "*" if r.differs else " "
        lines.append([r.says, _with_error(r.evidence, r.evidence_se), _held_out(r) + mark, effective, r.verdict])
    yield Table(columns, lines)
    counts = ", ".join(f"{sum(r.verdict == v for r in rows)} {v}" for v in MECHANISM_VERDICTS)
    others = "; ".join(f"{r.mechanism} {r.held_out_verdict}" for r in rows if r.differs)
    yield Paragraph(
        f"{counts}. Evidence: natural logarithm of how much better the whole record is explained with the mechanism "
        "than without (log marginal likelihood, Bayes factor); held out: the same for the years after the date, "
        "forecast by what was fitted to those before. A mechanism earns its place where evidence minus two errors is "
        "above 1, costs where evidence plus two errors is below -1. Effective: how many of the "
        f"{plural(draws, 'draw')} carry it, at the least; steps: of tempering, where the full model's "
        f"posterior has too few. * by the same rule the held-out years alone say otherwise: {others or 'of none'}."
    )


def worths(found: Mechanisms) -> list[Worth]:
    """What each mechanism is worth, the most useful first."""
    return sorted((Worth(*r) for r in found.table.itertuples(index=False, name=None)), key=lambda r: -r.evidence)


def _with_error(value: float, error: float) -> str:
    return f"{in_column(value, 1)}±{error:.1f}"


def _held_out(r: Worth) -> str:
    return _with_error(r.held_out, r.held_out_se)


def brief(found: Mechanisms, title: str, held_out_after: str, draws: int, look: int) -> Brief:
    """Of a study of mechanisms, for a report."""
    rows = worths(found)
    heading, *blocks = said(title, held_out_after, draws, found)
    return Brief(
        title=title,
        question="Which of the model's mechanisms does the record support, each removed in turn?",
        answer=_verdicts(rows),
        reading=f"{RULE}.",
        results=[heading, *blocks],
        figures=chosen(found.figures(), ()),
        certainty=[
            "The errors are those of the computation (Monte Carlo). How much hangs on the few moves and votes of the "
            "record, and on priors, is in none of them: with other priors the evidence is another.",
            *[f"This was look {look} at the held-out years: what is chosen after many looks fits them by luck."]
            * bool(look),
        ],
        limits=[*_otherwise(rows, held_out_after), CAUSE],
    )


RULE = (
    "The numbers say by how much the natural logarithm of the probability of the whole record rises with the "
    "mechanism (2.3: ten times as probable), ± one Monte Carlo standard error; a mechanism earns its place, or "
    "costs, where that is beyond 1 by more than two errors"
)
CAUSE = (
    "That a mechanism is at work in the world because it earns its place, or is not because it does not: each is "
    "weighed within this model, beside its other mechanisms."
)


def _verdicts(rows: Sequence[Worth]) -> list[str]:
    """Which mechanisms have each verdict, a sentence each."""
    found = []
    for verdict in MECHANISM_VERDICTS:
        own = [f"{r.says} ({_with_error(r.evidence, r.evidence_se)})" for r in rows if r.verdict == verdict]
        found += [f"{sentence(verdict)}: {'; '.join(own)}."] * bool(own)
    return found


def _otherwise(rows: Sequence[Worth], date: str) -> list[str]:
    """Of which mechanisms the held-out years say otherwise than the whole record, in a sentence."""
    own = [f"{r.says} ({_held_out(r)}: {r.held_out_verdict})" for r in rows if r.differs]
    says = f"The verdict on these in the years after {spoken(date)} alone, which by the same rule is another: "
    return [f"{says}{listed(own, len(own))}."] * bool(own)
