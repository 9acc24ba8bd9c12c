"""Metamorphic tests: what one mechanism reads does nothing without it, and the right with it."""

from typing import Any

import numpy as np
import pytest

from sim.model.membership import ACTIVE
from sim.model.tick import Record
from sim.model.variables import COEFFICIENTS, MEASURES
from sim.scenario.compile import Program
from tests.helpers import MEMBERS, centred, numbers, run, six
from tests.mechanisms import MECHANISMS, NO_SWITCH, TESTED_OTHERWISE, Mechanism, Records, clashes, dispute, help_given

EVENTFUL = {"baseline": 1.0, "freeze_rate": 0.1, "entry_rate": 0.05, "crisis_interstate": 0.6, "grievance": 0.4}
"""More happens than at the priors' centres, so that 64 runs show it; exits stay rare."""
CENTRES = {c.name: c.centre for c in COEFFICIENTS} | EVENTFUL
BASE = (
    numbers()
    | centred(**EVENTFUL)
    | {f"members.{code}.{path}": 0.1 for code in MEMBERS for path in ("security_offer", "partiality")}
)


def made(m: Mechanism, value: Any, coefficient: float) -> Program:
    """The scenario with the mechanism's input at a value, and its coefficient at another."""
    zero = {f"behaviour.{name}": 0.0 for name in m.off}
    overrides = BASE | dict(m.more) | zero | {f"behaviour.{m.coefficient}": coefficient}
    if isinstance(m.change, str):
        program = six(overrides | {m.change: value})
    else:
        program = m.change(six(overrides), value)
    status = np.array([[m.start]] * 2 + [[ACTIVE]] * 3, dtype=np.int8)
    return program._replace(start_status=status)


def rows_of(records: Records, ignore: tuple[str, ...], rows: tuple[int, ...]) -> list[np.ndarray]:
    """Everything the records show of some members, as arrays."""
    shown: list[np.ndarray] = []
    for r in records:
        crises = () if "crises" in ignore else r.crises
        fields = [getattr(r, f) for f in Record._fields[1:] if f not in ignore]
        arrays = [np.asarray(x) for x in (*crises, *fields)]
        shown += [x[list(rows)] if x.ndim == 2 else x for x in arrays]
    return shown


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    """To the last bit."""
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def name(m: Mechanism) -> str:
    """Coefficient and input."""
    return f"{m.coefficient}-{m.change if isinstance(m.change, str) else m.change.__name__}"


@pytest.mark.parametrize("m", MECHANISMS, ids=name)
def test_without_the_mechanism_its_inputs_change_nothing(m: Mechanism) -> None:
    low, high = (rows_of(run(made(m, value, 0.0)), m.ignore, m.rows) for value in (m.low, m.high))
    assert same(low, high)


@pytest.mark.parametrize("m", MECHANISMS, ids=name)
def test_with_the_mechanism_its_inputs_move_things_as_the_model_says(m: Mechanism) -> None:
    """Paired runs: every run moves the right way, or their mean is four standard errors from 0."""
    low, high = (run(made(m, v, CENTRES[m.coefficient])) for v in (m.low, m.high))
    moved = m.sign * (m.shows(high, m.shown) - m.shows(low, m.shown))
    assert moved.mean() > 0
    error = moved.std(ddof=1) / np.sqrt(moved.size)
    assert (moved >= 0).all() or moved.mean() > 4 * error


def test_every_coefficient_is_tested_or_has_no_switch() -> None:
    tested = {m.coefficient for m in MECHANISMS}
    of_runs = {c.name for c in COEFFICIENTS if c.phase not in MEASURES}
    untested = of_runs ^ (tested | TESTED_OTHERWISE | NO_SWITCH)
    assert not untested, f"tests/mechanisms.py: a Mechanism for each of {untested}, or a name in NO_SWITCH"
    assert not tested & NO_SWITCH


PRODUCTS = (
    ("crisis_interstate", "threat.interstate"),
    ("crisis_regime", "threat.regime"),
    ("help_dependence", "dependence"),
    ("help_affinity", "affinity"),
    ("help_partiality", "partiality"),
    ("dependence", "dependence"),
    ("affinity", "affinity"),
    ("western_ties", "western_ties"),
    ("hierarchy", "autonomy"),
    ("partiality", "partiality"),
    ("other_ties", "other_ties"),
    ("institution", "institution"),
    ("exit_basing", "dependence.basing"),
    ("exit_offer", "security_offer"),
    ("entry_regime_threat", "threat.regime"),
)


@pytest.mark.parametrize(("coefficient", "path"), PRODUCTS)
def test_without_its_input_a_coefficient_changes_nothing(coefficient: str, path: str) -> None:
    """The same the other way round, for coefficients that multiply an input of all members."""
    empty = {f"members.{code}.{path}": 0.0 for code in MEMBERS}
    if coefficient.endswith("affinity"):
        empty["behaviour.punishment_affinity"] = 0.0  # else punishment sours it below zero
    a, b = (run(six(BASE | empty | {f"behaviour.{coefficient}": times * CENTRES[coefficient]})) for times in (1, 2))
    assert same(rows_of(a, (), (0, 1, 2, 3, 4)), rows_of(b, (), (0, 1, 2, 3, 4)))


def test_clashes_inside_the_pact_are_answered_less() -> None:
    """``help_clash`` counts in clashes alone."""

    def runs(value: float, intensity: float) -> Records:
        return run(dispute(six(BASE | {"behaviour.help_clash": value}), intensity))

    rows = (0, 1, 2, 3, 4)
    assert same(rows_of(runs(0.0, 0.0), (), rows), rows_of(runs(3.0, 0.0), (), rows))
    without, with_ = runs(0.0, 1.0), runs(3.0, 1.0)
    assert clashes(without, rows).sum() > 100
    assert help_given(with_, (0, 1)).sum() < help_given(without, (0, 1)).sum()


def test_without_volatility_and_chance_events_every_seed_gives_the_same_stances() -> None:
    still = {f"behaviour.{n}": 0.0 for n in ("volatility", "exit_rate", "freeze_rate")}
    still |= {"behaviour.leader_exit_rate": 0.0, "alliance.crises": "scripted"}
    a, b = (run(six(BASE | still), seed=seed) for seed in (1, 2))
    for x, y in zip(a, b, strict=True):
        assert np.array_equal(x.stance, y.stance)
        assert np.ptp(x.stance, axis=1).max() == 0
    shaken = [run(six(BASE | still | {"behaviour.volatility": v})) for v in (0.1, 0.3)]
    assert (shaken[0][-1].stance.std(axis=1) < shaken[1][-1].stance.std(axis=1)).all()


def test_a_leader_without_exit_rate_ends_nothing_but_an_alliance_below_quorum() -> None:
    """And with one, the alliance lives a shorter time."""
    stays, leaves = (run(six(BASE | {"behaviour.leader_exit_rate": h})) for h in (0.0, 0.3))
    for r in stays[1:]:
        assert set(np.unique(r.dissolution)) <= {0.0, 1.0}
    lived = [sum(r.alive for r in records) for records in (stays, leaves)]
    assert (lived[0] >= lived[1]).all()
    assert lived[0].sum() > lived[1].sum()


def test_cutpoints_move_conduct_and_nothing_else() -> None:
    a, b = (run(six(BASE | {"behaviour.support_above": x})) for x in (0.5, 1.5))
    seen = ("support", "oppose", "conduct")
    assert same(rows_of(a, seen, (0, 1, 2, 3, 4)), rows_of(b, seen, (0, 1, 2, 3, 4)))
    for x, y in zip(a, b, strict=True):
        assert (x.support > y.support).all()
        assert np.array_equal(x.oppose, y.oppose)
        assert (x.conduct >= y.conduct).all()
