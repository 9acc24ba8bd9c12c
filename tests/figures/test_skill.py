"""The figure of skill: its headline counts what is drawn, and no two texts overlap."""

import functools
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.figures.skill import skills
from tests.figures.looking import FOOT, TITLE, boxes, check, check_marks, drawn, headline, shown, texts

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


def row(skill: float, low: float, high: float, **other: Any) -> dict[str, Any]:
    return {
        "scheme": "2013 to August 2023, fitted to the end of 2012",
        "question": "change of membership",
        "score": "Brier score",
        "inputs": "as they were",
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
                        "scheme": split,
                        "question": measure,
                        "score": score,
                        "inputs": inputs,
                        "baseline": baseline,
                        "skill": skill,
                        "low": skill - 2 * wide,
                        "high": skill + 0.9 * min(wide, 1 - skill),
                    }
                )
    return rows


HELD = "held"
SKILLS = {
    "one": [row(0.4, 0.1, 0.6)],
    "two marks": [row(0.4, 0.1, 0.6), row(-0.3, -0.5, -0.1, inputs=HELD)],
    "held alone": [row(0.4, -0.1, 0.6, inputs=HELD)],
    "perfect": [row(NAN, NAN, NAN), row(NAN, NAN, NAN, inputs=HELD)],
    "half perfect": [row(NAN, NAN, NAN), row(1.0, 1.0, 1.0, inputs=HELD)],
    "extremes": [
        row(-12345.6, -99999.0, -2.3),
        row(-2.5, -40.0, 0.9, inputs=HELD),
        row(-1.9, -3.2, 0.99, baseline="own rate"),
        row(0.0, 0.0, 0.0, baseline="own rate", inputs=HELD),
    ],
    "long names": [
        row(0.4, 0.1, 0.6, scheme="A split " * 20, question=LONG, baseline="a rule with a name too long to be shown"),
        row(-4.4, -30.1, -2.6, scheme="Another", question=LONG, score="a score, also long enough for two lines"),
    ],
    "many": many_rows(),
}


@functools.cache
def figure(name: str) -> Figure:
    """The figure of a case."""
    return drawn(skills, pd.DataFrame(SKILLS[name]), TITLE, FOOT)


@pytest.mark.parametrize("name", SKILLS)
def test_no_text_lies_on_another_or_on_a_mark_or_is_cut_off_and_the_source_is_named(name):
    check(figure(name))
    check_marks(figure(name))
    assert TITLE in shown(figure(name))
    assert " ".join(FOOT.split()) in shown(figure(name))


def marks(figure: Figure, *kinds: str) -> list[tuple[float, float]]:
    """Places of all markers of these kinds that stand for one value."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() in kinds and len(line.get_xdata()) == 1
    ]


@pytest.mark.parametrize("name", SKILLS)
def test_every_comparison_has_its_dot_or_is_named(name):
    rows, skill = SKILLS[name], figure(name)
    known = [r for r in rows if r["skill"] == r["skill"]]
    there = [r["skill"] for r in known if r["skill"] >= -2]
    assert sorted(x for x, _ in marks(skill, "o", "s")) == pytest.approx(sorted(there))
    assert len(marks(skill, "<")) == sum(r["low"] < -2 for r in known)


def test_the_headline_of_skills_counts_intervals():
    rows = SKILLS["many"]
    better, worse = sum(r["low"] > 0 for r in rows), sum(r["high"] < 0 for r in rows)
    perfect = sum(r["skill"] != r["skill"] for r in rows)
    assert min(better, worse, perfect) > 0
    assert headline(figure("many")) == (
        f"{TITLE}: the model is better than the baseline in {better} of 96 comparisons, worse in {worse}, "
        f"not told apart in {96 - better - worse - perfect}; in {perfect} the baseline was perfect"
    )
    of = [[r for r in rows if r["inputs"] == k] for k in ("as they were", "held")]
    counts = [(sum(r["low"] > 0 for r in each), len(each)) for each in of]
    assert "Better with inputs as they were in {} of {}, with inputs held in {} of {}".format(
        *itertools.chain(*counts)
    ) in shown(figure("many"))


def test_what_lies_beyond_the_axis_is_given_in_numbers():
    text = shown(figure("extremes"))
    for number in ("−12,346 (−99,999 to −2.3)", "−2.5 (−40.0 to 0.9)", "down to −3.2"):
        assert number in text
    assert "Arrow:" in text
    assert "Arrow:" not in shown(figure("one"))


def test_a_perfect_baseline_is_named():
    assert shown(figure("perfect")).count("baseline perfect") == 1
    assert "in 2 the baseline was perfect" in headline(figure("perfect"))
    assert "Baseline perfect" not in shown(figure("one"))


def test_the_side_of_the_model_is_the_right_one():
    two = figure("two marks")
    (axes,) = two.axes
    zero = axes.transData.transform((0, 0))[0]
    by_text = {t.get_text(): b for t, b in zip(texts(two), boxes(figure("two marks")).values(), strict=True)}
    assert by_text["← baseline better"].x1 < zero < by_text["model better →"].x0
