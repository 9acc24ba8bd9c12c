"""What a column of a table is, in words and with its unit: for labels in files that have them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sim.errors import plural
from sim.model.grammar import lower_first, sentence
from sim.model.outcomes import OUTCOMES, QUANTILES, STATISTICS, attributes
from sim.results.kept import CHANCES, FIRSTS, LEVELS, is_date
from sim.scenario.load import Scenario


class Label(NamedTuple):
    """What a column holds, and in what unit; empty for text and for what has several."""

    words: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.words} [{self.unit}]" if self.unit and self.unit != "1" else self.words


RUN = {
    "run": Label("Run, counted from 0"),
    "row": Label("Row of the posterior, which other runs may share; the run itself where there is none"),
}
OF_EVENTS = {
    "run": RUN["run"],
    "date": Label("End of the tick in which it happened"),
    "kind": Label("Kind of event"),
    "members": Label("States that it concerns, by their codes"),
    "text": Label("What happened, in a sentence"),
}
"""Columns of what happened in single runs."""
CODES = ("member", "state", "of", "on")
"""Columns of states' codes, beside each of which a table for other programs has their names."""
LABELS = {
    "scenario": Label("Scenario"),
    "outcome": Label("Outcome"),
    "unit": Label("Unit of the outcome"),
    "member": Label("State, by its code; empty for the alliance"),
    **{f"{c}_name": Label("State, by its name; where the code is empty, the alliance") for c in CODES},
    "of": Label("State whose leaving has the effect, by its code"),
    "on": Label("State that it has the effect on, by its code"),
    "state": Label("State, by its code"),
    "name": Label("Name"),
    "point": Label("Point of the study"),
    "horizon_years": Label("Time since the start", "years"),
    "saved_runs": Label("Independent runs that give the same error, for one paired run", "runs"),
    "holds": Label("Share of draws in which the claim holds", "1"),
    "by": Label("By this date"),
    "since": Label("From this date on"),
    "happened": Label("Whether it happened, or how often"),
    "variance_ratio": Label("Variance of the posterior over that of the prior", "1"),
    "variance_ratio_se": Label("Standard error of that ratio", "1"),
    "shift": Label("From the prior's median to the posterior's, in the prior's spread", "1"),
    "cases": Label("Number of cases"),
}
"""Columns whose name alone does not say it; others are called by their name in words."""
FEW = Label("1 where runs are too few to say more than the upper end", "1")
MEAN = "Mean; of what happens or not, its probability"
SIDES = {"base": "level in the base", "value": "level in the other scenario", "difference": "second minus first"}
"""What a table of differences has of an outcome, alone or before a statistic."""
BEFORE = {"prior": "prior", "posterior": "posterior"}


def labels(columns: Iterable[str]) -> dict[str, Label]:
    """Of each column of a table: by itself, as a statistic, as one of a side, of an outcome; else its name in words.

    What a name means hangs on what stands beside it: ``low`` is an end of the Monte Carlo interval where it is said
    of how few runs that is, ``value`` is the other scenario's where there is a base.
    """
    columns = list(columns)
    runs = any(c.endswith("few") for c in columns)
    before = BEFORE | (SIDES if any(c.endswith("base") for c in columns) else {})
    return {c: _of_outcome(c, before) or _label(c, before, runs) for c in columns}


def labels_of_runs(columns: Iterable[str], scenario: Scenario, state_names: Mapping[str, str]) -> dict[str, Label]:
    """Of the table of single runs: what is drawn is called as results call it, events and levels by state and year."""
    return {c: _of_run(c, scenario, state_names) for c in columns}


def _of_run(column: str, scenario: Scenario, state_names: Mapping[str, str]) -> Label:
    if column in RUN:
        return RUN[column]
    head, _, rest = column.partition(".")
    name, state = (rest, f"{state_names[head]}: ") if head in state_names else (column, "")
    what, _, years = name.partition(".")
    if is_date(column):
        return Label(sentence(f"{state}{'first ' * (what in FIRSTS)}{what}, date; empty where there is none"))
    if what == "end_stance":
        return Label(f"{state}stance at the end", OUTCOMES["stance"].unit)
    if what in LEVELS:
        after = plural(float(years), "year")
        return Label(f"{attributes(what, 'mean')['long_name']}, after {after}", OUTCOMES[what].unit)
    if what in CHANCES:
        noun = OUTCOMES[CHANCES[what]].noun
        return Label(sentence(f"{state}chances of {noun} added up over {plural(float(years), 'year')}"), "1")
    return Label(sentence(scenario.label(column)), scenario.unit(column))


def _label(column: str, before: Mapping[str, str], runs: bool) -> Label:
    own = _own(column, runs)
    if own:
        return own
    if column in before:
        return Label(sentence(before[column]))
    side, _, statistic = column.partition("_")
    if side in before and (said := _own(statistic, runs)):
        return Label(f"{sentence(before[side])}: {_within(said.words)}", said.unit)
    rest, _, last = column.rpartition("_")
    words = sentence((rest or column).replace("_", " ").replace(".", ", "))
    if rest and last in (*QUANTILES, "mcse"):
        return Label(f"{words}: {_own(last, runs).words}")  # type: ignore[union-attr]
    return Label(sentence(column.replace("_", " ").replace(".", ", ")))


def _own(name: str, runs: bool) -> Label | None:
    """A column that needs no other to be understood."""
    if name in LABELS:
        return LABELS[name]
    if name in QUANTILES:
        return Label(f"{100 * QUANTILES[name]:g} % quantile")
    if name == "mean":
        return Label(MEAN)
    if name == "few":
        return FEW
    if name in STATISTICS and (runs or name not in ENDS):
        return Label(sentence(STATISTICS[name]), "1" if "share" in name else "")
    return None


def _within(words: str) -> str:
    """As words stand within a sentence, but for the name of a place."""
    return words if words.startswith("Monte Carlo") else lower_first(words)


ENDS = ("low", "high")


def _of_outcome(column: str, before: Mapping[str, str]) -> Label | None:
    """A column of a wide table: an outcome alone, or with a statistic."""
    name = next((n for n in sorted(OUTCOMES, key=len, reverse=True) if column == n or column.startswith(f"{n}_")), None)
    if name is None:
        return None
    about, rest = attributes(name, "mean"), column[len(name) + 1 :]
    if not rest:
        return Label(about["long_name"], about["units"])
    said = _label(rest, before, runs=True)
    return Label(f"{about['long_name']}: {_within(said.words)}", said.unit or about["units"])
