"""What figures of forecasts, mechanisms and claims draw, built on the floors above; free of any drawing library."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from sim.model.arrays import Array

INPUTS = {
    "as they were": "inputs as they were (not known then)",
    "held": "inputs held at their last value",
    "as published": "inputs as published (going on as before)",
}
"""By what the model knows of the inputs after the origin: in words."""


class Mark(NamedTuple):
    """What happens at a date in a scenario, marked on the axis of time."""

    date: str
    words: str


class Skill(NamedTuple):
    """Skill of the model against a baseline rule, with its 90 % interval."""

    scheme: str
    question: str
    score: str
    inputs: str
    baseline: str
    skill: float
    low: float
    high: float

    @property
    def outcome(self) -> str:
        """How it ends."""
        if not math.isfinite(self.skill):
            return "perfect"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "open"


class Counted(NamedTuple):
    """How often something was forecast to happen after an origin, and did; of the dissolution, its probability."""

    alliance: str
    since: str
    event: str
    seen: int
    mean: float
    q05: float
    median: float
    q95: float
    base_rate: float
    integrated_hazard: float
    """Of exit, over the record, in which members stayed whatever it was; from the beginning alone."""


class Case(NamedTuple):
    """The probability that something has happened to a state by a date, and whether it had."""

    alliance: str
    since: str
    event: str
    state: str
    name: str
    by: str
    happened: int
    model: float
    q05: float
    q95: float
    base_rate: float
    logit: float


MOVES = ("exit", "freeze", "return", "entry")
"""Of membership, as records have them."""


class Moved(NamedTuple):
    """A move of membership on record."""

    alliance: str
    state: str
    name: str
    date: str
    move: str


class Worth(NamedTuple):
    """What a mechanism is worth: with it minus without it, each with its Monte Carlo standard error."""

    mechanism: str
    says: str
    coefficients: str
    evidence: float  # of the whole record, natural logarithm
    evidence_se: float
    held_out: float  # log score of the held-out years
    held_out_se: float
    verdict: str
    held_out_verdict: str  # by the held-out years alone
    effective: float  # draws that carry the evidence without it, in the step, part and seed that leaves fewest
    steps: int  # to the model without it: 1 from the full model's posterior, more where it was tempered

    @property
    def differs(self) -> bool:
        """Whether the held-out years alone would give another verdict than the whole record."""
        return self.held_out_verdict != self.verdict


class Measured(NamedTuple):
    """A row of a test: one quantity over the draws."""

    label: str
    draws: Array
    """(draw,), not a number where it is not defined"""
    estimate: float
    q05: float
    q95: float
    holds: float
    """In which share of draws it lies on the claimed side."""


class Panel(NamedTuple):
    """A test of the claim."""

    says: str
    note: str
    axis: str
    """What the numbers are."""
    scale: Literal["probability", "points", ""]
    """Probabilities in percent, their differences in percentage points, or plain numbers."""
    threshold: float
    above: bool
    """Whether the claim is that it lies above the threshold."""
    holds: float
    """In which share of draws all rows hold."""
    rows: Sequence[Measured]


class Claim(NamedTuple):
    """What the figure says of a claim."""

    name: str
    title: str
    text: str
    verdict: str
    holds: float
    """In which share of draws all tests hold together; ``low`` and ``high`` are the ends of its 95 % interval."""
    low: float
    high: float
    draws: int
    tests: Sequence[Panel]
    footer: str

    @property
    def plain(self) -> dict[str, Any]:
        """Ready for JSON; :func:`from_json` is the way back."""
        tests = [
            {**t._asdict(), "rows": [{**row._asdict(), "draws": row.draws.tolist()} for row in t.rows]}
            for t in self.tests
        ]
        return {**self._asdict(), "tests": tests}


def from_json(plain: dict[str, Any]) -> Claim:
    """A claim from a JSON object with the same keys."""
    tests = [
        Panel(**{**test, "rows": [Measured(**{**row, "draws": np.array(row["draws"])}) for row in test["rows"]]})
        for test in plain["tests"]
    ]
    return Claim(**{**plain, "tests": tests})
