"""Where a value comes from: its path over time, the coding rule and the sources with their words."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike, fspath
from typing import Any, NamedTuple

import numpy as np

from sim.errors import InputError, Problem, arguments, listed, nearest, plural
from sim.inference.continuation import continued
from sim.model.arrays import Array
from sim.model.dates import to_years
from sim.model.grammar import sentence
from sim.scenario.compile import Program, compile, input_band
from sim.scenario.course import later
from sim.scenario.inheritance import Registry
from sim.scenario.load import Scenario, load
from sim.scenario.names import by_code
from sim.scenario.paths import WAYS, entry_band
from sim.scenario.posterior import Column, Posterior
from sim.scenario.tables import ALLIANCE_EFFECT, BEHAVIOUR, ScenarioTables, Value, effect_path
from sim.scenario.values import (
    ASSUMPTION,
    BUILT_IN_RULES,
    COMMAND_LINE,
    JOINS,
    Coded,
    CodedCoefficient,
    Distribution,
    Rule,
)

CHANGES = (*(way.words for way in WAYS.values()),)
"""How the words begin that say what was done to a coded value."""


class OwnEffect(NamedTuple):
    """An effect that nobody codes: the coefficient that is its spread, what it is, and what is so where that is 0."""

    spread: str
    meaning: str
    none: str


OF_STATE = OwnEffect(
    "state_effects",
    "the state's own effect in conduct beside its stance, constant over time (a_i, stance)",
    "states have no effects of their own",
)
OF_ALLIANCE = OwnEffect(
    "alliance_effects",
    "the alliance's own effect on exit and freezing, constant over time (e_a, log-hazard)",
    "the alliance has no effect of its own",
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
    """As coded."""
    used: list[Knot]
    """What a run uses, by date from the first tick on: the coded path, then adjustments, then shocks. Empty for a
    coefficient, which holds for all time."""
    rule: str
    rule_says: str
    sources: list[tuple[str, str, str]]
    """(source, quotation, where from)."""
    note: str
    start: str
    """Where the runs of the scenario start."""
    later: str
    """How an input goes on from there; empty where nothing goes on by itself."""

    @property
    def changed(self) -> bool:
        """Whether adjustments or shocks make another path of what is coded."""
        return any(k.coded.startswith(CHANGES) for k in self.used)

    @property
    def bare(self) -> bool:
        """Whether it rests on an assumption alone."""
        return bool(self.sources) and all(source == ASSUMPTION.rstrip(":") for source, *_ in self.sources)

    @property
    def joined(self) -> str:
        """How values over time are joined, as they are coded and as the run uses them; empty where there is one."""
        dated = sum(bool(k.date) for k in self.knots)
        coded = f"Coded values are {JOINS[self.join]}" if dated > 1 else ""
        changes = "a change holds from its day on" if self.changed else ""
        said = "; ".join(filter(None, (coded, changes)))
        return f"{sentence(said)}." if said else ""

    @property
    def held(self) -> str:
        """That the first knot holds before it too, where it lies after the first tick's start."""
        late = self.used and self.knots[0].date > self.used[0].date
        return f"From {self.used[0].date} to {self.knots[0].date} the first value holds." if late else ""

    def __repr__(self) -> str:
        return "\n".join([f"<Explanation of {self.path}: {self.meaning}>", *lines(self)])


def lines(e: Explanation) -> Iterator[str]:
    """The explanation as plain text, a line each."""
    yield f"  rule: {e.rule} - {e.rule_says}"
    for k in e.knots:
        yield f"  {k.date or 'throughout'}: {k.coded} = {k.band}"
    if e.changed:
        yield "  the run uses:"
        yield from (f"  {k.date}: {k.coded} = {k.band}" for k in e.used)
    elif held := e.held:
        yield f"  {held}"
    if e.joined:
        yield f"  {e.joined}"
    for source, quotation, where in e.sources:
        yield f"  [{source}] {quotation}" + (f" ({where})" if where else "")
    if e.note:
        yield f"  note: {e.note}"
    if e.later:
        yield f"  {e.later}"
    yield f"  {e.start}"


def grouped(sources: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Sources with the same quotation once, all their citations before it."""
    by_words: dict[tuple[str, str], list[str]] = {}
    for source, quotation, where in sources:
        by_words.setdefault((quotation, where), []).append(source)
    return [("; ".join(cited), *words) for words, cited in by_words.items()]


def knots_of(value: Value, rules: Mapping[str, Rule]) -> list[Knot]:
    """What is coded, date by date, and the bands that it means."""
    coded = value.coded
    if d := coded.distribution:
        low, median, high = (float(q) for q in d.quantile(np.array([0.05, 0.5, 0.95]), *value.bounds))
        return [Knot("", f"{d}, median {median:.3g}, middle 90 %", low, high)]
    if isinstance(coded, CodedCoefficient):
        assert coded.value is not None, "checked when it was read"
        return [Knot("", f"{coded.value:g}", coded.value, coded.value)]
    unit = rules[coded.rule].unit if coded.rule in rules else ""
    knots = []
    for date, entry in coded.entries().items():
        figure = f'"{entry}"' if isinstance(entry, str) else f"{entry:g} {unit}".strip()
        knots.append(Knot(date.isoformat() if date else "", figure, *entry_band(entry, coded.rule, rules)))
    return knots


def _used(tables: ScenarioTables, path: str, coded: list[Knot]) -> list[Knot]:
    """What a run uses, date by date; a day's mean stands for the value on that day."""
    first, end = tables.time.first, tables.time.end
    knots = {dt.date.fromisoformat(k.date): k.coded for k in coded if k.date}
    changes = [(a.from_ or first, str(a)) for a in tables.adjustments if path in tables.adjustable[a.path]]
    changes += [
        (
            e.date,
            f"moved by {e.change:+g} from {e.date}"
            + (f", half-life {plural(e.half_life, 'year')}" if e.half_life else ""),
        )
        for e in tables.events
        if e.kind == "shock" and e.path == path
    ]
    used: list[Knot] = []
    for day in sorted({first, *knots, *(date for date, _ in changes)}):
        if not first <= day < end:
            continue
        band = input_band(tables, path, np.array([to_years(day), to_years(day + dt.timedelta(days=1))]))
        low, high = float(band.low[0]), float(band.high[0] + (0.0 if band.word is None else band.word[0]))
        if band.distribution is not None and band.high[0] > band.low[0]:
            low, high = coded[0].low, coded[0].high
        said = [text for date, text in changes if date <= day]
        past = [text for date, text in knots.items() if date <= day] or [k.coded for k in coded[:1]]
        used.append(Knot(day.isoformat(), ", ".join(said) or past[-1], low, high))
    return used


def _place(program: Program, posterior: Posterior | None, path: str, coded: list[Knot], form: Coded) -> list[Knot]:
    """What the posterior says of a coded value: its place in the band, and what that means for the last one coded."""
    wide = [k for k in coded if k.high > k.low]
    if path not in program.places or posterior is None or not wide:
        return []
    low, median, high = (float(q) for q in np.quantile(program.places[path], (0.05, 0.5, 0.95)))
    says = f"posterior ({posterior}), place in the band {low:.2f} to {high:.2f}, median {median:.2f}"
    last, d = wide[-1], form.distribution
    ends = [
        float(d.quantile(np.array([u]), 0.0, 1.0)[0]) if d else last.low + u * (last.high - last.low)
        for u in (low, high)
    ]
    return [Knot("", says + ("" if d else f"; of {last.coded}"), *ends)]


def drawn_from(tables: ScenarioTables, path: str) -> list[Knot]:
    """What the posterior says of a coefficient that is drawn from it."""
    name, posterior = path.removeprefix(BEHAVIOUR), tables.posterior
    if name == path or posterior is None or not tables.from_posterior(name):
        return []
    x = posterior.columns[name].values
    low, median, high = (float(q) for q in np.quantile(x, (0.05, 0.5, 0.95)))
    coded = f"posterior ({posterior}), median {median:.3g}, middle 90 %"
    return [Knot("", coded, low, high)]


def _effect(scenario: Scenario, program: Program, path: str, effect: OwnEffect) -> Explanation:
    """An effect that nobody codes: its law, and what the posterior says of it."""
    from scipy.special import ndtri

    tables, middles = scenario.tables, (np.arange(400) + 0.5) / 400
    form, drawn = tables.behaviour[effect.spread].form, program.coefficients[effect.spread]
    spread = form.quantile(middles, 0.0, np.inf)[:, None] if isinstance(form, Distribution) else np.array(form)

    def knot(says: str, x: Array) -> Knot:
        low, median, high = (float(q) for q in np.quantile(x, (0.05, 0.5, 0.95)))
        return Knot("", f"{says}, median {median:.3g}, middle 90 %", low, high)

    knots = [knot(f"prior normal(mean 0, sd {effect.spread})", spread * ndtri(middles))]
    if path in program.places:
        own = drawn.values if isinstance(drawn, Column) else spread
        knots.append(knot(f"posterior ({tables.posterior})", own * ndtri(program.places[path])))
    says = f"a standard normal number, drawn once a run, times {BEHAVIOUR}{effect.spread}"
    says += "; each run has it where its row of the posterior has it" if path in program.places else ""
    return Explanation(path, effect.meaning, "", knots, [], "prior", says, [], "", program.start.words, "")


def rule_of(coded: Coded | CodedCoefficient, rules: Mapping[str, Rule]) -> tuple[str, str]:
    """The name of the coding rule, and what it says."""
    if isinstance(coded, CodedCoefficient):
        return "prior", "a coefficient's prior; drawn once a run unless it is a number"
    if coded.rule in BUILT_IN_RULES:
        return coded.rule, BUILT_IN_RULES[coded.rule]
    rule = rules[coded.rule]
    return coded.rule, f"{rule.says} ({rule.zero:g} is 0, {rule.one:g} is 1, ± {rule.width:g})"


def source_of(source: str, registry: Registry) -> tuple[str, str, str]:
    """A source with its quotation and where it is from."""
    if source.startswith(ASSUMPTION):
        return ASSUMPTION.rstrip(":"), source[len(ASSUMPTION) :].strip(), ""
    if source == COMMAND_LINE:
        return COMMAND_LINE, "given by the user", ""
    entry = registry.get(source.split()[0], {})
    return source, entry.get("quote", ""), entry.get("from", "")


def adjustments_of(tables: ScenarioTables, path: str) -> list[str]:
    """What is done to a value after it was coded."""
    return [
        f"{a} (held in 0 to 1; {listed(a.sources)})" for a in tables.adjustments if path in tables.adjustable[a.path]
    ]


@arguments
def explain(scenario: Scenario | str | PathLike[str], path: str, set: Mapping[str, Any] | None = None) -> Explanation:
    """Explain one coded value of a scenario: its path over time, coding rule, sources and quotations.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A loaded scenario, or the file or name of one.
    path : str
        Dotted path of an input or channel (``members.ARM.dependence.trade``, ``leader.war``), of a coefficient
        (``behaviour.entrapment``) or of a dispute (``disputes.KGZ-TJK``); or that of a state's own effect in conduct
        (``members.ARM.effect``) or of the alliance's on exit and freezing (``alliance.effect``), where there are such.
    set : mapping, optional
        Values by dotted path that replace those of the scenario first.

    Returns
    -------
    Explanation
        ``knots`` has each coded value with the band that it means: in [0, 1], or in the coefficient's unit;
        ``used`` what a run uses from its first tick on, adjustments and shocks included.

    Raises
    ------
    InputError
        Where the path names no coded value; says which are nearest.

    Examples
    --------
    >>> import sim
    >>> explanation = sim.explain("csto/outlook-2023", "members.ARM.dependence.trade")
    >>> explanation.rule, explanation.knots[0].date, explanation.knots[0].band
    ('trade_share', '1997-07-01', '0.255 to 0.355')
    """
    if not isinstance(scenario, Scenario):
        scenario = load(fspath(scenario), set)
    elif set:
        scenario = load(scenario.file, {**scenario.overrides, **set})
    (scenario,) = continued([scenario])
    return _explained(scenario, compile(scenario), path)


def explain_all(scenario: Scenario) -> list[Explanation]:
    """Every coded value of a scenario, in the order in which they are coded."""
    (scenario,) = continued([scenario])
    program = compile(scenario)
    return [_explained(scenario, program, path) for path in scenario.tables.values]


def _explained(scenario: Scenario, program: Program, path: str) -> Explanation:
    """All there is to say of a path. Raises InputError where it names no coded value."""
    tables = scenario.tables
    effect = {effect_path(state): OF_STATE for state in scenario.members}.get(path)
    effect = OF_ALLIANCE if path == ALLIANCE_EFFECT else effect
    if effect and program.coefficients[effect.spread] != 0.0:
        return _effect(scenario, program, path, effect)
    if path not in tables.values:
        asked = by_code(path, tables.state_names)
        under = [p for p in tables.values if p.startswith(asked + ".")]
        allowed = f"allowed: one of {listed(under)}" if under else "allowed: a coded value"
        allowed = f"{BEHAVIOUR}{effect.spread} is 0: {effect.none}" if effect else allowed
        near = asked if asked in tables.values else "" if under or effect else nearest(asked, tables.values)
        raise InputError([Problem(str(scenario.file), path, "no coded value", allowed, near)])
    value = tables.values[path]
    rule, says = rule_of(value.coded, tables.rules)
    knots, drawn = knots_of(value, tables.rules), drawn_from(tables, path)
    if drawn:
        says = "what was believed before the calibration; each run draws from the posterior"
        says += f"; {tables.not_fitted}" if tables.not_fitted else ""
        knots = [replace(k, coded=f"prior {k.coded}") for k in knots] + drawn
    coded = value.coded
    used = _used(tables, path, knots) if isinstance(coded, Coded) else []
    if isinstance(coded, Coded) and (found := _place(program, tables.posterior, path, knots, coded)):
        says = f"{says}; each run has it where its row of the posterior has it in its band"
        knots = knots + found
    return Explanation(
        path,
        value.meaning(tables.alliance.rival_name),
        value.coded.join if isinstance(value.coded, Coded) else "",
        knots,
        used,
        rule,
        says,
        [source_of(s, scenario.registry) for s in value.coded.sources],
        "; ".join(filter(None, [value.coded.note, *adjustments_of(tables, path)])),
        program.start.words,
        later(program.course, path, tables.time.start, program.edges, program.set_paths),
    )
