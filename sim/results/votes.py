"""What a run makes of votes on record beside its scenario: motions, and roll calls with what was to be expected.

Seen in the block of runs that says what is uncertain, so it costs no run. Coefficients of general roll calls are those
of the posterior; where that was not fitted to them they are the priors', and the level of a state, which nothing else
tells, is set in every draw to the level of its votes: then only how they move is compared.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.special import ndtri

from sim.engines.ensemble import Stack
from sim.engines.environment import places
from sim.errors import InputError
from sim.estimates.intervals import REPLICATES, quantiles_over_draws
from sim.estimates.sample import at_levels
from sim.inference import observations, roll_calls as counted
from sim.model import conduct, roll_calls
from sim.model.arrays import Array, Coefficients
from sim.scenario.compile import Program
from sim.scenario.load import Scenario
from sim.scenario.tables import CONDUCT, ROLL_CALL_LEVEL, roll_call_path

T = TypeVar("T")
APART = 4
"""Of so many runs one is kept: there are many years and states."""
TOGETHER = REPLICATES // APART
"""Runs of a draw that are kept."""
STEPS, FURTHEST = 25, 2.0
"""Of Newton's method for levels, and how far one goes."""
STREAM = 3_000_022
FITTED, LEVELLED = "fitted", "levels set to the votes"
"""Where what is expected of roll calls comes from."""


def _beside(scenario: Scenario, name: str, read: Callable[[Path, Sequence[str]], list[T]]) -> list[T]:
    """A table beside a scenario; nothing where there is none, or none of its states."""
    file = scenario.file.parent / name
    try:
        return read(file, scenario.members) if file.is_file() else []
    except InputError:
        return []


class Votes:
    """Watches runs before each tick."""

    def __init__(self, scenario: Scenario, program: Program) -> None:
        self.program = program
        first, last = program.dates[0], program.dates[-1]
        motions = _beside(scenario, observations.BESIDE, observations.read) or observations.of_scenario(scenario.tables)
        self.motions = [m for m in motions if first <= m.date < last]
        years = _beside(scenario, counted.BESIDE, counted.read)
        self.years = {program.tick_of(y.date): y for y in years if first <= y.date < last}
        asked = {program.members[i] for y in self.years.values() for i in y.rows}
        self.fitted = {ROLL_CALL_LEVEL, *map(roll_call_path, asked)} <= program.places.keys()
        self._positions: list[Array] = []
        self._c: Coefficients | None = None
        self._own: Array | None = None
        posterior = scenario.tables.posterior
        self.fitted_to_motions = posterior is not None and "motion_spread" in posterior.columns

    def see(self, t: int, stack: Stack) -> None:
        """Before tick t: where states stand that voted in the year that has ended."""
        if (year := self.years.get(t - 1)) is None:
            return
        assert stack.state is not None
        if self._c is None:
            self._c = Coefficients({name: x[::APART] for name, x in vars(stack.c).items()})
            self._own = self._levels(stack) if self.fitted else np.zeros((len(self.program.members), 1))
        rows = list(year.rows)
        ties = stack.around(t - 1)[0].members.western_ties[rows]
        stance = np.broadcast_to(stack.state.stance, (len(self.program.members), ties.shape[1]))[rows]
        own = np.asarray(self._own)[rows]
        self._positions.append(roll_calls.position(stance[:, ::APART], own, ties[:, ::APART], self._c))

    def _levels(self, stack: Stack) -> Array:
        """States' own effects with the alliance's level, as rows of the posterior have them. (member, run)"""
        paths = [roll_call_path(m) for m in self.program.members]
        known = [p if p in self.program.places else ROLL_CALL_LEVEL for p in paths]  # who never voted is not asked
        alliance, *states = (
            ndtri(places(self.program, stack.noise, p)[stack.lanes][::APART]) for p in (ROLL_CALL_LEVEL, *known)
        )
        assert self._c is not None
        return roll_calls.effects(alliance, np.stack(states), self._c)

    def variables(self, seed: int) -> dict[str, Any]:
        """Of a dataset, by motion and by year; nothing of what there is none."""
        return {**self._of_motions(), **(self._of_years(seed) if self.years else {})}

    def _of_motions(self) -> dict[str, Any]:
        if not self.motions:
            return {}
        did = np.full((len(self.motions), len(self.program.members)), np.nan)
        for row, m in zip(did, self.motions, strict=True):
            row[list(m.rows)] = m.codes / max(CONDUCT.values())
        about = {"long_name": "Conduct on the motion: 1 support, 1/2 abstention, 0 opposition", "units": "1"}
        days = np.array([m.date for m in self.motions], dtype="datetime64[s]")
        return {
            "motion_conduct": (("motion", "member"), did, {**about, "fitted": int(self.fitted_to_motions)}),
            "motion_date": ("motion", days, {"long_name": "Day of the motion"}),
            "motion_name": ("motion", np.array([m.name for m in self.motions], dtype=object), {"long_name": "Motion"}),
        }

    def _of_years(self, seed: int) -> dict[str, Any]:
        assert self._c is not None
        ticks = sorted(self.years)
        which, rows = np.array([(k, i) for k, t in enumerate(ticks) for i in self.years[t].rows]).T
        answers = np.concatenate([self.years[t].counts for t in ticks])
        e = np.concatenate(self._positions)
        rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence((seed, STREAM))))
        agenda = self._c.roll_call_agenda * rng.standard_normal((len(ticks), e.shape[1]))
        if not self.fitted:
            e = e + levels(e + agenda[which], answers, rows, TOGETHER)
        expected = over_agendas(e, self._c)
        chance, firm = roll_calls.chances(e + agenda[which], self._c)[0], self._c.roll_call_concentration
        topics = rng.beta(
            np.maximum(firm * chance, roll_calls.LEAST), np.maximum(firm * (1.0 - chance), roll_calls.LEAST)
        )
        asked = answers.sum(axis=1).astype(np.int64)[:, None]
        shares = rng.binomial(asked, topics) / asked

        def cells(x: Array) -> Array:
            found = np.full((len(ticks), len(self.program.members), *x.shape[1:]), np.nan)
            found[which, rows] = x
            return found

        about: dict[str, dict[str, str]] = {
            "answers": {"long_name": "Answers on general roll calls of the year, by kind", "units": "votes"},
            "expected": {"long_name": "Expected share of votes with the leader: over what is uncertain", "units": "1"},
            "predicted": {
                "long_name": "Share of votes with the leader: all that is uncertain, chance too",
                "units": "1",
            },
        }
        by = "year", "member"
        return {
            "roll_call_answers": ((*by, "answer"), cells(answers), about["answers"]),
            "roll_call_mean": (by, cells(expected.mean(axis=1)), about["expected"]),
            "roll_call_expected": (
                (*by, "quantile"),
                cells(quantiles_over_draws(expected, runs=TOGETHER)),
                {**about["expected"], "coefficients": FITTED if self.fitted else LEVELLED},
            ),
            "roll_call_predicted": ((*by, "quantile"), cells(at_levels(shares)), about["predicted"]),
            "year": ("year", np.array([self.years[t].year for t in ticks]), {"long_name": "Year of roll calls"}),
            "answer": ("answer", np.array(counted.KINDS, dtype=object), {"long_name": "Answer"}),
        }


def over_agendas(e: Array, c: Coefficients) -> Array:
    """The chance of support at positions, (..., run), over the agendas of years."""
    nodes = zip(*conduct.NODES, strict=True)
    return np.asarray(sum(w * roll_calls.chances(e + c.roll_call_agenda * z, c)[0] for z, w in nodes))


def levels(e: Array, answers: Array, rows: Array, together: int) -> Array:
    """What is added to positions (cell, run) so that in every draw a state's votes are expected as often as cast.

    Half a vote is added on either side, so that a state that never stood apart has a level too.
    """
    found = np.zeros(e.shape)
    for state in np.unique(rows):
        own = rows == state
        x, n = e[own].reshape(own.sum(), -1, together), answers[own].sum(axis=1)[:, None, None]
        share = (answers[own, 0].sum() + 0.5) / (n.sum() + 1.0)
        level = np.zeros((1, x.shape[1], 1))
        for _ in range(STEPS):
            p = 1.0 / (1.0 + np.exp(-np.clip(x + level, -300.0, 300.0)))
            gap = (n * (share - p)).sum(axis=(0, 2)) / (n * p * (1.0 - p)).sum(axis=(0, 2)).clip(1e-9)
            level = level + np.clip(gap, -FURTHEST, FURTHEST)[None, :, None]
        found[own] = np.broadcast_to(level, x.shape).reshape(own.sum(), -1)
    return found
