"""The files of a new alliance: every value that has to be coded is there, marked as not coded yet."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from sim.errors import InputError, Problem, as_path
from sim.model.declaration import Input
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.dates import months_between, parse
from sim.scenario.names import CODE, FULL_NAME, SLUG
from sim.scenario.values import UNCODED

BLANK = f'{{ value = "{UNCODED}", rule = "judgement", sources = ["assumption: not coded yet"] }}'


def new(
    name: str,
    leader: str,
    member: Mapping[str, str] | Iterable[str],
    start: str | dt.date,
    end: str | dt.date,
    out: str | PathLike[str] = ".",
) -> list[Path]:
    """Write a history scenario and a registry of sources to be filled in.

    Parameters
    ----------
    name : str
        Of the alliance: small letters, digits and hyphens.
    leader : str
        Three-letter code of the leading state.
    member : mapping or iterable of str
        Names of the other states by three-letter code, or ``CODE=NAME`` for each.
    start, end : str or date
        Of the history (YYYY, YYYY-MM or YYYY-MM-DD), whole quarters apart.
    out : str or Path
        Where the alliance's folder is made.

    Returns
    -------
    list of Path
        The files written, the scenario first.

    Raises
    ------
    InputError
        With every name and date that cannot be, and files that are there already.

    Examples
    --------
    >>> import sim
    >>> files = sim.new("little-entente", "FRA", {"ROU": "Romania", "POL": "Poland"}, "1921", "1938")
    >>> [file.name for file in files]
    ['history-1921-1938.toml', 'sources.toml']
    """
    home = as_path(out, "out") / name
    given = member.items() if isinstance(member, Mapping) else [m.partition("=")[::2] for m in member]
    pairs = [(str(code), str(full)) for code, full in given]
    problems = [Problem(*p) for p in (*_names(name, leader, pairs), *_dates(start, end))]
    if problems:
        raise InputError(problems)
    first, last = parse(start), parse(end)
    texts = {
        home / f"history-{first.year}-{last.year}.toml": history_text(name, leader, dict(pairs), first, last),
        home / "sources.toml": SOURCES.format(leader=leader, year=first.year),
    }
    if there := [f for f in texts if f.exists()]:
        allowed = "allowed: another name, or another `out`"
        raise InputError(Problem(str(f), "", "is there already", allowed) for f in there)
    try:
        home.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            file.write_text(text, "utf-8")
    except OSError as error:
        raise InputError([Problem(str(home), "out", f"cannot be written ({error.strerror})")]) from None
    return list(texts)


Fault = tuple[str, str, str, str]
"""What a problem is made of: argument, path within it, what was found and what is allowed."""


def _names(name: str, leader: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Fault]:
    if not SLUG.fits(name):
        yield "name", "", name, SLUG.allowed
    codes = [code for code, _ in pairs]
    for argument, code in (("leader", leader), *(("member", code) for code in codes)):
        if not CODE.fits(code):
            yield argument, "", code, CODE.allowed
    for code, full in pairs:
        if not full:
            yield "member", "", code, "allowed: CODE=NAME, such as POL=Poland"
        elif not FULL_NAME.fits(full):
            yield "member", code, full, FULL_NAME.allowed
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield "member", "", f"{code} twice", "allowed: every state once"
    if leader in codes:
        yield "member", "", leader, "allowed: the leader is not listed as a member"
    if len(codes) < 2:
        yield "member", "", f"{len(codes)}", "required: at least two beside the leader"


def _dates(start: object, end: object) -> Iterator[Fault]:
    dates = []
    for argument, given in (("start", start), ("end", end)):
        try:
            dates.append(parse(given))
        except ValueError:
            yield argument, "", f"{given}", "allowed: YYYY, YYYY-MM or YYYY-MM-DD"
    if len(dates) == 2 and (dates[1] <= dates[0] or (months_between(*dates) or 1) % 3):
        yield "end", "", f"{dates[1]}", f"allowed: whole quarters after {dates[0]}"


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
