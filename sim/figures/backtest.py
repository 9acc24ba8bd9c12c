"""Figures of a backtest: skill against dull rules, reliability, ranks, and cohesion as it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.figures import style

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LOWEST, HIGHEST = -2.0, 1.0
"""Ends of the axis of skill: 1 is perfect; what is below is named at the edge."""
MARKS = {"as they were": ("o", "#1f4e79"), "held": ("s", "#c2410c")}
"""By what the model knows of the inputs after the origin."""
LINE, HEADING, FOOT = 0.26, 0.34, 0.55
NAMES = 4.1
"""Inches at the left for what is compared."""
OBSERVED = "#7a1f1d"


def skills(told: dict[str, Any]) -> Figure:
    """A line a comparison: skill with its 90 % interval, by what the model knew of the inputs.

    ``told`` has title, footer and rows of split, measure, score, inputs, baseline, skill, low, high.
    """
    import numpy as np

    rows = told["rows"]
    lines: dict[str, list[tuple[str, str, list[dict[str, Any]]]]] = {}
    for split in dict.fromkeys(r["split"] for r in rows):
        of = [r for r in rows if r["split"] == split]
        keys = dict.fromkeys((r["measure"], r["score"], r["baseline"]) for r in of)
        lines[split] = [
            (f"{m} ({s})", b, [r for r in of if (r["measure"], r["score"], r["baseline"]) == (m, s, b)])
            for m, s, b in keys
        ]  # fmt: skip
    finite = [r for r in rows if np.isfinite(r["skill"])]
    better = sum(r["low"] > 0 for r in finite)
    worse = sum(r["high"] < 0 for r in finite)
    headline = (
        f"{told['title']}: in {len(finite)} comparisons the model is better in {better}, worse in {worse}, "
        f"and cannot be told apart in {len(finite) - better - worse}"
    )
    below = (
        "Skill: 1 - score of the model / score of the dull rule. Right of the line the model is better, left of it the rule. "
        ""
        "Bars: 90 % bootstrap interval, cut off at the edges. "
        "Round: inputs as they were; square: inputs held at their last value before the forecast."
    )
    height = sum(HEADING + LINE * len(x) for x in lines.values()) + FOOT
    with style.look():
        second = "Skill of forecasts (proper scores, smaller is better)"
        figure = style.page(headline, second, below, told["footer"], height)
        bottom = figure.get_layout_engine().get()["rect"][1] * figure.get_figheight()  # type: ignore[union-attr]
        figure.set_layout_engine("none")
        y = bottom + height
        last = list(lines)[-1]
        for split, each in lines.items():
            y -= HEADING
            at = style.MARGIN / style.WIDTH, (y + 0.08) / figure.get_figheight()
            figure.text(*at, split, fontsize=style.LARGE, fontweight="bold")
            tall = LINE * len(each)
            y -= tall
            _skill_panel(figure, y, tall, each, split == last)
        return style.settle(figure)


def _skill_panel(
    figure: Figure, y: float, tall: float, lines: Sequence[tuple[str, str, list[dict[str, Any]]]],
    last: bool,
) -> None:  # fmt: skip
    wide, high = figure.get_figwidth(), figure.get_figheight()
    ax = figure.add_axes(((NAMES) / wide, y / high, (wide - NAMES - 0.9) / wide, tall / high))
    ax.set_xlim(LOWEST, HIGHEST)
    ax.set_ylim(len(lines) - 0.5, -0.5)
    ax.axvline(0.0, color=style.INK, linewidth=1.0)
    ax.grid(axis="x")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    before = None
    for k, (measure, baseline, rows) in enumerate(lines):
        if k % 2:
            ax.axhspan(k - 0.5, k + 0.5, color=style.BAND, linewidth=0)
        name = "" if measure == before else measure[:1].upper() + measure[1:]
        before = measure
        left = -(NAMES - style.MARGIN)
        for text, at, colour in ((name, left, style.INK), (f"against {baseline}", -1.35, style.GREY)):  # fmt: skip
            ax.annotate(text, (0, k), (at * 72, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                        va="center", fontsize=style.SMALL, color=colour, annotation_clip=False)  # fmt: skip
        for j, r in enumerate(rows):
            shift = 0.0 if len(rows) == 1 else (-0.18, 0.18)[j % 2]
            _skill_mark(ax, k + shift, r)
    if last:
        ax.set_xlabel("Skill: 0 is no better than the dull rule, 1 is perfect")
    else:
        ax.tick_params(labelbottom=False, length=0)


def _skill_mark(ax: Axes, y: float, r: dict[str, Any]) -> None:
    import numpy as np

    mark, colour = MARKS[r["inputs"]]
    text: dict[str, Any] = {"va": "center", "fontsize": style.SMALL - 1.5, "color": colour}
    if not np.isfinite(r["skill"]):
        ax.text(LOWEST + 0.03, y, "the rule was perfect", **text)
    elif r["skill"] < LOWEST:
        ax.plot(LOWEST + 0.02, y, marker="<", color=colour, markersize=4, clip_on=False)
        ax.text(LOWEST + 0.08, y, f"{r['skill']:.1f}", **text)
    else:
        ax.plot([max(r["low"], LOWEST), min(r["high"], HIGHEST)], [y, y], color=colour, linewidth=1.3)  # fmt: skip
        ax.plot(r["skill"], y, marker=mark, color=colour, markersize=4)


def reliability(told: dict[str, Any]) -> Figure:
    """What was forecast at p and how often it came, without bins, with the band of reliable forecasts.

    ``told`` has title, footer and panels of title, forecast, frequency, low, high (case,), cases, events.
    """
    import numpy as np

    panels = told["panels"]
    away = [1.0 - np.mean(_within(p["frequency"], p["low"], p["high"])) for p in panels]
    shares = ", ".join(f"{100 * a:.0f} % ({p['title'].lower()})" for a, p in zip(away, panels, strict=True))  # fmt: skip
    headline = f"{told['title']}: outside the band of reliable forecasts are {shares}"
    below = (
        "Step: how often what was forecast came (isotonic regression). "
        "Band: where it would lie in 90 % of cases if forecasts were reliable. "
        "Above the diagonal it came more often than forecast, below it less often. Ticks below: the forecasts."
    )
    with style.look():
        figure = style.page(headline, "Reliability diagram (CORP), inputs as they were", below, told["footer"], 3.6)  # fmt: skip
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, p in zip(axes, panels, strict=True):
            _reliability_panel(ax, p)
        axes[0].set_ylabel("Share that came")
        return style.settle(figure)


def _within(x: Array, low: Array, high: Array) -> NDArray[np.bool_]:
    return (x >= low - 1e-9) & (x <= high + 1e-9)


def _reliability_panel(ax: Axes, p: dict[str, Any]) -> None:
    ax.fill_between(p["forecast"], p["low"], p["high"], color=style.FAN["wide"], step="mid", linewidth=0)  # fmt: skip
    ax.plot([0, 1], [0, 1], color=style.GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.step(p["forecast"], p["frequency"], where="mid", color=style.FAN["median"], linewidth=1.8)
    feet = [-0.04] * len(p["forecast"])
    ax.plot(p["forecast"], feet, "|", color=style.GREY, markersize=6, alpha=0.5, clip_on=False)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.07, 1)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.set_aspect("equal", adjustable="box")
    ax.set_xlabel("Probability forecast")
    ax.set_title(f"{p['title']}\n{p['events']:,} of {p['cases']:,} came", fontsize=style.NORMAL)


def rank_histogram(told: dict[str, Any]) -> Figure:
    """Where observed cohesion lies in the ranks of its forecast.

    ``told`` has title, footer and panels of title, counts, low, high (bin,), cases.
    """
    panels = told["panels"]
    out = [sum((p["counts"] < p["low"]) | (p["counts"] > p["high"])) for p in panels]
    both = zip(out, panels, strict=True)
    parts = "; ".join(
        f"{p['title']}: {n} of {len(p['counts'])} bars outside the band" for n, p in both
    )
    below = (
        "Each observed cohesion by its rank among the simulated ones. Bands: 90 % of what an ensemble that is right would give. "
        "Full ends: forecasts too sure of themselves; full middle: not sure enough; a slope: too high or too low throughout."
    )
    with style.look():
        second = "Rank histogram of cohesion, inputs as they were"
        figure = style.page(f"{told['title']}: {parts}", second, below, told["footer"], 3.0)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, p in zip(axes, panels, strict=True):
            bins = range(len(p["counts"]))
            ax.bar(bins, p["counts"], color=style.FAN["half"], width=0.92)
            for k in bins:
                ax.plot([k - 0.46, k + 0.46], [p["low"][k]] * 2, color=style.INK, linewidth=0.9)
                ax.plot([k - 0.46, k + 0.46], [p["high"][k]] * 2, color=style.INK, linewidth=0.9)
                ax.plot([k, k], [p["low"][k], p["high"][k]], color=style.INK, linewidth=0.9)
            ax.set_xticks([0, len(p["counts"]) - 1], ["lowest\nforecasts", "highest\nforecasts"])
            ax.set_title(f"{p['title']}: {p['cases']} motions", fontsize=style.NORMAL)
            ax.yaxis.get_major_locator().set_params(integer=True)
        axes[0].set_ylabel("Motions")
        return style.settle(figure)


def cohesion(told: dict[str, Any]) -> Figure:
    """Observed cohesion on every motion against its forecast.

    ``told`` has title, footer and panels of title, dates, names, observed, q05, q25, median, q75, q95 and persistence.
    """
    panels = told["panels"]
    inside = sum(int(_within(p["observed"], p["q05"], p["q95"]).sum()) for p in panels)
    cases = sum(len(p["observed"]) for p in panels)
    below = (
        "Bars: middle 90 % and 50 % of the forecast, tick: its median. Dots: as it came. "
        "Motions in order of date, evenly spaced. Dashed: cohesion on the last motion before the forecast."
    )
    with style.look():
        figure = style.page(
            f"{told['title']}: cohesion lay in the 90 % interval on {inside} of {cases} motions",
            "Cohesion (joint support with the leader, 0 to 1), inputs as they were", below, told["footer"], 3.1 * len(panels),
        )  # fmt: skip
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for ax, p in zip(axes, panels, strict=True):
            _cohesion_panel(ax, p)
        return style.settle(figure)


def _cohesion_panel(ax: Axes, p: dict[str, Any]) -> None:
    places = list(range(len(p["observed"])))
    ax.vlines(places, p["q05"], p["q95"], color=style.FAN["wide"], linewidth=9)
    ax.vlines(places, p["q25"], p["q75"], color=style.FAN["half"], linewidth=9)
    ax.plot(places, p["median"], "_", color=style.FAN["median"], markersize=9, markeredgewidth=1.6)
    ax.plot(places, p["observed"], "o", color=OBSERVED, markersize=5, zorder=4)
    if p["persistence"] is not None:
        ax.axhline(p["persistence"], color=style.GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.set_xlim(-0.6, len(places) - 0.4)
    ax.set_ylim(0, 1)
    labels = [f"{n.removeprefix('A/RES/')}\n{d:%b %Y}" for n, d in zip(p["names"], p["dates"], strict=True)]  # fmt: skip
    ax.set_xticks(places, labels, rotation=45, ha="right", rotation_mode="anchor", fontsize=style.SMALL - 1)  # fmt: skip
    ax.grid(axis="y")
    ax.set_ylabel("Cohesion")
    ax.set_title(p["title"], fontsize=style.LARGE)
