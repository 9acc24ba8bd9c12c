"""What the figures read from the dataset of a run or a study, and the sheet that says where it comes from."""

import calendar
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.errors import plural
from sim.figures import sheet, style
from sim.model.arrays import Array, Flags
from sim.model.grammar import in_text
from sim.model.outcomes import ENDS, MONTE_CARLO, OUTCOMES, Z95, error_of, series

DESIGNS = {
    "grid": "grid",
    "lhs": "Latin hypercube",
    "sobol": "Sobol sequence",
    "file": "points from a file",
    "saltelli": "Saltelli's design",
    "morris": "Morris's walks",
}
"""The designs of a study in words."""


class Horizon(NamedTuple):
    """A date at which probabilities are read."""

    at: int
    """Position along ``date``."""
    years: str
    """``5 years``"""
    month: str
    """``Oct 2028``"""


def interval(ds: xr.Dataset, name: str) -> tuple[Array, Array, Array]:
    """Mean, and the ends of its 95 % Monte Carlo interval. No interval of one run."""
    mean = series(ds, name, "mean")
    low, high = (np.where(np.isnan(end), mean, end) for end in (series(ds, name, s) for s in ("low", "high")))
    return mean, low, high


def probability(ds: xr.Dataset, name: str, *where: int) -> str:
    """A probability at a date, beside which its interval over what is uncertain is drawn where there is one."""
    p = {c: float(series(ds, name, c)[where]) for c in ("mean", *MONTE_CARLO, *ENDS)}
    return style.level(p)


def reach(ds: xr.Dataset, outcomes: Iterable[str]) -> float:
    """How far the 95 % Monte Carlo intervals of outcomes reach at most to either side, on average; 0 of one run."""
    return max(float(np.nan_to_num(Z95 * error_of(*interval(ds, name)[1:])).max()) for name in outcomes)


def names(ds: xr.Dataset) -> list[str]:
    """Full names of the members; the code where a state has none."""
    codes = [str(code) for code in ds["member"].values]
    full = [" ".join(str(name).split()) for name in ds["name"].values] if "name" in ds.coords else codes
    return [name or code for name, code in zip(full, codes, strict=True)]


def texts(ds: xr.Dataset, key: str) -> list[str]:
    """An attribute that is a list of texts; files may hold a list of one as its only text."""
    return [str(x) for x in np.atleast_1d(np.asarray(ds.attrs.get(key, []), dtype=object))]


def months(ds: xr.Dataset) -> NDArray[np.int64]:
    """Dates as months since January 1970. (date,)"""
    return np.asarray(ds["date"].values.astype("datetime64[M]").astype(np.int64))


def month_name(ds: xr.Dataset, at: int, whole: bool = False) -> str:
    """A date in words: ``Oct 2028``, or with the whole name of the month."""
    year, month = divmod(int(months(ds)[at]), 12)
    return f"{(calendar.month_name if whole else calendar.month_abbr)[month + 1]} {year + 1970}"


def duration(years: float) -> str:
    """``1 year``, ``2.5 years``"""
    return plural(float(f"{years:.4g}"), "year")


def horizons(ds: xr.Dataset) -> list[Horizon]:
    """The horizons that the dates reach, earliest first; the last date where there is none."""
    elapsed = months(ds) - months(ds)[0]
    step = np.diff(elapsed).max(initial=1)
    asked = [float(years) for years in np.atleast_1d(ds.attrs.get("horizons", []))]
    reached = [years for years in sorted(set(asked)) if years * 12 <= elapsed[-1] + step / 2]
    at = {years: int(np.abs(elapsed - years * 12).argmin()) for years in reached or [float(elapsed[-1]) / 12]}
    return [Horizon(k, duration(years), month_name(ds, k)) for years, k in at.items()]


def by_exit(ds: xr.Dataset) -> list[int]:
    """Members by exit probability at the last horizon, highest first, then by name."""
    final = np.nan_to_num(series(ds, "exit", "mean")[horizons(ds)[-1].at], nan=-1)
    full = names(ds)
    return sorted(range(len(full)), key=lambda i: (-final[i], full[i]))


def looks(ds: xr.Dataset) -> list[style.State]:
    """How each member is drawn in every figure of a result."""
    codes = [str(code) for code in ds["member"].values]
    found = style.states(codes, [codes[i] for i in by_exit(ds)])
    return [found[code] for code in codes]


def starts_outside(ds: xr.Dataset) -> Flags:
    """Which states are outside the alliance at the first date. (member,)"""
    return np.asarray(series(ds, "outside", "mean")[0] > 0.5)


def starts_frozen(ds: xr.Dataset) -> Flags:
    """Which states have frozen their membership at the first date. (member,)"""
    return np.asarray(series(ds, "frozen", "mean")[0] > 0.5)


def error_note(ds: xr.Dataset, name: str, mark: str) -> str:
    """What the footer says of Monte Carlo error: the mark that shows it, or that there is none."""
    known = bool(np.isfinite(series(ds, name, "mcse")).any())
    return f"{mark}: 95 % Monte Carlo error" if known else "too few runs for a Monte Carlo error"


def leader(ds: xr.Dataset) -> str:
    """Full name of the leader, as it stands in a sentence."""
    return in_text(" ".join(str(ds.attrs["leader_name"]).split()))


def interval_note(ds: xr.Dataset, outcomes: Iterable[str]) -> str:
    """How wide the 90 % interval of probabilities over what is uncertain is at most; "" where it is unknown."""
    widths = [series(ds, name, "q95") - series(ds, name, "q05") for name in outcomes if OUTCOMES[name].probability]
    known = [float(np.nanmax(w)) for w in widths if np.isfinite(w).any()]
    return f"90 % interval over inputs and coefficients: up to {100 * max(known):.2g} points wide" if known else ""


def page(ds: xr.Dataset, headline: str, below: str, note: str, height: float) -> Figure:
    """A sheet whose second line is title and period, and whose footer says where the data come from."""
    title = " ".join(str(ds.attrs["title"]).split())
    period = f"{month_name(ds, 0)} to {month_name(ds, -1)}"
    return sheet.page(headline, f"{title} ({period})", below, provenance(ds, note), height)


def provenance(ds: xr.Dataset, note: str) -> str:
    """Where a figure comes from: scenario, alliance, runs, seed, coefficients of elsewhere, marks of error."""
    a = ds.attrs
    parts = [_scenarios(ds), f"{a['alliance']}, led by {leader(ds)}", _runs(ds), f"seed {a['seed']}"]
    parts += [str(a.get(said, "")) for said in ("begins", "coefficients")]
    return sheet.BETWEEN.join(" ".join(part.split()) for part in (*parts, *note.split(sheet.BETWEEN)) if part)


def _scenarios(ds: xr.Dataset) -> str:
    """The scenario of a run, or the first few of a study."""
    names = texts(ds, "scenarios") or [str(ds.attrs["scenario"])]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"Scenario{'s' if len(names) > 1 else ''}: {', '.join(names[:4])}{more}"


def _runs(ds: xr.Dataset) -> str:
    """How many runs, and in a study at how many points of which design."""
    runs = plural(int(ds.attrs["runs"]), "run")
    if "point" not in ds.dims:
        return runs
    return f"{plural(ds.sizes['point'], 'point')} ({DESIGNS[str(ds.attrs['design'])]}), {runs} each"
