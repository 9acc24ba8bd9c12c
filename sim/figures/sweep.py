"""What the figures read from the dataset of a study: factors, scenarios, and what is shown of each point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sim.figures.values import listed, month_name, names, series

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

MOST_SCENARIOS = 4
NARROWEST = 0.05
TITLES = {
    "any_exit": "Some member has left",
    "two_exits": "Two or more members have left",
    "dissolution": "The alliance is dissolved",
    "cohesion": "Cohesion",
    "exit": "{} has left",
    "freeze": "{} has frozen its membership",
}
PROBABILITIES = {
    *("any_exit", "two_exits", "dissolution", "exit", "freeze"),
    *("loyal", "absent", "critical", "frozen", "outside"),
}
EXIT_TERM = "probability of having left by {} (cumulative incidence of exit)"
EXIT_BELOW = "A state counts as having left if it did so of its own accord (dissolution competes)."
COHESION_BELOW = (
    "Cohesion: mean joint support over all pairs of states, the leader included; "
    "1\u00a0=\u00a0all stand with the leader always."
)


class Factor(NamedTuple):
    """What is varied."""

    name: str
    label: str
    values: NDArray[np.float64]
    """(point,)"""


class Shown(NamedTuple):
    """An outcome that a panel shows, of one member or of the alliance."""

    name: str
    member: int | None
    title: str
    label: str
    """``probability`` or what else the axis is."""
    share: bool
    """Whether it is a probability, told in percent."""


class Group(NamedTuple):
    """A scenario and its points."""

    title: str
    points: NDArray[np.int64]


def factors(ds: xr.Dataset) -> list[Factor]:
    """All factors, in order; a factor without a label goes by its name."""
    import numpy as np

    called = listed(ds, "factors")
    labels = listed(ds, "labels") + called[len(listed(ds, "labels")) :]
    return [
        Factor(name, " ".join(label.split()) or name, np.asarray(ds[name].values, dtype=np.float64))
        for name, label in zip(called, labels, strict=False)
    ]


def levels(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The different values, ascending."""
    import numpy as np

    return np.unique(values[np.isfinite(values)])


def varying(ds: xr.Dataset) -> list[Factor]:
    """The factors that take more than one value."""
    return [f for f in factors(ds) if levels(f.values).size > 1]


def is_grid(ds: xr.Dataset) -> bool:
    """Whether the points of the study fill a grid."""
    return str(ds.attrs["design"]) == "grid"


def groups(ds: xr.Dataset) -> list[Group]:
    """The scenarios that are drawn: the first few, with their points."""
    import numpy as np

    called = listed(ds, "scenarios")
    titles = [" ".join(t.split()) for t in listed(ds, "titles")] or called
    here = np.asarray([str(s) for s in ds["scenario"].values])
    return [
        Group(title if titles.count(title) == 1 else f"{title} ({name})", np.flatnonzero(here == name))
        for name, title in zip(called[:MOST_SCENARIOS], titles, strict=False)
    ]


def at(ds: xr.Dataset, shown: Shown, statistic: str) -> NDArray[np.float64]:
    """A statistic of what is shown. (point, tick)"""
    values = series(ds, shown.name, statistic)
    return values if shown.member is None else values[..., shown.member]


def last(ds: xr.Dataset, shown: Shown, statistic: str = "mean") -> NDArray[np.float64]:
    """A statistic at the last horizon. (point,)"""
    return at(ds, shown, statistic)[:, horizons(ds)[-1]]


def horizons(ds: xr.Dataset) -> list[int]:
    """Positions of the horizons along ``tick``; where none are named, of every tick after the start."""
    import numpy as np

    years = np.asarray(ds["years"].values, dtype=np.float64)
    asked = [float(y) for y in np.atleast_1d(ds.attrs.get("horizons", []))]
    found = sorted({int(np.abs(years - y).argmin()) for y in asked})
    return found or [int(k) for k in np.flatnonzero(years > 0)] or [years.size - 1]


def ends(values: NDArray[np.float64], default: tuple[float, float] = (0, 0)) -> tuple[float, float]:
    """Least and greatest of the numbers that are known."""
    import numpy as np

    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else default


def widened(shown: Shown, low: float, high: float) -> tuple[float, float]:
    """The range, no narrower than 0.05, lest noise look like much; that of cohesion within 0 to 1."""
    middle, half = (low + high) / 2, max(high - low, NARROWEST) / 2
    if shown.name == "cohesion":
        middle = min(max(middle, half), max(1 - half, half))
    return middle - half, middle + half


def focus(ds: xr.Dataset, most: int) -> list[int]:
    """The members that the study is about; else the three whose exit varies most over the points."""
    import numpy as np

    codes = [str(code) for code in ds["member"].values]
    asked = [codes.index(code) for code in listed(ds, "focus") if code in codes]
    by_member = [name for name in ("exit", *recorded(ds)) if is_by_member(ds, name)]
    if asked or not by_member:
        return asked[:most]
    final = series(ds, by_member[0], "mean")[:, horizons(ds)[-1]]
    spread = [high - low for low, high in (ends(final[:, i]) for i in range(len(codes)))]
    return [int(i) for i in np.argsort(-np.asarray(spread), kind="stable")[: min(3, most)]]


def recorded(ds: xr.Dataset) -> list[str]:
    """Outcomes that the dataset holds."""
    return [str(name) for name in ds.attrs["outcomes"] if name in ds.data_vars]


def is_by_member(ds: xr.Dataset, name: str) -> bool:
    """Whether an outcome is recorded for each member."""
    return name in ds.data_vars and "member" in ds[name].dims


def choose(ds: xr.Dataset, wanted: Sequence[str], members: int) -> list[Shown]:
    """What the panels show: the wanted outcomes; where none of them is recorded, the first four that are."""
    there = [name for name in wanted if name in ds.data_vars] or recorded(ds)[:4]
    return [
        _shown(ds, name, member)
        for name in there
        for member in (focus(ds, members) if is_by_member(ds, name) else [None])
    ]


def _shown(ds: xr.Dataset, name: str, member: int | None) -> Shown:
    """An outcome with its title and the label of its axis."""
    plain = name.replace("_", " ")
    title = TITLES.get(name, plain.capitalize() if member is None else f"{{}}: {plain}")
    if member is not None:
        title = title.format(names(ds)[member])
    share = name in PROBABILITIES
    label = "probability" if share else "cohesion (0 to 1)" if name == "cohesion" else plain
    return Shown(name, member, title, label, share)


def subject(shown: Sequence[Shown], when: str) -> str:
    """What is shown, for a headline: ``Probability of having left by ... and cohesion``."""
    called = {s.name for s in shown}
    parts = [EXIT_TERM.format(when)] if called & {"exit", "any_exit"} else []
    parts += ["cohesion"] if "cohesion" in called else []
    if not parts:
        plain = dict.fromkeys((s.name.replace("_", " "), s.share) for s in shown)
        parts = [f"{name} (probability)" if share else name for name, share in plain]
    told = " and ".join(parts)
    return told[:1].upper() + told[1:]


def month(ds: xr.Dataset) -> str:
    """The last horizon: ``October 2033``."""
    return month_name(ds, horizons(ds)[-1], whole=True)


def below(ds: xr.Dataset, shown: Sequence[Shown], how: str) -> str:
    """The lines under the title: the question, how to read the figure, what the terms mean."""
    called = {s.name for s in shown}
    parts = [str(ds.attrs.get("question", "")), how]
    parts += [EXIT_BELOW] if called & {"exit", "any_exit"} else []
    parts += [COHESION_BELOW] if "cohesion" in called else []
    for name in sorted(called - {"exit", "any_exit", "cohesion"}):
        meaning = str(ds[name].attrs.get("long_name", ""))
        parts += [f"{name.replace('_', ' ').capitalize()}: {meaning}."] if meaning else []
    return " ".join(" ".join(part.split()) for part in parts if part)


def error(shown: Shown, errors: NDArray[np.float64]) -> str:
    """The largest Monte Carlo standard error: ``0.52 points``; "" where it is unknown."""
    _, most = ends(errors, (0, -1))
    if most < 0:
        return ""
    told = f"{100 * most if shown.share else most:.2g}"
    return told + (f" point{'' if told == '1' else 's'}" if shown.share else "")
