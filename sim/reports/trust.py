"""How far to trust a forecast: the scores of its calibration, and what follows that it does not support."""

import math
from collections.abc import Iterable, Mapping, Sequence

from sim.errors import plural
from sim.results.explain import Explanation
from sim.scenario import left_out
from sim.scenario.left_out import ALL
from sim.scenario.load import Drawn

STATEMENTS = (
    "Statements about the world as such. These are statements about the model: what would follow if its mechanisms "
    "work with strengths and coded values that the records leave possible. That a mechanism is missing or wrong is in "
    "no interval."
)
SCORED = (
    "How forecasts that were made in the same way have done, where less is better: the numbers are log scores, which "
    "mark a forecast by the probability that it had given to what happened, beside those of simple rules."
)
UNSCORED = (
    "How well the calibration behind these numbers forecasts is not known here: no scores of it come with the tool. "
    "A backtest (cohesion backtest, or of one history cohesion score) would say."
)
BY_PRIORS = (
    "Coefficients drawn from the priors have seen no record. How they forecast an alliance's own, year by year, is "
    "what cohesion score says."
)
UNLIKELY = 0.05
"""Where a count would be so far from what was forecast less often than this, it is said."""


def certainty(drawn: Sequence[Drawn]) -> list[str]:
    """Whose records the coefficients come from, and how forecasts made by them have done."""
    found = [f"{words}." for words in dict.fromkeys(d.words for d in drawn) if words]
    if not drawn:
        return found
    if not any(d.fitted for d in drawn):
        return [*found, BY_PRIORS]
    words = left_out.trust()
    if not (words and all(map(_scored, drawn))):
        return [*found, UNSCORED]
    return [*found, SCORED, *words.split("\n\n"), of_scores(left_out.scores())]


def of_scores(scores: Mapping[str, left_out.LeftOut]) -> str:
    """How far scores of left-out alliances may be trusted: the computation's error, what hangs on one of them."""
    each = {name: x for name, x in scores.items() if name != ALL}
    errors = [x.log_mcse for x in each.values()]
    return (
        f"The error of the computation (Monte Carlo standard error, less with more runs) is at most {max(errors):.2f} "
        f"for one of these log scores and {math.hypot(*errors):.2f} for their sum. How far chance in the world moves "
        "them no number here says: members of one alliance hang together, and so few alliances are no sample."
        f"{_without_one(each) if len(each) > 2 else ''}"
    )


def _without_one(each: Mapping[str, left_out.LeftOut]) -> str:
    """How the sums compare whichever alliance is taken away, and how often the better of equals would do so well."""
    from scipy.stats import binom

    model, rate = (sum(getattr(x, score) for x in each.values()) for score in ("log_score", "base_rate"))
    wins = model < rate
    rest = {name: (model - x.log_score, rate - x.base_rate) for name, x in each.items()}
    name, (own, other) = min(rest.items(), key=lambda item: (item[1][1] - item[1][0]) * (1 if wins else -1))
    held = "whichever alliance is taken away, least" if (own < other) == wins else "but not"
    better = sum((x.log_score < x.base_rate) == wins for x in each.values())
    chance = 100 * float(binom.sf(better - 1, len(each), 0.5))
    return (
        f" In sum the model does {'better' if wins else 'worse'} than the base rate, {held} without {name} "
        f"({own:.2f} against {other:.2f}). It does so in {better} of {len(each)}; if the two were equally good, "
        f"chance would bring as many or more in {chance:.0f} of 100 cases."
    )


def _scored(d: Drawn) -> bool:
    """Whether the scores that come with the tool are of the calibration that a scenario draws from."""
    return bool(d.fitted) and {*d.fitted} == {*left_out.scores()} - {ALL}


def limits(drawn: Sequence[Drawn]) -> list[str]:
    """What forecasts of these alliances do not support, as far as scores say."""
    if not drawn or not all(map(_scored, drawn)):
        return [STATEMENTS]
    found, scores = [STATEMENTS, *left_out.unsupported()], left_out.scores()
    for alliance in dict.fromkeys(d.alliance for d in drawn):
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
            f"the model's log score was {x.log_score:.2f}±{x.log_mcse:.2f} (± for the computation alone), the average "
            f"rate's {x.base_rate:.2f} (less is better)."
        )
    return found


def of_assumptions(explained: Iterable[Explanation]) -> str:
    """How many coded values rest on no source, in a sentence."""
    each = [e.bare for e in explained]
    return (
        f"{plural(len(each), 'coded value')}, of which {sum(each)} rest on an assumption alone, with its reason. Bands "
        "and priors say what is held possible; each run draws from them, or from what the records leave (posterior)"
    )
