"""From a calibration file to a checked study: its scenario, observations and settings."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sim.errors import InputError, Problem, arguments, as_date, nearest, plural
from sim.inference import observations, roll_calls
from sim.inference.base_rates import OtherPacts
from sim.inference.likelihood import Target, target_of
from sim.inference.observations import LAST_EVIDENCE, Motion
from sim.inference.pool import Pool
from sim.inference.roll_calls import Year
from sim.inference.smc import Settings
from sim.scenario.kinds import CALIBRATION, expect
from sim.scenario.load import Scenario, load
from sim.scenario.messages import of_kind, validated
from sim.scenario.names import LINE, SLUG
from sim.scenario.overrides import SET
from sim.scenario.reading import Keys, Source, dotted, read_text, read_toml
from sim.scenario.start import READ
from sim.scenario.values import Date, Number, Strict
from sim.storage.effort import Seed
from sim.storage.workspace import digest

NOT_SWITCHED_OFF = frozenset(
    {
        "prior_reliability",
        "prior_weight",
        "memory",
        "baseline",
        "adjustment_time",
        "volatility",
        "oppose_below",
        "support_above",
        "exit_rate",
        "freeze_rate",
        "resume_rate",
        "entry_rate",
        "contagion_memory",
        "grievance_memory",
        "regime_change_rate",
        "opinion_memory",
        "punishment_memory",
    }
)
"""Coefficients without which the model says nothing: zero does not mean that a mechanism is absent."""
SWITCHES = tuple(name for name in READ if name not in NOT_SWITCHED_OFF)
Draws = Annotated[int, Field(ge=20, le=4096, strict=True)]
Particles = Annotated[int, Field(ge=2, le=4096, strict=True)]
Sweeps = Annotated[int, Field(ge=1, le=100, strict=True)]
Rounds = Annotated[int, Field(ge=0, le=100, strict=True)]


class AllianceTable(Strict):
    """One of several alliances that are fitted together."""

    name: Annotated[str, of_kind(SLUG)]
    scenario: str
    observations: str | None = None
    roll_calls: str | None = None
    step: Literal["year", "quarter", "month"] | None = None
    until: Date | None = None
    """Of this alliance use nothing later."""


class OtherPactsTable(Strict):
    """What other pacts tell of the rate of exit."""

    exits: Annotated[int, Field(ge=0, strict=True)]
    member_years: Annotated[Number, Field(gt=0)]
    spread: Annotated[Number, Field(gt=0, le=5)] = 0.7
    sources: Annotated[list[str], Field(min_length=1)]


class CalibrationTables(Strict):
    """What a calibration file may say."""

    title: Annotated[str, Field(min_length=1), of_kind(LINE)]
    question: str = ""
    scenario: str | None = None
    observations: str | None = None
    roll_calls: str | None = None
    alliances: list[AllianceTable] = Field(default_factory=list)
    other_pacts: OtherPactsTable | None = None
    draws: Draws = 512
    particles: Particles = 16
    sweeps: Sweeps = 3
    rounds: Rounds = 5
    seed: Seed = 1
    until: Date = LAST_EVIDENCE
    without: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """What is known of one alliance."""

    name: str
    scenario: Scenario
    motions: list[Motion]
    table: str
    """The text of the observations."""
    years: list[Year]
    """Of roll calls,"""
    counts: str
    """and the text of their table."""
    until: dt.date
    """Nothing later is used."""

    @property
    def alliance(self) -> str:
        """The alliance's own name."""
        return self.scenario.tables.alliance.name


@dataclass(frozen=True)
class CalibrationStudy:
    """A checked calibration, of one alliance or of several."""

    name: str
    file: Path
    text: str
    tables: CalibrationTables
    alliances: tuple[Evidence, ...]

    @property
    def scenario(self) -> Scenario:
        """Of the first alliance."""
        return self.alliances[0].scenario

    @property
    def motions(self) -> list[Motion]:
        """Of the first alliance."""
        return self.alliances[0].motions

    @property
    def fingerprint(self) -> str:
        """A hash of the scenarios: of one alliance, its own."""
        every = [e.scenario.fingerprint for e in self.alliances]
        return every[0] if len(every) == 1 else digest(" ".join(every))

    @property
    def digest(self) -> str:
        """A hash of the observations."""
        return digest("".join(e.table + e.counts for e in self.alliances))

    @property
    def target(self) -> Target:
        """What the likelihood is of, where there is one alliance."""
        (only,) = self.pool.targets.values()
        return only

    @property
    def pool(self) -> Pool:
        """What the likelihood is of."""
        t, alone = self.tables, not self.tables.alliances
        o = t.other_pacts
        others = OtherPacts(o.exits, o.member_years, o.spread) if o else None
        return Pool(
            {
                e.name: target_of(e.scenario, e.motions, t.particles, min(t.until, e.until), t.without, e.years, alone)
                for e in self.alliances
            },
            others,
        )

    def settings(self, pool: Pool) -> Settings:
        """How the sampler is run."""
        t = self.tables
        return Settings(t.draws, t.sweeps, t.rounds, t.seed, pool.space.behavioural)

    def __repr__(self) -> str:
        t = self.tables
        motions = sum(len(e.motions) for e in self.alliances)
        several = f"{plural(len(self.alliances), 'alliance')}, " if t.alliances else ""
        return (
            f"<CalibrationStudy {self.name}: {t.title}; {several}{plural(t.draws, 'draw')}, "
            f"{plural(t.particles, 'particle')}, {plural(motions, 'motion')}, until {t.until}>"
        )


@arguments
def load_calibration(path: str | Path, until: dt.date | str | None = None) -> CalibrationStudy:
    """Read and check a calibration file, its scenario and its observations.

    Parameters
    ----------
    path : a TOML file; scenario and observations are looked for beside it and among those shipped.
    until : use nothing later, in place of the file's own date.

    Raises
    ------
    InputError
        With every mistake of the file, the scenario or the observations.
    """
    source, until = read_toml(path), as_date(until, "until") if until is not None else None
    expect(source, CALIBRATION)
    tables = validated(source, CalibrationTables, {"until": until} if until else None)
    problems = not_switches(tables.without, source.where(("without",)), "without")
    found: list[Evidence] = []
    for at, one in entries(tables, source, problems):
        try:
            found.append(_evidence(tables, one, at, source, given=until is not None))
        except InputError as error:
            problems += error.problems
    problems += [] if problems else _together(found, source)
    if problems:
        raise InputError(problems)
    return CalibrationStudy(source.file.stem, source.file, source.text, tables, tuple(found))


ONE = "one"
"""The name of the only alliance of a file."""


def entries(
    tables: CalibrationTables, source: Source, problems: list[Problem]
) -> Iterator[tuple[Keys, AllianceTable | CalibrationTables]]:
    """What a file says of each alliance, and where."""
    own = [key for key in ("scenario", "observations", "roll_calls") if getattr(tables, key) is not None]
    if tables.alliances:
        problems += [
            Problem(source.where((key,)), key, "beside [[alliances]]", "allowed: in each of them") for key in own
        ]
        names = [a.name for a in tables.alliances]
        for k, a in enumerate(tables.alliances):
            at = ("alliances", k)
            if a.name in names[:k]:
                where = source.where((*at, "name"))
                problems.append(Problem(where, dotted((*at, "name")), f"{a.name} twice", "allowed: each name once"))
            yield at, a
        return
    missing = [key for key in ("scenario", "observations") if key not in own]
    if missing:
        allowed = "required: a scenario and its observations, or [[alliances]]"
        problems += [Problem(source.where(()), key, "missing", allowed) for key in missing]
        return
    yield (), tables


def _evidence(
    tables: CalibrationTables, one: AllianceTable | CalibrationTables, at: Keys, source: Source, given: bool
) -> Evidence:
    """One alliance's scenario and observations. Raises InputError with every mistake of either."""
    problems: list[Problem] = []
    scenario, table, motions = None, "", []
    step = one.step if isinstance(one, AllianceTable) else None
    try:
        file = source.named(one.scenario or "", (*at, "scenario"))
        scenario = load(file, {"posterior": "none", **({"time.step": step} if step else {})})
    except InputError as error:
        problems += [_of_step(p, one, at, source) for p in error.problems]
    if one.observations is not None:
        try:
            found = source.named(one.observations, (*at, "observations"))
            table = read_text(found)
            motions = observations.parse(
                table, str(found), *((scenario.members, scenario.tables.time) if scenario else (None,))
            )
        except InputError as error:
            problems += error.problems
    years, counts, wrong = _roll_calls(one.roll_calls, at, scenario, source)
    motions, more = _with_own(motions, scenario, at, source)
    own = one.until if isinstance(one, AllianceTable) and one.until else dt.date.max
    said: Keys = ("until",) if own > tables.until else (*at, "until")
    problems += [*wrong, *more, *_dates(min(tables.until, own), scenario, said, source, given and own > tables.until)]
    if problems or scenario is None:
        raise InputError(problems)
    name = one.name if isinstance(one, AllianceTable) else ONE
    return Evidence(name, scenario, motions, table, years, counts, own)


def _of_step(problem: Problem, one: AllianceTable | CalibrationTables, at: Keys, source: Source) -> Problem:
    """A problem that the scenario has only by the step that it is fitted by, said of the alliance's table."""
    if problem.where != SET or not isinstance(one, AllianceTable):
        return problem
    keys = (*at, "step")
    found = f'"{one.step}" does not go with {one.scenario} of {one.name}: {problem.found}'
    return replace(problem, where=source.where(keys), path=dotted(keys), found=found)


def _together(found: Sequence[Evidence], source: Source) -> list[Problem]:
    """Alliances that are fitted together share the priors of their coefficients, and none is there twice."""
    problems = []
    first = found[0].scenario.tables.behaviour
    for k, e in enumerate(found[1:], start=1):
        where, key = source.where(("alliances", k, "scenario")), dotted(("alliances", k, "scenario"))
        if e.alliance in [x.alliance for x in found[:k]]:
            problems.append(Problem(where, key, f"{e.alliance} twice", "allowed: each alliance once"))
        for name, coded in e.scenario.tables.behaviour.items():
            if coded.form != first[name].form:
                allowed = f"required: that of {found[0].alliance}, since coefficients are shared"
                problems.append(Problem(where, key, f"another prior of behaviour.{name}", allowed))
    return problems


def _roll_calls(
    name: str | None, at: Keys, scenario: Scenario | None, source: Source
) -> tuple[list[Year], str, list[Problem]]:
    """The years of the table of roll calls that a file names, and its text."""
    if name is None:
        return [], "", []
    try:
        found = source.named(name, (*at, "roll_calls"))
        counts = read_text(found)
        known = (scenario.members, scenario.tables.time) if scenario else (None, None)
        return roll_calls.parse(counts, str(found), *known), counts, []
    except InputError as error:
        return [], "", error.problems


def _with_own(
    motions: list[Motion], scenario: Scenario | None, at: Keys, source: Source
) -> tuple[list[Motion], list[Problem]]:
    """The motions of the table and those that the scenario has itself."""
    own = observations.of_scenario(scenario.tables) if scenario else []
    twice = {m.name for m in own} & {m.name for m in motions}
    path: Keys = (*at, "observations")
    where, allowed = source.where(path), "allowed: in the table or in the scenario"
    problems = [Problem(where, dotted(path), f"{name} in the scenario too", allowed) for name in sorted(twice)]
    return observations.in_order([*motions, *own]), problems


def not_switches(names: Sequence[str], at: str, key: str) -> list[Problem]:
    """Only a coefficient of which zero means that a mechanism is absent may be switched off."""
    found = []
    allowed = "allowed: a coefficient that 0 switches off"
    for k, name in enumerate(names):
        if name not in SWITCHES:
            what = "cannot be switched off" if name in NOT_SWITCHED_OFF else "is no mechanism of the likelihood"
            found.append(Problem(at, f"{key}[{k}]", f"{name} {what}", allowed, nearest(name, SWITCHES)))
    return found


def _dates(until: dt.date, scenario: Scenario | None, at: Keys, source: Source, given: bool) -> list[Problem]:
    """Evidence is from a year of the record at least; ``given`` beside the file."""
    where, path = ("until", "") if given else (source.where(at), dotted(at))
    first = scenario.tables.time.first if scenario else dt.date.min
    if (until - first).days >= 366:
        return []
    return [Problem(where, path, f"{until}", f"allowed: a year after {first} or later")]
