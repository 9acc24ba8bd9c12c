"""A study frozen in its folder: what every worker reads, and what a later call is held against."""

import csv
import json
import shlex
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

import numpy as np

from sim.errors import InputError, Problem
from sim.model.arrays import Array
from sim.model.noise import BLOCK
from sim.scenario.compile import Program, alike, compile, unconditioned, vary
from sim.scenario.load import Scenario, load, restored
from sim.scenario.messages import toml
from sim.scenario.posterior import POSTERIORS, Posterior, unpacked
from sim.scenario.values import WORDS, Strict
from sim.storage.files import as_csv, sha256
from sim.storage.workspace import CONTENTS
from sim.studies.study import Study
from sim.studies.tables import Factor, StudyTables
from sim.studies.target import Target, adjustments, as_coded, changes_past, overrides, target, whole

POINTS = "points.csv"
LANES = 9 * 16 * BLOCK
"""Members x runs of a batch: what bounds the memory of a worker."""
MOST_POINTS, BATCHES = 64, 16


def batch_size(points: int, members: int, runs: int) -> int:
    """Points in a batch: few enough for memory and to keep workers busy, the same for ever."""
    room = max(1, LANES // (members * min(runs, BLOCK)))
    return max(1, min(room, MOST_POINTS, max(8, points // BATCHES)))


def points_text(names: Sequence[str], scenarios: Sequence[str], rows: Array) -> str:
    """points.csv: every point in full precision."""
    named = enumerate(zip(scenarios, rows.tolist(), strict=True))
    return as_csv([["point", "scenario", *names], *([k, scenario, *row] for k, (scenario, row) in named)])


def read_points(lines: Iterable[str]) -> tuple[list[str], Array]:
    """Scenario names and values (point, factor) of points.csv, read line by line to save memory."""
    table = csv.reader(lines)
    width = len(next(table)) - 2
    scenarios: list[str] = []
    values = array("d")
    for row in table:
        scenarios.append(intern(row[1]))
        values.extend(map(float, row[2:]))
    return scenarios, np.array(values).reshape(len(scenarios), width)


def frozen(study: Study) -> tuple[dict[str, Any], dict[str, Any]]:
    """All that a study's numbers depend on, its points left out; and its words, which may change."""

    def said(table: Strict, but: set[str]) -> dict[str, Any]:
        return table.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=but)

    levels = {"values", "low", "high", "levels", "label"}  # points.csv has them
    scale = {"values": list(WORDS)}
    factors = {n: said(f, levels) | (scale if f.in_words else {}) for n, f in study.factors.items()}
    identity = {**said(study.tables, UNFROZEN), "factors": factors}
    variants, files = _variants(study)
    words = {
        "name": study.name,
        "question": study.tables.question,
        "focus": study.tables.focus,
        "labels": {n: f.label for n, f in study.factors.items()},
        "variants": files,
    }
    return {"study": identity, "variants": variants, "numpy": np.__version__}, words


UNFROZEN = {"title", "question", "focus", "design"}
TITLES = ("title", "description")


def _variants(study: Study) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Each scenario, loaded anew for all values of what the arrays of a program do not show; file and words of each."""
    found, words = [], []
    problems: list[Problem] = []
    for scenario, to in zip(study.scenarios, study.targets, strict=True):
        names = [n for n in study.factors if to[n].others]
        columns = [list(study.factors).index(n) for n in names]
        for row in np.unique(study.design[:, columns], axis=0) if names else np.zeros((1, 0)):
            changes = {path: whole(float(x)) for n, x in zip(names, row, strict=True) for path in to[n].others}
            try:
                varied = load(scenario.file, {**study.tables.set, **changes}) if changes else scenario
            except InputError as error:
                problems += [replace(p, where=str(study.file)) for p in error.problems]
                continue
            same = varied.tables.model_copy(update={"posterior": scenario.tables.posterior})  # as weighed as that one's
            varied = replace(varied, tables=same)
            said = varied.resolved["tables"]
            content = {**varied.resolved, "tables": {k: v for k, v in said.items() if k not in TITLES}}
            words.append({"file": str(scenario.file), **{k: said[k] for k in TITLES if k in said}})
            found.append({"scenario": scenario.name, "values": row.tolist(), "resolved": content})
    if problems:
        raise InputError(problems)
    return found, words


class Variant(NamedTuple):
    """A scenario for some values of what the arrays of a program do not show."""

    scenario: Scenario
    program: Program
    moves: dict[str, Target]
    """By factor."""


@dataclass(frozen=True)
class Plan:
    """A frozen study as workers use it."""

    title: str
    model: str
    content: Mapping[str, Any]
    scenarios: list[str]
    """The scenario of every point."""
    values: Array
    """(point, factor)."""
    posteriors: Mapping[str, Posterior] = field(repr=False)
    """That the scenarios name, by digest."""

    @cached_property
    def tables(self) -> StudyTables:
        """The study's tables, its design and factors left out."""
        own = {k: v for k, v in self.content["study"].items() if k != "factors"}
        words = {"title": self.title, **{k: self.content[k] for k in ("question", "focus")}}
        return StudyTables.model_validate({**own, **words, "design": {"kind": "grid"}})

    @cached_property
    def factors(self) -> dict[str, Factor]:
        """What is varied; a column of a file may be named by its path."""
        labels, factors = self.content["labels"], self.content["study"]["factors"]
        return {n: Factor.model_validate({**f, "label": labels[n]}) for n, f in factors.items()}

    @property
    def size(self) -> int:
        """The number of points."""
        return len(self.scenarios)

    @cached_property
    def batches(self) -> list[range]:
        """The points of every batch."""
        step = self.content["batch"]
        return [range(k, min(k + step, self.size)) for k in range(0, self.size, step)]

    @cached_property
    def variants(self) -> dict[tuple[str, tuple[float, ...]], Variant]:
        """By the name of the scenario and the values."""
        found: dict[tuple[str, tuple[float, ...]], Variant] = {}
        for v, words in zip(self.content["variants"], self.content["words"], strict=True):
            tables = {**v["resolved"]["tables"], **{k: words[k] for k in TITLES if k in words}}
            scenario = restored({**v["resolved"], "tables": tables}, Path(words["file"]), self.posteriors)
            to = {n: target(f, scenario, "", "")[0] for n, f in self.factors.items()}
            program = compile(scenario)
            if any(changes_past(f, to[n], program) for n, f in self.factors.items()):
                program = unconditioned(program, "since a factor changes the past")
            found[v["scenario"], tuple(v["values"])] = Variant(scenario, program, to)
        started = alike([v.program for v in found.values()])
        return {k: v._replace(program=p) for (k, v), p in zip(found.items(), started, strict=True)}

    @property
    def coded(self) -> dict[str, dict[str, float]]:
        """Where each scenario itself stands on the axes of the factors, by name, as far as that is one place."""
        found: dict[str, dict[str, float]] = {}
        for (name, _), (scenario, _, to) in self.variants.items():
            one = {n: f for n, f in self.factors.items() if f.way != "value" or len(to[n].inputs) < 2}
            places = {n: as_coded(f, to[n], scenario) for n, f in one.items()}
            found.setdefault(name, {n: x for n, x in places.items() if x == x})
        return found

    @property
    def begins(self) -> str:
        """Where the scenarios start, in words."""
        return "; ".join(dict.fromkeys(v.program.start.words for v in self.variants.values()))

    @cached_property
    def first(self) -> Program:
        """The program that all points share members and dates with."""
        return next(iter(self.variants.values())).program

    @cached_property
    def horizons(self) -> tuple[float, ...]:
        """In years."""
        return tuple(self.tables.horizons or self.first.horizons)

    @cached_property
    def horizon_ticks(self) -> list[int]:
        """Forecast ticks of the horizons."""
        return [self.first.horizon_tick(y) for y in self.horizons]

    @property
    def horizon_places(self) -> list[int]:
        """Where the horizons stand among the ticks that are recorded."""
        return [self.ticks.index(t) for t in self.horizon_ticks]

    @cached_property
    def ticks(self) -> list[int]:
        """Forecast ticks that are recorded; 0 is the start."""
        if self.tables.ticks == "all":
            return list(range(self.first.forecast_ticks + 1))
        return sorted({0, *self.horizon_ticks})

    def program(self, point: int) -> Program:
        """A point ready to run."""
        (scenario, program, to), named = self._variant(point)
        moves = [a for n, f in self.factors.items() for a in adjustments(f, to[n], named[n])]
        fixed = {c: named[n] for n in self.factors for c in to[n].coefficients}
        return vary(program, scenario, moves, fixed)

    def _variant(self, point: int) -> tuple[Variant, dict[str, float]]:
        """The variant that a point is of, and its values by factor."""
        named = dict(zip(self.factors, self.values[point].tolist(), strict=True))
        name = self.scenarios[point]
        moves = next(v.moves for k, v in self.variants.items() if k[0] == name)
        return self.variants[name, tuple(x for n, x in named.items() if moves[n].others)], named

    def command(self, point: int) -> str:
        """The command that runs a point by itself."""
        (scenario, _, to), named = self._variant(point)
        changes = dict(self.tables.set)
        if self.tables.horizons:
            changes["time.horizons"] = self.tables.horizons
        for n, f in self.factors.items():
            changes |= overrides(f, to[n], named[n])
        sets = " ".join(f"--set {shlex.quote(f'{p}={toml(v)}')}" for p, v in changes.items())
        file, t = shlex.quote(str(scenario.file)), self.tables
        return f"cohesion run {file} {sets} --runs {t.runs} --seed {t.seed}"


def plan_of(
    contents: Mapping[str, Any], scenarios: list[str], values: Array, posteriors: Mapping[str, Posterior]
) -> Plan:
    """The plan that the contents of a folder and its points make."""
    words = contents["changeable"]
    content = {**words, **contents["identity"], "words": words["variants"]}
    return Plan(contents["title"], contents["model"], content, scenarios, values, posteriors)


def opened(folder: Path) -> Plan:
    """The plan of a folder. Raises InputError where there is none."""
    try:
        text = (folder / CONTENTS).read_text("utf-8")
        return _opened(str(folder.resolve()), text)
    except (OSError, ValueError, KeyError, TypeError) as error:
        what = "no such study" if isinstance(error, FileNotFoundError) else "cannot be read"
        allowed = "allowed: a folder that `cohesion sweep` wrote"
        raise InputError([Problem(str(folder), "", what, allowed)]) from None


@lru_cache(maxsize=4)
def _opened(folder: str, contents: str) -> Plan:
    content = json.loads(contents)
    points = Path(folder) / POINTS
    if sha256(points.read_text("utf-8")) != content["changeable"]["points"]["digest"]:
        raise ValueError("points.csv is not the one that was frozen")
    with points.open(encoding="utf-8", newline="") as lines:
        return plan_of(content, *read_points(lines), unpacked(Path(folder) / POSTERIORS))
