"""Differences from a base scenario, with paired 95 % intervals."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

PANELS = {
    "exit": "Exit: percentage points more (right) or less likely to have left",
    "cohesion": "Cohesion: difference in mean joint support",
}


def contrast(table: "pd.DataFrame", titles: dict[str, str], base_title: str, footer: str) -> "Figure":
    """One row a scenario, at the last horizon: exit of every state that is moved, and cohesion.

    ``table`` is :attr:`Comparison.table`; ``titles`` the scenarios' titles by name.
    """
    from matplotlib.figure import Figure

    last = table.horizon_years.max()
    there = table[table.horizon_years == last]
    rows = list(titles)
    states = moved(there)
    figure = Figure(figsize=(12, 2.2 + 0.55 * len(rows)), layout="constrained")
    figure.suptitle(
        f"What would change: differences from “{base_title}” after {last:g} years",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    axes = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for axis, outcome in zip(axes, PANELS, strict=True):
        scale = 100 if outcome == "exit" else 1
        members = states if outcome == "exit" else [""]
        for m, member in enumerate(members):
            of_member = there[(there.outcome == outcome) & (there.member == member)].set_index("scenario")
            shift = (m - (len(members) - 1) / 2) * 0.8 / max(len(members), 1)
            y = [k + shift for k in range(len(rows))]
            d = [scale * of_member.difference[name] for name in rows]
            e = [scale * 1.96 * of_member.mcse[name] for name in rows]
            axis.errorbar(
                d,
                y,
                xerr=e,
                fmt="o",
                ms=5,
                lw=1.5,
                color=COLOURS[m % len(COLOURS)] if member else "0.2",
                label=member or None,
            )
        axis.axvline(0, color="0.4", lw=0.8)
        axis.set_title(PANELS[outcome], loc="left", fontsize=10)
        axis.locator_params(axis="x", nbins=6)
        axis.grid(axis="x", color="0.9")
        axis.set_axisbelow(True)
        axis.spines[["top", "right", "left"]].set_visible(False)
        for k in range(0, len(rows), 2):
            axis.axhspan(k - 0.5, k + 0.5, color="0.96", zorder=0)
    axes[0].set_yticks(range(len(rows)), [titles[name] for name in rows])
    axes[0].set_ylim(len(rows) - 0.5, -0.5)
    axes[0].tick_params(axis="y", length=0)
    axes[1].tick_params(axis="y", length=0)
    if states:
        figure.legend(
            *axes[0].get_legend_handles_labels(),
            loc="outside lower left",
            ncols=len(states),
            frameon=False,
        )
    figure.supxlabel(footer, x=0.99, ha="right", fontsize=8, color="0.4")
    return figure


COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#DDAA33", "#882255", "#44AA99", "#999933")


def moved(there: "pd.DataFrame", most: int = 6) -> list[str]:
    """The states whose exit probability some scenario moves by a point or more, the most moved first."""
    exits = there[there.outcome == "exit"]
    size = exits.groupby("member").difference.apply(lambda d: d.abs().max())
    return list(size[size >= 0.01].sort_values(ascending=False).index[:most])
