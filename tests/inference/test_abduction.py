"""A past that was otherwise is lived on the noise that the record reveals: exact answers where there are any."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sim.engines import agents, ensemble
from sim.engines.ensemble import Piece, Stack, run_together
from sim.engines.environment import revealed, state_at_start
from sim.inference.ends import Traced
from sim.inference.likelihood import Target, target_of
from sim.inference.smc import CHUNK, chunks
from sim.model import membership
from sim.model.arrays import Array, each
from sim.model.membership import ACTIVE, FROZEN, OUTSIDE, Chances
from sim.model.noise import BLOCK, Noise, Pick
from sim.model.tick import Script, State
from sim.results.replay import same
from sim.scenario.compile import Program, alike, compile, past_of
from sim.scenario.load import Scenario, load
from sim.scenario.posterior import Lived, Posterior, posterior_of
from sim.scenario.start import Start, digests

Z = 5.0
"""Standard errors that chance is allowed."""
PAIRS = ("no-war-2022", "help-for-armenia")


def pair(name: str) -> list[Program]:
    return alike([compile(load("csto/outlook-2023")), compile(load(f"csto/counterfactuals/{name}"))])


def anew(p: Program) -> Program:
    """The very past of the record, lived as one that was otherwise."""
    return p._replace(script=tuple(s._replace(record=None) for s in p.script), fact=p)


def test_the_noise_that_is_made_again_leads_to_the_states_of_the_posterior() -> None:
    fact, plain = pair(PAIRS[0])[0], compile(load("csto/outlook-2023"))
    stack = Stack([fact], Noise(1, 0), slice(None), None)
    stack.begin()
    for t in range(plain.start.tick):
        stack.relive(t)
    there = state_at_start(plain, Noise(1, 0), slice(None))
    assert there
    assert stack.state
    np.testing.assert_allclose(stack.state.stance, there.stance, atol=1e-5)
    np.testing.assert_allclose(stack.state.feedback.opinion, there.feedback.opinion, atol=1e-5)


def test_the_same_past_lived_anew_is_what_happened() -> None:
    """Every move made and not made, in every run, and every stance to the last bit."""
    fact = pair(PAIRS[0])[0]
    (a, b) = next(run_together([fact, anew(fact)], 1, Piece(0, slice(None))))
    np.testing.assert_array_equal(np.broadcast_to(a.record.status, b.record.status.shape), b.record.status)
    np.testing.assert_array_equal(a.record.stance, b.record.stance)
    assert b.record.alive.all()


@pytest.mark.parametrize("name", PAIRS)
def test_both_engines_live_another_past_alike(name: str) -> None:
    for p in pair(name):
        numpy_run, mesa_run = (list(e.run_block(p, 4, 0, slice(5, 7))) for e in (ensemble, agents))
        assert len(numpy_run) == p.forecast_ticks + 1
        assert all(same(b, a) for a, b in zip(numpy_run, mesa_run, strict=True))


def test_another_past_changes_what_it_should() -> None:
    """Without the war all members stand closer; with help it is Armenia. A refusal is worth more than its error."""
    for name, moved in zip(PAIRS, (range(5), range(1)), strict=True):
        fact, other = (side.record for side in next(run_together(pair(name), 1, Piece(0, slice(None)))))
        apart = other.stance - fact.stance
        for i in moved:
            assert apart[i].mean() > Z * apart[i].std() / np.sqrt(1024)


def test_where_the_record_says_nothing_of_one_all_relive_it() -> None:
    base, war = compile(load("csto/outlook-2023")), compile(load("csto/counterfactuals/no-war-2022"))
    for change in ({"behaviour.affinity": 2.0}, {"members.GEO.admissible": not base.alliance.admissible[6, 0]}):
        three = alike([base, war, compile(load("csto/outlook-2023", change))])
        assert [p.start.states for p in three] == [None] * 3
        assert [p.fact for p in three] == [None] * 3
        assert all(p.start.words.startswith("Relives ") for p in three)


# -------------------------------------------------------------------------------- membership: two ticks, enumerated

FACT = {ACTIVE: Chances(np.array(0.10), np.array(0.20)), FROZEN: Chances(np.array(0.05), np.array(0.30))}
OTHER = {ACTIVE: Chances(np.array(0.40), np.array(0.15)), FROZEN: Chances(np.array(0.02), np.array(0.60))}
STAYS_OUT = {OUTSIDE: Chances(np.array(0.0), np.array(0.0))}


def enumerated(lived: Sequence[int]) -> dict[int, float]:
    """The law of the status after two ticks of the other past, given those lived: by intervals of the draw."""
    law = {lived[0]: 1.0}
    for before, after in pairwise(lived):
        p, q = float(FACT[before].exit), float(FACT[before].exit + FACT[before].side)
        low, high = (0.0, p) if after == OUTSIDE else (p, q) if after != before else (q, 1.0)
        then: dict[int, float] = {}
        for status, chance in law.items():
            c = {**OTHER, **STAYS_OUT}[status]
            a, b = float(c.exit), float(c.exit + c.side)
            parts = {OUTSIDE: (0.0, a), (FROZEN if status == ACTIVE else ACTIVE): (a, b), status: (b, 1.0)}
            if status == OUTSIDE:
                parts = {OUTSIDE: (0.0, 1.0)}
            for to, (start, end) in parts.items():
                share = max(min(high, end) - max(low, start), 0.0) / (high - low)
                then[to] = then.get(to, 0.0) + chance * share
        law = then
    return law


@pytest.mark.parametrize(
    "lived", [(ACTIVE, ACTIVE, ACTIVE), (ACTIVE, ACTIVE, OUTSIDE), (ACTIVE, FROZEN, FROZEN), (ACTIVE, FROZEN, ACTIVE)]
)
def test_membership_of_two_ticks_is_as_enumerated(lived: Sequence[int]) -> None:
    n, rng = 200_000, np.random.default_rng(7)
    status = np.full((1, n), lived[0], dtype=np.int8)
    for before, after in pairwise(lived):
        was, then = (np.full((1, n), x, dtype=np.int8) for x in (before, after))
        u = membership.cut(rng.random((1, n)), was, then, FACT[before])
        chances = {**OTHER, **STAYS_OUT}
        p = Chances(
            *(
                np.select([status == s for s in chances], [getattr(c, f) for c in chances.values()])
                for f in Chances._fields
            )
        )
        fact = Chances(*(np.broadcast_to(x, u.shape) for x in FACT[before]))
        np.testing.assert_array_equal(membership.move(u, was, fact), then)
        status = membership.move(u, status, p)
    for to, chance in enumerated(lived).items():
        error = np.sqrt(chance * (1.0 - chance) / n)
        assert abs((status == to).mean() - chance) <= Z * error


# ------------------------------------------------------------------------- stances: the exact linear-Gaussian answer

LINEAR: dict[str, Any] = {
    "posterior": "none",
    "time.step": "year",
    "time.start": "2000-07-01",
    "time.end": "2002-07-01",
    "time.horizons": [1],
    **{f"behaviour.{name}": 0.0 for name in ("peers", "opinion", "diversification", "punishment")},
}
ANOTHER = {"leader.confrontation": "high@1994-07-01"}
SEEN, BLUR = {3: 0.25, 6: -0.4}, 0.15
"""Ticks after which every stance is seen with an error: how far from what was expected, and the error's deviation."""
ROWS = 2 * CHUNK


class Seen(Traced):
    """The filter, of stances that are seen themselves in place of votes and moves."""

    seen: dict[int, Array]

    def tick(self, t: int) -> None:
        self.now = t
        super().tick(t)

    def _moves(self, before: State, script: Script, leave: Array, side: Array) -> bool:
        y = self.seen.get(self.now)
        if y is not None:
            self.weights -= 0.5 * (((self.state.stance - y[:, None, None]) / BLUR) ** 2)[:1].sum(axis=0)
        return y is not None


class Basis:
    """Chance that is 1 after one tick of each run and 0 in the others and in the last run."""

    def __init__(self, edges: int) -> None:
        self.runs = edges + 1

    def normals(self, purpose: str, edge: int, rows: int) -> Array:
        return np.tile(1.0 * (np.arange(self.runs) == edge), (rows, 1))

    def uniforms(self, purpose: str, tick: int, rows: int) -> Array:
        return np.full((rows, self.runs), 0.5)

    def places(self, path: str) -> Array:
        return np.full(self.runs, 0.5)

    def rows(self, count: int) -> Pick:
        return Pick(np.zeros(self.runs, dtype=np.intp), np.zeros(self.runs, dtype=np.intp))


def affine(program: Program, ticks: int) -> tuple[Array, Array]:
    """Stance of the first state after every tick: the part without noise (edge,), and what noise adds (edge, edge)."""
    noise = Basis(ticks + 1)
    stack = Stack([program._replace(start=Start(""), fact=None)], noise, slice(0, noise.runs), None)
    stack.begin()
    found = []
    for t in range(ticks + 1):
        assert stack.state
        found.append(stack.state.stance[0])
        if t < ticks:
            stack.relive(t)
    x = np.array(found)
    return x[:, -1], x[:, :-1] - x[:, -1:]


def fitted(scenario: Scenario, target: Target, seen: dict[int, Array]) -> Posterior:
    """A posterior of one row many times, conditioned on what was seen."""
    z, key, parts = np.zeros((ROWS, target.space.size)), (11, 12), []
    for chunk, own in chunks(z, key):
        cloud = Seen(target, chunk, own)
        cloud.seen = seen
        for t in range(target.ticks):
            cloud.tick(t)
        picked = cloud.rng.permuted(cloud.picks(4), axis=1)
        states = each(lambda x, shape=picked.shape: x.reshape(*x.shape[:-1], *shape), cloud.at(picked))
        parts.append((states, np.take_along_axis(cloud.lines, picked[..., None], axis=1)))
    states = each(lambda *x: np.concatenate(x, axis=-2), *(s for s, _ in parts))
    past = past_of(scenario, target.program, target.program.coefficients)
    until, lines = str(target.program.edges[target.ticks]), np.concatenate([a for _, a in parts])
    lived = Lived(
        until, target.program.members, digests(past, target.ticks), key, CHUNK, target.particles, states, lines
    )
    columns, values = target.space.uniforms(z).columns, target.space.values(z, target.program)
    coefficients = {n: values[n] for n in target.space.coefficients}
    return posterior_of("p.nc", coefficients, {p: columns[p] for p in target.space.places}, lived, None)


def test_stances_are_those_of_the_exact_linear_gaussian_answer() -> None:
    scenario = load("csto/outlook-2023", LINEAR)
    target = target_of(scenario, [], 128, dt.date(2000, 6, 30))
    ticks = target.ticks
    plain, noise = affine(target.program, ticks)
    seen = {t: np.full(len(target.program.members), plain[t + 1] + away) for t, away in SEEN.items()}
    held = fitted(scenario, target, seen)

    def given(changes: dict[str, Any]) -> Program:
        s = load("csto/outlook-2023", LINEAR | changes)
        return compile(replace(s, tables=s.tables.model_copy(update={"posterior": held})))

    before, other = given({}), given(ANOTHER)
    assert before.start.states is not None
    programs = alike([before, other])
    assert programs[1].fact
    h = noise[[t + 1 for t in SEEN]]
    gain = h.T @ np.linalg.inv(h @ h.T + BLUR**2 * np.eye(len(h)))
    mean, cov = gain @ np.array([*SEEN.values()]), np.eye(len(gain)) - gain @ h
    z = revealed(held)[:, 0]
    error = Z * np.sqrt(np.diag(cov) / ROWS)
    assert (np.abs(z.mean(axis=(1, 2)) - mean) < error + 0.02).all()
    assert (np.abs(z.std(axis=(1, 2)) / np.sqrt(np.diag(cov)) - 1.0) < 0.15).all()
    starts = next(run_together(programs, 1, Piece(0, slice(0, 4 * ROWS))))
    for p, side in zip([target.program, given(ANOTHER)], starts, strict=True):
        expected, slopes = affine(p._replace(script=target.program.script), ticks)
        spread = float(np.sqrt(slopes[-1] @ cov @ slopes[-1]))
        stance = side.record.stance[0]
        assert abs(stance.mean() - (expected[-1] + slopes[-1] @ mean)) < Z * spread / np.sqrt(ROWS) + 0.005
        assert abs(stance.std() / spread - 1.0) < 0.1
    shift = starts[1].record.stance[0] - starts[0].record.stance[0]
    np.testing.assert_allclose(shift, affine(given(ANOTHER), ticks)[0][-1] - plain[-1], atol=1e-9)
    assert BLOCK >= 4 * ROWS
