"""What a calibration says: what the record tells of the coefficients, and how the sampler did."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from sim.errors import listed, plural
from sim.inference.posterior import Diagnostics, Learned
from sim.inference.study import CalibrationStudy
from sim.model.variables import COEFFICIENTS
from sim.reports.blocks import Block, Column, Paragraph, Table
from sim.reports.brief import Brief, chosen
from sim.reports.trust import of_scores
from sim.results.calibration import Calibration
from sim.scenario import left_out
from sim.scenario.rival import named

VOID = "the sampler has collapsed and the fit is void; take more sweeps or draws"
MOST = 5
"""Coefficients that are named as those the record tells most of."""


def ratio(r: Learned) -> str:
    """The posterior's variance over the prior's, with its error."""
    error = f"{r.variance_ratio_se:.2f}" if r.variance_ratio_se >= 0.005 else "<0.01"
    return f"{r.variance_ratio:.2f}±{error}"


def most(learned: Iterable[Learned], meanings: Mapping[str, str] = MappingProxyType({})) -> str:
    """The coefficients that the record tells most of, in a sentence; by their meanings where these are given."""
    first = sorted(learned, key=lambda r: r.variance_ratio)[:MOST]
    each = [(meanings.get(r.coefficient, ""), r.coefficient, ratio(r)) for r in first]
    said = [f"{meaning or name} ({left})" for meaning, name, left in each]
    return f"What the record tells most of: {'; '.join(said) if meanings else ', '.join(said)}."


def idle(d: Diagnostics) -> str:
    """Whether the sampler has collapsed, in a sentence."""
    spare = [f"{v:.2f}±{e:.2f}" for v, e in zip(d.idle_variances, d.idle_errors, strict=True)]
    return (
        f"Idle coordinates, which nothing reads: variance {listed(spare)} of the prior's: "
        f"{VOID if d.void else 'as it should be'}."
    )


def learned_of(found: Calibration) -> list[Learned]:
    """What was learned of each coefficient."""
    return [Learned(*row) for row in found.table.itertuples(index=False, name=None)]


def said(title: str, found: Calibration) -> Iterator[Block]:
    """Prior against posterior, and the diagnostics."""
    d = found.diagnostics
    yield _size(title, d)
    yield _table(learned_of(found))
    yield Paragraph(VARIANCE)
    yield Paragraph(most(learned_of(found)))
    yield from _sampler(d)
    yield Paragraph(idle(d))


VARIANCE = (
    "variance: of the posterior over the prior's, ± Monte Carlo standard error; 1 where the record tells nothing."
)


def _size(title: str, d: Diagnostics) -> Paragraph:
    """How much was fitted to how much."""
    return Paragraph(
        (title, "bold"),
        f": {plural(d.draws, 'draw')} of {plural(d.coefficients, 'coefficient')} and "
        f"{plural(d.coded_places, 'coded value')}; {plural(d.conduct_observed, 'answer')} to "
        f"{plural(d.motions, 'motion')}, "
        f"{plural(d.ticks, 'tick')} of membership",
    )


def _table(learned: Iterable[Learned], meanings: Mapping[str, str] = MappingProxyType({})) -> Table:
    """Prior against posterior, a row a coefficient; by their meanings where these are given."""
    heads = ("prior 90 %", "posterior", "90 %", "variance")
    rows = []
    for r in learned:
        prior, after = f"{r.prior_q05:.2g} to {r.prior_q95:.2g}", f"{r.posterior_q05:.2g} to {r.posterior_q95:.2g}"
        name = meanings.get(r.coefficient, r.coefficient)
        rows.append([name, prior, f"{r.posterior_median:.3g}", after, ratio(r)])
    return Table([Column("coefficient", left=True, words=bool(meanings)), *map(Column, heads)], rows)


def _sampler(d: Diagnostics) -> Iterator[Paragraph]:
    """How the sampler did."""
    yield Paragraph(
        f"{plural(len(d.powers), 'power')} and {plural(d.rounds, 'round')}, "
        f"{plural(d.different_draws, 'different draw')}; fewest effective "
        f"{d.smallest_effective:.0f}, lowest acceptance {d.smallest_acceptance:.2f}."
    )
    yield Paragraph(
        f"Log-evidence {d.log_evidence:.2f}; the estimate of a log-likelihood has a standard deviation of "
        f"{d.log_likelihood_sd:.2f}."
    )


NEARLY = 0.9
"""Of the prior's variance, from which on the record tells hardly anything."""


def brief(found: Calibration, title: str, study: CalibrationStudy | None) -> Brief:
    """Of a calibration, for a report; ``study`` where its files are still there."""
    learned, d = learned_of(found), found.diagnostics
    meanings = {c.name: named(c.meaning, None) for c in COEFFICIENTS}
    idlers = [meanings.get(r.coefficient, r.coefficient) for r in learned if r.variance_ratio > NEARLY]
    question = "What do the records say of how strongly each thing acts in the model?"
    several = study is not None and len(study.alliances) > 1
    return Brief(
        title=title,
        question=(study.tables.question if study else "") or question,
        answer=[
            f"Of {plural(len(learned), 'coefficient')} the record tells something of {len(learned) - len(idlers)} and "
            f"hardly anything of {len(idlers)}: their variance stays above {NEARLY:g} of what it was before.",
            most(learned, meanings),
        ],
        reading="In brackets: the variance that is left, of 1 before, ± one Monte Carlo standard error.",
        results=[_size(title, d), _table(learned, meanings), Paragraph(VARIANCE), *_sampler(d)],
        figures=chosen(found.figures(), ()),
        scenarios=[e.scenario for e in study.alliances] if study else [],
        certainty=[idle(d), *left_out_scores(study)],
        limits=[
            f"Anything of {plural(len(idlers), 'coefficient')} that the records hardly tell of (variance above "
            f"{NEARLY:g} of the prior's), where the posterior is what was assumed: {'; '.join(idlers)}."
        ]
        * bool(idlers),
        assumed=[LISTED_ELSEWHERE] * several,
        coefficients_alone=several,
    )


def left_out_scores(study: CalibrationStudy | None) -> list[str]:
    """What is known of how coefficients carry over to the alliances of a calibration, where it is known."""
    names = [e.scenario.tables.alliance.name for e in study.alliances] if study else []
    said = [f"{name}: {left_out.quote(name)}." for name in dict.fromkeys(names) if name in left_out.scores()]
    return [*said, f"{OF_ONE} {of_scores(left_out.scores())}"] if said else []


OF_ONE = "Log scores: less is better. Each is of one history, with few exits or none."
LISTED_ELSEWHERE = (
    "Of several alliances only the coefficients are listed, which they share. The coded values of each are in the "
    "report of a run of its history (cohesion list names them)."
)
