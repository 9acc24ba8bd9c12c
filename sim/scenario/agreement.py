"""How far two coders agree: by input, corrected for chance, and where they part."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError, Problem, arguments, as_path, listed, plural
from sim.model.arrays import Array
from sim.scenario.load import Scenario, load
from sim.scenario.sheet import RECORD, STEP, SUFFIX, Coding, codings, read
from sim.scenario.values import WORDS, Distribution, Entry, Rule

Level = Literal["nominal", "ordinal", "interval"]
RELIABLE, TENTATIVE = 0.8, 0.667
"""What Krippendorff (2004, Content Analysis, 241) asks of alpha for firm and for tentative conclusions."""
FEWEST = 20
"""Paths that an interval needs: of simulated 90 % intervals 80 % held the true alpha with 10 paths, 87 with 20."""
RESAMPLES = 1000
ALL = "all inputs from 0 to 1"
UNLIKE = "?"
"""In the place of a rule: two figures under different rules, which cannot be compared."""
BEFORE = "outside"
"""The status of a state before its record begins."""


# --------------------------------------------------------------------------------------------------- the measure


def alpha(values: Array, level: Level) -> float:
    """Krippendorff's alpha of the values (coder, unit), NaN where a coder has none.

    Observed disagreement is the variance within units, expected that of all pairable values: of the values for an
    interval scale, of their ranks for an ordinal, of indicators for a nominal. Krippendorff 2011, Computing
    Krippendorff's Alpha-Reliability; Hayes & Krippendorff 2007, doi:10.1080/19312450709336664. Not a number where
    all values are the same: nothing varies then on which coders could agree.
    """
    from scipy.stats import rankdata

    pairable = values[:, np.isfinite(values).sum(axis=0) > 1]
    there = np.isfinite(pairable)
    unit, x = np.broadcast_to(np.arange(pairable.shape[1]), pairable.shape)[there], pairable[there]
    of_unit = np.bincount(unit, minlength=pairable.shape[1])
    scales = {"nominal": lambda: [x == v for v in np.unique(x)], "ordinal": lambda: [rankdata(x)]}
    within = total = 0.0
    for score in map(np.asarray, scales.get(level, lambda: [x])()):
        mean = np.bincount(unit, score) / of_unit if len(unit) else of_unit
        within += float(np.sum((score - mean[unit]) ** 2 * of_unit[unit] / (of_unit[unit] - 1)))
        total += float(np.sum((score - score.mean()) ** 2)) if len(score) else 0.0
    return 1 - within / total * (len(x) - 1) / len(x) if total > 0 else float("nan")


def interval(values: Array, level: Level, path: Sequence[object]) -> tuple[float, float]:
    """The 90 % interval of alpha when whole paths are drawn anew; NaN where these are few.

    A path's values hang together over time, so that they are drawn together.
    """
    names = list(dict.fromkeys(path))
    if len(names) < FEWEST:
        return float("nan"), float("nan")
    units = [np.flatnonzero([p == name for p in path]) for name in names]
    rng = np.random.default_rng(1)
    drawn = [
        alpha(values[:, np.concatenate([units[k] for k in rng.integers(len(units), size=len(units))])], level)
        for _ in range(RESAMPLES)
    ]
    kept = [a for a in drawn if np.isfinite(a)]
    low, high = np.quantile(kept, (0.05, 0.95)) if kept else (float("nan"),) * 2
    return float(low), float(high)


# --------------------------------------------------------------------------------------------- what is compared


class Unit(NamedTuple):
    """What both say of a state's input at a date; ``scale`` is the rule under which both figures stand."""

    state: str
    input: str
    scale: str
    date: dt.date | None
    first: Entry
    second: Entry


def _middle(value: Entry | Distribution) -> float:
    if isinstance(value, Distribution):
        return float(value.quantile(np.array(0.5)))
    return sum(WORDS[value]) / 2 if isinstance(value, str) else value


def _number_or_word(row: Coding, rules: Mapping[str, Rule]) -> tuple[Entry, str]:
    """The value, with the rule under which it is a figure; by a rule that is known it is a number from 0 to 1."""
    value = row.value
    assert value is not None, "rows that are not coded yet are in no group"
    if isinstance(value, Distribution):
        return _middle(value), ""
    if row.rule in rules and isinstance(value, float):
        return sum(rules[row.rule].band(value)) / 2, ""
    return value, row.rule if isinstance(value, float) else ""


@dataclass(frozen=True)
class _Path:
    """What a coder says of a state's input over time."""

    name: str
    knots: dict[dt.date | None, tuple[Entry, str]]
    step: bool

    @classmethod
    def of(cls, rows: Sequence[Coding], rules: Mapping[str, Rule]) -> "_Path":
        rule, join = (next((getattr(r, c) for r in rows if getattr(r, c)), "") for c in ("rule", "join"))
        knots = {r.date: _number_or_word(r._replace(rule=rule), rules) for r in rows}
        return cls(rows[0].input, knots, join == STEP or rows[0].input == RECORD)

    def at(self, date: dt.date | None) -> tuple[Entry, str]:
        """The value there; between two knots that a line joins, the middle of the band that the model has there."""
        dates = [d for d in self.knots if d is not None]
        if date is None or not dates:
            return next(iter(self.knots.values()))
        k = bisect_right(dates, date)
        if k == 0 and self.name == RECORD:
            return BEFORE, ""
        (last, rule), (following, its) = (self.knots[dates[min(max(n, 0), len(dates) - 1)]] for n in (k - 1, k))
        if self.step or k == 0 or date == dates[k - 1] or last == following or rule != its:
            return last, rule
        share = (date - dates[k - 1]).days / (dates[k] - dates[k - 1]).days
        return (1 - share) * _middle(last) + share * _middle(following), rule


def _units(first: Mapping[tuple[str, str], _Path], second: Mapping[tuple[str, str], _Path]) -> Iterator[Unit]:
    """What both code, at each date that either names."""
    for (state, name), path in first.items():
        if (other := second.get((state, name))) is None:
            continue
        dates = {d for d in (*path.knots, *other.knots) if d is not None}
        for date in sorted(dates) or (None,):
            (a, rule), (b, its) = path.at(date), other.at(date)
            yield Unit(state, name, rule if rule == its else UNLIKE, date, a, b)


# --------------------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True)
class Agreement:
    """How far two coders agree.

    ``table`` has a row an input, and one for all inputs on the scale from 0 to 1; ``differences`` what they code
    differently, the widest apart first; ``left_out`` how many paths only the first and only the second have coded, and
    how many values are figures under different rules.
    """

    first: str
    second: str
    table: pd.DataFrame
    differences: pd.DataFrame
    left_out: tuple[int, int, int]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Both tables by name."""
        return {"agreement": self.table, "differences": self.differences}

    def sentence(self) -> str:
        """The answer."""
        inputs = self.table[self.table.input != ALL]
        values, equal = inputs["values"].sum(), (inputs.equal * inputs["values"]).sum()
        if not values:
            return f"{self.first} and {self.second} have coded nothing in common."
        share = f"{100 * equal / values:.0f} % of the {plural(values, 'value')} that both have coded"
        said = f"{self.first} and {self.second} agree on {share}"
        whole = self.table.iloc[0]
        if whole["input"] == ALL and whole.alpha == whole.alpha:
            between = f" (90 % interval {whole.low:.2f} to {whole.high:.2f})" if whole.low == whole.low else ""
            said += f"; Krippendorff's alpha of {ALL} is {whole.alpha:.2f}{between}, {verdict(whole.alpha)}"
        reasons = (f"paths that only {self.first} has", f"that only {self.second} has", "values under different rules")
        out = [f"{n} {why}" for n, why in zip(self.left_out, reasons, strict=True) if n]
        return f"{said}." + (f" Left out: {listed(out)}." if out else "")

    def __repr__(self) -> str:
        return f"<Agreement: {self.sentence()}>"


def verdict(alpha: float) -> str:
    """What an alpha allows, after Krippendorff."""
    if alpha >= RELIABLE:
        return f"at or above the {RELIABLE} that is asked for"
    also = f" and the {TENTATIVE} of tentative conclusions" if alpha < TENTATIVE else ""
    return f"below the {RELIABLE} that is asked for{also}"


def _in_words(value: Entry) -> int:
    """The rank of a word, or of the word in whose band a number lies."""
    if isinstance(value, str):
        return list(WORDS).index(value)
    return next((k for k, (_, high) in enumerate(WORDS.values()) if value < high), len(WORDS) - 1)


def _measured(units: Sequence[Unit]) -> tuple[Level, Array]:
    """The level of measurement that the coarser of two codings allows, and the values on it (coder, unit)."""
    both = [(u.first, u.second) for u in units]
    if units[0].input == RECORD:
        names = sorted({str(x) for pair in both for x in pair})
        return "nominal", np.array([[names.index(str(x)) for x in pair] for pair in both], dtype=float).T
    if any(isinstance(x, str) for pair in both for x in pair):
        return "ordinal", np.array([[_in_words(x) for x in pair] for pair in both], dtype=float).T
    return "interval", np.array(both, dtype=float).T


def _row(name: str, units: Sequence[Unit]) -> dict[str, object]:
    level, values = _measured(units)
    low, high = interval(values, level, [(u.state, u.input) for u in units])
    apart = [np.nan if u.input == RECORD else abs(_middle(u.first) - _middle(u.second)) for u in units]
    return {
        "input": name,
        "level": level,
        "values": len(units),
        "equal": float(np.isclose(values[0], values[1]).mean()),
        "difference": float(np.mean(apart)),
        "alpha": alpha(values, level),
        "low": low,
        "high": high,
    }


def _apart(units: Sequence[Unit]) -> Iterator[dict[str, object]]:
    """The units of a group that are coded differently, with how far apart from 0 to 1."""
    _, values = _measured(units)
    figures = [x for u in units for x in (u.first, u.second) if u.scale and isinstance(x, float)]
    spread = max(figures) - min(figures) if figures else 1.0
    for u, same in zip(units, np.isclose(values[0], values[1]), strict=True):
        if not same:
            apart = 1.0 if u.input == RECORD else abs(_middle(u.first) - _middle(u.second)) / spread
            yield {**u._asdict(), "apart": apart}


@arguments
def agreement(first: Scenario | str | PathLike[str], second: Scenario | str | PathLike[str]) -> Agreement:
    """Compare what two coders have coded, by input.

    Parameters
    ----------
    first, second : Scenario, str or Path
        Sheets (CSV files), or scenarios.

    Returns
    -------
    Agreement
        ``table`` with, for each input, how many values both have coded (paths are held against each other at each
        date that either of them names), the share that is equal, the mean absolute difference (from 0 to 1, words
        taken in the middle of their bands; figures under a rule in its unit; none for memberships), and Krippendorff's
        alpha with its 90 % interval where there are paths enough: nominal for memberships, ordinal where one of them
        uses words (a number is taken as the word in whose band it lies), interval for numbers. Hayes & Krippendorff
        2007, doi:10.1080/19312450709336664.

    Raises
    ------
    InputError
        With every mistake of both.

    Examples
    --------
    >>> import sim
    >>> found = sim.agreement("warsaw-pact/history-1955-1991", "warsaw-pact/history-1955-1991")
    >>> print(f"{found.table.alpha[0]:.2f}")
    1.00
    """
    coders: list[_Coder] = []
    problems: list[Problem] = []
    for one in (first, second):
        try:
            coders.append(_read(one))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    a, b = coders
    paths = [
        {key: _Path.of(rows, {**other.rules, **one.rules}) for key, rows in one.groups.items()}
        for one, other in ((a, b), (b, a))
    ]
    every = list(_units(*paths))
    units = [u for u in every if u.scale != UNLIKE]
    groups: dict[str, list[Unit]] = {}
    for u in units:
        groups.setdefault(f"{u.input} ({u.scale})" if u.scale else u.input, []).append(u)
    whole = [u for u in units if not u.scale and u.input != RECORD]
    rows = [_row(name, its) for name, its in ((ALL, whole), *groups.items()) if its]
    columns = ["input", "level", "values", "equal", "difference", "alpha", "low", "high"]
    apart = pd.DataFrame([d for its in groups.values() for d in _apart(its)], columns=[*Unit._fields, "apart"])
    left_out = (len(paths[0].keys() - paths[1]), len(paths[1].keys() - paths[0]), len(every) - len(units))
    names = (a.name, b.name) if a.name != b.name else (str(a.file), str(b.file))
    apart = apart.sort_values("apart", ascending=False, kind="stable", ignore_index=True)
    return Agreement(names[0], names[1], pd.DataFrame(rows, columns=columns), apart, left_out)


class _Coder(NamedTuple):
    """A sheet or a scenario: rows by state and input, and the rules that it knows."""

    name: str
    file: Path
    groups: dict[tuple[str, str], list[Coding]]
    rules: Mapping[str, Rule]


def _read(one: Scenario | str | PathLike[str]) -> _Coder:
    if not isinstance(one, Scenario):
        file = as_path(one, "first")
        if file.suffix == SUFFIX:
            sheet = read(file)
            if sheet.problems:
                raise InputError(sheet.problems)
            return _Coder(file.stem, file, sheet.groups, {})
        one = load(file)
    groups: dict[tuple[str, str], list[Coding]] = {}
    for row in codings(one.tables):
        groups.setdefault((row.state, row.input), []).append(row)
    return _Coder(one.name, one.file, groups, one.tables.rules)
