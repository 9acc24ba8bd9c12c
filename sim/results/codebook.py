"""The codebook of a scenario: every coded value with its rule, width, sources and quotations, as for an appendix."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.errors import InputError, Problem, arguments, as_path, plural, several
from sim.inference.continuation import continued
from sim.model.declaration import Coefficient
from sim.results.explain import adjustments_of, drawn_from, grouped, knots_of, rule_of, source_of
from sim.results.tables import csv
from sim.results.typeset import foreign, latex_table, latex_text, markdown_table, markdown_text
from sim.scenario.inheritance import Registry
from sim.scenario.load import Scenario, load
from sim.scenario.rival import plain
from sim.scenario.sheet import LINEAR, guarded, joined, parted_sources
from sim.scenario.tables import BEHAVIOUR, DISPUTES, EventBase, ScenarioTables, Value
from sim.scenario.titles import alone, subject
from sim.scenario.values import ASSUMPTION, COMMAND_LINE, Coded
from sim.storage.files import put

if TYPE_CHECKING:
    import pandas as pd

HAPPENED = "record"
"""In the place of a rule: not judged, but what happened, at its date."""
DATED = MEMBERSHIP, EVENT, VOTE, CHANGE = "membership", "event", "vote", "change"
"""What is no path over time."""


ALL = "All states"
"""Whose coefficients are."""


class Row(NamedTuple):
    """A coded value at a date; its sources are those of the whole value."""

    path: str
    of: str
    """The state or the pair; ``All states`` for a coefficient."""
    value: str
    meaning: str
    date: str
    """From when it holds; empty for a value that holds throughout."""
    coded: str
    low: float | None
    high: float | None
    width: float | None
    """Half of the way from ``low`` to ``high``: what stands behind ± in a rule."""
    unit: str
    rule: str
    rule_says: str
    sources: str
    quotations: str
    note: str


@dataclass(frozen=True)
class Codebook:
    """What a scenario codes.

    ``values`` has a row for each coded value at each date; ``rules`` what each rule says; ``sources`` the quotation
    of each source that is cited, and where it is from.
    """

    title: str
    values: "pd.DataFrame"
    rules: "pd.DataFrame"
    sources: "pd.DataFrame"

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """The three by name."""
        return {"values": self.values, "rules": self.rules, "sources": self.sources}

    def sentence(self) -> str:
        """How much is coded, and how much of it rests on sources."""
        paths = self.values.drop_duplicates(["path", "value"])
        bare = [all(s.startswith(ASSUMPTION) for s in parted_sources(cited)) for cited in paths.sources]
        quoted = int((self.sources.quotation != "").sum())
        of_them = "all of them" if quoted == len(self.sources) else f"{quoted:,} of them"
        return (
            f"{plural(len(paths), 'coded value')}, of which {sum(bare):,} rest on an assumption alone; "
            f"{plural(len(self.sources), 'source')}, {of_them} quoted."
        )

    def text(self, format: str) -> str:
        """As a file of one of ``FORMATS`` has it."""
        return FORMATS[format](self)

    def __repr__(self) -> str:
        return f"<Codebook: {self.title}: {self.sentence()}>"


# ----------------------------------------------------------------------------------------------------- the rows


def _rows(tables: ScenarioTables, registry: Registry) -> Iterator[Row]:
    """All that is coded: states, what happened, relations, coefficients, changes."""
    a = tables.alliance
    names = {code: m.name for code, m in tables.members.items()} | {a.leader: a.leader_in_words}
    owners = {f"members.{code}": m.name for code, m in tables.members.items()} | {"leader": names[a.leader]}

    def cite(row: Row, sources: Sequence[str], note: str) -> Row:
        said = grouped(source_of(s, registry) for s in sources if not s.startswith(ASSUMPTION) and s != COMMAND_LINE)
        quotations = (f"{cited}: “{words}”" + (f" ({where})" if where else "") for cited, words, where in said if words)
        return row._replace(sources=joined(sources), quotations=" | ".join(quotations), note=note)

    def happened(path: str, of: str, what: str, date: object, coded: str) -> Row:
        says = "what happened, at its date"
        return Row(path, of, what, what, str(date), coded, None, None, None, "", HAPPENED, says, "", "", "")

    for code, m in tables.members.items():
        for entry in m.record:
            row = happened(f"members.{code}.record", m.name, MEMBERSHIP, entry.from_, entry.status)
            yield cite(row, entry.sources, entry.note)
    for i, event in enumerate(tables.events):
        whom = event.model_dump(exclude={*EventBase.model_fields, "kind"}, exclude_none=True)
        coded = "; ".join([plain(event.kind, None), *(f"{plain(k, None)} {_named(x, names)}" for k, x in whom.items())])
        yield cite(happened(f"events.{i}", a.name, EVENT, event.date, coded), event.sources, event.note)
    for i, vote in enumerate(tables.votes or ()):
        coded = "; ".join([vote.motion, *(f"{names.get(s, s)} {conduct}" for s, conduct in vote.conduct.items())])
        yield cite(happened(f"votes.{i}", a.name, VOTE, vote.date, coded), vote.sources, vote.note)
    for value in tables.values.values():
        rule, says = rule_of(value.coded, tables.rules)
        of, what, unit = _subject(value, tables, names)
        steps = isinstance(value.coded, Coded) and value.coded.join != LINEAR and len(value.coded.entries()) > 1
        said = ["each value holds until the next date"] * steps
        note = "; ".join(filter(None, [value.coded.note, *said, *adjustments_of(tables, value.path)]))
        for k in [*knots_of(value, tables.rules), *drawn_from(tables, value.path)]:
            coded = k.coded.strip('"')
            width = (k.high - k.low) / 2
            meaning = value.meaning(a.rival_name)
            row = Row(value.path, of, what, meaning, k.date, coded, k.low, k.high, width, unit, rule, says, "", "", "")
            yield cite(row, value.coded.sources, note)
    for change in tables.adjustments:
        what = subject(change.path, owners, a.rival_name)
        row = happened(change.path, a.name, CHANGE, change.from_ or "", f"{what} {change}")
        yield cite(row._replace(rule=CHANGE, rule_says="done to what is coded"), change.sources, change.note)


def _named(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return " and ".join(_named(x, names) for x in value)
    return f"{value:g}" if isinstance(value, float) else names.get(str(value), str(value))


def _subject(value: Value, tables: ScenarioTables, names: Mapping[str, str]) -> tuple[str, str, str]:
    """Whose it is, what it is in a few words, and its unit."""
    rival = tables.alliance.rival_name
    if isinstance(value.declared, Coefficient):
        return ALL, plain(value.path.removeprefix(BEHAVIOUR), rival), value.declared.unit
    if value.declared is None:
        pair = value.path.removeprefix(DISPUTES).split("-")
        return " and ".join(names[code] for code in pair), "dispute", "0 to 1"
    head, code, *_ = value.path.split(".")
    of = names[code if head == "members" else tables.alliance.leader]
    return of, alone(value.path, rival), "0 to 1"


def _sources(cited: Iterable[str], registry: Registry) -> "pd.DataFrame":
    """What the registry has of each source, by name."""
    import pandas as pd

    keys = sorted(
        {s.split()[0] for s in cited if s and not s.startswith(ASSUMPTION) and s != COMMAND_LINE},
        key=lambda key: [(part.isdecimal(), part.zfill(9)) for part in re.split(r"(\d+)", key)],
    )
    rows = [(key, registry.get(key, {}).get("quote", ""), registry.get(key, {}).get("from", "")) for key in keys]
    return pd.DataFrame(rows, columns=["source", "quotation", "from"])


# ---------------------------------------------------------------------------------------------------- the texts


def _csv(book: Codebook) -> str:
    """One flat table; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    texts = book.values.select_dtypes(exclude="number").columns
    return "\ufeff" + csv(book.values.assign(**{c: book.values[c].map(guarded) for c in texts}))


COLUMNS = ("value", "from", "coded", "range", "rule", "sources and notes")
SHARES = (0.16, 0.15, 0.15, 0.13, 0.13, 0.28)
"""Of the width of a line."""
Table = tuple[str, Sequence[str], Sequence[Sequence[str]], Sequence[float]]
"""Heading, columns, cells, shares of the width."""


def sections(book: Codebook) -> Iterator[Table]:
    """The tables of a codebook that is printed: values by whose they are, what they mean, rules, sources."""
    v = book.values
    happened = v.value.isin(DATED)
    for what, rows in v[happened].groupby("value", sort=False):
        cells = [[r.of, r.date, r.coded, _evidence(r)] for r in rows.itertuples()]
        if what != MEMBERSHIP:
            cells = [cell[1:] for cell in cells]
        head, shares = ("state", "date", "what happened", "sources and notes"), (0.17, 0.15, 0.26, 0.42)
        cut = len(head) - len(cells[0])
        yield (
            MEMBERSHIP.capitalize() if what == MEMBERSHIP else f"{what}s".capitalize(),
            head[cut:],
            cells,
            shares[cut:],
        )
    for of, rows in v[~happened].groupby("of", sort=False):
        yield str(of), COLUMNS, list(_value_cells(rows)), SHARES
    meanings = v[~happened].drop_duplicates("value")
    yield "Meanings", ("value", "meaning"), meanings[["value", "meaning"]].values.tolist(), (0.25, 0.73)
    yield "Rules", ("rule", "what it says"), book.rules.values.tolist(), (0.2, 0.78)
    yield "Sources", ("source", "quotation or entry", "where from"), book.sources.values.tolist(), (0.2, 0.43, 0.35)


def _value_cells(rows: "pd.DataFrame") -> Iterator[list[str]]:
    """What is said of a whole value stands in its first row."""
    before = None
    for r in rows.itertuples():
        first = before != (r.path, r.value)
        before = (r.path, r.value)
        low, high = f"{r.low:.3g}", f"{r.high:.3g}"
        band = "" if r.low != r.low else low if low == high else f"{low} to {high}"
        yield [*([r.value] if first else [""]), r.date, r.coded, band, *([r.rule, _evidence(r)] if first else ["", ""])]


def _evidence(r: Any) -> str:
    sources = "; ".join(parted_sources(r.sources))
    return f"{sources}. Note: {r.note}" if r.note else sources


INTRODUCTION = (
    "The range is what a coded value may be: from 0 to 1 for inputs, the middle 90 % of a distribution in its unit for "
    "coefficients. A value without a date holds throughout; between two dates it goes on a line, or keeps the earlier "
    "value where the note says so. Sources are named by their key, with state and period."
)


def _markdown(book: Codebook) -> str:
    head = [f"# Codebook: {markdown_text(book.title)}", markdown_text(f"{book.sentence()} {INTRODUCTION}")]
    parts = (
        f"## {markdown_text(heading)}\n\n{markdown_table(columns, cells)}"
        for heading, columns, cells, _ in sections(book)
    )
    return "\n\n".join([*head, *parts]) + "\n"


def _latex(book: Codebook) -> str:
    """To be read by ``\\input`` into an appendix; its first lines say which packages it needs."""
    needs = NEEDS + FOR_OTHERS.format(" ".join(others)) if (others := _foreign(book)) else NEEDS
    head = [needs, rf"\section*{{Codebook: {latex_text(book.title)}}}", latex_text(f"{book.sentence()} {INTRODUCTION}")]
    parts = (
        f"\\subsection*{{{latex_text(heading)}}}\n{latex_table(columns, cells, shares)}"
        for heading, columns, cells, shares in sections(book)
    )
    return "\n\n".join([*head, *parts]) + "\n"


def _foreign(book: Codebook) -> list[str]:
    """What pdfLaTeX cannot set of all that is printed."""
    cells = (" ".join(map(str, cell)) for _, _, rows, _ in sections(book) for cell in rows)
    return foreign(" ".join([book.title, *cells]))


NEEDS = r"""% A part of a document, for \input{...}. It needs in the preamble:
% \usepackage[T1]{fontenc} \usepackage{array,booktabs,longtable}"""
FOR_OTHERS = r"""
% pdfLaTeX does not set {}: take XeLaTeX or LuaLaTeX, with \usepackage{{fontspec}} in place of fontenc."""
FORMATS: dict[str, Callable[[Codebook], str]] = {"csv": _csv, "md": _markdown, "tex": _latex}
"""What a codebook is written as, by the ending of the file."""


@arguments
def codebook(
    scenario: Scenario | str | PathLike[str],
    out: str | PathLike[str] | None = None,
    format: str = "csv",
    set: Mapping[str, Any] | None = None,
    force: bool = False,
) -> Codebook:
    """Put every coded value of a scenario together with its rule, width, sources and quotations.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, a TOML file, or the name of a shipped one.
    out : str or Path, optional
        The file to write, with or without its ending; nothing is written without it.
    format : str
        ``"csv"``, one flat table; ``"md"`` or ``"tex"``, tables by state for an appendix; several with commas
        between them, each in a file of its own.
    set : mapping, optional
        Values by dotted path that replace those of the scenario first.
    force : bool
        Whether to replace files that are there.

    Returns
    -------
    Codebook
        ``values`` has a row for each coded value and date: its range from ``low`` to ``high`` (0 to 1 for inputs,
        in the coefficient's unit for the middle 90 % of its prior and posterior), half its ``width``, rule, sources,
        quotations; memberships, events and changes too. ``rules`` and ``sources`` have each once.

    Raises
    ------
    InputError
        With every mistake of the scenario, for another format, and where a file is there already.

    Examples
    --------
    >>> import sim
    >>> book = sim.codebook("warsaw-pact/history-1955-1991", out="codebook", format="csv,tex")
    >>> book.values.path[0], book.values.coded[0]
    ('members.ALB.record', 'active')
    """
    formats = several(format, "format", FORMATS)
    if not isinstance(scenario, Scenario):
        scenario = load(scenario, set)
    elif set:
        scenario = load(scenario.file, {**scenario.overrides, **set})
    book = _book(scenario)
    if out is not None:
        write_each(files_of(as_path(out, "out"), formats), [book.text(f) for f in formats], force)
    return book


def files_of(out: Path, formats: Sequence[str]) -> list[Path]:
    """The file for each format: the name with its ending, in the place of one of these that it has."""
    if out.name in ("", ".."):
        raise InputError([Problem(str(out), "out", "a folder", "allowed: the name of a file, with or without ending")])
    bare = out.with_suffix("") if out.suffix.removeprefix(".") in FORMATS else out
    return [bare.with_name(f"{bare.name}.{f}") for f in formats]


def write_each(files: Sequence[Path], texts: Sequence[str], force: bool) -> None:
    """Write files, all or none where one is there already."""
    there = [f for f in files if f.exists() and not (force and f.is_file())]
    if there:
        raise InputError(Problem(str(f), "", "is there already", "allowed: another `out`, or `force`") for f in there)
    for file, text in zip(files, texts, strict=True):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            put(file, text)
        except OSError as error:
            raise InputError([Problem(str(file), "out", f"cannot be written ({error.strerror})")]) from None


def _book(scenario: Scenario) -> Codebook:
    import pandas as pd

    (scenario,) = continued([scenario])
    values = pd.DataFrame(_rows(scenario.tables, scenario.registry), columns=list(Row._fields))
    cited = [s for sources in values.sources for s in parted_sources(sources)]
    rules = values[["rule", "rule_says"]].drop_duplicates("rule", ignore_index=True)
    return Codebook(scenario.tables.title, values, rules, _sources(cited, scenario.registry))
