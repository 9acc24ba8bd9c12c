"""Which kind of file it is, seen by keys that no other kind has, and the command that takes it."""

from typing import NamedTuple

from sim.errors import InputError, Problem, listed
from sim.scenario.reading import Source, Tables


class Kind(NamedTuple):
    """A kind of TOML file: what it is called, what is done with it, and keys that only it has."""

    name: str
    use: str
    keys: tuple[str, ...]


def _kind(name: str, use: str, keys: str = "") -> Kind:
    return Kind(name, use, tuple(keys.split()))


SCENARIO, STUDY, CLAIM, CALIBRATION, BACKTEST, LEAVE_ONE_OUT, MECHANISMS, SOURCES = KINDS = (
    _kind(
        "a scenario",
        "`cohesion run {}` runs it",
        "extends time alliance leader members disputes events adjustments behaviour weights rules",
    ),
    _kind("a study", "`cohesion sweep {}` runs it", "design factors precision focus interval_runs"),
    _kind("a claim", "`cohesion claims {}` tests it", "claim quotes tests"),
    _kind("a calibration", "`cohesion calibrate {}` runs it", "observations alliances other_pacts until"),
    _kind("a backtest", "`cohesion backtest {}` runs it", "schemes base_rate replicates"),
    _kind("a backtest that leaves alliances out", "`cohesion backtest {}` runs it", "leave_out"),
    _kind("a study of mechanisms", "`cohesion mechanisms {}` runs it", "mechanisms held_out_after seeds"),
    _kind("a registry of sources", "scenarios name it by `sources`"),
)


def kind_of(tables: Tables) -> Kind | None:
    """The kind that has most of its own keys in a file; None where none has any."""
    if tables and all(isinstance(entry, dict) and "quote" in entry for entry in tables.values()):
        return SOURCES
    most = max(KINDS, key=lambda kind: len(tables.keys() & {*kind.keys}))
    return most if tables.keys() & {*most.keys} else None


def expect(source: Source, wanted: Kind) -> None:
    """Raises InputError with one problem where a file is plainly of another kind."""
    kind = kind_of(source.tables)
    if kind is None or kind is wanted or source.tables.keys() & {*wanted.keys}:
        return
    own = [key for key in source.tables if key in kind.keys]
    found = kind.name + (f" (it has {listed(own, 3)})" if own else "")
    allowed = f"allowed: {wanted.name}; {kind.use.format(source.file)}"
    raise InputError([Problem(f"{source.file}:1", "", found, allowed)])
