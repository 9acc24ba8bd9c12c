"""From a calibration file to a checked study: its scenario, observations and settings."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sim.errors import InputError, Problem, arguments, as_date, nearest, plural
from sim.inference import observations, roll_calls
from sim.inference.likelihood import Target, target_of
from sim.inference.observations import LAST_EVIDENCE, Motion
from sim.inference.roll_calls import Year
from sim.inference.smc import Settings
from sim.scenario.kinds import CALIBRATION, expect
from sim.scenario.load import Scenario, load
from sim.scenario.messages import of_kind, validated
from sim.scenario.names import LINE
from sim.scenario.reading import Source, read_text, read_toml
from sim.scenario.start import READ
from sim.scenario.values import Date, Strict
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


class CalibrationTables(Strict):
    """What a calibration file may say."""

    title: Annotated[str, Field(min_length=1), of_kind(LINE)]
    question: str = ""
    scenario: str
    observations: str
    roll_calls: str | None = None
    draws: Draws = 512
    particles: Particles = 16
    sweeps: Sweeps = 3
    rounds: Rounds = 5
    seed: Seed = 1
    until: Date = LAST_EVIDENCE
    without: list[str] = Field(default_factory=list)


@dataclass(frozen=True)
class CalibrationStudy:
    """A checked calibration."""

    name: str
    file: Path
    text: str
    tables: CalibrationTables
    scenario: Scenario
    motions: list[Motion]
    table: str
    """The text of the observations."""
    years: list[Year]
    """Of roll calls,"""
    counts: str
    """and the text of their table."""

    @property
    def digest(self) -> str:
        """A hash of the observations."""
        return digest(self.table + self.counts)

    @property
    def target(self) -> Target:
        """What the likelihood is of."""
        t = self.tables
        return target_of(self.scenario, self.motions, t.particles, t.until, t.without, self.years)

    def settings(self, target: Target) -> Settings:
        """How the sampler is run."""
        t = self.tables
        return Settings(t.draws, t.sweeps, t.rounds, t.seed, target.space.behavioural)

    def __repr__(self) -> str:
        t = self.tables
        return (
            f"<CalibrationStudy {self.name}: {t.title}; {plural(t.draws, 'draw')}, {plural(t.particles, 'particle')}, "
            f"{plural(len(self.motions), 'motion')}, until {t.until}>"
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
    scenario, table, motions = None, "", []
    try:
        scenario = load(source.named(tables.scenario, ("scenario",)), {"posterior": "none"})
    except InputError as error:
        problems += error.problems
    try:
        found = source.named(tables.observations, ("observations",))
        table = read_text(found)
        motions = observations.parse(
            table, str(found), *((scenario.members, scenario.tables.time) if scenario else (None,))
        )
    except InputError as error:
        problems += error.problems
    years, counts, wrong = _roll_calls(tables, scenario, source)
    problems += wrong
    motions, more = _with_own(motions, scenario, source)
    problems += [*more, *_dates(tables, scenario, source, given=until is not None)]
    if problems or scenario is None:
        raise InputError(problems)
    return CalibrationStudy(source.file.stem, source.file, source.text, tables, scenario, motions, table, years, counts)


def _roll_calls(
    tables: CalibrationTables, scenario: Scenario | None, source: Source
) -> tuple[list[Year], str, list[Problem]]:
    """The years of the table of roll calls that a file names, and its text."""
    if tables.roll_calls is None:
        return [], "", []
    try:
        found = source.named(tables.roll_calls, ("roll_calls",))
        counts = read_text(found)
        known = (scenario.members, scenario.tables.time) if scenario else (None, None)
        return roll_calls.parse(counts, str(found), *known), counts, []
    except InputError as error:
        return [], "", error.problems


def _with_own(motions: list[Motion], scenario: Scenario | None, source: Source) -> tuple[list[Motion], list[Problem]]:
    """The motions of the table and those that the scenario has itself."""
    own = observations.of_scenario(scenario.tables) if scenario else []
    twice = {m.name for m in own} & {m.name for m in motions}
    where, allowed = source.where(("observations",)), "allowed: in the table or in the scenario"
    problems = [Problem(where, "observations", f"{name} in the scenario too", allowed) for name in sorted(twice)]
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


def _dates(tables: CalibrationTables, scenario: Scenario | None, source: Source, given: bool) -> list[Problem]:
    """Evidence is from a year of the record at least; ``given`` beside the file."""
    where, path = ("until", "") if given else (source.where(("until",)), "until")
    first = scenario.tables.time.first if scenario else dt.date.min
    if (tables.until - first).days >= 366:
        return []
    return [Problem(where, path, f"{tables.until}", f"allowed: a year after {first} or later")]
