"""What the figures of a study read and say: its factors, scenarios and outcomes, and the notes below them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sim.errors import plural
from sim.figures import sheet, style
from sim.figures.axes import levels, number
from sim.figures.dataset import interval_note, month_name, names, texts
from sim.model.arrays import Array
from sim.model.grammar import sentence
from sim.model.outcomes import INF, OUTCOMES, error_of, series

MOST_SCENARIOS = 4
NARROWEST = 0.05
AS_CODED = "as coded in the scenario"
EXITS = {"exit", "any_exit"}
COHESIONS = {"cohesion", "starters_cohesion"}
EXIT_BELOW = (
    "A state has left if it did so by then, of its own accord (cumulative incidence of exit); dissolution competes."
)


class Factor(NamedTuple):
    """What is varied."""

    name: str
    label: str
    values: Array
    """(point,)"""


class Shown(NamedTuple):
    """An outcome that a panel shows, of one member or of the alliance."""

    name: str
    member: int | None
    title: str
    label: str
    """Of a scale on which others stand too."""
    words: str
    """What a sentence calls it: ``probability that Armenia has left``."""
    share: bool
    """Whether it is a probability, shown in percent."""

    @property
    def unit(self) -> str:
        """Of an axis below a title that says the rest."""
        return self.label if self.share else OUTCOMES[self.name].scale or self.label


class Group(NamedTuple):
    """A scenario and its points."""

    title: str
    points: NDArray[np.int64]


def factors(ds: xr.Dataset) -> list[Factor]:
    """All factors, in order; a factor without a label goes by its name."""
    keys = texts(ds, "factors")
    labels = texts(ds, "labels") + keys[len(texts(ds, "labels")) :]
    return [
        Factor(key, " ".join(label.split()) or key, np.asarray(ds[key].values, dtype=np.float64))
        for key, label in zip(keys, labels, strict=False)
    ]


def varying(ds: xr.Dataset) -> list[Factor]:
    """The factors that take more than one value."""
    return [f for f in factors(ds) if levels(f.values).size > 1]


def is_grid(ds: xr.Dataset) -> bool:
    """Whether the points of the study fill a grid."""
    return str(ds.attrs["design"]) == "grid"


def groups(ds: xr.Dataset) -> list[Group]:
    """The scenarios that are drawn: the first few, with their points."""
    keys = texts(ds, "scenarios")
    titles = [" ".join(t.split()) for t in texts(ds, "titles")] or keys
    of_points = np.asarray([str(s) for s in ds["scenario"].values])
    return [
        Group(title if titles.count(title) == 1 else f"{title} ({key})", np.flatnonzero(of_points == key))
        for key, title in zip(keys[:MOST_SCENARIOS], titles, strict=False)
    ]


def coded(ds: xr.Dataset, group: Group, factor: Factor) -> float | None:
    """Where the scenario of a group itself stands on the axis of a factor; None where that is not known."""
    name = str(ds["scenario"].values[group.points[0]])
    place = ds.attrs.get("coded", {}).get(name, {}).get(factor.name)
    return None if place is None else float(place)


def coded_within(ds: xr.Dataset, group: Group, factor: Factor) -> float | None:
    """Where it stands, if that is among the values of the study."""
    place, (low, high) = coded(ds, group, factor), ends(factor.values)
    return place if place is not None and low <= place <= high else None


def at(ds: xr.Dataset, shown: Shown, statistic: str) -> Array:
    """A statistic of what is shown. (point, tick)"""
    values = series(ds, shown.name, statistic)
    return values if shown.member is None else values[..., shown.member]


def last(ds: xr.Dataset, shown: Shown, statistic: str = "mean") -> Array:
    """A statistic at the last horizon. (point,)"""
    return at(ds, shown, statistic)[:, horizons(ds)[-1]]


def last_error(ds: xr.Dataset, shown: Shown) -> Array:
    """The Monte Carlo standard error at the last horizon. (point,)"""
    return error_of(*(last(ds, shown, end) for end in ("low", "high")))


def horizons(ds: xr.Dataset) -> list[int]:
    """Positions of the horizons along ``tick``; where none are named, of every tick after the start."""
    years = np.asarray(ds["years"].values, dtype=np.float64)
    asked = [float(y) for y in np.atleast_1d(ds.attrs.get("horizons", []))]
    nearest = sorted({int(np.abs(years - y).argmin()) for y in asked})
    return nearest or [int(k) for k in np.flatnonzero(years > 0)] or [years.size - 1]


def ends(values: Array, default: tuple[float, float] = (0, 0)) -> tuple[float, float]:
    """Least and greatest of the values, leaving out what is not a number."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else default


def widened(shown: Shown, low: float, high: float) -> tuple[float, float]:
    """The range, no narrower than 0.05, lest noise look like much; and within what the outcome can be."""
    outcome, middle, half = OUTCOMES[shown.name], (low + high) / 2, max(high - low, NARROWEST) / 2
    if outcome.high < INF:
        middle = min(max(middle, outcome.low + half), max(outcome.high - half, outcome.low + half))
    return middle - half, middle + half


def limits(shown: Shown, values: Array) -> tuple[float, float]:
    """Ends of an axis: from 0 where the outcome is 0 to 1, else no narrower than 0.05, lest noise look like much."""
    low, high = ends(values)
    if (OUTCOMES[shown.name].low, OUTCOMES[shown.name].high) == (0.0, 1.0):
        return 0.0, min(1.05 * high, 1.02) if high > 0 else 0.01
    margin = 0.03 * (high - low)
    return widened(shown, low - margin, high + margin)


# --- what the panels show


def focus(ds: xr.Dataset, most: int) -> list[int]:
    """The members that the study is about; else the three whose exit varies most over the points."""
    codes = [str(code) for code in ds["member"].values]
    asked = [codes.index(code) for code in texts(ds, "focus") if code in codes]
    by_member = [name for name in ("exit", *recorded(ds)) if is_by_member(ds, name)]
    if asked or not by_member:
        return asked[:most]
    final = series(ds, by_member[0], "mean")[:, horizons(ds)[-1]]
    ranges = [high - low for low, high in (ends(final[:, i]) for i in range(len(codes)))]
    return [int(i) for i in np.argsort(-np.asarray(ranges), kind="stable")[: min(3, most)]]


def recorded(ds: xr.Dataset) -> list[str]:
    """Outcomes that the dataset holds."""
    return [str(name) for name in ds.attrs["outcomes"] if name in ds.data_vars]


def is_by_member(ds: xr.Dataset, name: str) -> bool:
    """Whether an outcome is recorded for each member."""
    return name in ds.data_vars and "member" in ds[name].dims


def choose(ds: xr.Dataset, wanted: Sequence[str], members: int) -> list[Shown]:
    """What the panels show: the wanted outcomes; where none of them is recorded, the first four that are."""
    outcomes = [name for name in wanted if name in ds.data_vars] or recorded(ds)[:4]
    return [
        _shown(ds, name, member)
        for name in outcomes
        for member in (focus(ds, members) if is_by_member(ds, name) else [None])
    ]


def _shown(ds: xr.Dataset, name: str, member: int | None) -> Shown:
    """An outcome, of the alliance or of a member."""
    o, state = OUTCOMES[name], "" if member is None else names(ds)[member]
    return Shown(name, member, o.title.format(state), o.axis, o.subject(state).removeprefix("the "), o.probability)


# --- what is said of them


def month(ds: xr.Dataset) -> str:
    """The last horizon: ``October 2033``."""
    return month_name(ds, horizons(ds)[-1], whole=True)


def moved(ds: xr.Dataset, shown: Sequence[Shown]) -> Shown:
    """What a headline speaks of: the probability that moves most over the points, else the first outcome."""
    drawn = np.concatenate([group.points for group in groups(ds)])
    return max([s for s in shown if s.share] or shown[:1], key=lambda s: float(np.ptp(ends(last(ds, s)[drawn]))))


def finding(ds: xr.Dataset, shown: Shown, values: Array) -> str:
    """An outcome at the last horizon and its values, from the first to the last."""
    first, then = ((style.percent if shown.share else "{:.2f}".format)(value) for value in values[[0, -1]])
    at = OUTCOMES[shown.name].at(month(ds))
    return f"{sentence(shown.words)} {at}: {first if first == then else f'{first} to {then}'}"


def over_points(ds: xr.Dataset, shown: Sequence[Shown]) -> str:
    """The :func:`finding` from the least to the greatest value over the points."""
    most = moved(ds, shown)
    drawn = np.concatenate([group.points for group in groups(ds)])
    return finding(ds, most, np.array(ends(last(ds, most)[drawn], (np.nan, np.nan))))


def below(ds: xr.Dataset, shown: Sequence[Shown], how: str) -> str:
    """The lines under the title: the question, how to read what is drawn, what the terms mean."""
    parts = [str(ds.attrs.get("question", "")), how]
    parts += [EXIT_BELOW] if EXITS & {s.name for s in shown} else []
    measures = dict.fromkeys(s.name for s in shown if not s.share)
    parts += [f"{sentence(OUTCOMES[name].noun)}: {OUTCOMES[name].meaning}." for name in measures]
    return " ".join(" ".join(part.split()) for part in parts if part)


def note(ds: xr.Dataset, shown: Sequence[Shown], *more: str) -> str:
    """What the footer says beside where the figure comes from."""
    scenarios = len(texts(ds, "scenarios"))
    parts = [
        *more,
        f"only the first {MOST_SCENARIOS} scenarios are drawn" if scenarios > MOST_SCENARIOS else "",
        _left_out(ds, shown),
        _failures(ds),
        _constants(ds),
    ]
    return sheet.BETWEEN.join(part for part in parts if part)


def _left_out(ds: xr.Dataset, shown: Sequence[Shown]) -> str:
    """Recorded outcomes that no panel shows, and members of the focus that find no room."""
    drawn = {s.name for s in shown}
    others = [OUTCOMES[name].noun for name in recorded(ds) if name not in drawn]
    parts = [f"recorded, not drawn: {', '.join(others)}"] if others else []
    members = {s.member for s in shown} - {None}
    asked = texts(ds, "focus")
    if members and len(asked) > len(members):
        parts.append(f"drawn are {len(members)} of the {plural(len(asked), 'state')} in focus")
    return "; ".join(parts)


def _failures(ds: xr.Dataset) -> str:
    """How many points have no result at all."""
    finite = [np.isfinite(series(ds, name, "mean")) for name in recorded(ds)]
    failed = int(sum(~np.any([f.reshape(len(f), -1).any(1) for f in finite], axis=0)))
    return f"{plural(failed, 'point')} failed, left blank" if failed else ""


def _constants(ds: xr.Dataset) -> str:
    """The factors that do not vary, with their values."""
    at = [(f.label, levels(f.values)) for f in factors(ds)]
    parts = [f"{label} = {number(values[0])}" for label, values in at if values.size == 1]
    return f"not varied: {', '.join(parts)}" if parts else ""


def not_drawn(ds: xr.Dataset, shown: Sequence[Shown]) -> str:
    """How wide intervals are that are not drawn."""
    wide = interval_note(ds, {s.name for s in shown})
    return f"not drawn: {wide}" if wide else ""


def error(shown: Shown, errors: Array) -> str:
    """The largest Monte Carlo standard error: ``0.52 points``; "" where it is unknown."""
    _, most = ends(errors, (0, -1))
    if most < 0:
        return ""
    words = f"{100 * most if shown.share else most:.2g}"
    return words + (f" point{'' if words == '1' else 's'}" if shown.share else "")


def error_note(ds: xr.Dataset, shown: Sequence[Shown], mark: str) -> str:
    """What the marks of error are, and the largest standard error of each kind of outcome."""
    largest = []
    for share in (True, False):
        alike = [s for s in shown if s.share is share]
        if alike and (most := error(alike[0], np.concatenate([last_error(ds, s) for s in alike]))):
            unit, what = (" percentage", "probability") if share else ("", OUTCOMES[alike[0].name].noun)
            largest.append(f"{most.replace(' ', unit + ' ')} ({what})")
    if not largest:
        known = any(np.isfinite(last(ds, s)).any() for s in shown)
        return "too few runs for a Monte Carlo error" if known else ""
    marked = f"{mark}: 95 % Monte Carlo error; " if mark else ""
    return f"{marked}Monte Carlo standard error up to {', '.join(largest)}"
