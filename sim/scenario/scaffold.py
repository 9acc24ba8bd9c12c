"""The files of a new alliance: every value that has to be coded is there, marked as not coded yet."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.errors import InputError, Problem
from sim.model.declaration import Input
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.dates import months_between, parse
from sim.scenario.values import UNCODED

CODE = re.compile(r"^[A-Z]{3}$")
NAME = re.compile(r"^[a-z0-9][a-z0-9-]*$")
BLANK = f'{{ value = "{UNCODED}", rule = "judgement", sources = ["assumption: not coded yet"] }}'


def new(
    name: str,
    leader: str,
    member: Mapping[str, str],
    start: str | dt.date,
    end: str | dt.date,
    out: str | Path = ".",
) -> list[Path]:
    """Write a history scenario and a registry of sources to be filled in.

    Parameters
    ----------
    name : str
        Of the alliance, small letters, digits and hyphens.
    leader : str
        Three-letter code of the leading state.
    member : mapping
        Names of the other states by three-letter code.
    start, end : str or date
        Of the history (YYYY, YYYY-MM or YYYY-MM-DD), quarters apart.
    out : str or Path
        Where the alliance's folder is made.

    Returns
    -------
    list of Path
        The files written, the scenario first.

    Raises
    ------
    InputError
        Where a name or date cannot be, or files are there already.

    Examples
    --------
    >>> import sim
    >>> files = sim.new("little-entente", "FRA", {"ROU": "Romania", "POL": "Poland"}, "1921", "1938")
    >>> [file.name for file in files]
    ['history-1921-1938.toml', 'sources.toml']
    """
    problems, dates = [], list[dt.date]()
    for argument, given in (("start", start), ("end", end)):
        try:
            dates.append(parse(given))
        except (TypeError, ValueError):
            problems.append(Problem(argument, "", f"{given}", "allowed: YYYY, YYYY-MM or YYYY-MM-DD"))
    if problems:
        raise InputError(problems)
    return _write(name, leader, member, dates[0], dates[1], Path(out) / name)


def _write(name: str, leader: str, members: Mapping[str, str], start: dt.date, end: dt.date, home: Path) -> list[Path]:
    history = home / f"history-{start.year}-{end.year}.toml"
    sources = home / "sources.toml"
    problems = _names(name, leader, members) + _dates(start, end)
    problems += [
        Problem(str(f), "", "is there already", "allowed: another name, or another out")
        for f in (history, sources)
        if f.exists()
    ]
    if problems:
        raise InputError(problems)
    try:
        home.mkdir(parents=True, exist_ok=True)
        history.write_text(history_text(name, leader, members, start, end), "utf-8")
        sources.write_text(SOURCES.format(leader=leader, year=start.year), "utf-8")
    except OSError as error:
        found = f"cannot be written ({error.strerror})"
        raise InputError([Problem(str(home), "out", found)]) from None
    return [history, sources]


def _names(name: str, leader: str, members: Mapping[str, str]) -> list[Problem]:
    problems = []
    if not NAME.match(name):
        problems.append(Problem("NAME", "", name, "allowed: small letters, digits and hyphens, such as warsaw-pact"))
    for code in (leader, *members):
        if not CODE.match(code):
            problems.append(
                Problem(
                    "member",
                    "",
                    code,
                    "allowed: three capital letters (ISO 3166-1), such as POL=Poland",
                )
            )
    if leader in members:
        problems.append(Problem("member", "", leader, "allowed: the leader is not listed as a member"))
    if len(members) < 2:
        problems.append(Problem("member", "", f"{len(members)}", "required: at least two beside the leader"))
    return problems


def _dates(start: dt.date, end: dt.date) -> list[Problem]:
    months = months_between(start, end)
    if end <= start or months is None or months % 3:
        return [Problem("end", "", str(end), f"allowed: whole quarters after {start}")]
    return []


def _inputs(inputs: Sequence[Input], head: str) -> list[str]:
    """Lines of every input that must be coded: those without channels first, then a table for each group."""
    inputs = [i for i in inputs if not i.optional]
    lines = [f"{i.name} = {BLANK}  # {i.meaning}" for i in inputs if not i.channels]
    for i in inputs:
        if i.channels:
            lines += ["", f"[{head}.{i.name}]  # {i.meaning}"]
            lines += [f"{channel} = {BLANK}" for channel in i.channels]
    return lines


def history_text(name: str, leader: str, members: Mapping[str, str], start: dt.date, end: dt.date) -> str:
    """The history scenario, nothing in it coded."""
    years = (end - start).days / 365.25
    lines = [
        f'# {name}: fill in every value marked "{UNCODED}"; docs/coding-guide.md has the scales.',
        f"# cohesion check {name}/*.toml says what is still missing.",
        f'title = "{name}, {start.year}-{end.year}"',
        'description = ""',
        'sources = ["sources.toml", "csto/sources.toml"]  # the second has what the priors cite',
        "",
        "[time]",
        f"start = {start}",
        f"end = {end}",
        'step = "quarter"',
        f"horizons = [{', '.join(f'{y:g}' for y in (1, 5, 10, 20) if y <= years) or '0.25'}]",
        "",
        "[alliance]",
        f'name = "{name}"',
        f'leader = "{leader}"',
        'crises = "scripted"  # or "drawn"',
        "",
        "[leader]",
        *_inputs(LEADER_INPUTS, "leader"),
    ]
    for code, full in members.items():
        lines += [
            "",
            f"[members.{code}]",
            f'name = "{full}"',
            f'record = [{{ from = {start}, status = "active", sources = ["assumption: not coded yet"] }}]',
            *_inputs(MEMBER_INPUTS, f"members.{code}"),
        ]
    return "\n".join([*lines, "", EVENTS])


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
