"""The figures of backtests and of mechanisms: headlines count what is drawn, and no two texts overlap."""

import datetime as dt
import functools
import itertools
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from sim.figures import backtest, mechanisms, save, style
from sim.figures.mechanisms import limits
from tests.figures.test_figures import boxes, texts

FOOT = "Backtest: invented  |  history  |  4,096 futures of 512 posterior draws an origin  |  seed 1"
BASELINES = ("base rate", "own rate", "persistence", "logit")
MEASURES = (
    ("change of membership", "Brier score"),
    ("change of membership", "log score"),
    ("conduct", "ranked probability score"),
    ("conduct", "log score"),
    ("cohesion", "fair CRPS"),
)
NAN = float("nan")
LONG = "a measure with so long a name that it cannot stand on a line of its own whatever is done to it"


def told(**parts: Any) -> dict[str, Any]:
    return {"title": "The CSTO foretold", "footer": FOOT, **parts}


def row(skill: float, low: float, high: float, **other: Any) -> dict[str, Any]:
    return {
        "split": "2013 to August 2023, fitted to the end of 2012",
        "measure": "change of membership",
        "score": "Brier score",
        "forecaster": "model, inputs as they were",
        "baseline": "persistence",
        "skill": skill,
        "low": low,
        "high": high,
        **other,
    }


def many_rows() -> list[dict[str, Any]]:
    """Four splits, the last two without conduct and with one kind of inputs, some beyond the axis."""
    rng = np.random.default_rng(0)
    rows = []
    for s, split in enumerate(("split of 2012", "rolling origin", "Warsaw Pact", "NATO")):
        for measure, score in MEASURES if s < 2 else MEASURES[:2]:
            for inputs, baseline in itertools.product(("as they were", "held")[: 2 if s < 2 else 1], BASELINES):
                skill = float(rng.normal(0.3, 0.3)) if rng.random() < 0.85 else -rng.exponential(5)
                skill = NAN if baseline == "persistence" and score == "Brier score" else min(skill, 0.95)
                wide = rng.exponential(0.2) * max(1, -skill) if skill == skill else NAN
                rows.append(
                    {
                        "split": split,
                        "measure": measure,
                        "score": score,
                        "inputs": inputs,
                        "baseline": baseline,
                        "skill": skill,
                        "low": skill - 2 * wide,
                        "high": skill + 0.9 * min(wide, 1 - skill),
                    }
                )
    return rows


HELD = "model, inputs held"
SKILLS = {
    "one": [row(0.4, 0.1, 0.6)],
    "two marks": [row(0.4, 0.1, 0.6), row(-0.3, -0.5, -0.1, forecaster=HELD)],
    "held alone": [row(0.4, -0.1, 0.6, forecaster=HELD)],
    "perfect": [row(NAN, NAN, NAN), row(NAN, NAN, NAN, forecaster=HELD)],
    "half perfect": [row(NAN, NAN, NAN), row(1.0, 1.0, 1.0, forecaster=HELD)],
    "extremes": [
        row(-12345.6, -99999.0, -2.3),
        row(-2.5, -40.0, 0.9, forecaster=HELD),
        row(-1.9, -3.2, 0.99, baseline="own rate"),
        row(0.0, 0.0, 0.0, baseline="own rate", forecaster=HELD),
    ],
    "long names": [
        row(0.4, 0.1, 0.6, split="A split " * 20, measure=LONG, baseline="a rule with a name too long to be told"),
        row(-4.4, -30.1, -2.6, split="Another", measure=LONG, score="a score, also long enough for two lines"),
    ],
    "many": many_rows(),
}


def panel(forecast, frequency, low, high, title: str = "Supports the leader") -> dict[str, Any]:
    """A panel of the reliability diagram; as much happened as the fit says."""
    arrays = {"forecast": forecast, "frequency": frequency, "low": low, "high": high}
    arrays = {k: np.asarray(x, float) for k, x in arrays.items()}
    events = round(float(arrays["frequency"].sum()))
    return {"title": title, **arrays, "cases": len(forecast), "events": events}


def reliable(cases: int, title: str = "Supports the leader", shift: float = 0.0, seed: int = 1):
    """A panel of so many invented cases; with a shift it happens more often than forecast."""
    from scipy.optimize import isotonic_regression

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


def ranked(counts: list[int], title: str = "split of 2012") -> dict[str, Any]:
    return {
        "title": title,
        "counts": np.array(counts, float),
        "cases": sum(counts),
        "low": np.full(len(counts), 1.0),
        "high": np.full(len(counts), 5.0),
    }


RANKS = {
    "one": [ranked([6, 3, 1, 0, 2, 0, 3, 8])],
    "two": [ranked([0, 1, 0, 0, 4, 6, 3, 5]), ranked([2, 2, 3, 3, 1, 1, 3, 4], "rolling origin")],
    "three": [ranked([1] * 8, LONG), ranked([0] * 7 + [1], "slope"), ranked([9000] * 20, "large")],
    "four": [ranked([2, 3], f"two bins, {k}") for k in range(4)],
}


def motions(count: int, title: str = "split of 2012", persistence: float | None = 0.31):
    rng = np.random.default_rng(count)
    middle = rng.uniform(0.3, 0.6, count)
    days = np.sort(rng.integers(0, 3000, count))
    return {
        "title": title,
        "dates": [dt.date(2013, 1, 1) + dt.timedelta(int(d)) for d in days],
        "names": [f"A/RES/{60 + k}/{k * 37 % 300}" for k in range(count)],
        "observed": rng.choice([0.0, 0.2, 0.43, 0.7, 1.0], count),
        "q05": np.maximum(middle - 0.3, 0),
        "q25": middle - 0.1,
        "median": middle,
        "q75": middle + 0.1,
        "q95": middle + 0.4,
        "persistence": persistence,
    }


COHESION = {
    "one motion": [motions(1)],
    "usual": [motions(19), motions(18, "rolling origin", None)],
    "many": [motions(27, LONG), motions(60), motions(200, persistence=1.0)],
    "long names": [{**motions(8), "names": ["A declaration with a very long name indeed"] * 8}],
    "same dates, not in order": [{**motions(12), "dates": [dt.date(2022, 3 - k // 6, 2) for k in range(12)]}],
    "not observed": [{**motions(3), "observed": np.array([NAN, 0.0, 1.0])}],
}


def mechanism(evidence: float, verdict: str, held_out: float = 0.2, se: float = 0.6, **other: Any):
    return {
        "mechanism": "entrapment",
        "says": "a quarrel with the West costs those with ties to it",
        "evidence": evidence,
        "evidence_se": se,
        "held_out": held_out,
        "held_out_se": se,
        "verdict": verdict,
        **other,
    }


EARNS, OPEN, COSTS = "earns its place", "not told apart", "costs"
MECHANISMS = {
    "one": [mechanism(3.2, EARNS)],
    "one costs": [mechanism(-300.0, COSTS, 0.1), mechanism(0.1, OPEN, -0.1)],
    "all cost": [mechanism(-20.0 - k, COSTS, -15.0) for k in range(3)],
    "usual": [
        mechanism(e, EARNS if e > 2.5 else COSTS if e < -2.5 else OPEN, e / 2 - 0.5, mechanism=f"mechanism-{k}")
        for k, e in enumerate(np.linspace(21, -6, 22))
    ],
    "extremes": [
        mechanism(4000.0, EARNS, -3000.0),
        mechanism(31.0, EARNS, 29.9, 5.0),
        mechanism(0.0, OPEN, 0.0, 0.0),
        mechanism(NAN, OPEN, NAN, NAN),
        mechanism(0.5, OPEN, se=NAN),
        mechanism(0.5, OPEN, se=300.0),
    ],
    "long names": [mechanism(-2.0, OPEN, mechanism=LONG, says=LONG), mechanism(9.0, EARNS)],
}

CASES = {
    **{("skills", k): (backtest.skills, told(rows=v)) for k, v in SKILLS.items()},
    **{("reliability", k): (backtest.reliability, told(panels=v)) for k, v in RELIABILITY.items()},
    **{("ranks", k): (backtest.rank_histogram, told(panels=v)) for k, v in RANKS.items()},
    **{("cohesion", k): (backtest.cohesion, told(panels=v)) for k, v in COHESION.items()},
    **{("mechanisms", k): (mechanisms.mechanisms, told(rows=v)) for k, v in MECHANISMS.items()},
}


@functools.cache
def drawn(kind: str, name: str) -> Figure:
    """The figure of a case, drawn without a warning."""
    function, parts = CASES[kind, name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(parts)


@functools.cache
def places(kind: str, name: str) -> dict[str, Any]:
    return boxes(drawn(kind, name))


def shown(figure: Figure) -> str:
    """All that the reader reads, in one line."""
    return " ".join(" ".join(t.get_text().split()) for t in texts(figure))


def headline(kind: str, name: str) -> str:
    return " ".join(drawn(kind, name).texts[0].get_text().split())


def marks(figure: Figure, *kinds: str) -> list[tuple[float, float]]:
    """Places of all markers of these kinds that stand for one value."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() in kinds and len(line.get_xdata()) == 1
    ]


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_two_texts_overlap(kind, name):
    for (a, first), (b, second) in itertools.combinations(places(kind, name).items(), 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 0 or high <= 1, f"{a} and {b}"


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_no_text_is_cut_off(kind, name):
    sheet = drawn(kind, name).bbox
    for text, box in places(kind, name).items():
        assert sheet.contains(box.x0, box.y0), text
        assert sheet.contains(box.x1, box.y1), text


@pytest.mark.parametrize(("kind", "name"), [k for k in CASES if k[0] in ("skills", "mechanisms")])
def test_no_mark_or_arrow_lies_on_a_text(kind, name):
    figure = drawn(kind, name)
    for axes in figure.axes:
        for line in axes.lines:
            if len(line.get_xdata()) == 1:
                x, y = line.get_transform().transform(line.get_xydata()[0])
                for text, box in places(kind, name).items():
                    inside = box.x0 - 4 < x < box.x1 + 4 and box.y0 < y < box.y1
                    assert not inside, text


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_figure_says_where_it_comes_from(kind, name):
    told = shown(drawn(kind, name))
    assert "The CSTO foretold" in told
    assert " ".join(FOOT.split()) in told


# --- skill


@pytest.mark.parametrize("name", SKILLS)
def test_every_comparison_has_its_dot_or_is_told(name):
    rows, figure = SKILLS[name], drawn("skills", name)
    known = [r for r in rows if r["skill"] == r["skill"]]
    there = [r["skill"] for r in known if r["skill"] >= -2]
    assert sorted(x for x, _ in marks(figure, "o", "s")) == pytest.approx(sorted(there))
    assert len(marks(figure, "<")) == sum(r["low"] < -2 for r in known)


def test_the_headline_of_skills_counts_intervals():
    rows = SKILLS["many"]
    better, worse = sum(r["low"] > 0 for r in rows), sum(r["high"] < 0 for r in rows)
    perfect = sum(r["skill"] != r["skill"] for r in rows)
    assert min(better, worse, perfect) > 0
    assert headline("skills", "many") == (
        f"The CSTO foretold: the model is better than the baseline in {better} of 96 comparisons, worse in {worse}, "
        f"not told apart in {96 - better - worse - perfect}; in {perfect} the baseline was perfect"
    )
    of = [[r for r in rows if r["inputs"] == k] for k in ("as they were", "held")]
    counts = [(sum(r["low"] > 0 for r in each), len(each)) for each in of]
    assert "Better with inputs as they were in {} of {}, with inputs held in {} of {}".format(
        *itertools.chain(*counts)
    ) in shown(drawn("skills", "many"))


def test_what_lies_beyond_the_axis_is_told_in_numbers():
    told = shown(drawn("skills", "extremes"))
    for number in ("−12,346 (−99,999 to −2.3)", "−2.5 (−40.0 to 0.9)", "down to −3.2"):
        assert number in told
    assert "Arrow:" in told
    assert "Arrow:" not in shown(drawn("skills", "one"))


def test_a_perfect_baseline_is_named():
    assert shown(drawn("skills", "perfect")).count("baseline perfect") == 1
    assert "in 2 the baseline was perfect" in headline("skills", "perfect")
    assert "Baseline perfect" not in shown(drawn("skills", "one"))


def test_the_side_of_the_model_is_the_right_one():
    figure = drawn("skills", "two marks")
    (axes,) = figure.axes
    zero = axes.transData.transform((0, 0))[0]
    by_text = {t.get_text(): b for t, b in zip(texts(figure), places("skills", "two marks").values(), strict=True)}
    assert by_text["← baseline better"].x1 < zero < by_text["model better →"].x0


def test_inputs_may_be_told_as_such_or_in_the_forecaster():
    rows = [{k: v for k, v in r.items() if k != "forecaster"} for r in SKILLS["two marks"]]
    rows = [{**r, "inputs": k} for r, k in zip(rows, ("as they were", "held"), strict=True)]
    assert shown(backtest.skills(told(rows=rows))) == shown(drawn("skills", "two marks"))


# --- reliability


def test_the_headline_of_reliability_is_the_share_outside_the_band():
    for name, panels in RELIABILITY.items():
        for p in panels if name != "certain" else []:
            x, which = np.unique(p["forecast"], return_inverse=True)
            fit, low, high = (
                np.array([p[k][which == j].mean() for j in range(len(x))]) for k in ("frequency", "low", "high")
            )
            away = ((fit > high + 1e-9) | (fit < low - 1e-9))[which].mean()
            title = p["title"][0].lower() + p["title"][1:]
            said = headline("reliability", name).split(f" % ({title})")[0].split()[-1]
            assert abs(float(said) - 100 * away) <= 1


def test_equal_forecasts_are_taken_together():
    assert "67 % (supports the leader)" in headline("reliability", "certain")
    steps = [p for p in drawn("reliability", "certain").axes[0].patches if isinstance(p, StepPatch)]
    np.testing.assert_allclose(steps[-1].get_data().values, [0.5, 1.0])


@pytest.mark.parametrize("name", RELIABILITY)
def test_the_line_the_band_and_the_forecasts_are_drawn(name):
    axes = drawn("reliability", name).axes
    for p, panel, strip in zip(RELIABILITY[name], axes[::2], axes[1::2], strict=True):
        _, line = (a for a in panel.patches if isinstance(a, StepPatch))
        assert len(line.get_data().values) == len(np.unique(p["forecast"]))
        (bars,) = (a for a in strip.patches if isinstance(a, StepPatch))
        assert bars.get_data().values.sum() == len(p["forecast"])


def test_the_note_says_on_which_side_the_line_leaves_the_band():
    notes = {t.get_text() for t in drawn("reliability", "three").texts}
    more, less, _ = RELIABILITY["three"]
    above, below = ([n for n in notes if f"{p['events']:,} of {p['cases']:,} happened" in n] for p in (more, less))
    assert above[0].endswith("\u00a0% above the band")
    assert below[0].endswith("\u00a0% below the band")
    assert "all within the band" in shown(drawn("reliability", "two"))


# --- ranks


def test_bars_outside_the_band_are_counted_and_coloured():
    figure, panels = drawn("ranks", "two"), RANKS["two"]
    for p, axes in zip(panels, figure.axes, strict=True):
        band, bars = axes.containers
        assert [b.get_height() for b in bars] == list(p["counts"])
        assert [b.get_y() for b in band] == list(p["low"])
        coloured = [to_hex(b.get_facecolor()) == style.FAN["mean"] for b in bars]
        assert coloured == list((p["counts"] < p["low"]) | (p["counts"] > p["high"]))
    assert headline("ranks", "two").endswith(
        "4 of 16 bars lie outside the 90 % band (split of 2012: 4 of 8; rolling origin: 0 of 8)"
    )


# --- cohesion


def test_the_headline_of_cohesion_counts_motions_of_each_panel():
    """Panels may share motions: their counts are not added up."""
    for p in COHESION["usual"]:
        wide = int(((p["observed"] >= p["q05"]) & (p["observed"] <= p["q95"])).sum())
        told = f"on {wide} of {len(p['observed'])} motions ({p['title']})"
        assert told in headline("cohesion", "usual")


def test_motions_are_in_order_of_date_each_with_its_forecast():
    (axes,) = drawn("cohesion", "same dates, not in order").axes
    (p,) = COHESION["same dates, not in order"]
    order = sorted(range(12), key=lambda k: p["dates"][k])
    wide, half = axes.containers
    assert [b.get_y() for b in wide] == pytest.approx(list(p["q05"][order]))
    assert [b.get_height() for b in half] == pytest.approx(list((p["q75"] - p["q25"])[order]))
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == list(p["observed"][order])
    labels = [t.get_text() for t in axes.get_xticklabels()]
    assert [label.split("\n")[1] for label in labels] == ["Feb 2022"] * 6 + ["Mar 2022"] * 6


def test_persistence_is_drawn_where_there_is_one():
    split, rolling = drawn("cohesion", "usual").axes
    assert [line.get_ydata()[0] for line in split.lines if len(line.get_xdata()) == 2] == [0.31]
    assert not [line for line in rolling.lines if len(line.get_xdata()) == 2]


# --- mechanisms


def test_mechanisms_are_sorted_by_evidence_with_their_verdicts():
    rows = sorted(MECHANISMS["usual"], key=lambda r: -r["evidence"])
    figure = drawn("mechanisms", "usual")
    for axes, key in zip(figure.axes, ("evidence", "held_out"), strict=True):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [d.get_xdata()[0] for d in dots] == pytest.approx([r[key] for r in rows])
        assert np.all(np.diff([d.get_ydata()[0] for d in dots]) > 0)
        long = [line for line in axes.lines if len(line.get_xdata()) == 2]
        bars = [line.get_xdata() for line in long[1:]]  # the first is the line at 0
        np.testing.assert_allclose(bars, [[r[key] - 1.2, r[key] + 1.2] for r in rows])
    found = {t.get_text(): t.get_color() for t in figure.texts}
    assert {found[v] for v in (EARNS, OPEN, COSTS)} == set(mechanisms.COLOURS.values())
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("one", "Of 1 mechanism 1 earns its place, none costs more than it explains"),
        (
            "one costs",
            "Of 2 mechanisms none earns its place, 1 costs more than it explains; of 1 the record cannot tell",
        ),
        ("all cost", "Of 3 mechanisms none earns its place, 3 cost more than they explain"),
        ("usual", "Of 22 mechanisms 15 earn their place, 3 cost more than they explain; of 4 the record cannot tell"),
    ],
)
def test_the_headline_of_mechanisms_counts_verdicts(name, says):
    assert headline("mechanisms", name) == says


def test_a_mechanism_far_beyond_the_others_is_told_in_numbers():
    told = shown(drawn("mechanisms", "extremes"))
    assert "4,000 ± 1.2" in told
    assert "−3,000 ± 1.2" in told
    assert told.count("not known") == 2
    assert "Arrow:" in told
    assert "Arrow:" not in shown(drawn("mechanisms", "usual"))


def test_large_evidence_all_over_is_not_cut_off():
    low, high = limits([mechanism(100.0 + k, EARNS, 80.0) for k in range(9)])
    assert low < 0
    assert high > 109


# --- files


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for kind in ("skills", "mechanisms"):
        function, parts = CASES[kind, "extremes"]
        first, again = (save(function(parts), tmp_path / f"{k}.png").read_bytes() for k in range(2))
        assert first == again


def test_importing_loads_no_plotting():
    script = (
        "import sys, sim.figures.backtest, sim.figures.mechanisms;"
        "print({'matplotlib', 'numpy', 'scipy'} & set(sys.modules))"
    )
    command, root = [sys.executable, "-c", script], Path(__file__).parents[2]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert found.stdout.strip() == "set()"
