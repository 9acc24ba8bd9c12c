"""A file and its ancestors: read, and merged into one set of tables that remembers where each key comes from."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sim.errors import InputError, Problem
from sim.scenario import posterior
from sim.scenario.kinds import SCENARIO, SOURCES, expect
from sim.scenario.reading import Keys, Source, Tables, dotted, read_toml
from sim.scenario.sheet_source import with_sheets
from sim.scenario.values import FORMS

APPENDED = ("events", "disputes", "adjustments", "sources", "record", "votes")
"""Arrays of which a child's entries come after its parent's; all else a child replaces."""

Registry = dict[str, dict[str, str]]
"""Sources by id: ``quote`` and ``from``."""


class Merged:
    """The tables of a chain of files, the oldest first, and the file and line of each of their keys."""

    def __init__(self, chain: list[Source]) -> None:
        self.tables: Tables = {}
        self.first_line = f"{chain[-1].file}:1"
        self._origins: dict[Keys, str] = {}
        for source in chain:
            self._merge(self.tables, source.tables, source, ())

    def where(self, path: Keys) -> str:
        """Where a key, or what holds it, was written."""
        heads = (path[:n] for n in range(len(path), 0, -1))
        return next((self._origins[head] for head in heads if head in self._origins), self.first_line)

    def set_by(self, origin: str, path: Keys) -> None:
        """Note that a key and all below it now come from elsewhere."""
        for old in [k for k in self._origins if k[: len(path)] == path]:
            del self._origins[old]
        self._origins[path] = origin

    def splice(self, key: str, i: int, entries: list[Any]) -> None:
        """Put entries in the place of one of an array; each comes from where that one does."""
        self.tables[key][i : i + 1] = entries
        moved: dict[Keys, str] = {}
        for path, origin in self._origins.items():
            place = path[1] if path[0] == key and len(path) > 1 else None
            at = [i + n for n in range(len(entries))] if place == i else [place]
            if isinstance(place, int) and place > i:
                at = [place + len(entries) - 1]
            moved |= {(path if n is None else (key, n, *path[2:])): origin for n in at}
        self._origins = moved

    def _merge(self, base: Tables, own: Tables, source: Source, at: Keys) -> None:
        for key, value in own.items():
            path = (*at, key)
            if len(path) == 1 and key in APPENDED and isinstance(value, list):
                kept = base.setdefault(key, [])
                for i, entry in enumerate(value):
                    self._note(entry, (key, len(kept) + i), source, (key, i))
                kept.extend(value)
                if key == "disputes":
                    base[key] = _latest_of_pairs(kept)
            elif isinstance(value, Mapping) and isinstance(base.get(key), dict) and not _is_coded(value):
                self._merge(base[key], dict(value), source, path)
                self._origins.setdefault(path, source.where(path))
            else:
                self.set_by(source.where(path), path)
                base[key] = value
                self._note(value, path, source, path)

    def _note(self, value: object, path: Keys, source: Source, own: Keys) -> None:
        self._origins[path] = source.where(own)
        entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
        for key, entry in entries:
            self._note(entry, (*path, key), source, (*own, key))


class Sound(NamedTuple):
    """Tables without what is wrong in them, so that the rest can be checked as well."""

    tables: Tables
    kept: dict[str, list[int]]
    """Of arrays that lack an entry, which of the whole's entries are left."""

    def whole(self, keys: Keys) -> Keys:
        """Where in the whole a place of these tables is."""
        match keys:
            case (str(key), int(i), *more) if key in self.kept:
                return (key, self.kept[key][i], *more)
        return keys


def sound(tables: Tables, wrong: Iterable[Keys]) -> Sound:
    """Tables without entries, values and keys where something is wrong."""
    dropped: dict[str, set[int]] = {}
    for keys in wrong:
        match keys:
            case (str(key), int(i), *_) if key in APPENDED:
                dropped.setdefault(key, set()).add(i)
            case _:
                tables = _without(tables, keys[: 3 if keys[:1] == ("members",) else 2])
    kept = {key: [i for i in range(len(tables[key])) if i not in out] for key, out in dropped.items()}
    return Sound({**tables, **{key: [tables[key][i] for i in left] for key, left in kept.items()}}, kept)


def _without(tables: Tables, keys: Keys) -> Tables:
    head, *rest = keys or ("",)
    if head not in tables:
        return tables
    if rest and isinstance(tables[str(head)], dict):
        return {**tables, str(head): _without(tables[str(head)], tuple(rest))}
    return {key: value for key, value in tables.items() if key != head}


def _is_coded(value: Mapping[str, object]) -> bool:
    return not set(FORMS).isdisjoint(value)


def _latest_of_pairs(disputes: list[Any]) -> list[Any]:
    """A pair that a child states again takes the place of its parent's."""
    latest: dict[object, object] = {}
    for dispute in disputes:
        pair = dispute.get("between") if isinstance(dispute, Mapping) else None
        latest[tuple(sorted(map(str, pair))) if isinstance(pair, list) else id(dispute)] = dispute
    return [*latest.values()]


def disputes_twice(chain: list[Source]) -> list[Problem]:
    """Pairs that one file states twice, whichever state it names first."""
    problems = []
    for source in chain:
        disputes = source.tables.get("disputes")
        pairs: list[list[str]] = []
        for i, dispute in enumerate(disputes if isinstance(disputes, list) else []):
            between = dispute.get("between") if isinstance(dispute, Mapping) else None
            pair = sorted(map(str, between)) if isinstance(between, list) else []
            if pair and pair in pairs:
                at = ("disputes", i, "between")
                found = f"{'-'.join(pair)} twice"
                problems.append(Problem(source.where(at), dotted(at), found, "allowed: each pair once in a file"))
            pairs.append(pair)
    return problems


def chain_of(file: Path) -> list[Source]:
    """The file and its ancestors, the oldest first, each with its sheet. Raises InputError for what is no scenario."""
    chain = [read_toml(file, on=True)]
    expect(chain[0], SCENARIO)
    files = [file.resolve()]
    while "extends" in (child := chain[0]).tables:
        parent = child.tables.pop("extends")
        at = child.where(("extends",))
        if not isinstance(parent, str):
            raise InputError([Problem(at, "extends", f"{parent} is not a file name")])
        target = child.named(parent, ("extends",))
        files.append(target.resolve())
        if files[-1] in files[:-1]:
            circle = " -> ".join(f.name for f in files[files.index(files[-1]) :])
            raise InputError([Problem(at, "extends", f"circular: {circle}", "allowed: no circle")])
        chain.insert(0, read_toml(target, on=True))
        expect(chain[0], SCENARIO)
    return with_sheets(chain)


def registry_of(chain: list[Source], problems: list[Problem]) -> Registry:
    """The sources of all registries that the files of the chain name, beside them or shipped."""
    registry: Registry = {}
    for source in chain:
        given = source.tables.get("sources")
        if isinstance(given, str):
            source.tables["sources"] = given = [given]
        for i, name in enumerate(given if isinstance(given, list) else []):
            if not isinstance(name, str):
                continue  # validation says so
            try:
                listing = read_toml(source.named(name, ("sources", i)))
                expect(listing, SOURCES)
                registry |= listing.tables
            except InputError as error:
                problems += error.problems
    return registry


def read_posteriors(chain: list[Source], problems: list[Problem]) -> None:
    """Put the posterior that the last file of the chain names in the place of its name; no other is read."""
    naming = [source for source in chain if isinstance(source.tables.get("posterior"), str)]
    for source in naming:
        name = source.tables["posterior"]
        source.tables["posterior"] = None
        if source is naming[-1] and name != posterior.NONE:
            try:
                source.tables["posterior"] = posterior.read(source.named(name, ("posterior",)))
            except InputError as error:
                problems += error.problems
