"""The points of a sweep, for sliders in a page: at each what the outcomes are, in words and as places on a scale."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sim.model.outcomes import ENDS, OUTCOMES, names
from sim.reports.cells import level, over, with_interval
from sim.studies.sweep import Sweep
from sim.studies.target import as_coded

if TYPE_CHECKING:
    import pandas as pd

MOST = 4000
"""Points that a page carries."""


@dataclass(frozen=True)
class Slider:
    """A factor: its values, in order, and the one that is coded, by scenario."""

    name: str
    label: str
    values: Sequence[float]
    coded: Mapping[str, float]


@dataclass(frozen=True)
class Shown:
    """An outcome: what it is called, the ends of its scale, and what its interval is over."""

    label: str
    low: float
    high: float
    over: str


@dataclass(frozen=True)
class Sliders:
    """What a page needs to show the outcomes at the point nearest to the sliders."""

    when: str
    scenarios: Mapping[str, str]
    """Titles by name."""
    factors: Sequence[Slider]
    outcomes: Sequence[Shown]
    points: Sequence[tuple[str, Sequence[float], Sequence[Sequence[Any]]]]
    """Scenario, a value a factor, and of each outcome its words, mean and interval (null where there is none)."""

    @property
    def plain(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def last_date(s: Sweep) -> dt.date:
    """For when outcomes are shown: the last horizon."""
    return dt.date.fromisoformat(str(s.dataset.date.values[-1].astype("datetime64[D]")))


def sliders(s: Sweep) -> Sliders | None:
    """Of a sweep; None where nothing varies or there are too many points."""
    plan, ds = s.plan, s.dataset
    varying = [n for n in plan.factors if len(set(ds[n].values.tolist())) > 1]
    if not varying or plan.size > MOST:
        return None
    last = s.summary[s.summary.horizon_years == s.summary.horizon_years.max()]
    shown = [(name, "") for name in names(by_member=False, headline=True) if (last.outcome == name).any()]
    states = [str(m) for m in (ds.attrs["focus"] or ds.member.values)]
    shown += [("exit", m) for m in states if (last.outcome == "exit").any()]
    full = dict(zip(map(str, ds.member.values), map(str, ds["name"].values), strict=True))
    wide = {key: rows.set_index("point") for key, rows in last.groupby(["outcome", "member"])}
    coded = {
        n: {name: as_coded(plan.factors[n], v.moves[n], v.scenario) for (name, _), v in plan.variants.items()}
        for n in varying
    }
    factors = [
        Slider(
            n,
            plan.factors[n].label or n.replace("_", " "),
            sorted({round(x, 9) for x in ds[n].values.tolist()}),
            {k: round(x, 6) for k, x in coded[n].items() if math.isfinite(x)},
        )
        for n in varying
    ]
    points = [
        (
            plan.scenarios[k],
            [round(float(ds[n].values[k]), 9) for n in varying],
            [_cell(name, wide[name, member], k) for name, member in shown],
        )
        for k in range(plan.size)
    ]
    titles = dict(zip(ds.attrs["scenarios"], ds.attrs["titles"], strict=True))
    when = f"{last_date(s):%B %Y}"
    return Sliders(when, titles, factors, [_shown(name, full.get(m, "")) for name, m in shown], points)


def _shown(name: str, state: str) -> Shown:
    o = OUTCOMES[name]
    return Shown(o.title.format(state) + ("" if o.probability else f" ({o.scale})"), o.low, o.high, over(name))


def _cell(name: str, rows: "pd.DataFrame", point: int) -> list[Any]:
    """Words, mean, and the ends of the interval; of a point that failed nothing."""
    x = rows.loc[point].to_dict() if point in rows.index else {"mean": math.nan}
    if x["mean"] != x["mean"]:
        return ["not computed", None, None, None]
    words = with_interval(x, " %") if OUTCOMES[name].probability else level(x)
    return [words, *(None if v != v else round(v, 4) for v in (x["mean"], *(x[e] for e in ENDS)))]
