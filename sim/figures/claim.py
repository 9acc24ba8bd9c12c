"""A claim: what its tests measure over draws of what is uncertain, against their thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures import axes as scales
from sim.figures import style

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

VERDICTS = {"supported": "#1b6e53", "contradicted": "#a33b2a", "undecided": "#595959"}
DRAWS, CLAIMED = "#86b6da", "#e4efe9"
ROW, HEADING, AXIS = 0.36, 0.42, 0.56
LABELS, SHARES = 3.0, 1.15
"""Inches at the left for the names of what is measured, at the right for how often it holds."""
BINS = 60


def claim(drawn: dict[str, Any]) -> Figure:
    """One panel a test: a hump of draws for everything measured, the threshold, the claimed side.

    ``drawn`` is what sim.evidence.ledger.as_drawn makes of a claim.
    """
    tests = drawn["tests"]
    heads = [style.wrap(_heading(t), style.WIDTH - 2 * style.MARGIN - 0.1, style.NORMAL, True) for t in tests]
    notes = [style.wrap(t["note"], style.WIDTH - 2 * style.MARGIN - 0.1, style.SMALL) for t in tests]
    tall = [
        HEADING + 0.16 * (len(head) - 1) + ROW * len(t["rows"]) + AXIS + (0.16 * len(note) if t["note"] else 0)
        for t, head, note in zip(tests, heads, notes, strict=True)
    ]
    with style.look():
        figure = style.page(
            f"{drawn['name']}  {drawn['title']}: {drawn['verdict']}",
            drawn["claim"],
            f"{verdict_in_words(drawn)} Humps: how the draws spread; dot and bar: mean and 90\u00a0% of draws; "
            "line: threshold; green ground: where the claim says it lies.",
            _footer(drawn),
            sum(tall),
        )
        figure.texts[0].set_color(VERDICTS[drawn["verdict"]])
        _panels(figure, tests, heads, notes, tall)
        return style.settle(figure)


def _panels(
    figure: Figure,
    tests: list[dict[str, Any]],
    heads: list[list[str]],
    notes: list[list[str]],
    tall: list[float],
) -> None:
    """Place the panels by hand: the heights of headings, rows and axes are known."""
    engine: Any = figure.get_layout_engine()
    _, bottom, _, high = engine.get()["rect"]
    figure.set_layout_engine("none")
    wide, whole = figure.get_figwidth(), figure.get_figheight()
    y = (bottom + high) * whole
    for test, head, note, height in zip(tests, heads, notes, tall, strict=True):
        figure.text(
            style.MARGIN / wide,
            (y - 0.12) / whole,
            "\n".join(head),
            va="top",
            fontsize=style.NORMAL,
            fontweight="bold",
        )
        rows = ROW * len(test["rows"])
        top = y - HEADING - 0.16 * (len(head) - 1)
        width = wide - LABELS - SHARES - 2 * style.MARGIN
        box = (
            (style.MARGIN + LABELS) / wide,
            (top - rows) / whole,
            width / wide,
            rows / whole,
        )
        _panel(figure.add_axes(box), test)
        if test["note"]:
            figure.text(
                style.MARGIN / wide,
                (top - rows - AXIS + 0.1) / whole,
                "\n".join(note),
                va="top",
                fontsize=style.SMALL,
                color=style.GREY,
            )
        y -= height


def verdict_in_words(drawn: dict[str, Any]) -> str:
    """How often the claim holds, and what follows."""
    h = drawn["holds"]
    n = len(drawn["tests"])
    all_ = "Both" if n == 2 else f"All {NUMBERS[n]}"
    what = f"{all_} tests hold together" if n > 1 else "The test holds"
    text = (
        f"{what} in {100 * h['value']:.0f} % of {h['draws']:,} draws of what is uncertain "
        f"(95 % interval {100 * h['low']:.0f} to {100 * h['high']:.0f} %): "
        f"{MEANS[drawn['verdict']]}."
    )
    return text.replace(" %", "\u00a0%")


NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
MEANS = {
    "supported": "supported, since that is 90 % or more",
    "contradicted": "contradicted, since that is 10 % or less",
    "undecided": "undecided, since that is not surely 90 % or more, or 10 % or less",
}


def _heading(test: dict[str, Any]) -> str:
    says = test["says"][0].upper() + test["says"][1:]
    return f"{says}: holds in {_percent(test['holds']['value'])} of draws"


def _percent(share: float) -> str:
    return "none" if share != share else f"{100 * share:.0f} %"


def _footer(drawn: dict[str, Any]) -> str:
    parts = [f"“{q['words']}” ({q['id']}, {q['section']})" for q in drawn["quotes"]]
    parts = [f"Stratievski 2023: {'; '.join(parts)}"]
    many = "s" if len(drawn["scenarios"]) > 1 else ""
    parts.append(f"Scenario{many}: {', '.join(drawn['scenarios'])}")
    parts.append(f"{drawn['runs']:,} runs of each, seed {drawn['seed']}")
    if drawn["caveat"]:
        parts.append(f"Mind: {drawn['caveat']}")
    return style.BETWEEN.join(parts)


def _panel(axes: Axes, test: dict[str, Any]) -> None:
    """The rows of one test, the first at the top."""
    rows = test["rows"]
    low, high = _limits(test)
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    threshold, sign = test["threshold"], test["sign"]
    axes.axvspan(*((threshold, high) if sign > 0 else (low, threshold)), color=CLAIMED, lw=0, zorder=0)
    for k, row in enumerate(rows):
        _hump(axes, k, row, low, high)
        axes.text(
            1.01,
            k,
            _percent(row["holds"]),
            va="center",
            transform=axes.get_yaxis_transform(),
            fontsize=style.SMALL,
        )
    if len(rows) > 1:
        small: dict[str, Any] = {"fontsize": style.SMALL, "color": style.GREY}
        axes.text(1.01, 1.02, "holds in", va="bottom", transform=axes.transAxes, **small)
    axes.axvline(threshold, color=style.INK, lw=1.2)
    labels = [style.shorten(row["label"], LABELS - 0.15, style.SMALL) for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=style.SMALL)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=7)
    if test["percent"] == "level":
        scales.in_percent(axes.xaxis)
    elif test["percent"]:
        axes.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.4g}".replace("-", "−"))
    room = style.WIDTH - LABELS - 2 * style.MARGIN
    axes.set_xlabel(style.shorten(test["axis"], room, style.SMALL), fontsize=style.SMALL, loc="left", labelpad=2)


def _limits(test: dict[str, Any]) -> tuple[float, float]:
    """All draws and the threshold, with a little room; probabilities end at 0 and 1."""
    import numpy as np

    values = np.concatenate([row["draws"] for row in test["rows"]])
    values = values[np.isfinite(values)]
    values = np.append(values, test["threshold"])
    low, high = values.min(), values.max()
    pad = 0.06 * (high - low) or 0.1
    if test["percent"] == "level":
        return max(float(low - pad), -0.01), min(float(high + pad), 1.01)
    return float(low - pad), float(high + pad)


def _hump(axes: Axes, k: int, row: dict[str, Any], low: float, high: float) -> None:
    """How the draws of one row spread, its mean and the middle 90 %."""
    import numpy as np

    x: NDArray[np.float64] = np.asarray(row["draws"], dtype=np.float64)
    x = x[np.isfinite(x)]
    if not len(x):
        axes.text(low, k, " not defined", va="center", fontsize=style.SMALL, color=style.GREY)
        return
    edges = np.linspace(low, high, BINS + 1)
    counts = np.histogram(x, edges)[0] / len(x)
    heights = 0.62 * counts / max(counts.max(), 1e-12)
    axes.stairs(k + 0.3 - heights, edges, baseline=k + 0.3, fill=True, color=DRAWS, lw=0)
    axes.plot([row["q05"], row["q95"]], [k + 0.3, k + 0.3], color=style.FAN["median"], lw=1.6, solid_capstyle="butt")
    axes.plot(row["estimate"], k + 0.3, "o", ms=4.5, color=style.FAN["mean"])
