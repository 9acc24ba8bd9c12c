"""Noise: streams hang on (seed, block, purpose, tick) and on nothing else."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from sim.model.noise import BLOCK, PURPOSES, Noise, locate
from tests.helpers import ALPHA

ROWS = 10
ticks = st.integers(0, 400)
purposes = st.sampled_from(PURPOSES[:-1])


@settings(max_examples=25)
@given(st.integers(0, 2**40), st.integers(0, 1000), purposes, ticks)
def test_the_same_name_gives_the_same_draws(seed: int, block: int, purpose: str, tick: int) -> None:
    first, second = Noise(seed, block), Noise(seed, block)
    for draw in ("normals", "uniforms"):
        a, b = (getattr(noise, draw)(purpose, tick, 2) for noise in (first, second))
        assert np.array_equal(a, b)


@settings(max_examples=25)
@given(st.lists(st.tuples(purposes, ticks, st.integers(0, 3), st.booleans()), max_size=6))
def test_a_draw_does_not_depend_on_what_was_drawn_before(before: list[tuple[str, int, int, bool]]) -> None:
    fresh, used = Noise(3, 1), Noise(3, 1)
    for purpose, tick, rows, normal in before:
        (used.normals if normal else used.uniforms)(purpose, tick, rows)
        used.places("leader.war")
    assert np.array_equal(fresh.normals("stance", 7, 3), used.normals("stance", 7, 3))
    assert np.array_equal(fresh.uniforms("crisis", 7, 3), used.uniforms("crisis", 7, 3))
    assert np.array_equal(fresh.places("leader.war"), used.places("leader.war"))


@pytest.mark.parametrize("draw", ["normals", "uniforms"])
def test_more_rows_leave_the_first_alone(draw: str) -> None:
    """A state more in the scenario changes nobody else's luck."""
    few, many = (getattr(Noise(3, 1), draw)("stance", 7, rows) for rows in (5, 30))
    assert np.array_equal(few, many[:5])
    assert not np.array_equal(few[0], few[1])


def named() -> dict[tuple, np.ndarray]:
    """Streams that differ in one of seed, block, purpose and tick."""
    streams = {(1, 0, p, 1): Noise(1, 0).uniforms(p, 1, ROWS) for p in PURPOSES[:-1]}
    streams |= {(1, 0, "crisis", t): Noise(1, 0).uniforms("crisis", t, ROWS) for t in range(2, 12)}
    for k in range(1, 5):
        streams[1, k, "crisis", 1] = Noise(1, k).uniforms("crisis", 1, ROWS)
        streams[1 + k, 0, "crisis", 1] = Noise(1 + k, 0).uniforms("crisis", 1, ROWS)
    return streams


def test_streams_of_different_names_are_uncorrelated() -> None:
    """For each pair of streams, n = ROWS x BLOCK pairs of draws; a correlation is normal, sd 1/sqrt(n).

    Two-sided, at ALPHA over the number of pairs.
    """
    streams = [x.ravel() for x in named().values()]
    pairs = list(combinations(streams, 2))
    found = np.array([np.corrcoef(a, b)[0, 1] for a, b in pairs])
    limit = stats.norm.isf(ALPHA / len(pairs) / 2)
    assert np.abs(found * np.sqrt(streams[0].size)).max() < limit


def test_streams_of_neighbouring_ticks_are_independent_in_their_joint_law() -> None:
    """Pearson's chi-square on the 8 x 8 x 8 cells of three ticks in a row, at ALPHA.

    A tick starts 2^40 draws after the one before: a power of two, where a poor generator repeats
    its low bits. 500 x BLOCK triples in 512 cells.
    """
    noise, rows = Noise(1, 0), 500
    octants = [(8 * noise.uniforms("crisis", t, rows)).astype(int).ravel() for t in (1, 2, 3)]
    cells = np.bincount(np.ravel_multi_index(octants, (8, 8, 8)), minlength=512)
    assert stats.chisquare(cells).pvalue > ALPHA


def test_draws_are_uniform_and_normal() -> None:
    """Kolmogorov-Smirnov tests of the three kinds, at a third of ALPHA."""
    noise = Noise(1, 0)
    assert stats.kstest(noise.uniforms("crisis", 1, ROWS).ravel(), "uniform").pvalue > ALPHA / 3
    assert stats.kstest(noise.normals("stance", 1, ROWS).ravel(), "norm").pvalue > ALPHA / 3
    inputs = np.concatenate([noise.places(f"leader.{k}") for k in range(ROWS)])
    assert stats.kstest(inputs, "uniform").pvalue > ALPHA / 3


def test_inputs_of_different_paths_are_uncorrelated_and_inside_the_interval() -> None:
    """Forty-five correlations at ALPHA over 45; 0 and 1 would have infinite quantiles."""
    draws = np.array([Noise(1, 0).places(f"members.AAA.{k}") for k in range(10)])
    assert draws.min() > 0
    assert draws.max() < 1
    found = np.corrcoef(draws)[np.triu_indices(10, 1)]
    assert np.abs(found * np.sqrt(BLOCK)).max() < stats.norm.isf(ALPHA / 45 / 2)


@given(st.integers(0, 10**7))
def test_a_run_is_found_by_block_and_lane(run: int) -> None:
    block, lane = locate(run)
    assert block * BLOCK + lane == run
    assert 0 <= lane < BLOCK
