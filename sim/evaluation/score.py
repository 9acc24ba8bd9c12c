"""Scores of what can be scored: an archived forecast whose dates have come, or the history of a coded alliance."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import InputError, Problem, arguments, as_date, as_path
from sim.evaluation.archive import Score, score_archive
from sim.evaluation.history import History, beginning, history_of
from sim.evaluation.history_scores import frames, rows_of
from sim.evaluation.rules import Learned, learned
from sim.results.result import Results
from sim.scenario.load import Scenario, load
from sim.scenario.reading import find, read_toml, scenario_files

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ARCHIVED = ".json"
SEED = 1
OWN = "coefficients fitted to this alliance: a description of what they were fitted to, no forecast"


@dataclass(frozen=True, repr=False)
class HistoryScore(Results):
    """How well draws forecast the history of an alliance: ``tables`` has scores, counts, cases and moves."""

    title: str
    coefficients: str
    """Where they are from."""
    since: dt.date
    """The first day that is scored,"""
    until: dt.date
    """and the day to which it is: the end of a tick."""
    rules_from: tuple[str, ...]
    """Alliances that the rules have learned from."""
    found: "dict[str, pd.DataFrame]"

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """scores, counts, cases and moves."""
        return self.found

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        scored = f"scored from {self.since} to {self.until}"
        return f"{self.title}: forecast from its beginning and from rolling origins, {scored}; {self.coefficients}"

    def figures(self) -> "dict[str, Figure]":
        """What was forecast of each member and what happened: ``history``."""
        from sim.figures.history import history

        t = self.tables
        return {"history": history(t["cases"], t["moves"], t["counts"], self.title, f"Score  |  {self.coefficients}")}


@arguments
def score(
    what: str | Path,
    outcomes: str | Path | None = None,
    until: dt.date | str | None = None,
    posterior: str | Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Score | HistoryScore:
    """Score an archived forecast by what has happened, or any coded alliance with a finished calibration.

    A history is forecast from its beginning, and every ten years from where its record of membership then stood, up
    to its last date, with inputs and crises as they were; nothing is fitted. It is held against rules learned from the
    other shipped alliances: their base rate (k + 1/2 events over their years), persistence, and a logit.

    Parameters
    ----------
    what : str or Path
        An archive that :func:`sim.archive` wrote, or a scenario that codes a history from its beginning.
    outcomes : str or Path, optional
        With an archive: a CSV table of what has happened, ``state,event,date``; what has no row did not happen.
    until : date or str, optional
        With an archive to which day the table is complete, today by default; with a scenario the last day that is
        scored, its end by default.
    posterior : str or Path, optional
        With a scenario: a file of draws in place of its own, such as another alliance's ``posterior.nc``, or
        ``"none"`` for the priors.
    progress : callable
        Called with the origins done, and how many there are.

    Returns
    -------
    Score or HistoryScore
        Of an archive ``table`` has a row a probability. Of a history ``tables`` has mean ``scores`` by event and
        forecaster, ``counts`` forecast and seen, ``cases`` (every probability) and ``moves`` (what happened).

    Raises
    ------
    InputError
        For a file that is neither, and with every row of the outcomes that cannot be used.

    Examples
    --------
    >>> import sim
    >>> found = sim.score("warsaw-pact/history-1955-1991", until="1960-07-01", posterior="csto/posterior.nc")
    >>> found.tables["counts"].event.tolist()
    ['exit', 'freeze', 'dissolution']
    """
    file = as_path(what, "what")
    table = as_path(outcomes, "outcomes") if outcomes is not None else None
    last = as_date(until, "until") if until is not None else None
    draws = as_path(posterior, "posterior") if posterior is not None else None
    if table is not None and draws is not None:
        raise InputError([Problem("posterior", "", f"{draws}", "allowed: with a scenario, not with outcomes")])
    if table is not None and file.suffix != ARCHIVED and (found := find(file)) and found.suffix == ".toml":
        allowed = f"allowed: with an archive alone; {file} is a scenario, which is scored by its own record"
        raise InputError([Problem("outcomes", "", f"{table}", allowed)])
    if table is not None:
        return score_archive(file, table, last)
    if file.suffix == ARCHIVED:
        raise InputError([Problem("outcomes", "", "not given", "required with an archive: a table of what happened")])
    scenario = beginning(_load(file, draws), str(what))
    if last and last > (end := scenario.tables.time.end):
        raise InputError([Problem("until", "", f"{last}", f"allowed: up to the end of the history, {end}")])
    own = history_of(scenario, last)
    if own.whole.ticks * own.whole.program.alliance.dt < 1.0:
        start = scenario.tables.time.start
        raise InputError([Problem("until", "", f"{last}", f"allowed: a year after {start} or later")])
    others = [history_of(s) for s in shipped_histories() if s.tables.alliance.name != own.name]
    return scored_history(scenario, own, learned(others), progress)


def _load(file: Path, draws: Path | None) -> Scenario:
    """The scenario with other draws than its own, if such are given, of which mistakes are said by their name."""
    if draws is None:
        return load(file)
    load(file)
    try:
        return load(file, {"posterior": str(draws)})
    except InputError as error:
        raise InputError(Problem("posterior", "", p.found, p.allowed, p.suggestion) for p in error.problems) from None


def scored_history(
    scenario: Scenario, h: History, teachers: Learned, progress: Callable[[int, int], None] = lambda *_: None
) -> HistoryScore:
    """The score of a history by the draws that its scenario names."""
    tables = frames([rows_of(h, teachers, SEED, progress)])
    edges, title = h.whole.program.edges, scenario.tables.title
    return HistoryScore(title, h.fitted_to or OWN, edges[0], edges[h.whole.ticks], teachers.alliances, tables)


def shipped_histories() -> Iterator[Scenario]:
    """The alliances that are coded from their beginning, each once, without their posteriors."""
    for file in scenario_files():
        tables = read_toml(file).tables
        if "extends" not in tables and "record_from" not in tables.get("time", {}):
            yield load(file, {"posterior": "none"})
