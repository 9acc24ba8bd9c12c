"""Early warning: how long before a freeze or an exit do its signs show, in single runs and on the record.

A sign is read at the end of a quarter. So many quarters before an event, cases are states to which it happens then, and
others those at risk to which it has not happened by then (Heagerty & Zheng 2005, 10.1111/j.0006-341X.2005.030814.x);
the area under the ROC curve is the probability that a case shows more of the sign than another does, 0.5 by chance.
All signs point one way by what the model says, so that nothing is fitted but what joins them: a logit, on the runs of
every other row of the posterior; areas are those of the other runs. Rows, on the record states, count as clusters.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.engines.ensemble import run_block
from sim.errors import InputError, Problem, arguments, as_path, plural
from sim.estimates.roc import Area, area
from sim.evaluation.baselines import fit_logit
from sim.evaluation.history import history_of
from sim.evaluation.score import shipped_histories
from sim.inference import roll_calls
from sim.model.arrays import Array, Flags, indicator
from sim.model.conduct import SUPPORTS
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE
from sim.model.noise import BLOCK, Indices, Noise
from sim.model.outcomes import OUTCOMES
from sim.results.result import Result
from sim.scenario.compile import compile
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

QUARTERS = range(1, 9)
"""Before an event."""
YEAR = 4
"""Quarters in a year, over which signs are added up and changes taken."""
TRAINED = 20_000
"""Cases and others that a logit is fitted to, at most."""
STANCE, FALL, VOTES, TURN, DOUBT, CRISES, REFUSED = (
    "low stance",
    "falling stance",
    "votes withheld",
    "more votes withheld",
    "doubt of the leader",
    "calls for help",
    "calls refused",
)
TOGETHER, KNOWN = "all signs together", "the model's own chance"
MEANING = {
    STANCE: "stance towards the leader",
    FALL: "its fall over a year",
    VOTES: "share of a year's votes without support",
    TURN: "its rise over a year",
    DOUBT: "disbelief that the leader helps",
    CRISES: "in the last year",
    REFUSED: "in the last year, in part by half",
    TOGETHER: "a logit fitted to other runs",
    KNOWN: "of the event in the next quarter",
}
"""Of the signs, in their order."""
RISE, WHO = 0.05, ": it says who is in danger rather than when"
"""What is said of an area that rises less towards the event."""
RUNS, RECORD = "single runs", "the record"
EITHER = "exit or freeze"


class Panel(NamedTuple):
    """Units (a state of a run, or of an alliance) by quarter."""

    signs: Mapping[str, Array]
    """(quarter, unit) at its end, more of it a worse sign; NaN where it is not known."""
    events: Mapping[str, Flags]
    """(quarter, unit) in it."""
    at_risk: Mapping[str, Flags]
    """(quarter, unit) at its end: it may happen next."""
    cluster: Indices
    """(unit,)"""


class Signals(Analysis):
    """Areas under ROC curves of signs before exits and freezes."""

    kind = "early warning"
    question = "How long before an exit or a freeze do its signs show, and how well do they warn?"
    names = ("areas", "leads")
    words = ("where", "event", "sign")

    def figures(self) -> "dict[str, Figure]":
        """signals."""
        from sim.figures.signals import signals

        return {"signals": signals(self.frames["areas"], self.about)}


@arguments
def signals(
    folder: str | Path,
    out: str | Path | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Signals:
    """Say how long before a freeze or an exit its signs show, and how well.

    Parameters
    ----------
    folder : str or Path
        Of a run; its first 4,096 runs are made again.
    out : str or Path, optional
        Folder to which the answer is written.
    force : bool
        Replace another answer there.
    progress : callable, optional
        Called with how much is done of how much.

    Returns
    -------
    Signals
        Tables ``areas`` (by sign and quarters before, with error and 95 % interval) and ``leads`` (for how many
        quarters before, without a gap, the interval lies above chance).

    Raises
    ------
    InputError
        Where the folder holds no run, or one whose steps are not quarters.
    """
    import pandas as pd

    result = Result.open(as_path(folder, "folder"))
    check_quarters(result.scenario)
    tell = progress or (lambda *_: None)
    p = result.provenance
    panel = of_runs(result.scenario, p["seed"], min(p["runs"], BLOCK))
    tell(1, 4)
    rows = []
    for k, event in enumerate(panel.events, start=2):
        rows += [(RUNS, event, *row) for row in areas([held_out(panel, event)], event)]
        tell(k, 4)
    record = [on_record(s) for s in shipped_histories()]
    rows += [(RECORD, EITHER, *row) for row in areas(record, EITHER)]
    tell(4, 4)
    columns = ("where", "event", "sign", "quarters", *Area._fields, "cases", "others")
    table = pd.DataFrame(rows, columns=columns)
    leads = lead_times(table)
    title = result.dataset.attrs["title"]
    footer = f"{plural(min(p['runs'], BLOCK), 'run')}, those of every other draw held out; seed {p['seed']}"
    about = {"title": title, "footer": footer, **origins([result.scenario], p)}
    single = [sign for sign in MEANING if sign not in (TOGETHER, KNOWN)]
    more = {**about, "meaning": MEANING, "single": single}
    found = Signals(
        f"Early warning: {title}", answer(table, leads), {"areas": table, "leads": leads}, result.identity, more
    )
    if out is not None:
        found.save(out, force)
    return found


def check_quarters(scenario: Scenario) -> None:
    """Raises InputError where ticks of a scenario are no quarters, by which signs are read."""
    step = scenario.tables.time.step
    if step != "quarter":
        how = "required: quarter, such as by `cohesion run ... --set time.step=quarter`"
        raise InputError([Problem(scenario.name, "time.step", step, how)])


def of_runs(scenario: Scenario, seed: int, runs: int) -> Panel:
    """Some runs of a scenario: the states that are members at its start, by quarter."""
    program = compile(scenario)
    records = list(run_block(program, seed, 0, slice(0, runs)))
    inside = np.flatnonzero((np.broadcast_to(records[0].status, records[0].stance.shape) != OUTSIDE).all(axis=1))

    def each(x: Callable[[Any], Any]) -> Any:
        shape = records[0].stance.shape
        return np.stack([np.broadcast_to(x(r), shape)[inside].reshape(-1) for r in records])

    status = each(lambda r: r.status)
    stance, belief = each(lambda r: r.stance), each(lambda r: r.reliability)
    withheld = over_a_year(each(lambda r: indicator((r.conduct != SUPPORTS) | (r.status != ACTIVE)))) / YEAR
    signs = {
        STANCE: -stance,
        FALL: -change(stance),
        VOTES: withheld,
        TURN: change(withheld),
        DOUBT: -belief,
        CRISES: over_a_year(each(lambda r: r.crises.asked)),
        REFUSED: over_a_year(each(lambda r: r.crises.asked - r.crises.help)),
    }
    exits, side = each(lambda r: r.exit), each(lambda r: r.side)
    row = Noise(seed, 0).rows(program.rows).row[:runs] if program.rows else np.arange(runs)
    exit_, freeze = OUTCOMES["exit"].noun, OUTCOMES["freeze"].noun
    signs |= {f"{KNOWN} {exit_}": exits, f"{KNOWN} {freeze}": side}
    return Panel(
        signs,
        {exit_: each(lambda r: r.left), freeze: each(lambda r: (r.before == ACTIVE) & (r.status == FROZEN))},
        {exit_: status != OUTSIDE, freeze: status == ACTIVE},
        np.tile(np.unique(row, return_inverse=True)[1], len(inside)),
    )


def over_a_year(x: Array) -> Array:
    """Sums over a year up to each quarter; NaN where that began before the first."""
    total = np.cumsum(x, axis=0)
    found = np.full(x.shape, np.nan)
    found[YEAR:] = total[YEAR:] - total[:-YEAR]
    return found


def change(x: Array) -> Array:
    """Against a year before; NaN where that is not known."""
    found = np.full(x.shape, np.nan)
    found[YEAR:] = x[YEAR:] - x[:-YEAR]
    return found


def held_out(panel: Panel, event: str) -> Panel:
    """The runs of every other cluster, with all signs joined by what the rest says of an event within a year."""
    own = {s: x for s, x in panel.signs.items() if not s.startswith(KNOWN)}
    train, test = panel.cluster % 2 == 1, panel.cluster % 2 == 0
    x = np.stack([*own.values()], axis=-1)
    soon = following(panel.events[event]) - np.arange(len(x))[:, None] <= YEAR
    known = np.isfinite(x).all(axis=-1) & panel.at_risk[event]
    known[-YEAR:] = False
    where = np.argwhere(known & train)
    where = where[:: -(-len(where) // TRAINED) if len(where) else 1]
    at = where[:, 0], where[:, 1]
    logit = fit_logit(x[at], indicator(soon[at]), 2)
    joined = np.full(known.shape, np.nan)
    there = np.isfinite(x).all(axis=-1)
    joined[there] = logit.chances(x[there])[:, 1]
    signs = {**own, TOGETHER: joined, KNOWN: panel.signs[f"{KNOWN} {event}"]}
    return Panel(
        {s: y[:, test] for s, y in signs.items()},
        {event: panel.events[event][:, test]},
        {event: panel.at_risk[event][:, test]},
        panel.cluster[test],
    )


def following(events: Flags) -> Array:
    """The quarter of the next event after each quarter, (quarter, unit); infinite where there is none."""
    found = np.full(events.shape, np.inf)
    for t in range(len(events) - 2, -1, -1):
        found[t] = np.where(events[t + 1], t + 1.0, found[t + 1])
    return found


def on_record(scenario: Scenario) -> Panel:
    """The history of an alliance: its states by quarter, votes where its roll calls are coded."""
    h = history_of(scenario)
    p, record = h.whole.program, h.whole.record
    check_quarters(scenario)
    alive = h.seen.alive[:, None]
    none = np.zeros((1, len(p.members)))
    script = p.script[: len(record) - 1]
    asked = np.concatenate([none, [indicator(s.kind[:, 0] > 0) for s in script]])
    helped = np.concatenate([none, [s.help[:, 0] for s in script]])
    votes = votes_of(scenario, p.members, [d.year for d in p.edges[: len(record)]])
    moved = np.concatenate([none > 0, h.seen.left | h.seen.froze])
    signs = {VOTES: votes, TURN: change(votes), CRISES: over_a_year(asked), REFUSED: over_a_year(asked - helped)}
    return Panel(signs, {EITHER: moved}, {EITHER: (record == ACTIVE) & alive}, np.arange(len(p.members)))


def votes_of(scenario: Scenario, members: Sequence[str], years: Sequence[int]) -> Array:
    """The share of roll calls without support in the whole year before each quarter's end, (quarter, state)."""
    file = scenario.file.parent / roll_calls.BESIDE
    found = np.full((len(years), len(members)), np.nan)
    if file.exists():
        shares = {}
        for y in roll_calls.read(file, members):
            shares[y.year] = y.rows, 1.0 - y.counts[:, 0] / np.maximum(y.counts.sum(axis=1), 1.0)
        for t, year in enumerate(years):
            rows, share = shares.get(year - 1, ((), np.zeros(0)))
            found[t, list(rows)] = share
    return found


def areas(panels: Sequence[Panel], event: str) -> Iterator[tuple[Any, ...]]:
    """sign, quarters, area and its error and interval, cases, others; of all panels together."""
    firsts = np.cumsum([0, *(int(p.cluster.max()) + 1 for p in panels)])
    nexts = [following(p.events[event]) for p in panels]
    for sign in panels[0].signs:
        for k in QUARTERS:
            parts: list[list[Any]] = [[], [], [], []]
            for panel, first, upcoming in zip(panels, firsts, nexts, strict=False):
                x, t = panel.signs[sign][:-k], np.arange(len(upcoming) - k)[:, None]
                known = np.isfinite(x) & panel.at_risk[event][:-k]
                still = panel.at_risk[event][k - 1 : -1]  # at risk when the quarter in question begins
                case, other = known & (upcoming[:-k] == t + k), known & still & (upcoming[:-k] > t + k)
                clusters = np.broadcast_to(panel.cluster + first, x.shape)
                for part, value in zip(parts, (x[case], x[other], clusters[case], clusters[other]), strict=True):
                    part.append(value)
            cases, others, *places = (np.concatenate(part) for part in parts)
            yield sign, k, *area(cases, others, *places), len(cases), len(others)


def lead_times(table: "pd.DataFrame") -> "pd.DataFrame":
    """For how many quarters before, without a gap up to the event, a sign tells more than chance."""
    import pandas as pd

    keys, found = ["where", "event", "sign"], []
    for key, rows in table.groupby(keys, sort=False):
        better = (rows.sort_values("quarters").low > 0.5).to_numpy()
        found.append((*key, int(np.logical_and.accumulate(better).sum())))
    return pd.DataFrame(found, columns=[*keys, "quarters"])


def answer(table: "pd.DataFrame", leads: "pd.DataFrame") -> list[str]:
    """What is seen a year before."""
    year = table[table.quarters == YEAR].set_index(["where", "event", "sign"])
    said = []
    for (where, event), rows in table[table["where"] == RUNS].groupby(["where", "event"], sort=False):
        single = rows[(rows.quarters == YEAR) & ~rows.sign.isin([TOGETHER, KNOWN])]
        if not single.area.notna().any():
            said.append(f"No {event} in these runs.")
            continue
        best = single.loc[single.area.idxmax()]
        lead = int(leads[(leads.event == event) & (leads.sign == best.sign)].quarters.iloc[0])
        ahead = f"tells more than chance {plural(lead, 'quarter')} before" if lead else "tells no more than chance"
        near, far = (float(rows[(rows.sign == best.sign) & (rows.quarters == k)].area.iloc[0]) for k in (1, 2 * YEAR))
        more = ", ".join(f"{s} {in_words(year.loc[(where, event, s)])}" for s in (TOGETHER, KNOWN))
        article = "an" if event[0] in "aeiou" else "a"
        said.append(
            f"A year before {article} {event} the best sign in single runs is {best.sign}: "
            f"area {in_words(best)}, where 0.5 is chance and 1 certainty; it {ahead} (of {max(QUARTERS)} looked at), "
            f"with {far:.2f} then and {near:.2f} in the quarter before{WHO if near - far < RISE else ''}. "
            f"For comparison: {more}."
        )
    rows = table[(table["where"] == RECORD) & (table.quarters == YEAR)]
    better = [r.sign for r in rows.itertuples() if r.low > 0.5]
    each = "; ".join(f"{r.sign} {in_words(r)}, {plural(int(r.cases), 'event')}" for r in rows.itertuples())
    verdict = f"better than chance: {', '.join(better)}" if better else "no sign is better than chance"
    said.append(f"On the record of five alliances a year before an exit or freeze, {verdict} ({each}).")
    return said


def in_words(a: Any) -> str:
    """An area with its interval."""
    return f"{a.area:.2f} ({a.low:.2f} to {a.high:.2f})" if a.area == a.area else "not known"
