"""Runs in which something is so, and what follows if it is."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.condition import Condition, Event
from sim.analysis.sentence import condition as checked
from sim.errors import InputError, Problem, arguments, as_path, plural
from sim.estimates.conditional import Share, share_given
from sim.model.arrays import Flags
from sim.model.dates import spoken
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES, percent
from sim.results.dataset import names_in
from sim.results.kept import dates as dates_of
from sim.results.result import Result

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

ASKED = "asked"
"""Stands for an outcome, of what is asked for itself."""
LEAST = 100
"""Runs behind a conditional probability, below which none is given."""
CAUSES = (
    "A condition is evidence as well as a cause: runs in which it holds have other coefficients and coded values too. "
    "What one member's exit itself does to the others is what cohesion contagion says."
)


class Found(Analysis):
    """Runs in which a condition holds."""

    kind = "list of runs"
    question = "In which runs is it so?"
    names = ("runs",)

    @property
    def runs(self) -> list[int]:
        """Their numbers."""
        return [int(k) for k in self.frames["runs"]["run"]]

    def figures(self) -> "dict[str, Figure]":
        """None."""
        return {}


class Given(Analysis):
    """Probabilities in the runs in which a condition holds, beside those in all runs."""

    kind = "conditional probabilities"
    question = "What follows if it is so?"
    names = ("given",)
    words = ("outcome", "member", "label", "date")

    def figures(self) -> "dict[str, Figure]":
        """given."""
        from sim.figures.given import given

        return {"given": given(self.frames["given"], self.about)}


@arguments
def find(
    folder: str | Path,
    condition: str | Condition | None = None,
    given: str | Condition | None = None,
    out: str | Path | None = None,
    force: bool = False,
) -> Found | Given:
    """Find the runs in which something is so, or say what follows if it is.

    Parameters
    ----------
    folder : str or Path
        Of a run whose single runs are kept (``keep_runs``).
    condition : str or Condition, optional
        Such as ``ARM leaves before 2028 and KAZ leaves within 3 years``: the grammar is that of
        :mod:`sim.analysis.sentence`.
    given : str or Condition, optional
        Only runs in which this is so: then probabilities are given, of ``condition`` and of every headline event.
    out : str or Path, optional
        Folder to which the answer is written.
    force : bool
        Replace another answer there.

    Returns
    -------
    Found or Given
        ``runs``, numbers that :func:`sim.replay` takes, and a table with the dates of the events named; or the table
        ``given``: probabilities with Monte Carlo errors and 95 % intervals, rows of the posterior counted as clusters.

    Raises
    ------
    InputError
        Where the folder has no single runs, for a condition that cannot be, and for ``given`` with fewer than 100 runs.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=512, keep_runs=True, out="results/kept")
    >>> found = sim.find("results/kept", "ARM leaves or KAZ leaves")
    >>> sim.replay("results/kept", run=found.runs[0]).identical
    True
    """
    home = as_path(folder, "folder")
    if condition is None and given is None:
        raise InputError([Problem("condition", "", "none", "required: `condition` or `given`")])
    result = Result.open(home)
    ds = result.kept.load()
    problems, asked = [], dict[str, Condition]()
    for name, text in (("condition", condition), ("given", given)):
        try:
            if text is not None:
                asked[name] = checked(text, ds, name)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    runs = Runs(result, ds, home)
    found = runs.given(asked["given"], asked.get("condition")) if "given" in asked else runs.found(asked["condition"])
    if out is not None:
        found.save(out, force)
    return found


class Row(NamedTuple):
    """Something that may happen by a horizon, and in which runs it does."""

    outcome: str
    member: str
    label: str
    says: str
    years: float
    happens: Flags


class Runs:
    """The kept runs of a result, and what can be asked of them."""

    def __init__(self, result: Result, ds: "xr.Dataset", folder: Path) -> None:
        self.result, self.ds, self.folder = result, ds, folder
        self.names = dict(zip(map(str, ds.member.values), map(str, ds["name"].values), strict=True))
        self.count = ds.sizes["run"]
        self.clusters = int(ds.attrs["rows"]), float(ds.attrs["distinct"])
        self.title = result.dataset.attrs["title"]
        self.origins = origins([result.scenario], result.provenance)

    def share(self, events: Flags, condition: Flags) -> Share:
        """A probability in the runs of a condition."""
        rows, distinct = self.clusters
        return share_given(events, condition, rows, distinct if rows else None)

    def _identity(self, **more: str) -> dict[str, Any]:
        return {**self.result.identity, **more}

    def found(self, condition: Condition) -> Found:
        """The runs in which a condition holds, with the dates of the events that it names."""
        import pandas as pd

        holds = condition.holds(self.ds)
        where = np.flatnonzero(holds)
        columns: dict[str, Any] = {"run": self.ds.run.values[where]}
        for event in condition.events():
            for name, years in event.dates(self.ds).items():
                columns[f"{name}, until"] = dates_of(self.ds, years[where])
        share = self.share(holds, np.ones(self.count, dtype=bool))
        said = (
            f"{sentence(condition.words(self.ds))}: in {len(where):,} of {plural(self.count, 'run')}, "
            f"{in_percent(share)}."
        )
        answer = [said, *([f"The first of them: {self.line(int(where[0]))}"] if len(where) else [])]
        question = f"In which runs is it so that {condition.words(self.ds)}?"
        about = {"question": question, **self.origins, "share": [float(x) for x in share], "rows": self.clusters[0]}
        about["names"] = self.names
        frames = {"runs": pd.DataFrame(columns)}
        return Found(
            f"Runs in which {condition.words(self.ds)}: {self.title}",
            answer,
            frames,
            self._identity(condition=str(condition)),
            about,
        )

    def _place(self, rows: Sequence[Row], asked: Condition, last: float) -> int | None:
        """Which of the rows is what is asked for, if it is an event without limits."""
        plain = isinstance(asked, Event) and asked == Event(asked.state, asked.verb)
        key = (asked.variable, asked.state, last) if isinstance(asked, Event) and plain else None
        return next((k for k, r in enumerate(rows) if (r.outcome, r.member, r.years) == key), None)

    def line(self, run: int) -> str:
        """What replays a run."""
        return f"cohesion replay {self.folder} --run {run}"

    def given(self, given: Condition, asked: Condition | None) -> Given:
        """Probabilities in the runs of a condition beside those in all runs. Raises InputError where it has too few."""
        import pandas as pd

        holds, everything = given.holds(self.ds), np.ones(self.count, dtype=bool)
        runs = int(holds.sum())
        if runs < LEAST:
            share = runs / self.count
            enough = f"; about {plural(round_up(1.2 * LEAST / share), 'run')} would have them" if runs else ""
            found = f"{given} holds in {runs} of {plural(self.count, 'run')}"
            raise InputError([Problem("given", "", found, f"required: {LEAST} runs{enough}")])
        rows = list(self.headlines())
        last, place = float(self.ds.horizon.values[-1]), None
        if asked is not None and (place := self._place(rows, asked, last)) is None:
            says = asked.words(self.ds)
            rows.insert(0, Row(ASKED, "", sentence(says), says, last, asked.holds(self.ds)))
            place = 0
        events = np.stack([r.happens for r in rows])
        then, always = self.share(events, holds), self.share(events, everything)
        frame = pd.DataFrame(
            {
                "outcome": [r.outcome for r in rows],
                "member": [r.member for r in rows],
                "label": [r.label for r in rows],
                "horizon_years": [r.years for r in rows],
                "date": [self.date(r.years).isoformat() for r in rows],
                **dict(zip(Share._fields, then, strict=True)),
                **{f"all_{k}": x for k, x in zip(Share._fields, always, strict=True)},
            }
        )
        k = self._most(rows, then, always, given) if place is None else place
        tells = f"If {given.words(self.ds)}, {rows[k].says}{self._by(rows[k])}"
        one, other = (Share(*(x[k] for x in s)) for s in (then, always))
        answer = [
            f"{tells} in {in_percent(one)} of runs instead of {in_percent(other)}.",
            f"{runs:,} of {plural(self.count, 'run')} are behind it{self._of_rows(holds)}.",
            CAUSES,
        ]
        about = {
            "headline": f"{tells} in {percent(float(one.mean))} % of runs instead of {percent(float(other.mean))} %",
            "question": f"What follows if {given.words(self.ds)}?",
            **self.origins,
            "condition": given.words(self.ds),
            "names": names_in(self.ds),
            "when": spoken(self.date(last)),
            "runs": runs,
            "of": self.count,
            "footer": f"{self.title}; seed {self.result.provenance['seed']}. {CAUSES.partition('.')[0]}.",
        }
        conditions = {"given": str(given), **({"condition": str(asked)} if asked is not None else {})}
        return Given(
            f"If {given.words(self.ds)}: {self.title}", answer, {"given": frame}, self._identity(**conditions), about
        )

    def _of_rows(self, holds: Flags) -> str:
        """Of how many rows of the posterior runs are."""
        rows = len(np.unique(self.ds.row.values[holds]))
        return f", from {rows:,} of {plural(self.clusters[0], 'draw')} of the posterior" if self.clusters[0] else ""

    def date(self, years: float) -> Any:
        """The end of a horizon."""
        import datetime as dt

        return dt.date.fromisoformat(self.ds.attrs["dates"][round(years / self.ds.attrs["step_years"])])

    def _by(self, row: Row) -> str:
        """By when, of a headline event; what is asked for says so itself."""
        return "" if row.outcome == ASKED else f" by {spoken(self.date(row.years))}"

    def _most(self, rows: Sequence[Row], then: Share, always: Share, given: Condition) -> int:
        """What the condition tells most of at the last horizon, but of what it names itself."""
        named, of_all = {e.state for e in given.events()}, {"any_exit", "two_exits"}
        apart = np.abs(then.mean - always.mean) / (then.high - then.low + always.high - always.low)
        last = max(r.years for r in rows)
        free = [k for k, r in enumerate(rows) if r.years == last and r.member not in named and r.outcome not in of_all]
        return max(free, key=lambda k: float(apart[k]))

    def headlines(self) -> Iterator[Row]:
        """Every headline event at every horizon: of the members at the start, then of the alliance."""
        ds, outside = self.ds, set(self.ds.attrs["outside"])
        horizons = [float(h) for h in ds.horizon.values]
        inside = [m for m in self.names if m not in outside]
        slack = float(ds.attrs["step_years"]) / 2
        exits = ds["exit"].values
        acts = {"exit": "leaves", "freeze": "freezes its membership"}
        for outcome, verb in acts.items():
            for m in inside:
                x = ds[outcome].sel(member=m).values
                name = self.names[m]
                for h in horizons:
                    yield Row(outcome, m, OUTCOMES[outcome].title.format(name), f"{name} {verb}", h, x <= h + slack)
        for h in horizons:
            left = (exits <= h + slack).sum(axis=1)
            dissolved = ds["dissolution"].values <= h + slack
            for outcome, says, happens in (
                ("any_exit", "some member leaves", left > 0),
                ("two_exits", "two or more members leave", left > 1),
                ("dissolution", "the alliance is dissolved", dissolved),
            ):
                yield Row(outcome, "", OUTCOMES[outcome].title, says, h, happens)


def in_percent(p: Share) -> str:
    """A probability in percent with its interval: ``12 % (8 to 17)``."""
    return f"{percent(float(p.mean))} % ({percent(float(p.low))} to {percent(float(p.high))})"


def round_up(x: float) -> int:
    """To two digits, upwards."""
    unit = 10 ** max(len(str(int(x))) - 2, 0)
    return int(-(-x // unit) * unit)
