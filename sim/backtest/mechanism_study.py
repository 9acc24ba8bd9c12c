"""From a file of mechanisms to a checked study: the model, and the model without each of them."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sim.errors import InputError, Problem
from sim.inference.study import Calibration, load_calibration, not_switches
from sim.scenario.load import read_toml, validated
from sim.scenario.locate import Keys
from sim.scenario.schema import Date, Strict

FULL = "all mechanisms"
Words = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, strict=True)]


class Mechanism(Strict):
    """What it says, and the coefficients that make it up."""

    says: Words
    without: Annotated[list[str], Field(min_length=1)]


class MechanismTables(Strict):
    """A whole file of mechanisms."""

    title: Words
    question: str = ""
    calibration: Words
    held_out_after: Date
    draws: Annotated[int, Field(ge=20, le=4096, strict=True)]
    sweeps: Annotated[int, Field(ge=1, le=100, strict=True)]
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

    def fit(self, model: str, before: bool, seed: int) -> Calibration:
        """What is sampled: the whole record or that before the held-out part, without a mechanism."""
        t, c = self.tables, self.calibration
        off = [] if model == FULL else t.mechanisms[model].without
        until = t.held_out_after if before else c.tables.until
        changed = {"draws": t.draws, "sweeps": t.sweeps, "rounds": 0, "seed": seed, "until": until}
        tables = c.tables.model_copy(update={**changed, "without": [*c.tables.without, *off]})
        return replace(c, tables=tables)

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
    beside = file.parent / tables.calibration
    if not beside.is_file():
        found, allowed = (
            f"no such file: {tables.calibration}",
            "allowed: a calibration file beside this one",
        )
        raise InputError([Problem(source.where(("calibration",)), "calibration", found, allowed)])
    whole = load_calibration(beside)
    problems = list(_mistakes(tables, whole, source.where))
    if problems:
        raise InputError(problems)
    return MechanismStudy(file.stem, file, source.text, tables, whole)


def _mistakes(
    tables: MechanismTables, whole: Calibration, where: Callable[[Keys], str]
) -> Iterator[Problem]:
    for name, mechanism in tables.mechanisms.items():
        at: Keys = ("mechanisms", name, "without")
        yield from not_switches(mechanism.without, where(at), f"mechanisms.{name}.without")
        if name == FULL:
            yield Problem(where(at), f"mechanisms.{name}", name, "allowed: another name")
    time = whole.scenario.tables.time
    first = (time.record_from or time.start) + dt.timedelta(days=366)
    if not first <= tables.held_out_after < whole.tables.until - dt.timedelta(days=92):
        allowed = f"allowed: from {first} to a quarter before {whole.tables.until}"
        yield Problem(where(("held_out_after",)), "held_out_after", f"{tables.held_out_after}", allowed)  # fmt: skip
    if len(set(tables.seeds)) < len(tables.seeds):
        yield Problem(where(("seeds",)), "seeds", f"{tables.seeds}", "allowed: each once")
