"""Tidy tables of a run, as pandas data frames and CSV files."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.model.outcomes import EVERY, USUAL, names, series

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


def horizon_ticks(ds: "xr.Dataset") -> dict[float, int]:
    """By horizon in years the tick that ends nearest to so long after the start."""
    last = ds.sizes["date"] - 1
    step = (ds.date.values[-1] - ds.date.values[0]) / last
    year = np.timedelta64(31556952, "s")
    return {y: int(np.clip(round(y * year / step), 1, last)) for y in np.atleast_1d(ds.attrs["horizons"]).tolist()}


def rows(ds: "xr.Dataset", outcomes: Collection[str], ticks: Sequence[int], columns: Sequence[str]) -> "pd.DataFrame":
    """Rows by member, outcome and date of outcomes that are all of members or all of the alliance."""
    import pandas as pd

    members = [str(m) for m in ds.member.values] if "member" in ds[next(iter(outcomes))].dims else [""]
    x = np.stack([[series(ds, name, c)[list(ticks)] for c in columns] for name in outcomes])
    x = x.reshape(*x.shape[:3], len(members)).transpose(3, 0, 2, 1)  # (member, outcome, tick, column)
    index = pd.MultiIndex.from_product([members, outcomes, ticks], names=["member", "outcome", "tick"])
    return pd.DataFrame(x.reshape(len(index), -1), index=index, columns=list(columns)).reset_index()


def _days(ds: "xr.Dataset") -> "np.ndarray[tuple[int], np.dtype[np.datetime64]]":
    """Dates in seconds, whatever the file that they were read from keeps them in."""
    return np.asarray(ds.date.values.astype("datetime64[s]"))


def at_horizons(ds: "xr.Dataset", by_member: bool) -> "pd.DataFrame":
    """Every outcome of members, or of the alliance, at each horizon."""
    at = horizon_ticks(ds)
    frame = rows(ds, names(by_member=by_member), list(at.values()), USUAL)
    frame.insert(2, "horizon_years", list(at) * (len(frame) // len(at)))
    frame.insert(3, "date", _days(ds)[frame.pop("tick")])
    return frame if by_member else frame.drop(columns="member")


def ticks(ds: "xr.Dataset") -> "pd.DataFrame":
    """Every outcome at every date; ``member`` is empty for the alliance."""
    import pandas as pd

    every = range(ds.sizes["date"])
    frame = pd.concat([rows(ds, names(by_member=m), every, EVERY) for m in (False, True)], ignore_index=True)
    frame.insert(0, "date", _days(ds)[frame.pop("tick")])
    return frame


def digits(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Rounded to what a reader can use: far below any Monte Carlo error."""
    return frame.round(dict.fromkeys(frame.select_dtypes("number"), 9))


def csv(frame: "pd.DataFrame") -> str:
    """A table as CSV text; undefined values are empty."""
    return str(digits(frame).to_csv(index=False, lineterminator="\n"))


def csv_of(frame: "pd.DataFrame") -> str:
    """A table of estimates as CSV text: six significant digits, undefined values empty."""
    return str(frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_csv(file: Path, words: Sequence[str]) -> "pd.DataFrame":
    """The table that :func:`csv_of` made; ``words`` are columns of text, never read as numbers or as missing."""
    import pandas as pd

    frame = pd.read_csv(file, dtype=dict.fromkeys(words, str), keep_default_na=False, na_values=[""])
    return frame.fillna({w: "" for w in words if w in frame})
