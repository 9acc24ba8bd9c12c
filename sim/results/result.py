"""What a run gives back: dataset, tables, figures and a summary; its folder; and what every result can do."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sim.errors import InputError, Problem, arguments, as_path, listed, plural
from sim.model.membership import OUTSIDE, STATUSES
from sim.model.outcomes import OUTCOMES, USUAL, alone, bound, in_column, names, probability, series
from sim.results import dataset as labelled, kept, tables
from sim.results.dataset import led_in, names_in
from sim.scenario.events import to_come
from sim.scenario.load import Scenario, posteriors_of, restore
from sim.scenario.posterior import POSTERIORS
from sim.scenario.tables import EntryEvent
from sim.storage.effort import Effort
from sim.storage.files import PROVENANCE, as_json, hashes, provenance_of, write
from sim.storage.provenance import typed
from sim.storage.workspace import SET, Workspace, beware, contents_of, flat, holds, reading

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

SCENARIO, RESOLVED, DATASET, FIGURES = "scenario.toml", "resolved.json", "dataset.nc", "figures"
TABLES = ("members.csv", "ticks.csv", "alliance.csv")
OWN = (*TABLES, SCENARIO, RESOLVED, POSTERIORS, DATASET, FIGURES, kept.SCRATCH)
WHOLE = "allowed: a run as it was written; the same command with `force` makes it anew"
NO_CALLS = "its scenario scripts no call for help in its time, or it was made before there was the figure"
NO_DATA = {
    "record": "it is a forecast: of the time after its start nothing is on record",
    "votes": "no roll-calls.csv beside its scenario tells of its time, or it was made before there was the figure",
    "calls": NO_CALLS,
    "lessons": NO_CALLS,
}
"""Why a run may lack a figure."""
KEEPS = "single runs"
"""Says of a folder, among what is changeable, that they are kept."""


class Results:
    """What every finished result has: tables, figures, and a look at it on a console and in a notebook."""

    no_data: ClassVar[Mapping[str, str]] = {}
    """Why there may be no figure of a name."""

    @property
    def state_names(self) -> Mapping[str, str]:
        """Full names of the states by code, each in one line, as far as they are known."""
        return {}

    @property
    def alliance_and_leader(self) -> tuple[str, str]:
        """Their full names; empty where there are several alliances, or they are not known."""
        return "", ""

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        raise NotImplementedError

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """All tables by name, what it is about first."""
        raise NotImplementedError

    @property
    def brief(self) -> "pd.DataFrame":
        """What is shown of it."""
        return next(iter(self.tables.values()))

    def figures(self) -> "Mapping[str, Figure]":
        """All figures by name, drawn anew."""
        raise NotImplementedError

    def draw(self, folder: Path) -> None:
        """Draw the figures and write them to a folder, which is made where there is none."""
        save_figures(self.figures, folder)

    def __repr__(self) -> str:
        return f"<{self.heading}>\n{self.brief.to_string(index=False, float_format='{:.3g}'.format)}"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.heading)}</p>{self.brief.to_html(index=False, float_format='{:.3g}'.format)}"


def save_figures(draw: "Callable[[], Mapping[str, Figure]]", folder: Path) -> None:
    """Draw figures and write them to a folder, each by its name; what draws is loaded only then."""
    from sim.figures.sheet import save_all

    save_all(draw, folder)


@dataclass(frozen=True, repr=False)
class Stored(Results):
    """A result that is its folder, finished or not: what is asked for is read from there."""

    folder: Path
    finished: bool
    kind: ClassVar[str]

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """What a folder holds. Raises InputError where it holds nothing of this kind."""
        home = as_path(folder, "folder")
        return cls(home, holds(home, cls.kind))

    @property
    def table(self) -> "pd.DataFrame":
        """The first of the tables."""
        return self.brief

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        return f"{type(self).__name__} in {self.folder}, {'finished' if self.finished else 'not finished'}"

    def __repr__(self) -> str:
        return f"<{self.heading}>"

    def _repr_html_(self) -> str:
        from html import escape

        return str(self.table._repr_html_()) if self.finished else f"<p>{escape(repr(self))}</p>"


@dataclass(repr=False)
class Result(Results):
    """A finished run of a scenario.

    Attributes
    ----------
    dataset : every outcome by date and member (xarray), means and beside them ``NAME_mcse``, ``NAME_quantile`` ...
    members, alliance, ticks : tidy tables (pandas).
    provenance : what it was made of and with.
    """

    no_data = NO_DATA
    scenario: Scenario
    dataset: "xr.Dataset"
    provenance: dict[str, Any]
    runs: "Path | xr.Dataset | None" = None
    """Where single runs are, if they are kept."""

    @cached_property
    def kept(self) -> "xr.Dataset":
        """Single runs, one a ``run``: coefficients, coded values, when each state first did what, and where it ended.

        Raises
        ------
        InputError
            Where they were not kept: gives the line that keeps them.
        """
        if self.runs is None:
            again = typed(self.provenance.get("command", ""))
            allowed = f"required: {again} --keep-runs" if again else "required: the same `sim.run` with `keep_runs`"
            raise InputError([Problem(self.scenario.name, "", "single runs were not kept", allowed)])
        if not isinstance(self.runs, Path):
            return self.runs
        written = self.provenance.get("files", {}).get(kept.DATASET)
        if written and hashes(self.runs, [kept.DATASET]) != {kept.DATASET: written}:
            raise InputError([Problem(str(self.runs), "", f"{kept.DATASET} is not as it was written", WHOLE)])
        return kept.read(self.runs)

    @property
    def state_names(self) -> dict[str, str]:
        """Full names of the states by code, each in one line."""
        return names_in(self.dataset)

    @property
    def alliance_and_leader(self) -> tuple[str, str]:
        """Their full names."""
        return led_in(self.dataset)

    @cached_property
    def members(self) -> "pd.DataFrame":
        """member, outcome, horizon_years, date, mean, mcse, low, high, few, q05, q95, parameter_share, share_mcse,
        input_share, input_share_mcse."""
        return tables.at_horizons(self.dataset, by_member=True)

    @cached_property
    def alliance(self) -> "pd.DataFrame":
        """outcome, horizon_years, date, mean, mcse, low, high, few, q05, q95, parameter_share, share_mcse,
        input_share, input_share_mcse."""
        return tables.at_horizons(self.dataset, by_member=False)

    @cached_property
    def ticks(self) -> "pd.DataFrame":
        """date, member, outcome, mean, mcse, low, high, few, five quantiles, parameter_share, share_mcse,
        input_share, input_share_mcse."""
        return tables.ticks(self.dataset)

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """members, alliance and ticks."""
        return {"members": self.members, "alliance": self.alliance, "ticks": self.ticks}

    def figures(self) -> "Mapping[str, Figure]":
        """The figures by name, each drawn anew when it is first asked for."""
        from sim.figures import calls, record, ties, votes
        from sim.figures.rows import Mark
        from sim.figures.run import draw

        ds = self.dataset
        drawn = draw(ds, [Mark(str(date), words) for date, words in to_come(self.scenario)])
        drawn |= {"ties": partial(ties.ties, ds)}
        if on_record := self._on_record():
            drawn |= {"record": partial(record.record, ds, on_record, self._entries())}
        if "roll_call_answers" in ds:
            drawn |= {"votes": partial(votes.votes, ds)}
        if "call_answer" in ds:
            drawn |= {"calls": partial(calls.calls, ds), "lessons": partial(calls.lessons, ds)}
        return drawn

    def _on_record(self) -> dict[str, list[int]]:
        """The recorded status of every state at each date; of a forecast nothing is recorded."""
        tables = self.scenario.tables
        days = [dt.date.fromisoformat(str(day)) for day in self.dataset.date.values.astype("datetime64[D]")]
        members = tables.members if tables.is_history else {}
        return {code: [member.status_at(day) for day in days] for code, member in members.items()}

    def _entries(self) -> list[tuple[str, dt.date]]:
        """State and date of the entries that the scenario prescribes."""
        events = self.scenario.tables.events
        return [(e.member, e.date) for e in events if isinstance(e, EntryEvent)]

    @classmethod
    def open(cls, folder: str | Path) -> "Result":
        """The run that was written to a folder. Raises InputError where it cannot be read."""
        home = as_path(folder, "folder")
        lost = [name for name in kept.FILES if keeps_runs(home) and not (home / name).exists()]
        if lost:
            raise InputError([Problem(str(home), "", f"incomplete: {listed(lost)} missing", WHOLE)])
        with reading(home, "run"):
            ds = labelled.read(home / DATASET)
            scenario = restore(home / RESOLVED)
            beware(home, read_otherwise([scenario], home))
            runs = home if keeps_runs(home) else None
            made = provenance_of(home) or {}
            if not {"runs", "seed", "engine"} <= set(made):
                raise InputError([Problem(str(home), "", f"incomplete: {PROVENANCE} is not as it was written", WHOLE)])
            return cls(scenario, ds, made, runs)

    @property
    def identity(self) -> dict[str, Any]:
        """What makes it the run it is."""
        return identity(self.scenario, *(self.provenance[k] for k in ("runs", "seed", "engine")))

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write everything to a folder, as :func:`sim.save`. Raises InputError where it cannot."""
        save(self, folder, force)

    def summary(self) -> dict[str, Any]:
        """The figures of the printed table: plain numbers, ready for JSON."""
        ds = self.dataset
        at = {f"{years:g}": tick for years, tick in tables.horizon_ticks(ds).items()}
        known = {name: {c: series(ds, name, c) for c in USUAL} for name in names()}
        forecast = self.scenario.tables.as_forecast

        def said(name: str, *where: int) -> dict[str, float]:
            return {c: float(x[where]) for c, x in known[name].items()}

        def member(i: int, code: str, full: str) -> dict[str, Any]:
            later = [name for name in names("event", "measure", by_member=True) if name != "stance"]
            return {
                "member": code,
                "name": full,
                "forecast": STATUSES[forecast[code]],
                "stance": said("stance", 0, i),
                "conduct": {name: said(name, 0, i) for name in names("chance", by_member=True)},
                **{name: {y: said(name, tick, i) for y, tick in at.items()} for name in later},
            }

        codes, full = (map(str, ds[label].values) for label in ("member", "name"))
        return {
            "scenario": self.scenario.name,
            "title": ds.attrs["title"],
            **{k: self.provenance[k] for k in ("runs", "seed", "engine")},
            "start": ds.attrs["start"],
            "coefficients": ds.attrs.get("coefficients", ""),
            "begins": ds.attrs.get("begins", ""),
            **since_then(self.scenario),
            "members": [member(i, *pair) for i, pair in enumerate(zip(codes, full, strict=True))],
            "alliance": {
                name: {y: said(name, tick) for y, tick in {"now": 0, **at, "end": -1}.items()}
                for name in names(by_member=False)
            },
        }

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        a = self.dataset.attrs
        said = f"Result {self.scenario.name}: {a['title']}; {plural(a['runs'], 'run')}, seed {a['seed']}"
        return "; ".join(filter(None, (said, a.get("coefficients"))))

    @property
    def brief(self) -> "pd.DataFrame":
        """Every member now and at the last horizon, in percent."""
        import pandas as pd

        s, now = self.summary(), self.scenario.tables.at_start
        years = f"{max(self.dataset.attrs['horizons']):g}"
        return pd.DataFrame(
            {
                "State": m["name"],
                "stance": in_column(m["stance"]["mean"]),
                **{
                    f"{name} in {plural(float(years), 'year')}": _percent(m[name][years])
                    if now[m["member"]] == OUTSIDE or OUTCOMES[name].open_to(now[m["member"]])
                    else STATUSES[now[m["member"]]]
                    for name in names("event", by_member=True)
                },
            }
            for m in s["members"]
        )


def _percent(p: Mapping[str, float]) -> str:
    if bound(alone(p)) or p["mcse"] != p["mcse"]:
        return f"{probability(alone(p))} %"
    if p["mean"] < 0.0005 and not p["mcse"] >= 0.0005:
        return "< 0.05 %"
    return f"{100 * p['mean']:.1f} ± {100 * p['mcse']:.1f} %"


def read_otherwise(scenarios: Sequence[Scenario], folder: Path) -> list[str]:
    """Which scenarios of a results folder say something else today than those that were run."""
    ran = {str(x) for x in flat((contents_of(folder) or {}).get("identity", {})).values()}
    now = [s for s in scenarios if s.fingerprint not in ran]
    return [f"{s.name} reads otherwise than when it was run" for s in now]


def identity(scenario: Scenario, runs: int, seed: int, engine: str) -> dict[str, Any]:
    """What makes a run the run it is: the same entries give the same results."""
    by = {"runs": runs, "seed": seed, "engine": engine}
    return {"scenario": scenario.name, "fingerprint": scenario.fingerprint, **by}


def since_then(scenario: Scenario) -> dict[str, Any]:
    """What has happened since the calibration, how surprising it was, and how many draws are left effective."""
    posterior = scenario.tables.posterior
    if posterior is None or posterior.continued is None:
        return {}
    said = posterior.continued
    surprises = [s._asdict() for s in said.surprises]
    return {"continued": {**said._asdict(), "surprises": surprises, "advice": said.advice}}


def changes(*scenarios: Scenario) -> dict[str, dict[str, dict[str, str]]]:
    """What was set in each of some scenarios, by which a folder says how it differs from what was in it."""
    return {SET: {s.name: {path: str(value) for path, value in s.overrides.items()} for s in scenarios if s.overrides}}


def workspace(scenario: Scenario, by: Effort, engine: str, folder: str | Path, keep_runs: bool = False) -> Workspace:
    """The folder of a run, whose single runs are kept or not."""
    which = identity(scenario, by.runs, by.seed, engine)
    own, more = (kept.FILES, {KEEPS: True}) if keep_runs else ((), {})
    may_change = {**changes(scenario), **more}
    return Workspace(as_path(folder, "out"), "run", scenario.tables.title, which, (*OWN, *own), may_change)


def keeps_runs(folder: Path) -> bool:
    """Whether single runs are kept in a folder."""
    return bool((contents_of(folder) or {}).get("changeable", {}).get(KEEPS))


def check_kept(work: Workspace) -> None:
    """Raises InputError where single runs that are kept in a folder would be lost."""
    if keeps_runs(work.folder):
        found, allowed = "single runs are kept there", "allowed: `keep_runs`, another `out`, or `force` to lose them"
        raise InputError([Problem(str(work.folder), "", found, allowed)])


@arguments
def save(result: Result, folder: str | Path, force: bool = False) -> None:
    """Write tables, dataset, scenario, figures and provenance; what another run wrote there is replaced as a whole.

    Parameters
    ----------
    result : from :func:`sim.run`.
    folder : made where there is none.
    force : replace the results of another run.

    Raises
    ------
    InputError
        Where the folder cannot be written, or holds files of yours or other results.
    """
    p = result.provenance
    work = workspace(result.scenario, Effort(p["runs"], p["seed"]), p["engine"], folder, result.runs is not None)
    with work.held(force):
        if result.runs is None and not force:
            check_kept(work)
        write_results(result, work)


def write_results(result: Result, work: Workspace, written: Callable[[Result], object] = lambda _: None) -> None:
    """Write all to a folder that is held."""
    then: tuple[Callable[[Path], object], ...] = (
        lambda _: written(result),
        lambda new: labelled.write(result.dataset, new / DATASET),
        lambda new: result.draw(new / FIGURES),
    )
    with work.results(*then, **result.provenance) as new:
        for name, table in result.tables.items():
            write(new / f"{name}.csv", tables.csv(table))
        write(new / SCENARIO, result.scenario.text)
        write(new / RESOLVED, as_json(result.scenario.resolved))
        write(new / POSTERIORS, posteriors_of([result.scenario]))
        if result.runs is not None:
            kept.put(result.runs, new)
    if result.runs is None:
        kept.remove(work.folder)
