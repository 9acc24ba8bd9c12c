"""The labelled dataset of a run: by date, and by member where every member has its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.estimates.intervals import SOURCES, around
from sim.estimates.sample import LEVELS
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES, STATISTICS, attributes, variable
from sim.scenario.compile import Program

if TYPE_CHECKING:
    import xarray as xr


def dataset(statistics: Mapping[str, Array], program: Program, said: Mapping[str, Any]) -> "xr.Dataset":
    """Label the statistics of a run.

    ``cohesion`` is the mean, (date,); ``cohesion_mcse`` its Monte Carlo error, ``cohesion_quantile`` (date, quantile)
    how it spreads. ``date`` is the start and then the end of each tick; ``member`` are codes, ``name`` full names.
    """
    import xarray as xr

    found = {}
    for name, outcome in OUTCOMES.items():
        for statistic in STATISTICS:
            member = ("member",) if outcome.by_member else ()
            quantile = ("quantile",) if statistic == "quantile" else ()
            key = variable(name, statistic)
            found[key] = ("date", *member, *quantile), statistics[key], attributes(name, statistic)
    return by_name(
        xr.Dataset(
            found,
            coords={
                "date": np.array(program.dates, dtype="datetime64[D]").astype("datetime64[s]"),
                "member": np.array(program.members, dtype=object),
                "name": ("member", np.array(program.names, dtype=object)),
                "quantile": list(LEVELS),
            },
            attrs={**said, "horizons": list(program.horizons)},
        )
    )


def expected(paths: Mapping[str, Array], statistics: Mapping[str, Array]) -> dict[str, Any]:
    """Variables of a dataset: quantiles of the expected path of a measure, chance taken out, by what is uncertain.

    Parameters
    ----------
    paths : (date, source, quantile), of :class:`sim.estimates.intervals.Uncertainty`.
    statistics : of the run, whose means they hold.
    """
    said = "{}: its expected path without what chance adds, over what is uncertain"
    return {
        "source": np.array(SOURCES, dtype=object),
        **{
            variable(name, "expected"): (
                ("date", "source", "quantile"),
                around(x, statistics[name][:, None]),
                {"long_name": said.format(OUTCOMES[name].title), "units": OUTCOMES[name].unit},
            )
            for name, x in paths.items()
        },
    }


def names_in(ds: "xr.Dataset") -> dict[str, str]:
    """Full names of the members by code, as figures have them."""
    from sim.figures.dataset import names

    return dict(zip(map(str, ds["member"].values), names(ds), strict=True))


def led_in(ds: "xr.Dataset") -> tuple[str, str]:
    """Full names of the alliance and of its leader."""
    return str(ds.attrs["alliance"]), str(ds.attrs["leader_name"])


def write(ds: "xr.Dataset", file: Path) -> None:
    """Write it as NetCDF 3, whose integers end at 2^31, before some seeds."""
    ds.assign_attrs(seed=f"{ds.attrs['seed']}").to_netcdf(file, engine="scipy")


def read(file: Path) -> "xr.Dataset":
    """What was written, with the same types."""
    import xarray as xr

    with xr.open_dataset(file, engine="scipy", decode_times=xr.coders.CFDatetimeCoder(time_unit="s")) as ds:
        runs, seed = (int(ds.attrs[k]) for k in ("runs", "seed"))
        horizons = np.atleast_1d(ds.attrs["horizons"]).tolist()
        return by_name(ds.load().assign_attrs(runs=runs, seed=seed, horizons=horizons))


def by_name(ds: "xr.Dataset") -> "xr.Dataset":
    """The same, so that members can be selected by full name as well: ``ds.sel(name="Armenia")``."""
    return ds.set_xindex("name")
