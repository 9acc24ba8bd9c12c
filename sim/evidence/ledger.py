"""The ledger of the paper's claims: run what their tests need, judge each, write it down."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import arguments, as_path, plural
from sim.estimates.intervals import REPLICATES
from sim.estimates.shapley import Parts
from sim.evidence.claim import Claim, Time, elapsed, load_claims
from sim.evidence.measure import Reading, groups, measure
from sim.evidence.statement import Finding, Share, judge, share_of
from sim.evidence.tables import ClaimTest
from sim.evidence.words import axis, called, in_percent
from sim.figures import rows as figure
from sim.model.arrays import Array
from sim.results.result import Results
from sim.results.tables import csv, read_csv
from sim.scenario.compile import Program, alike, compile
from sim.scenario.load import Scenario, not_fitted
from sim.storage.effort import Effort, effort
from sim.storage.files import provenance_of, write
from sim.storage.workspace import Workspace, reading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DRAWS, FIGURES = "draws.json", "figures"
"""What the figures show: every draw of everything measured."""


class Judged(NamedTuple):
    """A claim, what its tests give, and in which share of draws all of them hold."""

    claim: Claim
    findings: list[Finding]
    holds: Share
    begins: list[str]
    """Where its scenarios start, a sentence for each way."""

    @property
    def verdict(self) -> str:
        """Supported, contradicted or undecided."""
        return self.holds.verdict

    @property
    def at_mean(self) -> bool:
        """Whether all tests hold for the means over draws, a weaker statement than the verdict."""
        return all(f.at_mean for f in self.findings)


@dataclass(repr=False)
class Ledger(Results):
    """Claims and verdicts.

    Attributes
    ----------
    table : a row a claim: claim, title, holds, low, high, draws, verdict, at_mean.
    tests : a row for everything measured: claim, test, says, kind, measured, estimate, mcse, q05, q95, threshold ...
    drawn : what the figures show, by claim.
    judged : claims and findings, where the ledger was not read from a folder.
    """

    runs: int
    seed: int
    table: "pd.DataFrame"
    tests: "pd.DataFrame"
    drawn: dict[str, figure.Claim]
    judged: list[Judged] = field(default_factory=list)

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """ledger and tests."""
        return {"ledger": self.table, "tests": self.tests}

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        return f"Ledger of {plural(len(self.table), 'claim')}, {plural(self.runs, 'run')}, seed {self.seed}"

    def figures(self) -> "dict[str, Figure]":
        """One figure a claim, by its name."""
        from sim.figures.claim import draw

        return {name: draw(shown) for name, shown in self.drawn.items()}

    @classmethod
    def open(cls, folder: str | Path) -> "Ledger":
        """The ledger that was written to a folder, rounded to nine digits as there; its claims are not judged again."""
        home = as_path(folder, "folder")
        with reading(home, "ledger"):
            there = provenance_of(home) or {}
            table = read_csv(home / "ledger.csv", ["claim", "title", "verdict", "at_mean"])
            tests = read_csv(home / "tests.csv", ["claim", "says", "kind", "measured", "side", "note"])
            drawn = {n: figure.from_json(plain) for n, plain in json.loads((home / DRAWS).read_text("utf-8")).items()}
            return cls(there["runs"], there["seed"], table, tests, drawn)

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write tables, a figure a claim and provenance, as :func:`sim.save`."""
        save(self, folder, force)


def ledger_of(judged: list[Judged], runs: int, seed: int) -> Ledger:
    """The tables of what was judged, and what its figures show."""
    import pandas as pd

    table = [
        {
            "claim": j.claim.name,
            "title": j.claim.tables.title,
            "holds": j.holds.value,
            "low": j.holds.low,
            "high": j.holds.high,
            "draws": j.holds.draws,
            "verdict": j.verdict,
            "at_mean": "yes" if j.at_mean else "no",
        }
        for j in judged
    ]
    tests = [row for j in judged for k, f in enumerate(j.findings, start=1) for row in _rows(j.claim.name, k, f)]
    drawn = {j.claim.name: as_drawn(j, runs, seed) for j in judged}
    return Ledger(runs, seed, pd.DataFrame(table), pd.DataFrame(tests), drawn, judged)


def _rows(claim: str, test: int, f: Finding) -> list[dict[str, Any]]:
    """What a test measures, a row each."""
    return [
        {
            "claim": claim,
            "test": test,
            "says": f.test.says,
            "kind": f.test.kind,
            "measured": r.label,
            "estimate": r.estimate,
            "mcse": r.mcse,
            "q05": r.q05,
            "q95": r.q95,
            "side": "above" if f.test.sign > 0 else "below",
            "threshold": f.test.threshold,
            "holds": r.holds.value,
            "holds_low": r.holds.low,
            "holds_high": r.holds.high,
            "test_holds": f.share.value,
            "test_low": f.share.low,
            "test_high": f.share.high,
            "note": f.note,
        }
        for r in f.rows
    ]


def as_drawn(j: Judged, runs: int, seed: int) -> figure.Claim:
    """What the figure of a claim shows."""
    tables, full = j.claim.tables, names_of(j.claim)
    quotes = "; ".join(f"“{q.words}” ({q.id}, {q.section})" for q in tables.quotes)
    scenarios = [described(label, s) for label, s in j.claim.scenarios.items()]
    footer = [
        f"Stratievski 2023: {quotes}",
        f"Scenario{'s' if len(scenarios) > 1 else ''}: {', '.join(scenarios)}",
        f"{plural(runs, 'run')} of each, seed {seed}",
        *([f"Mind: {tables.caveat}"] if tables.caveat else []),
        *filter(None, [*j.begins, not_fitted(j.claim.scenarios.values())]),
    ]
    tests = [
        figure.Panel(
            f.test.says,
            f.note,
            axis(f.test, start_of(j.claim, f.test)),
            ("probability" if f.test.kind == "level" else "points") if in_percent(f.test) else "",
            f.test.threshold,
            f.test.sign > 0,
            f.share.value,
            [figure.Measured(called(r.label, full), r.draws, r.estimate, r.q05, r.q95, r.holds.value) for r in f.rows],
        )
        for f in j.findings
    ]
    says = j.claim.name, tables.title, tables.claim, j.verdict
    return figure.Claim(*says, *j.holds[:3], runs // REPLICATES, tests, "  |  ".join(footer))


def described(label: str, s: Scenario) -> str:
    """A scenario of a claim by its label, its file and what is set otherwise."""
    changed = f" with {plural(len(s.overrides), 'value')} set" if s.overrides else ""
    return f"{label} ({s.name}{changed})" if label != s.name or changed else label


def names_of(c: Claim) -> dict[str, str]:
    """Full names of the states of a claim's scenarios by their codes."""
    return {code: name for s in c.scenarios.values() for code, name in s.tables.state_names.items()}


def start_of(c: Claim, test: ClaimTest) -> dt.date:
    """When the scenario of a test starts."""
    return c.scenarios[test.scenario].tables.time.start


@arguments
def claims(
    names: str | Path | Claim | Sequence[str | Path | Claim] = (),
    runs: int = 10_000,
    seed: int = 1,
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
    scheduler: str | None = None,
    out: str | Path | None = None,
    force: bool = False,
    written: Callable[[Ledger], object] = lambda _: None,
) -> Ledger:
    """Test the paper's claims, or other claim files, on the model.

    Parameters
    ----------
    names : str, Path or Claim, or a sequence of them
        Files, or names such as ``C03``; all of the paper's by default.
    runs : int
        Of each scenario, 16 for each draw of what is uncertain: rounded up to a multiple of 16, 32 at least.
    seed, jobs, progress, scheduler, out, force, written
        As for :func:`sim.run`.

    Returns
    -------
    Ledger
        ``table`` has a row a claim with the share of draws in which it holds and its verdict; ``tests`` has what
        was measured.

    Raises
    ------
    InputError
        With every mistake in the files and arguments.

    Examples
    --------
    >>> import sim
    >>> ledger = sim.claims(["C07"], runs=64)
    >>> ledger.table.verdict[0] in ("supported", "contradicted", "undecided")
    True
    """
    by = effort(runs, seed, jobs, scheduler, multiple=REPLICATES)
    names = [names] if isinstance(names, str | Path | Claim) else names
    checked = [c for c in names if isinstance(c, Claim)]
    others = [c for c in names if not isinstance(c, Claim)]
    loaded = [*checked, *(load_claims(others) if others or not checked else ())]
    if out is None:
        return judge_all(loaded, by, progress)
    work = workspace(loaded, by, out)
    with work.held(force):
        ledger = judge_all(loaded, by, work.counting(by.runs * passes(loaded), "runs", progress))
        write_results(ledger, work, written)
    return ledger


Keyed = dict[str, tuple[str, Program]]
"""Programs of a claim by the fingerprint of the scenario, each with the key under which it is run."""


def programs_of(loaded: Sequence[Claim]) -> list[Keyed]:
    """The programs that each claim needs, which start alike; the same one has the same key."""
    compiled: dict[str, Program] = {}
    found = []
    for c in loaded:
        needed = {s.fingerprint: s for s in (*c.scenarios.values(), *(x for by in c.closed for x in by.values()))}
        compiled |= {f: compile(s) for f, s in needed.items() if f not in compiled}
        own = alike([compiled[f] for f in needed])
        found.append({f: (f"{f}: {p.start.words}", p) for f, p in zip(needed, own, strict=True)})
    return found


def together(by_claim: Sequence[Keyed]) -> dict[str, Program]:
    """Every program once, by its key."""
    return {key: p for programs in by_claim for key, p in programs.values()}


def passes(loaded: Sequence[Claim]) -> int:
    """How often the runs are made: once for each set of dates."""
    return len(groups(together(programs_of(loaded))))


def judge_all(loaded: Sequence[Claim], by: Effort, progress: Callable[[int], None] | None = None) -> Ledger:
    """Run what checked claims need, and judge them."""
    by_claim = programs_of(loaded)
    wanted: dict[Reading, None] = {}
    for c, programs in zip(loaded, by_claim, strict=True):  # a rehearsal without values notes what will be read
        _findings(c, programs, lambda r: wanted.setdefault(r) or np.zeros((2, 2)))
    readings = measure(together(by_claim), list(wanted), by, progress)
    judged = []
    for c, programs in zip(loaded, by_claim, strict=True):
        findings = _findings(c, programs, readings.__getitem__)
        known = np.all([f.known for f in findings], axis=0)
        holds = np.all([f.holds for f in findings], axis=0)
        begins = list(dict.fromkeys(p.start.words for _, p in programs.values()))
        judged.append(Judged(c, findings, share_of(holds[known]), begins))
    return ledger_of(judged, by.runs, by.seed)


def _findings(c: Claim, programs: Keyed, values: Callable[[Reading], Array]) -> list[Finding]:
    """Every test of a claim, on values (draw, run) of readings."""

    def at(s: Scenario, name: str, time: Time) -> Array:
        """At the forecast tick whose end is nearest to a time."""
        (key, p), years = programs[s.fingerprint], elapsed(time, s.tables.time.start)
        return values(Reading(key, name, min(p.forecast_ticks, round(years / p.alliance.dt))))

    def finding(test: ClaimTest, closed: dict[Parts, Scenario]) -> Finding:
        start = start_of(c, test)
        return judge(
            test,
            lambda label, name, time: at(c.scenarios[label], name, time),
            (lambda parts: at(closed[parts], test.measured[0], test.at)) if closed else None,
            lambda time: elapsed(time, start),
        )

    return [finding(test, closed) for test, closed in zip(c.tables.tests, c.closed, strict=True)]


def identity(loaded: Sequence[Claim], runs: int, seed: int) -> dict[str, Any]:
    """What makes a ledger the ledger it is."""
    content = json.dumps([[c.name, c.text, sorted(s.fingerprint for s in c.scenarios.values())] for c in loaded])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    return {"claims": [c.name for c in loaded], "fingerprint": fingerprint, "runs": runs, "seed": seed}


def workspace(loaded: Sequence[Claim], by: Effort, folder: str | Path) -> Workspace:
    """The folder of a ledger."""
    title = f"{plural(len(loaded), 'claim')}, tested on the model"
    own = ("ledger.csv", "tests.csv", DRAWS, FIGURES)
    return Workspace(as_path(folder, "out"), "ledger", title, identity(loaded, by.runs, by.seed), own)


def save(ledger: Ledger, folder: str | Path, force: bool = False) -> None:
    """Write ledger.csv, tests.csv, a figure a claim and provenance, as :func:`sim.save`."""
    work = workspace([j.claim for j in ledger.judged], Effort(ledger.runs, ledger.seed), folder)
    with work.held(force):
        write_results(ledger, work)


def write_results(ledger: Ledger, work: Workspace, written: Callable[[Ledger], object] = lambda _: None) -> None:
    """Write all to a folder that is held."""
    with work.results(lambda _: written(ledger), lambda new: ledger.draw(new / FIGURES), **work.identity) as new:
        for name, table in ledger.tables.items():
            write(new / f"{name}.csv", csv(table))
        write(new / DRAWS, json.dumps({name: shown.plain for name, shown in ledger.drawn.items()}))
