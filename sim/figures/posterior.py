"""Figures of a calibration: what was learned of each coefficient, and how the likelihood narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sim.figures import style

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

COLUMNS = 6
ROW = 1.25
"""Height of a row of panels in inches."""
PRIOR, POSTERIOR = style.GREY, style.FAN["median"]


def _sheet(headline: str, below: str, note: str, height: float) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style.WIDTH, height), dpi=style.DPI)
    margin, top = style.MARGIN / style.WIDTH, 1.0 - style.MARGIN / height
    room = style.WIDTH - 2 * style.MARGIN - 0.1
    title = "\n".join(style.wrap(headline, room, style.HEAD, bold=True))
    figure.text(margin, top, title, va="top", fontsize=style.HEAD, fontweight="bold")
    lines = title.count("\n") + 1
    told = "\n".join(style.wrap(below, room, style.NORMAL))
    figure.text(margin, top - 0.24 * lines / height, told, va="top", fontsize=style.NORMAL, color=style.GREY)
    footer = "\n".join(style.wrap(note, room, style.SMALL))
    figure.text(margin, style.MARGIN / height, footer, va="bottom", fontsize=style.SMALL, color=style.GREY)
    head = 0.24 * lines + 0.18 * (told.count("\n") + 1) + style.MARGIN + 0.1
    foot = 0.3
    figure.set_layout_engine("constrained", rect=(margin, foot / height, 1 - 2 * margin, 1 - (head + foot) / height))
    return figure


def densities(title: str, note: str, prior: Mapping[str, Array], posterior: Mapping[str, Array]) -> Figure:
    """Prior and posterior density of every coefficient, both by the same kernel."""
    rows = -(-len(prior) // COLUMNS)
    with style.look():
        figure = _sheet(
            title,
            "Density of each coefficient before (grey) and after (blue) the observations; marks at the medians",
            note,
            rows * ROW + 1.2,
        )
        axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for ax, name in zip(axes, prior, strict=False):
            _density(ax, prior[name], PRIOR, 1.0)
            _density(ax, posterior[name], POSTERIOR, 1.6)
            ax.set_ylim(bottom=0)
            ax.set_title(name, fontsize=style.SMALL)
            ax.set_yticks([])
            ax.spines["left"].set_visible(False)
        for ax in axes[len(prior) :]:
            ax.axis("off")
    return figure


def _density(ax: Axes, x: Array, colour: str, width: float) -> None:
    """A Gaussian kernel density over the middle 99.5 %, and the median."""
    import numpy as np

    low, high = np.quantile(x, (0.0025, 0.9975))
    grid = np.linspace(low, high, 120)
    spread = np.quantile(x, 0.84) - np.quantile(x, 0.16)
    scale = max(0.5 * spread * len(x) ** -0.2, 1e-12)
    height = np.exp(-0.5 * ((grid[:, None] - x) / scale) ** 2).sum(axis=1) / (len(x) * scale * 2.5066)
    ax.plot(grid, height, color=colour, linewidth=width)
    ax.plot(np.median(x), 0, marker="^", color=colour, markersize=4, clip_on=False)


def spread(title: str, note: str, powers: Sequence[float], log_likelihoods: Sequence[Array]) -> Figure:
    """The spread of the log-likelihood over the draws at every power of the likelihood."""
    import numpy as np

    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    q = np.array([np.quantile(x, levels) for x in log_likelihoods])
    with style.look():
        figure = _sheet(
            title,
            "Log-likelihood of the draws as the likelihood is taken to rising powers: median, middle half, middle 90 %",
            note,
            4.6,
        )
        ax = figure.subplots()
        ax.fill_between(powers, q[:, 0], q[:, 4], color=style.FAN["wide"], linewidth=0)
        ax.fill_between(powers, q[:, 1], q[:, 3], color=style.FAN["half"], linewidth=0)
        ax.plot(powers, q[:, 2], color=style.FAN["median"], marker="o", markersize=4)
        ax.set_xlabel("Power of the likelihood (0 prior, 1 posterior)")
        ax.set_ylabel("Log-likelihood")
        ax.set_xlim(0, 1)
    return figure
