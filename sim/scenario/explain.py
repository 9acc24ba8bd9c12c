"""Where a value comes from: its path over time, the coding rule and the sources with their words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sim.errors import InputError, Problem, listed, nearest
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.load import Scenario
from sim.scenario.tables import (
    ASSUMPTION,
    BUILT_IN_RULES,
    COMMAND_LINE,
    WORDS,
    Coded,
    CodedCoefficient,
    Distribution,
    at_prior,
    dispute_path,
    input_paths,
    value_at,
)


@dataclass(frozen=True)
class Knot:
    """A coded value at a date (empty for a value that holds throughout)."""

    date: str
    coded: str
    low: float
    high: float

    @property
    def band(self) -> str:
        """The value, or the range it may lie in."""
        return f"{self.low:.3g}" if self.low == self.high else f"{self.low:.3g} to {self.high:.3g}"


@dataclass(frozen=True)
class Explanation:
    """All there is to say about one coded value."""

    path: str
    meaning: str
    join: str
    knots: list[Knot]
    rule: str
    rule_says: str
    sources: list[tuple[str, str, str]]
    """(source, quotation, where from)."""
    note: str

    def __repr__(self) -> str:
        return "\n".join([f"<Explanation of {self.path}: {self.meaning}>", *lines(self)])


def lines(e: Explanation) -> Iterator[str]:
    """The explanation as plain text, a line each."""
    yield f"  rule: {e.rule} - {e.rule_says}"
    for k in e.knots:
        yield f"  {k.date or 'throughout'}: {k.coded} = {k.band}"
    for source, quotation, where in e.sources:
        yield f"  [{source}] {quotation}" + (f" ({where})" if where else "")
    if e.note:
        yield f"  note: {e.note}"


def coded_paths(scenario: Scenario) -> dict[str, Any]:
    """Every coded value of a scenario by dotted path: inputs, coefficients and disputes."""
    tables = scenario.tables
    found: dict[str, Any] = {p: value_at(tables, p) for p in input_paths(scenario.members)}
    for c in COEFFICIENTS:
        found[f"behaviour.{c.name}"] = getattr(tables.behaviour, c.name)
    for dispute in tables.disputes:
        found[dispute_path(dispute.between)] = dispute.intensity
    return found


def _meaning(path: str) -> str:
    keys = path.split(".")
    if keys[0] == "behaviour":
        c = next(c for c in COEFFICIENTS if c.name == keys[1])
        return f"{c.meaning} ({c.symbol}, {c.unit})"
    if keys[0] == "disputes":
        return "how contested the pair's relation is (q_ij)"
    inputs = {i.name: i for i in (*MEMBER_INPUTS, *LEADER_INPUTS)}
    i = inputs[keys[1] if keys[0] == "leader" else keys[2]]
    channel = f"; channel {keys[-1]}" if i.channels else ""
    return f"{i.meaning} ({i.symbol}, 0 to 1{channel})"


def _distribution(d: Distribution) -> str:
    return f"{d.family}({', '.join(f'{k} {v:g}' for k, v in d.parameters().items())})"


def _ends(d: Distribution, low: float, high: float) -> tuple[float, float, float]:
    """The middle 90 % of a distribution cut off at its bounds, and its median."""
    import numpy as np

    from sim.scenario.distributions import quantile

    q = quantile(np.array([0.05, 0.95, 0.5]), d.family, d.parameters(), low, high)
    return float(q[0]), float(q[1]), float(q[2])


def _drawn(scenario: Scenario, path: str) -> list[Knot]:
    """What the posterior says of a coefficient that is drawn from it."""
    posterior, name = scenario.tables.posterior, path.removeprefix("behaviour.")
    if posterior is None or path == name or name not in posterior.columns:
        return []
    if not at_prior(scenario.tables.behaviour, name):
        return []
    import numpy as np

    x = posterior.draws[name]
    low, median, high = (float(q) for q in np.quantile(x, (0.05, 0.5, 0.95)))
    told = f"posterior ({posterior.file}, {len(x):,} draws), median {median:.3g}, middle 90 %"
    return [Knot("", told, low, high)]


def _knots(coded: Coded | CodedCoefficient, rules: dict[str, Any], low: float = 0.0, high: float = 1.0) -> list[Knot]:
    if coded.distribution is not None:
        *middle, median = _ends(coded.distribution, low, high)
        told = f"{_distribution(coded.distribution)}, median {median:.3g}, middle 90 %"
        return [Knot("", told, *middle)]
    if isinstance(coded, CodedCoefficient):
        assert coded.value is not None
        return [Knot("", f"{coded.value:g}", coded.value, coded.value)]
    knots = []
    for date, entry in coded.entries().items():
        if isinstance(entry, str):
            knots.append(Knot(date, f'"{entry}"', *WORDS[entry]))
        elif coded.rule in BUILT_IN_RULES:
            knots.append(Knot(date, f"{entry:g}", entry, entry))
        else:
            rule = rules[coded.rule]
            knots.append(Knot(date, f"{entry:g} {rule.unit}".strip(), *rule.band(entry)))
    return knots


def _rule_says(coded: Coded | CodedCoefficient, rules: dict[str, Any]) -> tuple[str, str]:
    if isinstance(coded, CodedCoefficient):
        return "prior", "a coefficient's prior; drawn once a run unless it is a number"
    if coded.rule in BUILT_IN_RULES:
        return coded.rule, BUILT_IN_RULES[coded.rule]
    rule = rules[coded.rule]
    return coded.rule, f"{rule.says} ({rule.zero:g} is 0, {rule.one:g} is 1, ± {rule.width:g})"


def source_of(source: str, registry: dict[str, dict[str, str]]) -> tuple[str, str, str]:
    """A source with its quotation and where it is from."""
    if source.startswith(ASSUMPTION):
        return ASSUMPTION.rstrip(":"), source[len(ASSUMPTION) :].strip(), ""
    if source == COMMAND_LINE:
        return COMMAND_LINE, "given by the user", ""
    entry = registry.get(source.split()[0], {})
    return source, entry.get("quote", ""), entry.get("from", "")


def explain(scenario: Scenario, path: str) -> Explanation:
    """Explain one coded value of a scenario.

    Raises
    ------
    InputError
        Where the path names no coded value; says which are nearest.
    """
    coded = coded_paths(scenario)
    if path not in coded:
        under = [p for p in coded if p.startswith(path + ".")]
        allowed = f"allowed: one of {listed(under)}" if under else "allowed: a coded value"
        near = "" if under else nearest(path, coded)
        raise InputError([Problem(str(scenario.file), path, "no coded value", allowed, near)])
    value, rules = coded[path], scenario.tables.rules
    bounds = next(((c.low, c.high) for c in COEFFICIENTS if path == f"behaviour.{c.name}"), (0.0, 1.0))
    rule, says = _rule_says(value, rules)
    knots, drawn = _knots(value, rules, *bounds), _drawn(scenario, path)
    if drawn:
        says = "what was believed before the calibration; each run draws from the posterior"
        knots = [replace(k, coded=f"prior {k.coded}") for k in knots] + drawn
    return Explanation(
        path,
        _meaning(path),
        getattr(value, "join", ""),
        knots,
        rule,
        says,
        [source_of(s, scenario.registry) for s in value.sources],
        "; ".join(filter(None, [value.note, *_adjustments(scenario.tables, path)])),
    )


def _adjustments(tables: Any, path: str) -> list[str]:
    """What is done to a value after it was coded."""
    words = {"value": "replaced by", "scale": "multiplied by", "shift": "moved by"}
    return [
        f"{words[a.way[0]]} {a.way[1]:g} {f'from {a.from_}' if a.from_ else 'throughout'} "
        f"(held in 0 to 1; {listed(a.sources)})"
        for a in tables.adjustments
        if a.path in (path, path.rpartition(".")[0])
    ]
