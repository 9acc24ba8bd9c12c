"""What a run gives back: dataset, tables, figures and a summary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sim.model.outcomes import names
from sim.results import tables
from sim.results.tables import at_horizon, chance, told
from sim.scenario.load import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

Tell = Callable[["xr.DataArray"], dict[str, float]]


@dataclass
class Result:
    """A finished run of a scenario.

    ``dataset`` holds every quantity by (date, [member,] statistic); ``members``, ``ticks`` and
    ``alliance`` are tidy tables; ``figures()`` draws; ``summary()`` is what the command prints.
    """

    scenario: Scenario
    dataset: "xr.Dataset"
    provenance: dict[str, Any]

    @cached_property
    def members(self) -> "pd.DataFrame":
        """member, outcome, horizon_years, date, probability, mcse, q05, q95, parameter_share, share_mcse."""
        return tables.members(self.dataset)

    @cached_property
    def ticks(self) -> "pd.DataFrame":
        """date, quantity, member, mean, mcse, five quantiles, parameter_share, share_mcse."""
        return tables.ticks(self.dataset)

    @cached_property
    def alliance(self) -> "pd.DataFrame":
        """outcome, horizon_years, date, probability, mcse, q05, q95, parameter_share, share_mcse."""
        return tables.alliance(self.dataset)

    def figures(self) -> dict[str, "Figure"]:
        """The figures by name, drawn anew."""
        from sim.figures import draw_all

        return draw_all(self.dataset)

    def summary(self) -> dict[str, Any]:
        """The figures of the printed table: plain numbers, ready for JSON."""
        ds = self.dataset
        now, end = ds.isel(date=0), ds.isel(date=-1)
        horizons = ds.attrs["horizons"]

        def by_horizon(name: str, tell: Tell, member: str | None = None) -> dict[str, Any]:
            at = {f"{years:g}": at_horizon(ds, years)[name] for years in horizons}
            return {y: tell(x if member is None else x.sel(member=member)) for y, x in at.items()}

        def of_member(code: str) -> dict[str, Any]:
            here = now.sel(member=code)
            return {
                "member": code,
                "name": str(here.name.values),
                "stance": told(here["stance"]),
                "conduct": {rung: told(here[rung]) for rung in names("chance", by_member=True)},
                **{outcome: by_horizon(outcome, chance, code) for outcome in names("event", by_member=True)},
            }

        return {
            "scenario": self.scenario.name,
            "title": ds.attrs["title"],
            **{k: self.provenance[k] for k in ("runs", "seed", "engine")},
            "start": ds.attrs["start"],
            "members": [of_member(str(m)) for m in ds.member.values],
            "alliance": {
                "cohesion": {
                    "now": told(now["cohesion"]),
                    **by_horizon("cohesion", told),
                    "end": told(end["cohesion"]),
                },
                **{outcome: by_horizon(outcome, chance) for outcome in names("event", by_member=False)},
            },
        }

    def __repr__(self) -> str:
        s = self.summary()
        years = f"{self.dataset.attrs['horizons'][-1]:g}"
        rows = [
            f"  {m['name']:<14} stance {m['stance']['mean']:+.2f}   "
            f"exit in {years} years {_percent(m['exit'][years])}   freeze {_percent(m['freeze'][years])}"
            for m in s["members"]
        ]
        cohesion = s["alliance"]["cohesion"]
        return "\n".join(
            [
                f"<Result {s['scenario']}: {s['title']}; {s['runs']:,} runs, seed {s['seed']}>",
                *rows,
                f"  cohesion {cohesion['now']['mean']:.2f} at the start, {cohesion['end']['mean']:.2f} at the end; "
                f"dissolution in {years} years {_percent(s['alliance']['dissolution'][years])}",
            ]
        )


def _percent(p: Mapping[str, float]) -> str:
    if p["probability"] < 0.0005 and not p["mcse"] >= 0.0005:
        return "< 0.05 %"
    return f"{100 * p['probability']:.1f} ± {100 * p['mcse']:.1f} %"
