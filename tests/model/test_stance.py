"""Stance: an Ornstein-Uhlenbeck process around the target of MODEL.md, tick 3."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from sim.engines.ensemble import Stack
from sim.model import stance
from sim.model.arrays import Inputs
from sim.model.declaration import Input
from sim.model.noise import Noise
from sim.model.stance import decays
from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS, LeaderInputs, MemberInputs
from sim.scenario.compile import Program
from tests import reference
from tests.helpers import ALPHA, MEMBERS, centred, coefficients, numbers, run, six, stacked

FEW = 4
NOBODY = np.zeros((1, 1), dtype=bool)
ALONE = {
    "peers": 0.0,
    "opinion": 0.0,
    "punishment_affinity": 0.0,
    "diversification": 0.0,
    "prior_reliability": 0.3,
    "watching": 0.0,
}
"""Coefficients under which the target of a member without crises never moves."""


def inputs(rng: np.random.Generator, rows: int = FEW, runs: int = 1) -> Inputs:
    """Random inputs of a few members."""
    members = MemberInputs(*(rng.random((rows, runs)) for _ in MemberInputs._fields))
    leader = LeaderInputs(*(rng.random(runs) for _ in LeaderInputs._fields))
    return Inputs(members, leader, np.zeros((0, runs)), np.zeros((rows, runs)), np.zeros(runs))


def target_of(values: dict[str, float], code: str) -> float:
    """The reference's target, under ALONE, from overrides that give every input and coefficient."""

    def read(inputs: tuple[Input, ...], owner: str) -> dict[str, float]:
        found = {}
        for i in inputs:
            weights = i.weights or (1.0,)
            for field, channels in i.fields.items():
                each = weights if field == i.name else (1.0,)
                found[field] = sum(w * values[i.path(owner, ch)] for w, ch in zip(each, channels, strict=True))
        return found

    c = {k.removeprefix("behaviour."): v for k, v in values.items() if k.startswith("behaviour.")}
    own, leader = read(MEMBER_INPUTS, f"members.{code}"), read(LEADER_INPUTS, "leader")
    still = {"diversified": 0.0, "punishment": 0.0, "opinion": 0.5}
    return reference.target(still, own, leader, 0.3, 0.0, [], c)


@pytest.mark.parametrize("step", ["month", "quarter", "year"])
def test_stance_with_fixed_inputs_has_the_target_as_mean_and_volatility_as_deviation(step: str) -> None:
    """The stationary law after ten years, whatever the step.

    The mean of n normal stances is normal, their variance chi-square with n - 1 degrees of freedom.
    Ten two-sided tests, each at a tenth of ALPHA.
    """
    values = numbers() | centred(**ALONE)
    quiet = {"alliance.crises": "scripted", "time.step": step}
    x = run(six(values | quiet), lanes=2048)[-1].stance
    n, volatility = x.shape[1], values["behaviour.volatility"]
    calm = [row for row, code in enumerate(MEMBERS) if code != "CCC"]  # its crisis is scripted
    level = ALPHA / (2 * len(calm)) / 2
    for row in calm:
        z = (x[row].mean() - target_of(values, MEMBERS[row])) / (volatility / np.sqrt(n))
        spread = (n - 1) * x[row].var(ddof=1) / volatility**2
        below, above = stats.chi2.ppf([level, 1 - level], n - 1)
        assert abs(z) < stats.norm.isf(level)
        assert below < spread < above


def test_stances_a_tick_apart_correlate_as_the_decay_says() -> None:
    """Fisher's transform of a correlation is normal with variance 1 / (n - 3)."""
    values = numbers() | centred(**ALONE) | {"alliance.crises": "scripted"}
    x = stacked(run(six(values), lanes=2048), "stance")
    found = [np.corrcoef(a[0], b[0])[0, 1] for a, b in pairwise(x[-5:])]
    expected = np.exp(-0.25 / values["behaviour.adjustment_time"])
    z = (np.arctanh(found) - np.arctanh(expected)) * np.sqrt(x.shape[2] - 3)
    assert np.abs(z).max() < stats.norm.isf(ALPHA / 4 / 2)


@pytest.mark.parametrize(("n", "peers", "dt"), [(2, 0.3, 0.25), (5, 0.8, 0.25), (5, 0.8, 1.0), (9, 0.0, 0.25)])
def test_the_spread_around_the_members_mean_is_as_model_md_says(n: int, peers: float, dt: float) -> None:
    """The mean's too, whatever the peers. Eight two-sided chi-square tests, each at an eighth of ALPHA."""
    runs, sigma, tau = 4096, 0.5, 1.8
    c = coefficients(1, peers=peers, volatility=sigma, adjustment_time=tau)
    d, rng = decays(c, dt), np.random.default_rng(n)
    goals = np.linspace(-1.0, 1.0, n)[:, None]
    x, ones = goals + np.zeros(runs), np.ones((n, 1))
    for _ in range(round(12 * tau / dt)):
        pull = stance.peer_pull(x, ones, x.sum(axis=0), np.full(1, float(n)), c)
        x = stance.adjust(x, goals + pull, rng.standard_normal(x.shape), NOBODY, c, d)
    b = peers * n / (n - 1)
    around = sigma**2 * (n - 1) / n / ((1 + b) * (1 - b * np.tanh(dt / 2 / tau)))
    level = ALPHA / 8 / 2
    below, above = stats.chi2.ppf([level, 1 - level], runs - 1) / (runs - 1)
    assert below < x.mean(axis=0).var(ddof=1) / (sigma**2 / n) < above
    assert below < (x - x.mean(axis=0))[0].var(ddof=1) / around < above


@given(dt=st.floats(1e-3, 2), n=st.integers(1, 12), x=st.floats(-5, 5), goal=st.floats(-5, 5))
def test_n_short_steps_without_noise_are_one_long_step(dt: float, n: int, x: float, goal: float) -> None:
    c, z = coefficients(), np.zeros((1, 1))
    whole = stance.adjust(np.full((1, 1), x), np.full((1, 1), goal), z, NOBODY, c, decays(c, n * dt))
    parts = np.full((1, 1), x)
    for _ in range(n):
        parts = stance.adjust(parts, np.full((1, 1), goal), z, NOBODY, c, decays(c, dt))
    np.testing.assert_allclose(parts, whole, atol=1e-12)


@given(jump=st.floats(0, 1), x=st.floats(-5, 5), goal=st.floats(-5, 5))
def test_a_change_of_regime_closes_its_share_of_the_gap_and_nobody_else_s(jump: float, x: float, goal: float) -> None:
    c = coefficients(regime_change=jump)
    before, aim, z = np.full((2, 1), x), np.full((2, 1), goal), np.zeros((2, 1))
    changed, other = stance.adjust(before, aim, z, np.array([[True], [False]]), c, decays(c, 0.25)) - goal
    np.testing.assert_allclose(changed, (1 - jump) * other, atol=1e-12)


def test_changes_of_regime_are_drawn_at_the_rate_of_the_threat_to_the_regime() -> None:
    """With every stance at once at its target none of them keeps the noise of the years before (two-sided binomial)."""
    rate = {"behaviour.regime_change": 1.0, "behaviour.regime_change_rate": 0.8, "behaviour.peers": 0.0}
    threat = {f"members.{code}.threat.regime": 0.5 for code in MEMBERS}
    quiet = {"behaviour.volatility": 0.0, "behaviour.salience_regime": 0.0, "behaviour.crisis_regime": 0.0}
    still = centred(**ALONE) | quiet | threat | rate
    runs, far = 1024, 1.0
    drawn = changed_by(six(numbers() | still | {"alliance.crises": "drawn"}), runs, far)
    scripted = changed_by(six(numbers() | still | {"alliance.crises": "scripted"}), runs, far)
    assert scripted == 0
    n, p = runs * len(MEMBERS), -np.expm1(-0.25 * 0.8 * 0.5)
    assert stats.binom.ppf(ALPHA / 2, n, p) <= drawn <= stats.binom.isf(ALPHA / 2, n, p)


def changed_by(program: Program, runs: int, far: float) -> int:
    """How many stances, put off their target, come back to it in a tick."""
    stack = Stack([program], Noise(1, 0), slice(0, runs), None)
    stack.begin()
    assert stack.state is not None
    target = stack.state.stance
    stack.state = stack.state._replace(stance=target + far)
    after = stack.tick(program.record_ticks).stance
    return int((np.abs(after - target) < 0.5 * far).sum())


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        ("dependence", 1),
        ("affinity", 1),
        ("western_ties", -1),
        ("target_ties", -1),
        ("autonomy", -1),
        ("partiality", -1),
        ("other_ties", -1),
        ("security_offer", 0),
        ("institution", 1),
        ("interstate", 1),
        ("separatist", 1),
        ("insurgency", 1),
        ("regime", 1),
        ("confrontation", -1),
        ("hierarchy", -1),
        ("capacity", 1),
        ("basing", 0),
        ("coercion", 0),
        ("opinion", 0),
    ],
)
def test_the_target_moves_with_each_input_as_the_model_says(name: str, sign: int) -> None:
    """Reliability, opinion and peers given; the rest of the environment at random."""
    c, at = coefficients(), inputs(np.random.default_rng(3))
    of = "leader" if hasattr(at.leader, name) else "members"
    part = getattr(at, of)
    raised = at._replace(**{of: part._replace(**{name: getattr(part, name) + 0.1})})

    def goal(i: Inputs) -> np.ndarray:
        s = stance.standing(i, i.leader.capacity, c)
        half = np.full((FEW, 1), 0.5)
        return stance.target(s, half, half, i.members.dependence, i.members.affinity, half, c)

    assert (np.sign(goal(raised) - goal(at)) == sign).all()


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8))
def test_peer_pulls_cancel_out_among_members(stances: list[float]) -> None:
    x = np.array(stances)[:, None]
    everybody, n = np.ones(x.shape, bool), np.array([float(len(stances))])
    pull = stance.peer_pull(x, everybody, sum(x), n, coefficients(peers=0.4))
    assert abs(pull.sum()) < 1e-12
    fellows = np.array([np.mean(np.delete(x, i)) for i in range(len(x))])[:, None]
    np.testing.assert_allclose(pull, 0.4 * (fellows - x), atol=1e-12)


def test_a_member_without_fellows_feels_no_pull_and_an_outsider_all_of_it() -> None:
    x, c = np.array([[2.0], [-1.0]]), coefficients(peers=0.5)
    belongs = np.array([[True], [False]])
    pull = stance.peer_pull(x, belongs, np.array([2.0]), np.array([1.0]), c)
    assert pull.ravel().tolist() == [0.0, 0.5 * (2.0 - -1.0)]
