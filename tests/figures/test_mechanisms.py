"""The figure of mechanisms: sorted by evidence, its headline counts verdicts, and no two texts overlap."""

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sim.figures.mechanisms import COSTS, EARNS, OPEN, limits, mechanisms
from sim.figures.rows import Worth
from sim.model.outcomes import MECHANISM_VERDICTS
from tests.figures.looking import FOOT, TITLE, check, check_marks, drawn, headline, shown

NAN = float("nan")
LONG = "a name so long that it cannot stand on a line of its own whatever is done to it, not even on this sheet"


def mechanism(evidence: float, verdict: str, held_out: float = 0.2, se: float = 0.6, **other: Any):
    return {
        "mechanism": "entrapment",
        "says": "a quarrel with the West costs those with ties to it",
        "coefficients": "behaviour.entrapment",
        "evidence": evidence,
        "evidence_se": se,
        "held_out": held_out,
        "held_out_se": se,
        "verdict": verdict,
        "held_out_verdict": verdict,
        "effective": 40.0,
        "steps": 1,
        **other,
    }


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


@functools.cache
def figure(name: str) -> Figure:
    """The figure of a case."""
    return drawn(mechanisms, pd.DataFrame(MECHANISMS[name]), TITLE, FOOT)


@pytest.mark.parametrize("name", MECHANISMS)
def test_no_text_lies_on_another_or_on_a_mark_or_is_cut_off_and_the_source_is_named(name):
    check(figure(name))
    check_marks(figure(name))
    assert TITLE in shown(figure(name))
    assert " ".join(FOOT.split()) in shown(figure(name))


def test_mechanisms_are_sorted_by_evidence_with_their_verdicts():
    rows = sorted(MECHANISMS["usual"], key=lambda r: -r["evidence"])
    usual = figure("usual")
    for axes, key in zip(usual.axes, ("evidence", "held_out"), strict=True):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [d.get_xdata()[0] for d in dots] == pytest.approx([r[key] for r in rows])
        assert np.all(np.diff([d.get_ydata()[0] for d in dots]) > 0)
        long = [line for line in axes.lines if len(line.get_xdata()) == 2]
        bars = [line.get_xdata() for line in long[1:]]  # the first is the line at 0
        np.testing.assert_allclose(bars, [[r[key] - 1.2, r[key] + 1.2] for r in rows])
    found = {t.get_text(): t.get_color() for t in usual.texts}
    assert {found[v] for v in (EARNS, OPEN, COSTS)} == set(MECHANISM_VERDICTS.values())
    assert len({axes.get_xlim() for axes in usual.axes}) == 1


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
    assert headline(figure(name)) == says


def test_a_mechanism_far_beyond_the_others_is_given_in_numbers():
    text = shown(figure("extremes"))
    assert "4,000 ± 1.2" in text
    assert "−3,000 ± 1.2" in text
    assert text.count("not known") == 2
    assert "Arrow:" in text
    assert "Arrow:" not in shown(figure("usual"))


def test_large_evidence_all_over_is_not_cut_off():
    low, high = limits([Worth(**mechanism(100.0 + k, EARNS, 80.0)) for k in range(9)])
    assert low < 0
    assert high > 109
