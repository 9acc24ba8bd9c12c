"""`cohesion calibrate`: sample the posterior of the coefficients, resume it, print what was learned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.cli import show
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.errors import listed, plural
from sim.inference.posterior import Learned
from sim.inference.study import load_calibration
from sim.results.calibration import Calibration, Progress, calibrate


def main(
    study: str, out: Path | None, jobs: int | None, scheduler: str | None, until: str | None, force: bool, json: bool
) -> None:
    """Check everything first, sample what is missing, print."""
    loaded = load_calibration(study, until)
    folder = out or Path("results") / loaded.name

    def report(found: Calibration) -> None:
        if json:
            coefficients = found.table.to_dict("records")
            show.print_json({"diagnostics": found.diagnostics._asdict(), "coefficients": coefficients})
        else:
            print_calibration(loaded.tables.title, found)

    with resumable(folder) as stopped, bar(loaded.name) as progress:
        found = calibrate(loaded, folder, jobs, scheduler, None, progress, stopped, force, report)
    if not found.finished:
        unfinished()
    show.notice(f"In {folder}/: posterior.nc, summary.csv, diagnostics.json, figures.")


@contextmanager
def bar(name: str) -> Iterator[Callable[[Progress], None]]:
    """How far the power of the likelihood is, and how the last stage did, on standard error."""
    with show.progress(1.0, f"{name}: power") as advance:

        def progress(at: Progress) -> None:
            words = f"stage {at.stage}, {100 * at.share:.0f} %"
            if at.last is not None and at.last.number:
                r = at.last.rows[-1]
                words += f"; effective {r.effective:.0f}, accepted {r.accepted:.2f}"
            advance(at.power, words)

        yield progress


VOID = "the sampler has collapsed and the fit is void; take more sweeps or draws"
MOST = 5
"""Coefficients that are named as those the record tells most of."""


def ratio(r: Learned) -> str:
    """The posterior's variance over the prior's, with its error."""
    return f"{r.variance_ratio:.2f}±{r.variance_ratio_se:.2f}"


def print_calibration(title: str, found: Calibration) -> None:
    """Prior against posterior, and the diagnostics."""
    d = found.diagnostics
    show.paragraph(
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
    show.table([Column("coefficient", left=True), *map(Column, heads)], rows)
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
        show.paragraph(line)
