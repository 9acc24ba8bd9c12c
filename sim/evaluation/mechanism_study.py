"""From a file of mechanisms to a checked study: the model, and the model without each of them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sim.errors import InputError, Problem
from sim.evaluation.study import not_between
from sim.evaluation.tables import Words
from sim.inference.study import (
    Calibration,
    CalibrationTables,
    Draws,
    Particles,
    Sweeps,
    load_calibration,
    not_switches,
)
from sim.scenario.load import read_toml, validated
from sim.scenario.locate import Keys
from sim.scenario.tables import Date, Strict

FULL = "all mechanisms"
"""The model from which they are removed; no mechanism can have this name."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Mechanism(Strict):
    """What it says, and the coefficients that make it up."""

    says: Words
    without: Annotated[list[str], Field(min_length=1)]


class MechanismTables(Strict):
    """A whole file of mechanisms. Draws, particles and sweeps take the place of the calibration's."""

    title: Words
    question: str = ""
    calibration: Words
    held_out_after: Date
    draws: Draws | None = None
    particles: Particles | None = None
    sweeps: Sweeps | None = None
    seeds: Annotated[list[Annotated[int, Field(ge=0, strict=True)]], Field(min_length=2)]
    mechanisms: Annotated[dict[str, Mechanism], Field(min_length=1)]


@dataclass(frozen=True)
class MechanismStudy:
    """A checked study."""

    name: str
    file: Path
    text: str
    tables: MechanismTables
    calibration: Calibration

    @property
    def models(self) -> list[str]:
        """The full model, then every mechanism that is removed."""
        return [FULL, *self.tables.mechanisms]

    @property
    def settings(self) -> CalibrationTables:
        """The calibration's, with what the study says instead."""
        given = self.tables.model_dump(include={"draws", "particles", "sweeps"}, exclude_none=True)
        return self.calibration.tables.model_copy(update=given)

    def fit(self, model: str, before: bool, seed: int) -> Calibration:
        """What is sampled: the whole record or that before the held-out part, without a mechanism."""
        t, s = self.tables, self.settings
        off = [] if model == FULL else t.mechanisms[model].without
        changed = {
            "seed": seed,
            "until": t.held_out_after if before else s.until,
            "without": [*s.without, *off],
        }
        return replace(self.calibration, tables=s.model_copy(update=changed))

    def __repr__(self) -> str:
        return f"<MechanismStudy {self.name}: {len(self.tables.mechanisms)} mechanisms>"


def load_mechanisms(path: str | Path) -> MechanismStudy:
    """Read and check a file of mechanisms and its calibration.

    Raises
    ------
    InputError
        With every mistake of the file, or of the calibration.
    """
    file = Path(path)
    source = read_toml(file)
    tables = validated(source, MechanismTables)
    whole = load_calibration(source.named(tables.calibration, ("calibration",)))
    problems = list(_mistakes(tables, whole, source.where))
    if problems:
        raise InputError(problems)
    return MechanismStudy(file.stem, file, source.text, tables, whole)


def _mistakes(tables: MechanismTables, whole: Calibration, where: Callable[[Keys], str]) -> Iterator[Problem]:
    for name, mechanism in tables.mechanisms.items():
        at, key = where(("mechanisms", name, "without")), f"mechanisms.{name}"
        yield from not_switches(mechanism.without, at, f"{key}.without")
        if not NAME.fullmatch(name):
            allowed = "allowed: small letters and figures, parted by hyphens, as in other-ties"
            yield Problem(where(("mechanisms", name)), key, "no name", allowed)
        for k, off in enumerate(mechanism.without):
            if off in whole.tables.without:
                found = f"{off} is switched off already"
                yield Problem(at, f"{key}.without[{k}]", found, f"allowed: what {tables.calibration} has")
    at_date = where(("held_out_after",))
    yield from not_between(tables.held_out_after, whole, at_date, "held_out_after")
    if len(set(tables.seeds)) < len(tables.seeds):
        yield Problem(where(("seeds",)), "seeds", f"{tables.seeds}", "allowed: each once")
