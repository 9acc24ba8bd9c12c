"""Tidy tables of a run, as pandas data frames and CSV files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.model.outcomes import OUTCOMES, names

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

TOLD = ("mean", "mcse", "q05", "q95", "parameter_share", "share_mcse")
"""Statistics that tables of outcomes and the summary have."""


def at_horizon(ds: "xr.Dataset", years: float) -> "xr.Dataset":
    """The dataset at the tick that ends nearest to some years after the start."""
    step = (ds.date.values[-1] - ds.date.values[0]) / (ds.sizes["date"] - 1)
    tick = int(np.clip(round(years * np.timedelta64(31556952, "s") / step), 1, ds.sizes["date"] - 1))
    return ds.isel(date=tick)


def _day(date: object) -> str:
    return str(date)[:10]


def told(x: "xr.DataArray") -> dict[str, float]:
    """What is told of a quantity of one date."""
    return {s: float(x.sel(statistic=s)) for s in TOLD}


def chance(x: "xr.DataArray") -> dict[str, float]:
    """What is told of a probability."""
    mean, *rest = told(x).items()
    return {"probability": mean[1], **dict(rest)}


def members(ds: "xr.Dataset") -> "pd.DataFrame":
    """Outcomes of every member: exit and freeze by each horizon, the rung at it."""
    import pandas as pd

    rows = []
    for member in ds.member.values:
        for outcome in names("event", "chance", by_member=True):
            for years in ds.attrs["horizons"]:
                there = at_horizon(ds, years)
                rows.append(
                    {
                        "member": member,
                        "outcome": outcome,
                        "horizon_years": years,
                        "date": _day(there.date.values),
                        **chance(there[outcome].sel(member=member)),
                    }
                )
    return pd.DataFrame(rows)


def alliance(ds: "xr.Dataset") -> "pd.DataFrame":
    """Any exit, two or more exits and dissolution by each horizon."""
    import pandas as pd

    rows = []
    for outcome in names("event", by_member=False):
        for years in ds.attrs["horizons"]:
            there = at_horizon(ds, years)
            rows.append(
                {"outcome": outcome, "horizon_years": years, "date": _day(there.date.values), **chance(there[outcome])}
            )
    return pd.DataFrame(rows)


def ticks(ds: "xr.Dataset") -> "pd.DataFrame":
    """Every quantity at every date; ``member`` is empty for the alliance."""
    import pandas as pd

    dates = [_day(d) for d in ds.date.values]
    frames = []
    for name, outcome in OUTCOMES.items():
        x = ds[name]
        holders = [(str(m), x.sel(member=m)) for m in ds.member.values] if outcome.by_member else [("", x)]
        for member, x in holders:
            frame = pd.DataFrame(x.values, columns=list(ds.statistic.values))
            frame.insert(0, "member", member)
            frame.insert(0, "quantity", name)
            frame.insert(0, "date", dates)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def digits(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Rounded to what a reader can use: far below any Monte Carlo error."""
    return frame.round(9)


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
