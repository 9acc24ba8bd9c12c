"""The figures of a backtest: headlines count what is drawn, and no two texts overlap."""

import datetime as dt
import functools

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from scipy.optimize import isotonic_regression

from sim.figures import backtest, style
from sim.figures.backtest import Motions, Ranks, Reliability
from tests.figures.looking import FOOT, TITLE, check, drawn, headline, shown

NAN = float("nan")
LONG = "a measure with so long a name that it cannot stand on a line of its own whatever is done to it"


def panel(forecast, frequency, low, high, title: str = "Supports the leader") -> Reliability:
    """A panel of the reliability diagram; as much happened as the fit says."""
    arrays = [np.asarray(x, float) for x in (forecast, frequency, low, high)]
    return Reliability(title, *arrays, len(forecast), round(float(arrays[1].sum())))


def reliable(cases: int, title: str = "Supports the leader", shift: float = 0.0, seed: int = 1):
    """A panel of so many invented cases; with a shift it happens more often than forecast."""
    rng = np.random.default_rng(seed)
    p = np.sort(np.round(rng.beta(0.7, 1.2, cases), 3))
    events = (rng.random(cases) < np.clip(p + shift, 0, 1)).astype(float)
    fits = np.array([isotonic_regression((rng.random(cases) < p).astype(float)).x for _ in range(200)])
    low, high = np.quantile(fits, (0.05, 0.95), axis=0)
    fit = isotonic_regression(events).x
    return panel(p, fit, low, high, title)


RELIABILITY = {
    "one": [reliable(135)],
    "two": [reliable(40, LONG), reliable(40, shift=0.4, seed=2)],
    "three": [
        reliable(162, "Changes sides by the end of a year", 0.4),
        reliable(1000, "Supports the leader", -0.3),
        reliable(135, "Opposes the leader"),
    ],
    "four": [reliable(n, f"Panel of {n}", 0.2, n) for n in (2, 20, 200, 2000)],
    "single case": [panel([0], [1], [0], [0])],
    "certain": [panel([0, 0, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1])],
}


def ranked(counts: list[int], title: str = "split of 2012") -> Ranks:
    low, high = np.full(len(counts), 1.0), np.full(len(counts), 5.0)
    return Ranks(title, np.array(counts, float), low, high, sum(counts))


RANKS = {
    "one": [ranked([6, 3, 1, 0, 2, 0, 3, 8])],
    "two": [ranked([0, 1, 0, 0, 4, 6, 3, 5]), ranked([2, 2, 3, 3, 1, 1, 3, 4], "rolling origin")],
    "three": [ranked([1] * 8, LONG), ranked([0] * 7 + [1], "slope"), ranked([9000] * 20, "large")],
    "four": [ranked([2, 3], f"two bins, {k}") for k in range(4)],
}


def motions(count: int, title: str = "split of 2012", persistence: float | None = 0.31) -> Motions:
    rng = np.random.default_rng(count)
    middle = rng.uniform(0.3, 0.6, count)
    days = np.sort(rng.integers(0, 3000, count))
    return Motions(
        title,
        dates=[dt.date(2013, 1, 1) + dt.timedelta(int(d)) for d in days],
        names=[f"A/RES/{60 + k}/{k * 37 % 300}" for k in range(count)],
        observed=rng.choice([0.0, 0.2, 0.43, 0.7, 1.0], count),
        q05=np.maximum(middle - 0.3, 0),
        q25=middle - 0.1,
        median=middle,
        q75=middle + 0.1,
        q95=middle + 0.4,
        persistence=persistence,
    )


COHESION = {
    "one motion": [motions(1)],
    "usual": [motions(19), motions(18, "rolling origin", None)],
    "many": [motions(27, LONG), motions(60), motions(200, persistence=1.0)],
    "long names": [motions(8)._replace(names=["A declaration with a very long name indeed"] * 8)],
    "same dates, not in order": [motions(12)._replace(dates=[dt.date(2022, 3 - k // 6, 2) for k in range(12)])],
    "not observed": [motions(3)._replace(observed=np.array([NAN, 0.0, 1.0]))],
}

CASES = {
    **{("reliability", k): (backtest.reliability, v) for k, v in RELIABILITY.items()},
    **{("ranks", k): (backtest.ranks, v) for k, v in RANKS.items()},
    **{("cohesion", k): (backtest.cohesion, v) for k, v in COHESION.items()},
}


@functools.cache
def figure(kind: str, name: str) -> Figure:
    """The figure of a case."""
    function, panels = CASES[kind, name]
    return drawn(function, panels, TITLE, FOOT)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_text_overlaps_another_or_is_cut_off_and_the_source_is_named(kind, name):
    check(figure(kind, name))
    assert TITLE in shown(figure(kind, name))
    assert " ".join(FOOT.split()) in shown(figure(kind, name))


# --- reliability


def test_the_headline_of_reliability_is_the_share_outside_the_band():
    for name, panels in RELIABILITY.items():
        for p in panels if name != "certain" else []:
            x, which = np.unique(p.forecast, return_inverse=True)
            fit, low, high = (
                np.array([getattr(p, k)[which == j].mean() for j in range(len(x))])
                for k in ("frequency", "low", "high")
            )
            away = ((fit > high + 1e-9) | (fit < low - 1e-9))[which].mean()
            title = p.title[0].lower() + p.title[1:]
            said = headline(figure("reliability", name)).split(f" % ({title})")[0].split()[-1]
            assert abs(float(said) - 100 * away) <= 1


def test_equal_forecasts_are_taken_together():
    assert "67 % (supports the leader)" in headline(figure("reliability", "certain"))
    steps = [p for p in figure("reliability", "certain").axes[0].patches if isinstance(p, StepPatch)]
    np.testing.assert_allclose(steps[-1].get_data().values, [0.5, 1.0])


@pytest.mark.parametrize("name", RELIABILITY)
def test_the_line_the_band_and_the_forecasts_are_figure(name):
    axes = figure("reliability", name).axes
    for p, panel, strip in zip(RELIABILITY[name], axes[::2], axes[1::2], strict=True):
        _, line = (a for a in panel.patches if isinstance(a, StepPatch))
        assert len(line.get_data().values) == len(np.unique(p.forecast))
        (bars,) = (a for a in strip.patches if isinstance(a, StepPatch))
        assert bars.get_data().values.sum() == len(p.forecast)


def test_the_note_says_on_which_side_the_line_leaves_the_band():
    notes = {t.get_text() for t in figure("reliability", "three").texts}
    more, less, _ = RELIABILITY["three"]
    above, below = ([n for n in notes if f"{p.events:,} of {p.cases:,} happened" in n] for p in (more, less))
    assert above[0].endswith("\u00a0% above the band")
    assert below[0].endswith("\u00a0% below the band")
    assert "all within the band" in shown(figure("reliability", "two"))


# --- ranks


def test_bars_outside_the_band_are_counted_and_coloured():
    panels = RANKS["two"]
    for p, axes in zip(panels, figure("ranks", "two").axes, strict=True):
        band, bars = axes.containers
        assert [b.get_height() for b in bars] == list(p.counts)
        assert [b.get_y() for b in band] == list(p.low)
        coloured = [to_hex(b.get_facecolor()) == style.FAN["mean"] for b in bars]
        assert coloured == list((p.counts < p.low) | (p.counts > p.high))
    assert headline(figure("ranks", "two")).endswith(
        "4 of 16 bars lie outside the 90 % band (split of 2012: 4 of 8; rolling origin: 0 of 8)"
    )


# --- cohesion


def test_the_headline_of_cohesion_counts_motions_of_each_panel():
    """Panels may share motions: their counts are not added up."""
    for p in COHESION["usual"]:
        wide = int(((p.observed >= p.q05) & (p.observed <= p.q95)).sum())
        text = f"on {wide} of {len(p.observed)} motions ({p.title})"
        assert text in headline(figure("cohesion", "usual"))


def test_motions_are_in_order_of_date_each_with_its_forecast():
    (axes,) = figure("cohesion", "same dates, not in order").axes
    (p,) = COHESION["same dates, not in order"]
    order = sorted(range(12), key=lambda k: p.dates[k])
    wide, half = axes.containers
    assert [b.get_y() for b in wide] == pytest.approx(list(p.q05[order]))
    assert [b.get_height() for b in half] == pytest.approx(list((p.q75 - p.q25)[order]))
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == list(p.observed[order])
    labels = [t.get_text() for t in axes.get_xticklabels()]
    assert [label.split("\n")[-1] for label in labels] == ["Feb 2022"] * 6 + ["Mar 2022"] * 6


def test_persistence_is_drawn_where_there_is_one():
    split, rolling = figure("cohesion", "usual").axes
    assert [line.get_ydata()[0] for line in split.lines if len(line.get_xdata()) == 2] == [0.31]
    assert not [line for line in rolling.lines if len(line.get_xdata()) == 2]
