"""Where a finished study's outcomes are lowest and highest: what its command prints."""

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.model.outcomes import names, variable

if TYPE_CHECKING:
    from sim.studies.sweep import Sweep


def extremes(s: "Sweep") -> list[dict[str, Any]]:
    """For each outcome of the alliance, and the exit of each member in focus, at the last horizon."""
    ds = s.dataset
    last = ds.sizes["tick"] - 1
    wanted = [(name, "") for name in names(by_member=False, headline=True) if name in ds]
    if "exit" in ds:
        wanted += [("exit", m) for m in ds.attrs["focus"] or [str(m) for m in ds.member.values]]
    found = []
    for name, member in wanted:
        where = {"member": member} if member else {}
        mean, error = (ds[variable(name, s)].isel(tick=last).sel(where).values for s in ("mean", "mcse"))
        if np.isnan(mean).all():
            continue
        ends = {}
        for end, k in (("lowest", int(np.nanargmin(mean))), ("highest", int(np.nanargmax(mean)))):
            ends[end] = {
                "point": k,
                "value": float(mean[k]),
                "mcse": float(error[k]),
                "at": {f: float(ds[f][k]) for f in ds.attrs["factors"]},
                "scenario": str(ds.scenario.values[k]),
            }
        found.append({"outcome": name, "member": member, "years": float(ds.years[last]), **ends})
    return found
