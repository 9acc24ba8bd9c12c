"""Numbers as people read them: what a cell of a printed table says."""

from collections.abc import Mapping

from sim.model.outcomes import OUTCOMES, alone, bound, interval, probability
from sim.results.change import measured

Estimate = Mapping[str, float]
"""A probability or a mean with its statistics, as in ``Result.summary()``."""

SHARES = {"parameter": "share_mcse", "input": "input_share_mcse"}
HARDLY = 0.0005
"""No split is shown of what has a smaller probability, or lacks less of certainty."""


def with_interval(p: Estimate, sign: str = "") -> str:
    """A probability in percent with its 90 % interval, where that says more."""
    value, spread = probability(p), interval(p["q05"], p["q95"])
    return value + sign if spread in ("", value) else f"{value}{sign} ({spread})"


def over(outcome: str) -> str:
    """What the 90 % interval of an outcome at a point is over."""
    return "coefficients and coded values" if OUTCOMES[outcome].probability else "runs"


def level(x: Estimate) -> str:
    """A mean between 0 and 1 with its 90 % interval."""
    return measured(x["mean"], x["q05"], x["q95"])


def with_error(p: Estimate) -> str:
    """A probability in percent with its Monte Carlo standard error."""
    value, error = 100 * p["mean"], 100 * p["mcse"]
    if error != error:  # one run
        return f"{value:.1f}"
    if said := bound(alone(p)):
        return said
    if value < 0.05 and not error >= 0.05:
        return "<0.05"
    return f"{value:.1f}±{error:.1f}" if error >= 0.05 else f"{value:.1f}±<0.1"


def mean(x: Estimate) -> str:
    """A mean with its Monte Carlo standard error."""
    return f"{x['mean']:.3f}" + (f"±{x['mcse']:.3f}" if x["mcse"] == x["mcse"] else "")


def split(x: Estimate) -> str:
    """The parts of parameters, inputs to come and chance in percent, of inputs only where they are not held.

    Empty of one run, where nothing varies or hardly anything can.
    """
    if x["parameter_share"] != x["parameter_share"] or x["mcse"] != x["mcse"] or not HARDLY <= x["mean"] <= 1 - HARDLY:
        return ""
    known = [(100 * x[f"{what}_share"], 100 * x[error]) for what, error in SHARES.items()]
    parts = [f"{share:.0f}±{f'{error:.0f}' if error >= 0.5 else '<1'}" for share, error in known if share == share]
    rest = 100 - sum(share for share, _ in known if share == share)
    return " : ".join([*parts, f"{max(rest, 0):.0f}"])
