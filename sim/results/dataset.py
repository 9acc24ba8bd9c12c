"""The labelled dataset of a run: (date, [member,] statistic) for every quantity."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.estimates.summary import STATISTICS
from sim.model.arrays import Array
from sim.model.outcomes import OUTCOMES
from sim.scenario.compile import Program

if TYPE_CHECKING:
    import xarray as xr


def dataset(statistics: Mapping[str, Array], program: Program, attributes: Mapping[str, Any]) -> "xr.Dataset":
    """Label the statistics of a run.

    Every variable has dims (date, statistic) or (date, member, statistic); ``date`` is the start and
    then the end of each tick.
    """
    import xarray as xr

    variables = {
        name: xr.Variable(
            ("date", "statistic") if x.ndim == 2 else ("date", "member", "statistic"),
            x,
            {"long_name": OUTCOMES[name].meaning, "units": OUTCOMES[name].unit},
        )
        for name, x in statistics.items()
    }
    return xr.Dataset(
        variables,
        coords={
            "date": np.array(program.dates, dtype="datetime64[D]").astype("datetime64[s]"),
            "member": np.array(program.members, dtype=object),
            "name": ("member", np.array(program.names, dtype=object)),
            "statistic": np.array(STATISTICS, dtype=object),
        },
        attrs={**attributes, "horizons": list(program.horizons)},
    )
