"""What the figures read from a results dataset: series, names, horizons, who starts outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sim.model.outcomes import series as series  # figures read a dataset through this file

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

Z = 1.96
"""Standard errors on either side of a mean in a 95 % interval."""


class Horizon(NamedTuple):
    """A date at which probabilities are read."""

    index: int  # type: ignore[assignment]
    """Position along ``date``."""
    years: str
    """``5 years``"""
    month: str
    """``Oct 2028``"""


def names(ds: xr.Dataset) -> list[str]:
    """Full names of the members; the code where a state has none."""
    codes = [str(code) for code in ds["member"].values]
    if "name" not in ds.coords:
        return codes
    full = (" ".join(str(name).split()) for name in ds["name"].values)
    return [name or code for name, code in zip(full, codes, strict=True)]


def months(ds: xr.Dataset) -> NDArray[np.int64]:
    """Dates as months since January 1970. (date,) int64"""
    import numpy as np

    return np.asarray(ds["date"].values.astype("datetime64[M]").astype(np.int64))


def month_name(ds: xr.Dataset, index: int, whole: bool = False) -> str:
    """A date in words: ``Oct 2028``, or with the whole name of the month."""
    import calendar

    year, month = divmod(int(months(ds)[index]), 12)
    called = calendar.month_name if whole else calendar.month_abbr
    return f"{called[month + 1]} {year + 1970}"


def listed(ds: xr.Dataset, key: str) -> list[str]:
    """An attribute that is a list of texts; files may hold a list of one as its only text."""
    import numpy as np

    return [str(x) for x in np.atleast_1d(np.asarray(ds.attrs.get(key, []), dtype=object))]


def horizons(ds: xr.Dataset) -> list[Horizon]:
    """The horizons that the dates reach, earliest first; the last date where there is none."""
    import numpy as np

    elapsed = months(ds) - months(ds)[0]
    step = np.diff(elapsed).max(initial=1)
    asked = [float(years) for years in np.atleast_1d(ds.attrs.get("horizons", []))]
    reached = [years for years in sorted(set(asked)) if years * 12 <= elapsed[-1] + step / 2]
    found = []
    for years in reached or [float(elapsed[-1]) / 12]:
        index = int(np.abs(elapsed - years * 12).argmin())
        span = f"{years:.4g} year" + ("" if years == 1 else "s")
        found.append(Horizon(index, span, month_name(ds, index)))
    return found


def starts_outside(ds: xr.Dataset) -> NDArray[np.bool_]:
    """Which states are outside the alliance at the first date. (member,) bool"""
    import numpy as np

    return np.asarray(series(ds, "outside", "mean")[0] > 0.5)


def interval(ds: xr.Dataset, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and the ends of its 95 % Monte Carlo interval. No interval where runs are too few."""
    import numpy as np

    mean = series(ds, name, "mean")
    error = Z * np.nan_to_num(series(ds, name, "mcse"))
    return mean, mean - error, mean + error


def error_note(ds: xr.Dataset, name: str, mark: str) -> str:
    """What the footer says of Monte Carlo error: the mark that shows it, or that there is none."""
    import numpy as np

    known = bool(np.isfinite(series(ds, name, "mcse")).any())
    return f"{mark}: 95 % Monte Carlo error" if known else "too few runs for a Monte Carlo error"


def percent(share: float) -> str:
    """A probability for the eye: two digits or so, never a false zero or a false certainty."""
    import math

    if math.isnan(share):
        return "none"
    value = 100 * share
    if value <= 0 or value >= 100:
        return f"{min(max(value, 0), 100):.0f} %"
    if value < 0.01:
        return "<0.01 %"
    if value > 99:
        return ">99 %"
    if value < 0.995:
        return f"{value:.2f} %"
    return f"{value:.1f} %" if value < 9.95 else f"{value:.0f} %"


def at_most(error: float) -> str:
    """An error in one digit, rounded up: ``±0.02``; never less than ``±0.0001``."""
    import math

    error = max(error, 1e-4)
    digits = max(-math.floor(math.log10(error)), 0)
    return f"±{math.ceil(round(error * 10**digits, 6)) / 10**digits:.4g}"
