"""A calibration: what the observations say of each coefficient, and how the likelihood narrowed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures import sheet, style
from sim.model.arrays import Array
from sim.model.grammar import sentence

COLUMNS, LEAST = 4, 2.0
"""Panels side by side at most, and how many inches wide they are at least."""
ROW = 1.3
"""Height of a row of panels in inches."""
DENSITIES = "Density of each coefficient before (grey) and after (blue) the observations; marks at the medians"
LIKELIHOODS = (
    "Log-likelihood of the draws as the likelihood is taken to rising powers: median, middle half, middle 90\u00a0%"
)


def densities(
    title: str,
    footer: str,
    prior: Mapping[str, Array],
    posterior: Mapping[str, Array],
    words: Mapping[str, tuple[str, str]],
) -> Figure:
    """Prior and posterior density of every coefficient, both by the same kernel.

    Parameters
    ----------
    title, footer : the headline, and where the draws come from.
    prior, posterior : draws of each coefficient by its name, (draw,).
    words : what a coefficient is, and its unit, by its name.
    """
    columns = min(COLUMNS, style.across(LEAST))
    rows = -(-len(prior) // columns)
    with style.look():
        figure = sheet.page(title, "", DENSITIES, footer, rows * ROW)
        for panel, name in zip(sheet.grid(figure, len(prior), columns), prior, strict=True):
            _density(panel, prior[name], style.GREY, 1.0)
            _density(panel, posterior[name], style.FAN["median"], 1.6)
            panel.set_ylim(bottom=0)
            meaning, unit = words[name]
            sheet.title(panel, sentence(meaning), "" if unit == "1" else unit, sheet.inner(columns))
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
        return sheet.settle(figure)


def _density(panel: Axes, x: Array, colour: str, width: float) -> None:
    """A Gaussian kernel density over the middle 99.5 %, and the median."""
    low, high = np.quantile(x, (0.0025, 0.9975))
    grid = np.linspace(low, high, 120)
    middle = np.quantile(x, 0.84) - np.quantile(x, 0.16)
    scale = max(0.5 * middle * len(x) ** -0.2, 1e-12)
    height = np.exp(-0.5 * ((grid[:, None] - x) / scale) ** 2).sum(axis=1) / (len(x) * scale * 2.5066)
    panel.plot(grid, height, color=colour, linewidth=width)
    panel.plot(np.median(x), 0, marker="^", color=colour, markersize=4, clip_on=False)


def likelihoods(title: str, footer: str, powers: Sequence[float], log_likelihoods: Sequence[Array]) -> Figure:
    """Quantiles of the log-likelihood over the draws at every power of the likelihood.

    Parameters
    ----------
    title, footer : the headline, and where the draws come from.
    powers : from 0, the prior, to 1, the posterior.
    log_likelihoods : of the draws at each power, (draw,).
    """
    q = np.array([np.quantile(x, (0.05, 0.25, 0.5, 0.75, 0.95)) for x in log_likelihoods])
    with style.look():
        figure = sheet.page(title, "", LIKELIHOODS, footer, 3.8)
        panel = figure.subplots()
        panel.fill_between(powers, q[:, 0], q[:, 4], color=style.FAN["wide"], linewidth=0)
        panel.fill_between(powers, q[:, 1], q[:, 3], color=style.FAN["half"], linewidth=0)
        panel.plot(powers, q[:, 2], color=style.FAN["median"], marker="o", markersize=4, clip_on=False)
        panel.set_xlabel("Power of the likelihood (0 prior, 1 posterior)")
        panel.set_ylabel("Log-likelihood")
        panel.set_xlim(0, 1)
        return sheet.settle(figure)
