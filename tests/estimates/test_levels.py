"""What is said of events as a whole: none becomes less probable, nor more so than one that it is within."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import sim
from sim.estimates.sample import sample
from sim.estimates.summary import coherent, levels
from sim.model.outcomes import ENDS, OUTCOMES, names, series
from tests.helpers import SIX

LEVELS = ("mean", "low", "high", *ENDS)
WITHIN = {o.name: o.within for o in OUTCOMES.values() if o.within}
YEARLY = {"time.step": "year"}


def keep_the_rules(by_name: dict[str, dict[str, np.ndarray]]) -> None:
    """Of probabilities (date, [member]) by event and statistic."""
    for name, by_statistic in by_name.items():
        for statistic, x in by_statistic.items():
            assert (np.diff(x, axis=0) >= 0).all(), (name, statistic)
            if name in WITHIN:
                wider = by_name[WITHIN[name]][statistic]
                assert (x <= (wider if x.ndim == wider.ndim else wider[:, None])).all(), (name, statistic)
        for low, high in (("low", "high"), ENDS):
            mean = by_statistic["mean"]
            assert ((by_statistic[low] <= mean) & (mean <= by_statistic[high])).all(), name
            assert ((by_statistic[low] >= 0) & (by_statistic[high] <= 1)).all(), name


def test_an_event_is_within_one_that_is_declared_before() -> None:
    assert set(WITHIN) == {"two_exits", "exit"}
    order = names("event")
    assert all(order.index(wider) < order.index(name) for name, wider in WITHIN.items())


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("runs", [2, 3, 5, 16, 64, 200])
@pytest.mark.parametrize("scenario", [SIX, "csto/outlook-2023"])
def test_no_event_of_a_run_becomes_less_probable_nor_more_so_than_one_it_is_within(
    scenario: Path | str, runs: int, seed: int
) -> None:
    ds = sim.run(sim.load(scenario), runs=runs, seed=seed).dataset
    quantiles = ("q05", "q25", "q50", "q75", "q95")
    keep_the_rules({name: {s: series(ds, name, s) for s in (*LEVELS, *quantiles)} for name in names("event")})


@pytest.mark.parametrize("runs", [2, 5, 16, 64, 200])
def test_neither_does_one_of_a_comparison(runs: int) -> None:
    c = sim.compare(sim.load(SIX, YEARLY), set={"leader.coercion": 0.2}, runs=runs, seed=runs)

    def of(rows: pd.DataFrame, column: str) -> np.ndarray:
        wide = rows.pivot(index="date", columns="member", values=column).to_numpy()
        return wide if wide.shape[1] > 1 else wide[:, 0]

    for scenario in (c.base.name, c.others[0].name):
        own = c.curves[c.curves.scenario == scenario]
        keep_the_rules({n: {s: of(own[own.outcome == n], s) for s in LEVELS} for n in names("event")})
    for side in ("base", "value"):
        columns = {"mean": side, **{s: f"{side}_{s}" for s in LEVELS[1:]}}
        rows = {n: c.table[c.table.outcome == n] for n in names("event")}
        keep_the_rules({n: {s: of(own, column) for s, column in columns.items()} for n, own in rows.items()})
    events = c.table[c.table.outcome.isin(names("event"))]
    np.testing.assert_array_equal(events.difference, events.value - events.base)


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_whatever_runs_show_the_rules_are_kept_and_what_keeps_them_is_left_alone(runs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = {"any_exit": (5,), "two_exits": (5,), "exit": (5, 3)}
    samples = {name: sample(rng.random((*shape, runs)) ** 3) for name, shape in shapes.items()}
    draws = {name: np.sort(rng.random((*shape, 2)), axis=-1) for name, shape in shapes.items()}
    found = coherent(levels(samples, draws))
    parts = {
        name: {"mean": x.estimate.mean, "q05": x.over_draws[..., 0], "q95": x.over_draws[..., 1]}
        | ({"low": x.estimate.low, "high": x.estimate.high} if runs > 1 else {"low": x.over_draws[..., 0], "high": 1.0})
        for name, x in found.items()
    }
    keep_the_rules({n: {s: np.broadcast_to(x, shapes[n]) for s, x in by.items()} for n, by in parts.items()})
    for name in samples:
        raised = np.maximum.accumulate(samples[name].mean, axis=0)
        assert (found[name].estimate.mean >= raised).all()
        if name not in WITHIN.values():
            np.testing.assert_array_equal(found[name].estimate.mean, raised)
        assert ((found[name].estimate.few == 0) | (found[name].estimate.mean < 0.5)).all()
    rising = {"exit": sample(np.linspace(0, 0.9, 5)[:, None, None] + np.zeros((5, 3, 4)))}
    np.testing.assert_array_equal(coherent(levels(rising, {}))["exit"].estimate.mean, rising["exit"].mean)
