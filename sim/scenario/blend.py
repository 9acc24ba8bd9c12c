"""Between two scenarios: what they differ in, and the program of one with some of it taken from the other."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.errors import InputError, Problem
from sim.model.tick import Script
from sim.scenario.compile import Program, begun, compile
from sim.scenario.load import Scenario
from sim.scenario.paths import Band
from sim.scenario.start import hashed
from sim.scenario.tables import BEHAVIOUR

WEIGHTS, EVENTS, ALLIANCE, COURSE = "weights.", "events", "alliance", "inputs"
"""What scenarios may differ in beside coded values, by path."""


class Blend(NamedTuple):
    """Two scenarios with the same states, dates and draws."""

    first: Scenario
    second: Scenario
    a: Program
    b: Program
    differs: tuple[str, ...]
    """Dotted paths of coded values, coefficients and weights, and what else differs, in the order of the file."""

    def program(self, taken: Collection[str]) -> Program:
        """The first with the paths that are ``taken`` from the second."""
        a, b = self.a, self.b
        coefficients = {n for n in a.coefficients if f"{BEHAVIOUR}{n}" in taken}
        p = a._replace(
            bands=a.bands | {path: b.bands[path] for path in a.bands if path in taken},
            coefficients=a.coefficients | {n: b.coefficients[n] for n in coefficients},
            weights=a.weights | {n: b.weights[n] for n in a.weights if f"{WEIGHTS}{n}" in taken},
            set_paths={path: sets[path] for path in a.bands if path in (sets := (b if path in taken else a).set_paths)},
        )
        if EVENTS in taken:
            p = p._replace(script=b.script, start_status=b.start_status)
        if ALLIANCE in taken:
            p = p._replace(alliance=b.alliance)
        if COURSE in taken:
            p = p._replace(course=b.course)
        given = {n: self.second.tables.behaviour[n].form for n in coefficients}
        return p._replace(start=begun(self.first, p, given)) if self._touches_past(p, taken) else p

    def _touches_past(self, p: Program, taken: Collection[str]) -> bool:
        """Whether what is taken may have changed where runs begin."""
        a, until = self.a, self.a.record_ticks
        alike = all(p.bands[path] is a.bands[path] or same(p.bands[path], a.bands[path], until) for path in a.bands)
        return not alike or any(path.startswith((BEHAVIOUR, WEIGHTS, EVENTS, ALLIANCE)) for path in taken)


def same(x: Band, y: Band, until: int | None = None) -> bool:
    """Whether two bands are the same in the first ticks, or in all."""
    none = np.zeros(0)
    sides = ((x.low, y.low), (x.high, y.high), (none if x.word is None else x.word, none if y.word is None else y.word))
    return x.distribution == y.distribution and all(np.array_equal(one[:until], other[:until]) for one, other in sides)


def _script(scripts: Sequence[Script]) -> str:
    return hashed(np.asarray(x) for s in scripts for x in s)


def blend(first: Scenario, second: Scenario) -> Blend:
    """Find what two scenarios differ in.

    Raises
    ------
    InputError
        Where they have draws of their own or other disputes, so that no part of one can stand in the other, or where
        nothing differs.
    """
    a, b = compile(first), compile(second)
    problems = []
    if first.tables.posterior != second.tables.posterior:
        problems.append(Problem(str(second.file), "posterior", "draws of its own", "allowed: the same draws in both"))
    if list(a.bands) != list(b.bands):
        other = ", ".join(sorted({*a.bands} ^ {*b.bands}))
        problems.append(Problem(str(second.file), other, "coded in one alone", "allowed: the same disputes in both"))
    if problems:
        raise InputError(problems)
    found = [p for p in a.bands if not same(a.bands[p], b.bands[p]) or a.set_paths.get(p) != b.set_paths.get(p)]
    found += _unlike(BEHAVIOUR, a.coefficients, b.coefficients) + _unlike(WEIGHTS, a.weights, b.weights)
    rest = {
        EVENTS: _script(a.script) != _script(b.script) or not np.array_equal(a.start_status, b.start_status),
        ALLIANCE: hashed((*a.alliance,)) != hashed((*b.alliance,)),
        COURSE: a.course != b.course,
    }
    found += [name for name, differs in rest.items() if differs]
    if not found:
        allowed = "allowed: a scenario that differs in coded values, coefficients, weights or events"
        raise InputError([Problem(str(second.file), "", f"nothing differs from {first.name}", allowed)])
    return Blend(first, second, a, b, tuple(found))


def _unlike(section: str, a: Mapping[str, object], b: Mapping[str, object]) -> list[str]:
    """Names of what is not the same in both."""
    return [f"{section}{n}" for n in a if hashed((a[n],)) != hashed((b[n],))]
