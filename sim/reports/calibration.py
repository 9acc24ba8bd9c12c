"""What a calibration says: what the record tells of the coefficients, and how the sampler did."""

from collections.abc import Iterator

from sim.errors import listed, plural
from sim.inference.posterior import Learned
from sim.reports.blocks import Block, Column, Paragraph, Table
from sim.results.calibration import Calibration

VOID = "the sampler has collapsed and the fit is void; take more sweeps or draws"
MOST = 5
"""Coefficients that are named as those the record tells most of."""


def ratio(r: Learned) -> str:
    """The posterior's variance over the prior's, with its error."""
    return f"{r.variance_ratio:.2f}±{r.variance_ratio_se:.2f}"


def said(title: str, found: Calibration) -> Iterator[Block]:
    """Prior against posterior, and the diagnostics."""
    d = found.diagnostics
    yield Paragraph(
        (title, "bold"),
        f": {plural(d.draws, 'draw')} of {plural(d.coefficients, 'coefficient')} and "
        f"{plural(d.coded_places, 'coded value')}; {plural(d.conduct_observed, 'answer')} to "
        f"{plural(d.motions, 'motion')}, "
        f"{plural(d.ticks, 'tick')} of membership",
    )
    heads = ("prior 90 %", "posterior", "90 %", "variance")
    learned = [Learned(*row) for row in found.table.itertuples(index=False, name=None)]
    rows = []
    for r in learned:
        prior, after = f"{r.prior_q05:.2g} to {r.prior_q95:.2g}", f"{r.posterior_q05:.2g} to {r.posterior_q95:.2g}"
        rows.append([r.coefficient, prior, f"{r.posterior_median:.3g}", after, ratio(r)])
    yield Table([Column("coefficient", left=True), *map(Column, heads)], rows)
    spare = list(zip(d.idle_variances, d.idle_errors, strict=True))
    most = sorted(learned, key=lambda r: r.variance_ratio)[:MOST]
    lines = [
        "variance: of the posterior over the prior's, ± Monte Carlo standard error; 1 where the record tells nothing.",
        f"What the record tells most of: {', '.join(f'{r.coefficient} ({ratio(r)})' for r in most)}.",
        f"{plural(len(d.powers), 'power')} and {plural(d.rounds, 'round')}, "
        f"{plural(d.different_draws, 'different draw')}; fewest effective "
        f"{d.smallest_effective:.0f}, lowest acceptance {d.smallest_acceptance:.2f}.",
        f"Log-evidence {d.log_evidence:.2f}; the estimate of a log-likelihood has a standard deviation of "
        f"{d.log_likelihood_sd:.2f}.",
        f"Idle coordinates, which nothing reads: variance {listed([f'{v:.2f}±{e:.2f}' for v, e in spare])} of the "
        f"prior's: {VOID if d.void else 'as it should be'}.",
    ]
    for line in lines:
        yield Paragraph(line)
