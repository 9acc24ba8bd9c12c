"""The figures draw on small, usual and large alliances, and no two texts overlap."""

import itertools
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib import rc_context, rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from sim.figures import draw_all, save
from sim.figures.labels import spread
from sim.figures.values import at_most, horizons, percent
from tests.helpers import laid_out

STATISTICS = ["mean", "mcse", "q05", "q25", "q50", "q75", "q95"]
RUNGS = ("loyal", "absent", "critical", "frozen", "outside")
NAMES = {
    "ARM": "Armenia",
    "BLR": "Belarus",
    "KAZ": "Kazakhstan",
    "KGZ": "Kyrgyzstan",
    "TJK": "Tajikistan",
    "UZB": "Uzbekistan",
    "GEO": "Georgia",
    "AZE": "Azerbaijan",
    "MDA": "Republic of Moldova",
    "ALB": "Albania",
    "BEL": "Belgium",
    "BIH": "Bosnia and Herzegovina",
    "GBR": "United Kingdom of Great Britain and Northern Ireland",
    "CAN": "Canada",
    "HRV": "Croatia",
    "CZE": "Czech Republic",
    "DNK": "Denmark",
    "EST": "Estonia",
    "FIN": "Finland",
    "FRA": "France",
    "DEU": "Germany",
    "GRC": "Greece",
    "HUN": "Hungary",
    "ISL": "Iceland",
    "ITA": "Italy",
    "LVA": "Latvia",
    "LTU": "Lithuania",
    "LUX": "Luxembourg",
    "MKD": "North Macedonia",
    "MNE": "Montenegro",
    "NLD": "Netherlands",
    "NOR": "Norway",
    "POL": "Poland",
    "PRT": "Portugal",
    "ROU": "Romania",
    "SVK": "Slovakia",
    "SVN": "Slovenia",
    "ESP": "Spain",
    "SWE": "Sweden",
    "TUR": "Turkey",
}


def summary(values: np.ndarray) -> np.ndarray:
    """Statistics over the last axis (run), as the results dataset has them last."""
    mean = values.mean(-1)
    error = values.std(-1, ddof=1) / np.sqrt(values.shape[-1])
    quantiles = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=-1)
    return np.moveaxis(np.stack([mean, error, *quantiles]), 0, -1)


def synthetic(members: int, dates: int, years: list[int], start: str = "2023-10", outside: int = 0) -> xr.Dataset:
    """Invented results of the shape that a run gives, from 400 invented runs."""
    rng = np.random.default_rng(members)
    runs = 400
    codes = list(NAMES)[:members]
    date = (np.datetime64(start, "M") + 3 * np.arange(dates)).astype("datetime64[ns]")
    t = np.arange(dates)[:, None] / 4
    walk = rng.normal(0, 0.02, (dates, runs)).cumsum(0)
    share = np.clip(0.75 - 0.02 * t + walk, 0, 1)
    left = rng.poisson(0.05 * np.ones((dates, runs))).cumsum(0)
    single = {
        "cohesion": share**2,
        "agreement_index": np.clip(share + 0.1, 0, 1),
        "leader_agreement": share,
        "active_share": share,
        "hubness": 1 + share,
        "members": np.maximum(members - left, 0),
        "stance_dispersion": share,
        "any_exit": share,
        "two_exits": share,
        "dissolution": share,
    }
    level = np.concatenate([[0.08, 0.00001, 0.04], 10 ** rng.uniform(-4.5, -1.2, members)])
    hazard = level[:members, None] * rng.lognormal(0, 0.8, (members, runs))
    exit_ = 1 - np.exp(-hazard * t[:, None])
    freeze = 1 - np.exp(-0.7 * hazard[::-1] * t[:, None])
    by_member = {
        "stance": rng.normal(0, 1, (dates, members, runs)),
        "reliability": np.full((dates, members, runs), 0.2),
        "dependence": np.full((dates, members, runs), 0.6),
        "exit": exit_,
        "freeze": freeze,
    }
    mood = np.linspace(3, -1, members)[None, :] - 0.15 * t
    weights = np.exp(np.stack([mood, 0 * mood + 1, -mood, 0 * mood - 1.5, 0 * mood - 9]))
    weights[4] += 0.2 * t * exit_.mean(-1)
    if outside:
        weights[4, :, -outside:] += np.where(t < 2, 1e9, 0)
    rungs = weights / weights.sum(0)
    data = {k: (("date", "statistic"), summary(v)) for k, v in single.items()}
    data |= {k: (("date", "member", "statistic"), summary(v)) for k, v in by_member.items()}
    for rung, p in zip(RUNGS, rungs, strict=True):
        full = np.full((dates, members, len(STATISTICS)), np.nan)
        full[..., 0], full[..., 1] = p, np.sqrt(p * (1 - p) / runs)
        data[rung] = (("date", "member", "statistic"), full)
    found = xr.Dataset(
        data,
        {
            "date": date,
            "member": codes,
            "statistic": STATISTICS,
            "name": ("member", [NAMES[c] for c in codes]),
        },
        {
            "title": "An invented alliance, for the test of its figures",
            "scenario": "test/invented",
            "alliance": "CSTO",
            "leader_name": "Russia",
            "runs": runs,
            "seed": 1,
            "start": start,
            "horizons": years,
        },
    )
    return laid_out(found)


CASES = {
    "two": synthetic(2, 5, [1]),
    "six": synthetic(6, 41, [1, 5, 10]),
    "six, one horizon": synthetic(6, 41, [5]),
    "history": synthetic(9, 126, [7, 15, 21, 31], "1992-07", outside=3),
    "thirty": synthetic(30, 41, [1, 5, 10]),
}


def single_run() -> xr.Dataset:
    """One run in which nobody leaves: no Monte Carlo error, all probabilities zero."""
    ds = synthetic(6, 41, [1, 5, 10])
    for name in ds.data_vars:
        if str(name).endswith("_mcse"):
            ds[name].values[...] = np.nan
    for name in ("exit", "freeze"):
        ds[name].values[...] = ds[f"{name}_quantile"].values[...] = 0.0
    title = "A title that goes on and on, with $a_1$ and 5 % & <b>, " * 4
    return ds.assign_attrs(runs=1, title=title)


CASES["single run"] = single_run()


def tick_texts(axes: Axes) -> list[Text]:
    """The tick labels that are drawn: those of ticks inside the limits."""
    drawn = []
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if low <= tick.get_loc() <= high:
                drawn += [tick.label1, tick.label2]
    return drawn


def texts(figure: Figure) -> list[Text]:
    """Every text that the reader sees."""
    found = list(figure.texts)
    for legend in figure.findobj(Legend):
        found += legend.get_texts()
    for axes in figure.axes:
        if axes.get_visible():
            titles = [child for child in axes.get_children() if isinstance(child, Text)]
            found += [*tick_texts(axes), *titles, axes.xaxis.label, axes.yaxis.label]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def boxes(figure: Figure) -> dict[str, Bbox]:
    """The place of every text on the sheet, in pixels."""
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    return {f"{k} {t.get_text()!r}": t.get_window_extent(renderer) for k, t in enumerate(texts(figure))}


@pytest.fixture(scope="module", params=list(CASES))
def drawn(request: pytest.FixtureRequest) -> tuple[xr.Dataset, dict[str, Figure]]:
    """The figures of a case, drawn without a warning."""
    ds = CASES[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ds, draw_all(ds)


def test_every_figure_is_drawn(drawn):
    assert list(drawn[1]) == ["cohesion", "ladder", "exits", "incidence"]


def test_no_two_texts_overlap(drawn):
    for key, figure in drawn[1].items():
        for (a, first), (b, second) in itertools.combinations(boxes(figure).items(), 2):
            wide = min(first.x1, second.x1) - max(first.x0, second.x0)
            high = min(first.y1, second.y1) - max(first.y0, second.y0)
            # a pixel of the line above may be shared: boxes hold room for accents and descenders
            assert wide <= 0 or high <= 1, f"{key}: {a} and {b}"


def test_no_text_is_cut_off(drawn):
    for key, figure in drawn[1].items():
        for text, box in boxes(figure).items():
            assert box.x0 >= 0, f"{key}: {text}"
            assert box.y0 >= 0, f"{key}: {text}"
            assert box.x1 <= figure.bbox.x1, f"{key}: {text}"
            assert box.y1 <= figure.bbox.y1, f"{key}: {text}"


def test_every_state_is_named(drawn):
    ds, figures = drawn
    for key in ("ladder", "exits"):
        shown = " ".join(" ".join(t.get_text().split()) for t in texts(figures[key]))
        assert all(str(name)[:18] in shown for name in ds["name"].values)


def test_every_figure_says_where_it_comes_from(drawn):
    ds, figures = drawn
    for figure in figures.values():
        shown = " ".join(t.get_text() for t in texts(figure))
        assert f"Scenario: test/invented  |  CSTO, led by Russia  |  {ds.attrs['runs']} run" in shown
        assert "Monte Carlo error" in shown


def test_states_outside_at_the_start_are_marked():
    figures = draw_all(CASES["history"])
    for key in ("exits", "incidence"):
        marked = [t for t in texts(figures[key]) if "outside at the start" in t.get_text()]
        assert len(marked) == 3


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    ds = CASES["two"]
    first, again = draw_all(ds), draw_all(ds)
    for key, figure in first.items():
        one = save(figure, tmp_path / f"{key}.png").read_bytes()
        assert save(figure, tmp_path / f"{key}.png").read_bytes() == one
        assert save(again[key], str(tmp_path / f"{key}-2.png")).read_bytes() == one
        assert one.startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 8  # nothing left beside them


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "old.png"
    path.write_bytes(b"old")

    def fail(self, file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save(Figure(), path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_the_users_settings_neither_matter_nor_change(tmp_path):
    ds = CASES["two"]
    plain = save(draw_all(ds)["exits"], tmp_path / "a.png").read_bytes()
    with rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 20}):
        assert save(draw_all(ds)["exits"], tmp_path / "b.png").read_bytes() == plain
        assert rcParams["font.size"] == 30


def test_importing_the_figures_loads_no_plotting():
    script = "import sys, sim.figures; print({'matplotlib', 'xarray'} & set(sys.modules))"
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_drawing_never_loads_pyplot():
    script = (
        "import sys; from tests.figures.test_figures import CASES; from sim.figures import draw_all;"
        "draw_all(CASES['two']); print('matplotlib.pyplot' in sys.modules)"
    )
    command, root = [sys.executable, "-c", script], Path(__file__).parents[2]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert told.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [
        ([0.5], [0.5]),
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([1.0, 0.99], [1.0, 0.9]),
        ([0.5, 0.52, 0.48], [0.5, 0.6, 0.4]),
    ],
)
def test_labels_move_apart_as_little_as_they_can(wanted, placed):
    assert spread(wanted, 0.1, 0.0, 1.0) == pytest.approx(placed)


def test_labels_keep_their_distance_and_order():
    wanted = list(np.random.default_rng(0).uniform(0, 1, 15) ** 3)
    places = np.array(spread(wanted, 0.05, 0.0, 1.0))[np.argsort(wanted)]
    assert np.diff(places).min() >= 0.05 - 1e-12
    assert places[0] >= 0
    assert places[-1] <= 1 + 1e-12


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0, "0 %"),
        (1e-6, "<0.01 %"),
        (0.0012, "0.12 %"),
        (0.0997, "10 %"),
        (0.034, "3.4 %"),
        (0.312, "31 %"),
        (0.9999, ">99 %"),
        (1, "100 %"),
        (float("nan"), "none"),
    ],
)
def test_percent_claims_neither_zero_nor_certainty(share, told):
    assert percent(share) == told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (0.0123, "±0.02"),
        (0.0097, "±0.01"),
        (0.02, "±0.02"),
        (0.003, "±0.003"),
        (1e-7, "±0.0001"),
        (4.2, "±5"),
    ],
)
def test_an_error_is_rounded_up(error, told):
    assert at_most(error) == told


def test_horizons_beyond_the_last_date_are_left_out():
    found = horizons(synthetic(2, 21, [1, 5, 10]))
    assert [(h.index, h.years, h.month) for h in found] == [
        (4, "1 year", "Oct 2024"),
        (20, "5 years", "Oct 2028"),
    ]
    assert [h.index for h in horizons(synthetic(2, 5, [10]))] == [4]
