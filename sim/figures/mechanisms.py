"""What each mechanism is worth: evidence and held-out score with it less without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE, AXIS = 0.31, 0.85
NAMES, VERDICT = 3.6, 1.15
"""Inches at the left for what a mechanism says, at the right for its verdict."""
COLOURS = {"earns its place": "#1b6e53", "costs": "#a33b2a", "not told apart": "#595959"}
COLUMNS = (
    ("evidence", "Whole record: log-evidence"),
    ("held_out", "Held-out years: log score"),
)


def mechanisms(told: dict[str, Any]) -> Figure:
    """A line a mechanism, the most useful first.

    ``told`` has title, footer and rows of mechanism, says, evidence, evidence_se, held_out, held_out_se, verdict.
    """
    rows = sorted(told["rows"], key=lambda r: -r["evidence"])
    counts = {v: sum(r["verdict"] == v for r in rows) for v in COLOURS}
    headline = (
        f"Of {len(rows)} mechanisms {counts['earns its place']} earn their place, {counts['not told apart']} cannot be told "
        f"from nothing, {counts['costs']} cost more than they explain"
    )
    below = (
        "Model with the mechanism less the model without it, both fitted anew: right of 0 the record speaks for the mechanism. "
        "Bars: two Monte Carlo standard errors. Grey zone: not worth a mention (Kass & Raftery 1995). "
        "Verdict by the whole record."
    )
    height = LINE * len(rows) + AXIS
    with style.look():
        figure = style.page(headline, told["title"], below, told["footer"], height)
        engine: Any = figure.get_layout_engine()
        bottom = engine.get()["rect"][1] * figure.get_figheight()
        figure.set_layout_engine("none")
        room = (style.WIDTH - NAMES - VERDICT - 0.25) / 2
        for k, (key, title) in enumerate(COLUMNS):
            tall = figure.get_figheight()
            left, low = NAMES + k * (room + 0.25), bottom + 0.5
            box = left / style.WIDTH, low / tall, room / style.WIDTH, LINE * len(rows) / tall
            ax = figure.add_axes(box)
            _panel(ax, rows, key, title)
            if k == 0:
                for j, r in enumerate(rows):
                    says = r["says"][:1].upper() + r["says"][1:]
                    text = style.shorten(says, NAMES - style.MARGIN - 0.1, style.SMALL)
                    _beside(ax, j, -(NAMES - style.MARGIN), text, style.INK)
            else:
                for j, r in enumerate(rows):
                    _beside(ax, j, room + 0.1, r["verdict"], COLOURS[r["verdict"]])
        return style.settle(figure)


def _beside(ax: Axes, row: int, inches: float, text: str, colour: str) -> None:
    ax.annotate(text, (0, row), (inches * 72, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                va="center", fontsize=style.SMALL, color=colour, annotation_clip=False)  # fmt: skip


def _panel(ax: Axes, rows: list[dict[str, Any]], key: str, title: str) -> None:
    ax.set_ylim(len(rows) - 0.5, -0.5)
    for k in range(1, len(rows), 2):
        ax.axhspan(k - 0.5, k + 0.5, color=style.BAND, linewidth=0)
    ax.axvspan(-1.0, 1.0, color=style.FAINT, linewidth=0, alpha=0.7)
    ax.axvline(0.0, color=style.INK, linewidth=0.9)
    for k, r in enumerate(rows):
        ends = [r[key] - 2 * r[f"{key}_se"], r[key] + 2 * r[f"{key}_se"]]
        ax.plot(ends, [k, k], color=COLOURS[r["verdict"]], linewidth=1.5)
        ax.plot(r[key], k, "o", color=COLOURS[r["verdict"]], markersize=4)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_title(title, fontsize=style.NORMAL)
    ax.set_xlabel("With less without (natural logarithm)")
