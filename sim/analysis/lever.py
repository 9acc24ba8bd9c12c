"""A lever: something of a scenario that is moved to any value, as ``--set`` and the factors of studies move it."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from math import isfinite
from numbers import Real

import numpy as np

from sim.errors import InputError, Problem, nearest
from sim.model.dates import WRITTEN, parse, spoken
from sim.scenario.compile import Program, compile, unconditioned, vary
from sim.scenario.load import Scenario
from sim.scenario.paths import WAYS
from sim.scenario.posterior import Column
from sim.scenario.values import ALWAYS, Distribution
from sim.studies.tables import Factor
from sim.studies.target import Target, adjustments, changes_past, since, target

USUAL = {"scale": (0.0, 2.0)}
"""Where the lever is moved if nothing is said, if not over all that it may be: from nothing to twice as much."""
UNMOVED = {"scale": (1.0, 1.0), "shift": (0.0, 0.0), "place": (0.0, 1.0)}
"""Where it is if it is not moved, of ways that do not replace what is coded."""
MIDDLE = (0.05, 0.95)


@dataclass(frozen=True)
class Lever:
    """A lever of a scenario, from ``low`` to ``high``."""

    scenario: Scenario
    factor: Factor
    to: Target
    low: float
    high: float
    program: Program
    """Of the scenario as it is."""

    def at(self, value: float) -> Program:
        """The scenario with the lever at a value."""
        moved = adjustments(self.factor, self.to, value)
        return vary(self.program, self.scenario, moved, dict.fromkeys(self.to.coefficients, value))

    @property
    def now(self) -> tuple[float, float]:
        """From where to where it lies in the scenario as it is, at the date from which it is moved.

        The band in which it is coded; of what has a distribution, and of coefficients, the middle 90 %.
        """
        if self.factor.way in UNMOVED:
            return UNMOVED[self.factor.way]
        p, day = self.program, self.factor.from_
        tick = min(bisect_right(p.edges, day) - 1, p.ticks - 1) if isinstance(day, date) else p.record_ticks
        ends: list[float] = []
        for path in (own for group in self.to.inputs for own in self.scenario.tables.adjustable[group]):
            band = p.bands[path]
            ends += [float(band.at(u)[tick]) for u in (MIDDLE if band.distribution else (0.0, 1.0))]
        for name in self.to.coefficients:
            given = p.coefficients[name]
            if isinstance(given, Distribution):
                ends += given.quantile(np.array(MIDDLE), self.to.low, self.to.high).tolist()
            else:
                ends += np.quantile(given.values if isinstance(given, Column) else given, MIDDLE).tolist()
        return min(ends), max(ends)

    @property
    def words(self) -> str:
        """What it is, in words: ``security offer to Armenia (the West) from January 2025``."""
        f, start = self.factor, self.scenario.tables.time.forecast_from
        said = self.scenario.subject(f.targets[0])
        if isinstance(f.from_, date) and f.from_ != start:
            said += f" from {spoken(f.from_)}"
        elif f.from_ == ALWAYS:
            said += " for all time"
        return said if f.way == "value" else f"{said}, {WAYS[f.way].words}"

    @property
    def axis(self) -> str:
        """What an axis of it is called."""
        unit = " (0 to 1)" if self.to.inputs and self.factor.way == "value" else ""
        return f"{self.words}{unit}"


def lever(text: str, scenario: Scenario, way: str, low: float | None, high: float | None) -> Lever:
    """A lever from ``PATH`` or ``PATH@DATE``.

    Raises
    ------
    InputError
        With all that is wrong with it and its range.
    """
    path, at, day = text.strip().partition("@")
    problems: list[Problem] = []
    if way not in WAYS:
        problems.append(Problem("way", "", way, f"allowed: {', '.join(WAYS)}", nearest(way, WAYS)))
    start: object = None
    try:
        start = day.strip() if day.strip() == ALWAYS else parse(day.strip()) if at else None
    except ValueError as error:
        problems.append(
            Problem("lever", text, f"{day or 'no date after @'} {error}", f"allowed: {WRITTEN}, or {ALWAYS}")
        )
    factor = Factor.model_validate({"path": path, "as": way if way in WAYS else "value", "from": start})
    to, wrong = target(factor, scenario, "lever", "")
    problems += wrong
    if to.others:
        allowed = "allowed: inputs, groups of channels, disputes and coefficients, which take any value between two"
        problems.append(Problem("lever", "", f"{path} cannot be moved", allowed))
    ends = _range(to, way, low, high, problems)
    if problems:
        raise InputError(problems)
    factor = since(factor, [to], scenario)
    program = compile(scenario)
    if changes_past(factor, to, program):
        program = unconditioned(program, "since the lever changes the past")
    return Lever(scenario, factor, to, *ends, program)


def _range(to: Target, way: str, low: float | None, high: float | None, problems: list[Problem]) -> tuple[float, float]:
    """Where the lever is moved: as given, or over all that it may be."""
    least, most = USUAL.get(way, (to.low, to.high))
    given = {"low": least if low is None else low, "high": most if high is None else high}
    allowed = f"allowed: a number from {to.low:g} to {to.high:g}"
    before = len(problems)
    for name, asked, end in (("low", low, given["low"]), ("high", high, given["high"])):
        if isinstance(end, bool) or not isinstance(end, Real):
            problems.append(Problem(name, "", f"{end!r:.60}", allowed))
        elif asked is None and not isfinite(end):
            problems.append(Problem(name, "", "not given", "required: to where the coefficient is moved"))
        elif not to.low <= end <= to.high or not isfinite(end):
            problems.append(Problem(name, "", f"{end:g}" if abs(end) < 1e30 else "a number too long", allowed))
    if len(problems) == before and given["low"] >= given["high"]:
        name = "high" if low is None else "low"
        problems.append(Problem(name, "", f"low {given['low']:g}, high {given['high']:g}", "allowed: low below high"))
    return float(given["low"]) if len(problems) == before else 0.0, float(given["high"]) if len(
        problems
    ) == before else 1.0
