"""How far to trust a forecast: the scores of its calibration, and what follows that it does not support."""

from collections.abc import Iterable, Sequence

from sim.errors import plural
from sim.results.explain import Explanation
from sim.scenario import left_out
from sim.scenario.left_out import ALL
from sim.scenario.load import Scenario, not_fitted
from sim.scenario.values import ASSUMPTION

STATEMENTS = (
    "Statements about the world as such. These are statements about the model: what would follow if its mechanisms "
    "work with strengths and coded values that the records leave possible. That a mechanism is missing or wrong is in "
    "no interval."
)
SCORED = (
    "How forecasts that were made in the same way have done, where less is better: the numbers are log scores, which "
    "mark a forecast by the probability that it had given to what happened; in brackets those of simple rules."
)
UNSCORED = (
    "How well the calibration behind these numbers forecasts is not known here: no scores of it come with the tool. "
    "A backtest (cohesion backtest) would say."
)
UNLIKELY = 0.05
"""Where a count would be so far from what was forecast less often than this, it is said."""


def certainty(scenarios: Sequence[Scenario]) -> list[str]:
    """Whose records the coefficients come from, and how forecasts made by them have done."""
    said = not_fitted(scenarios)
    found = [f"{said}."] if said else []
    if not scenarios:
        return found
    words = left_out.trust()
    return [*found, *([SCORED, *words.split("\n\n")] if words and all(map(_scored, scenarios)) else [UNSCORED])]


def _scored(s: Scenario) -> bool:
    """Whether the scores that come with the tool are of the calibration that a scenario draws from."""
    p = s.tables.posterior
    return p is not None and {*p.alliances} == {*left_out.scores()} - {ALL}


def limits(scenarios: Sequence[Scenario]) -> list[str]:
    """What forecasts of these alliances do not support, as far as scores say."""
    if not scenarios or not all(map(_scored, scenarios)):
        return [STATEMENTS]
    found, scores = [STATEMENTS, *left_out.unsupported()], left_out.scores()
    for alliance in dict.fromkeys(s.tables.alliance.name for s in scenarios):
        if alliance in scores:
            found += of_alliance(alliance, scores[alliance])
    return found


def of_alliance(alliance: str, x: left_out.LeftOut) -> list[str]:
    """Of an alliance that was left out of the fit."""
    from scipy.stats import poisson

    few = x.seen > x.expected
    tail = float(poisson.sf(x.seen - 1, x.expected) if few else poisson.cdf(x.seen, x.expected))
    found = []
    if tail < UNLIKELY:
        found.append(
            f"The level of the probabilities of leaving. By the records of the others alone {x.expected:.1f} exits "
            f"from {alliance} would have been expected where {x.seen} happened; by chance so "
            f"{'many' if few else 'few'} come in {100 * tail:.0f} of 100 cases."
        )
    if x.log_score >= x.base_rate:
        found.append(
            f"Exits from {alliance} forecast better than by the average rate of all alliances. Left out of the fit, "
            f"the model's log score was {x.log_score:.2f}, the average rate's {x.base_rate:.2f} (less is better)."
        )
    return found


def of_assumptions(explained: Iterable[Explanation]) -> str:
    """How many coded values rest on no source, in a sentence."""
    each = list(explained)
    bare = [e for e in each if e.sources and all(source == ASSUMPTION.rstrip(":") for source, *_ in e.sources)]
    return (
        f"{plural(len(each), 'coded value')}, of which {len(bare)} rest on an assumption alone, with its reason. Bands "
        "and priors say what is held possible; each run draws from them, or from what the records leave (posterior)"
    )
