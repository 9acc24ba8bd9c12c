"""A forecast kept as a file of its own, dated and sealed; scored when its dates have come; compared with another.

The file has the probabilities of each member's moves by each date, with their intervals, and what they were made of.
Its last entry is a hash of the others: what was changed afterwards is refused.
"""

import datetime as dt
import json
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.errors import InputError, Problem, arguments, as_path, listed, nearest, plural
from sim.evaluation.scores import brier, log_score
from sim.model.membership import STATUSES
from sim.model.outcomes import LEAST, OUTCOMES, names
from sim.model.version import VERSION
from sim.results.result import Result, Results
from sim.scenario.load import Scenario
from sim.scenario.reading import parse_csv, read_text
from sim.storage.files import SEAL, as_json, put, sealed, sha256

if TYPE_CHECKING:
    import pandas as pd

KIND = "archived forecast"
COLUMNS = ("state", "event", "date")
AT_START = "at_start"
MADE_OF = {
    "scenario": "the scenario says something else",
    "start": "another start",
    "posterior": "another posterior",
    "model": "another version of the model",
    "runs": "another number of runs",
    "seed": "another seed",
}
"""What a forecast is made of, and how it is said that two differ in it;"""
EVENTS = "events"
"""and what has happened since the calibration, in words."""


@dataclass(frozen=True, repr=False)
class Archive(Results):
    """A forecast in its file: ``content`` as it stands there."""

    file: Path
    content: dict[str, Any]
    since: "Archive | None" = None
    """An earlier one, with which it is compared."""

    @property
    def differs(self) -> list[str]:
        """In what it is made otherwise than the earlier one, in words: why probabilities moved."""
        if self.since is None:
            return []
        mine, theirs = self.content["made_of"], self.since.content["made_of"]
        words = [words for key, words in MADE_OF.items() if mine[key] != theirs[key]]
        new, gone = ([e for e in a if e not in b] for a, b in permutations((mine[EVENTS], theirs[EVENTS])))
        return words + [f"{what}: {listed(events)}" for what, events in (("new", new), ("no more", gone)) if events]

    @property
    def shared(self) -> list[str]:
        """Dates by which both forecast."""
        return sorted({*self.table.date} & {*(self.since or self).table.date})

    @property
    def moved(self) -> "pd.DataFrame":
        """state, event, date, name, before, after of what both forecast and what moved by a point, the most first."""
        keys = ["state", "event", "date"]
        before = (self.since or self).table[[*keys, "probability"]].rename(columns={"probability": "before"})
        both = self.table.rename(columns={"probability": "after"}).merge(before, on=keys)
        order = (both.after - both.before).abs().sort_values(ascending=False, kind="stable")
        return both.loc[order[order >= LEAST].index, [*keys, "name", "before", "after"]].reset_index(drop=True)

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        c = self.content
        return f"Forecast of {c['made']}: {c['title']}, {c['start']}; seal {c[SEAL][:16]}"

    @property
    def table(self) -> "pd.DataFrame":
        """state, name, event, date, probability, low, high."""
        import pandas as pd

        return pd.DataFrame(self.content["probabilities"])

    @property
    def left_out(self) -> list[str]:
        """States of which it forecasts nothing: outside at the start, and let in by no event."""
        return [state for state in self.content[AT_START] if state not in {*self.table.state}]

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """probabilities, and those that moved since the earlier one."""
        return {"probabilities": self.table} | ({"moved": self.moved} if self.since else {})


@dataclass(frozen=True, repr=False)
class Score(Results):
    """How good an archived forecast was: a row of ``table`` for each probability whose date has come."""

    archive: Archive
    until: str
    table: "pd.DataFrame"
    not_yet: list[str]
    """Dates that have not come."""
    beyond: list[str]
    """Outcomes after all dates of the archive, in words."""

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        later = f"; not yet come: {', '.join(self.not_yet)}" if self.not_yet else ""
        beyond = f"; after all its dates, not scored: {', '.join(self.beyond)}" if self.beyond else ""
        return f"{plural(len(self.table), 'probability')} whose dates had come on {self.until}{later}{beyond}"

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """scores."""
        return {"scores": self.table}

    @property
    def means(self) -> dict[str, float]:
        """Mean scores; smaller is better. Leave-as-is says that nobody moves, and has no logarithmic score."""
        columns = ("brier", "log_score", "leave_as_is_brier")
        return {c: float(self.table[c].mean()) if len(self.table) else float("nan") for c in columns}


@arguments
def archive(folder: str | Path, out: str | Path | None = None, since: str | Path | None = None) -> Archive:
    """Keep a forecast as a dated file, sealed by a hash of what it says.

    Parameters
    ----------
    folder : str or Path
        That :func:`sim.run` or `cohesion run` wrote.
    out : str or Path, optional
        The file; by default named by the scenario and the day. It is never replaced by another forecast.

    since : str or Path, optional
        An earlier archive: ``moved`` has what moved since, ``differs`` why (scenario, posterior, model, runs, seed).

    Returns
    -------
    Archive
        ``table`` has state, name, event, date, probability and the ends of its 90 % interval.

    Raises
    ------
    InputError
        Where the folder holds no finished run, or the file is there already.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, by=["2024-12-31"], out="results/example")
    >>> sim.archive("results/example", "results/example.json").table.event.unique().tolist()
    ['exit', 'freeze']
    """
    made = dt.date.today().isoformat()
    result = Result.open(as_path(folder, "folder"))
    old = opened(as_path(since, "since")) if since else None
    file = as_path(out, "out") if out else Path(f"{result.scenario.name}-{made}.json")
    content = content_of(result, made)
    if file.exists():
        raise InputError([Problem(str(file), "out", "is there already", "allowed: a new file, so that none is lost")])
    put(file, sealed(content))
    return replace(opened(file), since=old)


def content_of(result: Result, made: str) -> dict[str, Any]:
    """What an archive says."""
    scenario, p = result.scenario, result.provenance
    posterior = scenario.tables.posterior
    known = posterior.continued if posterior else None
    of = {
        "scenario": sha256(as_json(_says(scenario)))[:16],
        "start": str(scenario.tables.time.start),
        "posterior": (known.calibration if known else posterior.digest) if posterior else "none",
        EVENTS: [f"{s.date} {s.words}" for s in known.surprises if s.kind != "quiet"] if known else [],
        "model": VERSION,
    }
    at_start, asked = scenario.tables.at_start, scenario.tables.as_forecast
    said = result.members[result.members.outcome.isin(names("event", by_member=True))]
    said = said[[OUTCOMES[r.outcome].open_to(asked[r.member]) for r in said.itertuples()]]
    called = dict(zip(map(str, result.dataset.member.values), map(str, result.dataset.name.values), strict=True))
    rows = [
        {
            "state": row.member,
            "name": called[row.member],
            "event": row.outcome,
            "date": f"{row.date:%Y-%m-%d}",
            "probability": round(float(row.mean), 6),
            "low": round(float(row.q05), 6),
            "high": round(float(row.q95), 6),
        }
        for row in said.itertuples()
    ]
    return {
        "kind": KIND,
        "made": made,
        **{k: result.dataset.attrs[k] for k in ("title", "alliance", "start", "begins", "coefficients")},
        "made_of": {**of, "runs": p["runs"], "seed": p["seed"]},
        AT_START: {code: STATUSES[status] for code, status in at_start.items()},
        "provenance": p,
        "probabilities": rows,
    }


def _says(scenario: Scenario) -> dict[str, Any]:
    """What a scenario says but for its title and dates, and for what has happened since the calibration."""
    says = {
        k: v for k, v in scenario.resolved["tables"].items() if k not in ("title", "description", "posterior", "time")
    }
    known = scenario.tables.posterior.continued if scenario.tables.posterior else None
    if known is None:
        return says

    def before(entries: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
        start = str(scenario.tables.time.start)
        return [e for e in entries if not known.since <= e[key] < start]

    members = {code: {**m, "record": before(m["record"], "from")} for code, m in says["members"].items()}
    return {**says, "members": members, "events": before(says["events"], "date"), "votes": []}


def opened(file: Path) -> Archive:
    """An archived forecast. Raises InputError where it is none, or was changed."""
    text = read_text(file)
    try:
        content = json.loads(text)
        whole = isinstance(content, dict) and content["kind"] == KIND and {*MADE_OF, EVENTS} <= {*content["made_of"]}
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise InputError([Problem(str(file), "", "no archived forecast", "allowed: what `cohesion archive` wrote")])
    if text != sealed(content):
        raise InputError([Problem(str(file), SEAL, "was changed since it was sealed", "allowed: as it was written")])
    return Archive(file, content)


def score_archive(file: Path, outcomes: Path, until: dt.date | None = None) -> Score:
    """Score an archived forecast by what has happened, beside the rule that all is left as it is.

    Raises InputError for a file that is no archive or was changed, and with every row that cannot be used.
    """
    import pandas as pd

    kept = opened(file)
    known = until or dt.date.today()
    happened = read_outcomes(outcomes, kept, known)
    frame = kept.table
    come = frame.date <= known.isoformat()
    rows = frame[come].reset_index(drop=True)
    did = np.array(
        [happened.get((r.state, r.event), dt.date.max) < dt.date.fromisoformat(r.date) for r in rows.itertuples()],
        dtype=float,
    )
    p = rows.probability.to_numpy(dtype=float)
    scored = rows.assign(
        happened=did.astype(bool),
        brier=brier(p, did) if len(p) else p,
        log_score=log_score(p, did) + 0.0 if len(p) else p,
        leave_as_is_brier=did,
    )
    last = max(frame.date, default="")
    names_of = dict(zip(frame.state, frame.name, strict=True))
    beyond = [f"{names_of[s]}, {e} on {day}" for (s, e), day in happened.items() if f"{day}" >= last]
    return Score(kept, known.isoformat(), pd.DataFrame(scored), sorted(set(frame.date[~come])), beyond)


def read_outcomes(file: Path, kept: Archive, until: dt.date) -> dict[tuple[str, str], dt.date]:
    """When each event first happened. Raises InputError with every row that cannot be used."""
    table = parse_csv(read_text(file), str(file))
    if table.columns != COLUMNS:
        raise InputError([Problem(f"{file}:1", "", listed(table.columns), f"required: {','.join(COLUMNS)}")])
    events = [*dict.fromkeys(row["event"] for row in kept.content["probabilities"])]
    start, at_start = dt.date.fromisoformat(kept.content["start"]), kept.content[AT_START]
    asked = {(row["state"], row["event"]): None for row in kept.content["probabilities"]}
    states = [*dict.fromkeys(state for state, _ in asked)]
    problems = list(table.problems)
    found: dict[tuple[str, str], dt.date] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, cells in table.rows:
        wrong = [
            Problem(f"{file}:{line}", k, cells[k], f"allowed: {listed(known)}", nearest(cells[k], known))
            for k, known in (("state", states), ("event", events))
            if cells[k] not in (*known, *at_start)
        ]
        try:
            day = dt.date.fromisoformat(cells["date"])
        except ValueError:
            day = start
            wrong.append(Problem(f"{file}:{line}", "date", cells["date"], "allowed: YYYY-MM-DD"))
        if not start <= day <= until:
            wrong.append(Problem(f"{file}:{line}", "date", f"{day}", f"allowed: from {start} to {until}"))
        key = cells["state"], cells["event"]
        if not wrong and key not in asked:
            is_so = f"{key[1]} of {key[0]}, which is {at_start[key[0]]} at the start"
            has = [event for state, event in asked if state == key[0]]
            allowed = f"{listed(has)} of {key[0]}" if has else f"events of {listed(states)}"
            wrong.append(Problem(f"{file}:{line}", "event", is_so, f"allowed: {allowed}"))
        elif not wrong and key in found:
            twice = f"{key[1]} of {key[0]} twice"
            wrong.append(Problem(f"{file}:{line}", "event", twice, "allowed: each event once, when it first happened"))
        problems += wrong
        if not wrong:
            found[key], lines[key] = day, line
    for (state, event), day in found.items():
        left = found.get((state, "exit"), dt.date.max)
        if event != "exit" and day > left:
            where, what = f"{file}:{lines[state, event]}", f"{event} of {state} on {day}, after its exit on {left}"
            problems.append(Problem(where, "date", what, "allowed: before it"))
    if problems:
        raise InputError(problems)
    return found
