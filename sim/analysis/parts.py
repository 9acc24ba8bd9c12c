"""The parts in which two scenarios differ: as one names them, or one for each path or each input."""

from collections.abc import Mapping, Sequence

from sim.errors import InputError, Problem, listed, nearest
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.blend import Blend
from sim.scenario.names import LINE
from sim.scenario.overrides import canonical
from sim.scenario.rival import plain
from sim.studies.target import matches

EXACT = 7
"""Parts up to which all their sets are run."""
Parts = dict[str, tuple[str, ...]]
"""By name, the paths that each holds."""


def named(texts: Sequence[str]) -> dict[str, list[str]]:
    """``NAME=PATH,PATH`` of each. Raises InputError."""
    allowed = "allowed: NAME=PATH or NAME=PATH,PATH, each name once"
    pairs = [text.partition("=") for text in texts]
    wrong = [text for text, (name, _, paths) in zip(texts, pairs, strict=True) if not name.strip() or not paths.strip()]
    names = [name.strip() for name, _, _ in pairs]
    wrong += [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if wrong:
        raise InputError(Problem("parts", "", text, allowed) for text in wrong)
    return {name.strip(): [p.strip() for p in paths.split(",") if p.strip()] for name, _, paths in pairs}


def parts_of(blend: Blend, given: Mapping[str, Sequence[str]]) -> Parts:
    """All that differs in parts: those given, and of the rest one for each path, or for each input where they are many.

    Raises
    ------
    InputError
        For paths that do not differ, or stand in two parts.
    """
    problems: list[Problem] = []
    found: Parts = {}
    for name, paths in given.items():
        at = f"part {name!r}"
        if not LINE.fits(name):
            problems.append(Problem("parts", at, "a name that cannot be", LINE.allowed))
        if isinstance(paths, str) or not all(isinstance(p, str) for p in paths):
            problems.append(Problem("parts", at, f"{paths!r:.60}", "allowed: a list of paths"))
            continue
        own: dict[str, None] = {}
        for path in paths:
            here = [p for p in blend.differs if _within(p, canonical(path))]
            if not here:
                near = nearest(path, {*blend.differs, *(".".join(p.split(".")[:-1]) for p in blend.differs)})
                problems.append(Problem("parts", at, f"{path} is the same in both", _allowed(blend), near))
            own |= dict.fromkeys(here)
        found[name] = tuple(own)
    held = [p for paths in found.values() for p in paths]
    twice = sorted({p for p in held if held.count(p) > 1})
    problems += [Problem("parts", "", f"{p} stands in two parts", "allowed: each path in one") for p in twice]
    if problems:
        raise InputError(problems)
    rest = [p for p in blend.differs if p not in held]
    single = {blend.first.subject(p) if _subject(p) else p: (p,) for p in rest}
    if len(found) + len(single) <= EXACT:
        return found | {name: paths for name, paths in single.items() if name not in found}
    grouped: dict[str, list[str]] = {}
    for p in rest:
        grouped.setdefault(_input(p, blend.first.tables.alliance.rival_name), []).append(p)
    return found | {name: tuple(paths) for name, paths in grouped.items()}


def _within(path: str, meant: str) -> bool:
    """Whether a path is what is meant, or a channel of it."""
    depth = len(meant.split("."))
    return matches(".".join(path.split(".")[:depth]), meant)


def _allowed(blend: Blend) -> str:
    return f"allowed: what differs, {listed(list(blend.differs))}"


def _subject(path: str) -> bool:
    return "." in path


def _input(path: str, rival: str | None) -> str:
    """The input, or what else, that a path belongs to: ``partiality`` of whomever."""
    section, *keys = path.split(".")
    if section in ("members", "leader"):
        name = keys[1] if section == "members" else keys[0]
        assert any(i.name == name for i in (*MEMBER_INPUTS, *LEADER_INPUTS))
        return plain(name, rival)
    return section if section == "disputes" else path
