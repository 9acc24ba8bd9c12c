"""Words that a newspaper would explain, of those that a report uses."""

import re

from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES

LOGIT = "logit"
TERMS = {
    "run": "One course of events that the model plays through, with chance events of its own.",
    "draw": "One possible set of coefficients and coded values. Many are used, since none is known exactly.",
    "coefficient": "A number that says how strongly one thing acts on another in the model, the same for all states.",
    "coded value": "What a source says of a state at a date, put on a scale by a written rule.",
    "prior": "What was held possible of a coefficient before the records were looked at.",
    "posterior": "What the records leave possible of a coefficient.",
    "90 % interval": (
        "Where the middle 90 % of the answers lie when what is not known, coefficients and coded values, takes the "
        "values that records and coding leave possible. That the model may be wrong is not in it."
    ),
    "Monte Carlo": (
        "The Monte Carlo standard error says how far a number would move if the computation were repeated with other "
        "chance events. More runs make it smaller; it says nothing of the world."
    ),
    "common random numbers": (
        "What happens by chance is alike in both scenarios, so that what differs is due to what was changed."
    ),
    LOGIT: "A regression that forecasts from dependence, threat and ties with the rival alone: a rule to be beaten.",
    "conduct": "Whether a state supports, abstains or opposes on a motion, relative to the leader.",
    "membership": "Whether a state takes part, has frozen its membership or is outside; scored is whether it changes.",
    "base rate": "How often such a thing happens on average, whoever the state is: the simplest forecast.",
    "log score": (
        "Marks a forecast by the probability that it had given to what happened; less is better, and to have held for "
        "impossible what happened is punished without limit."
    ),
    "Brier": "The Brier score is the mean squared distance of probabilities from what happened (less is better).",
    "skill": "By which share the model's score is better than another forecaster's; below 0 it is worse.",
    "bootstrap": "Scores computed anew from cases drawn with replacement, to see how much hangs on a few of them.",
    "CRPS": (
        "The continuous ranked probability score: how far a forecast's whole range of values lies from the value that "
        "came (less is better)."
    ),
    "persistence": "A rule to be beaten: all goes on as it was.",
    "hazard": "How likely something is within a short time where it has not yet happened, as a rate a year.",
    "idle coordinate": "A number that nothing in the model reads, fitted along: what seems learned of it is error.",
    "log-evidence": (
        "How probable the model with its priors made the whole record, as a natural logarithm; of two models the one "
        "with more explains it better."
    ),
    "Shapley value": "What a part adds, averaged over all orders in which the parts may be changed.",
    "ROC curve": (
        "The area under it is the chance that a sign is stronger in a case with the event than in one without it: "
        "0.5 tells nothing, 1 all."
    ),
    "freeze": "To remain a member on paper and take no part.",
    "horizon": "A date by which something is asked for.",
    "backtest": "The model fitted to the past up to a date, and its forecasts held against what came after.",
}
"""What stands in no other table."""


def glossary(text: str) -> dict[str, str]:
    """The terms that a text uses, with their meanings, in alphabetical order."""
    named = [o for o in OUTCOMES.values() if o.headline or o.unit == LOGIT]  # others are called by everyday words
    outcomes = {o.noun: sentence(f"{o.meaning}.") for o in named}
    found = {term: meaning for term, meaning in {**outcomes, **TERMS}.items() if meaning and _uses(text, term)}
    return dict(sorted(found.items(), key=lambda item: item[0].casefold()))


def _uses(text: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term)}(?:s|es)?(?!\w)", text, re.IGNORECASE) is not None
