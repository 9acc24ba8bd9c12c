"""What coders start from: the files of a new alliance, and a sheet of any scenario's values."""

import datetime as dt
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

from sim.errors import InputError, Problem, arguments, as_path
from sim.model.dates import WRITTEN, likely, parse
from sim.model.declaration import Input
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.checks import time_faults
from sim.scenario.load import Scenario, load
from sim.scenario.messages import shown, toml
from sim.scenario.names import CODE, FULL_NAME, SLUG
from sim.scenario.reading import REGISTRY
from sim.scenario.rival import named, plain
from sim.scenario.sheet import as_text, blank as _blank, codings
from sim.scenario.tables import MOST_MEMBERS, Time
from sim.scenario.values import NOT_YET, UNCODED

BLANK = f'{{ value = "{UNCODED}", rule = "judgement", sources = ["{NOT_YET}"] }}'
SHEET = "sheet.csv"
STEP: Literal["quarter"] = "quarter"


@arguments
def new(
    name: str,
    leader: str,
    member: Mapping[str, str] | Iterable[str],
    start: str | dt.date,
    end: str | dt.date,
    out: str | PathLike[str] = ".",
    sheet: bool = False,
    rival: str = "",
) -> list[Path]:
    """Write a history scenario and a registry of sources to be filled in.

    Parameters
    ----------
    name : str
        Of the alliance: small letters, digits and hyphens.
    leader : str
        The leading state: its code, such as ``SUN``, or ``CODE=NAME``.
    member : mapping or iterable of str
        Names of the other states by code, or ``CODE=NAME`` for each.
    start, end : str or date
        Of the history (YYYY, YYYY-MM or YYYY-MM-DD), whole quarters apart.
    out : str or Path
        Where the alliance's folder is made.
    sheet : bool
        Whether the values are coded in a sheet, ``sheet.csv``, which the scenario reads, in place of the scenario's
        file itself.
    rival : str
        Whom the leader confronts, where that is not the West, with its article (``"the Soviet Union"``): comments,
        sheet, titles and explanations name it.

    Returns
    -------
    list of Path
        The files written, the scenario first.

    Raises
    ------
    InputError
        With every name and date that cannot be, and where the folder is there already. Nothing is written then.

    Examples
    --------
    >>> import sim
    >>> files = sim.new("little-entente", "FRA=France", {"ROU": "Romania", "POL": "Poland"}, "1921", "1938")
    >>> [file.name for file in files]
    ['history-1921-1938.toml', 'sources.toml']
    """
    home = as_path(out, "out") / str(name)
    first, *others = [_parted(state) for state in (leader, *_listed(member))]
    faults = [*_names(str(name), first, others, rival), *_dates(start, end)]
    problems = [Problem(*fault) for fault in faults]
    if os.path.lexists(home) and not (home.is_dir() and not any(home.iterdir())):
        problems.append(Problem(str(home), "", "is there already", "allowed: another name, or another `out`"))
    if problems:
        raise InputError(problems)
    begin, stop = parse(start), parse(end)
    inputs = f"history-{begin.year}-{stop.year}.toml"
    texts = {
        inputs: history_text(str(name), first, dict(others), begin, stop, sheet, rival),
        REGISTRY: SOURCES.format(leader=first[0], year=begin.year),
    }
    if sheet:
        texts[SHEET] = as_text(_blank(first[0], [code for code, _ in others]), first[0], rival)
    _write_folder(home, texts)
    return [home / file for file in texts]


@arguments
def sheet(
    scenario: Scenario | str | PathLike[str], out: str | PathLike[str] | None = None, blank: bool = False
) -> Path:
    """Write what a scenario codes as a sheet for coders: a row a value, in the order of its file.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, a TOML file, or the name of a shipped one.
    out : str or Path, optional
        The CSV file to write; default the scenario's name with the ending .csv.
    blank : bool
        Whether to leave the values out, for somebody who codes the same states anew.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        With every mistake of the scenario, and where the file is there already.

    Examples
    --------
    >>> import sim
    >>> file = sim.sheet("warsaw-pact/history-1955-1991", out="second-coder.csv", blank=True)
    >>> file.read_text("utf-8-sig").splitlines()[1].split(",")[:2]
    ['SUN', 'reliability']
    """
    if not isinstance(scenario, Scenario):
        scenario = load(scenario)
    file = Path(f"{scenario.name}.csv") if out is None else as_path(out, "out")
    leader = scenario.tables.alliance.leader
    rows = _blank(leader, scenario.members) if blank else codings(scenario.tables)
    try:
        with file.open("x", encoding="utf-8", newline="") as into:
            into.write(as_text(rows, leader, scenario.tables.alliance.rival_name))
    except FileExistsError:
        raise InputError([Problem(str(file), "", "is there already", "allowed: another `out`")]) from None
    except OSError as error:
        raise InputError([Problem(str(file), "out", f"cannot be written ({error.strerror})")]) from None
    return file


def _write_folder(home: Path, texts: Mapping[str, str]) -> None:
    """A folder with all its files, or none: made beside its place and renamed."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=home.parent) as beside:
            made = Path(beside) / home.name
            made.mkdir()
            for file, text in texts.items():
                (made / file).write_text(text, "utf-8", newline="\n")
            if home.is_dir():
                home.rmdir()  # empty: not every system renames over it
            made.rename(home)
    except OSError as error:
        raise InputError([Problem(str(home), "out", f"cannot be written ({error.strerror})")]) from None


State = tuple[str, str]
"""Code and full name."""


def _listed(member: Mapping[str, str] | Iterable[str]) -> list[object]:
    if isinstance(member, Mapping):
        return list(member.items())
    if isinstance(member, str):
        return [member]
    try:
        return list(member)
    except TypeError:
        raise InputError([Problem("member", "", f"{member!r:.60}", "allowed: CODE=NAME for each state")]) from None


def _parted(state: object) -> State:
    """Code and name of ``CODE=NAME`` or of a pair."""
    code, name = state if isinstance(state, tuple) else str(state).partition("=")[::2]
    return str(code), str(name)


Fault = tuple[str, ...]
"""What a problem is made of: argument, path within it, what was found, what is allowed and the nearest to it."""


def _names(name: str, leader: State, others: Sequence[State], rival: str) -> Iterator[Fault]:
    if not SLUG.fits(name):
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        yield "name", "", shown(name), SLUG.allowed, slug if SLUG.fits(slug) else ""
    if rival and not FULL_NAME.fits(rival):
        yield "rival", "", shown(rival), FULL_NAME.allowed
    codes, names = [code for code, _ in others], [full for _, full in (leader, *others) if full]
    for argument, (code, full) in (("leader", leader), *(("member", state) for state in others)):
        if not full and argument == "member":
            yield argument, "", shown(code), f"allowed: CODE=NAME, such as POL=Poland, the code of {CODE.words}"
            continue
        if not CODE.fits(code):
            yield argument, "", shown(code), CODE.allowed, code.upper() if CODE.fits(code.upper()) else ""
        if full and not FULL_NAME.fits(full):
            yield argument, code, shown(full), FULL_NAME.allowed
    for what, given in (("state", codes), ("name", names)):
        for twice in sorted({x for x in given if given.count(x) > 1}):
            yield "member", "", f"{shown(twice)} twice", f"allowed: every {what} once"
    if leader[0] in codes:
        yield "member", "", leader[0], "allowed: the leader is not listed as a member; its name is given as `leader`"
    if not 2 <= len(codes) <= MOST_MEMBERS:
        yield "member", "", f"{len(codes)}", f"required: at least two beside the leader, at most {MOST_MEMBERS}"


def _dates(start: object, end: object) -> Iterator[Fault]:
    """What the reader would say of them."""
    dates = []
    for argument, given in (("start", start), ("end", end)):
        try:
            dates.append(parse(given))
        except ValueError as error:
            yield argument, "", f"{given!s:.60} {error}", f"allowed: {WRITTEN}", likely(given)
    if len(dates) == 2:
        years = (dates[1] - dates[0]).days / 365.25
        for fault in time_faults(Time(start=dates[0], end=dates[1], step=STEP, horizons=_horizons(years))):
            if fault.keys[-1] == "end":  # horizons are made to fit what lies before it
                yield "end", "", fault.found, fault.allowed, fault.suggestion


def _horizons(years: float) -> list[float]:
    return [y for y in (1.0, 5.0, 10.0, 20.0) if y <= years] or [0.25]


def _inputs(inputs: Sequence[Input], head: str, rival: str = "") -> list[str]:
    """Lines of every input that must be coded: those without channels first, then a table for each group."""
    inputs = [i for i in inputs if not i.optional]
    lines = [f"{i.name} = {BLANK}  # {named(i.meaning, rival)}" for i in inputs if not i.channels]
    for i in inputs:
        if i.channels:
            lines += ["", f"[{head}.{i.name}]  # {named(i.meaning, rival)}"]
            own = {channel: f"  # {rival}" for channel in i.channels if plain(channel, rival) == rival}
            lines += [f"{channel} = {BLANK}{own.get(channel, '')}" for channel in i.channels]
    return lines


def history_text(
    name: str,
    leader: State,
    members: Mapping[str, str],
    start: dt.date,
    end: dt.date,
    in_sheet: bool = False,
    rival: str = "",
) -> str:
    """The history scenario, nothing in it coded; inputs and memberships stand in the sheet where there is one."""
    years = (end - start).days / 365.25
    what = f"every row of {SHEET}" if in_sheet else f'every value marked "{UNCODED}", with its source'
    lines = [
        f"# {name}: fill in {what}; docs/coding-guide.md has the scales.",
        f"# cohesion check {name}/*.toml says what is still missing.",
        f'title = "{name}, {start.year}-{end.year}"',
        'description = ""',
        f'sources = ["{REGISTRY}", "csto/{REGISTRY}"]  # the second has what the priors cite',
        *([f'sheet = "{SHEET}"  # inputs and memberships'] if in_sheet else []),
        "",
        "[time]",
        f"start = {start}",
        f"end = {end}",
        f'step = "{STEP}"',
        f"horizons = [{', '.join(f'{y:g}' for y in _horizons(years))}]",
        "",
        "[alliance]",
        f'name = "{name}"',
        f"leader = {toml(leader[0])}",
        *([f"leader_name = {toml(leader[1])}"] if leader[1] else []),
        *([f"rival_name = {toml(rival)}"] if rival else []),
        "quorum = 2  # with fewer members beside the leader the alliance is at an end",
        'crises = "scripted"  # or "drawn"',
    ]
    if not in_sheet:
        lines += ["", "[leader]", *_inputs(LEADER_INPUTS, "leader", rival)]
    for code, full in members.items():
        lines += ["", f"[members.{code}]", f"name = {toml(full)}"]
        if in_sheet:
            continue
        lines += [
            f'record = [{{ from = {start}, status = "{UNCODED}", sources = ["{NOT_YET}"] }}]',
            *_inputs(MEMBER_INPUTS, f"members.{code}", rival),
        ]
    optional = [*_optional(LEADER_INPUTS, "the leader", rival), *_optional(MEMBER_INPUTS, "a member", rival)]
    return "\n".join([*lines, "", *optional, EVENTS])


def _optional(inputs: Sequence[Input], owner: str, rival: str) -> list[str]:
    """A comment for each input that need not be coded."""
    say = "# May be coded too, of {}: {}, {}; else {:g}."
    return [say.format(owner, i.name, named(i.meaning, rival), i.default) for i in inputs if i.optional]


EVENTS = """# Pairs of members that may clash:
# [[disputes]]
# between = ["AAA", "BBB"]
# intensity = { value = "low", rule = "judgement", sources = ["key AAA 1960"] }

# Calls for help and the leader's answer (granted, partial, refused), clashes, renewal dates, entries:
# [[events]]
# date = 1960-01-01
# kind = "crisis"
# member = "AAA"
# threat = "interstate"
# answer = "refused"
# sources = ["key AAA 1960"]
"""
SOURCES = """# One entry a source; scenarios cite it with state and period, for example "key {leader} {year}".
# [key]
# quote = "the words, or the sense of them marked (paraphrase)"
# from = "author, title, year, page or address"
"""
