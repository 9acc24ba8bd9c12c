"""Month, quarter and year steps agree but for a discretisation error that shrinks with the step."""

import numpy as np
import pytest
from scipy import stats

from sim.engines.ensemble import run_block
from sim.model import cohesion as alliance
from tests.helpers import ALPHA, centred, six
from tests.mechanisms import EVERYBODY, Records, exits

QUANTITIES = ("stance", "exit", "cohesion")
CHANCE_FREE = {"volatility": 0.0, "exit_rate": 1e-4, "freeze_rate": 0.0, "leader_exit_rate": 0.0}
"""No noise, no crises drawn, and exits so rare that their chances add up to a path integral."""


def cohesion(records: Records) -> np.ndarray:
    """Cohesion at the end, expected over conduct given stances."""
    r = records[-1]
    support = r.support + 0.5 * (1 - r.support - r.oppose)
    return np.asarray(alliance.cohesion(alliance.Motion(support, r.status, r.stance, r.alive)))


def after_ten_years(step: str, overrides: dict, blocks: int = 1) -> np.ndarray:
    """(quantity, run): mean stance of the states, expected number of first exits, cohesion."""
    program = six(overrides | {"time.step": step})
    runs = []
    for block in range(blocks):
        records = list(run_block(program, 1, block))
        runs.append((records[-1].stance.mean(0), exits(records, EVERYBODY), cohesion(records)))
    return np.concatenate(runs, axis=1)


DISCRETISATION = {"quarter": (0.006, 0.004, 0.004), "year": (0.020, 0.012, 0.008)}
"""The most that a step may add to a month's result: stance, expected exits (of five), cohesion."""


@pytest.fixture(scope="module")
def by_month() -> np.ndarray:
    """The finest step, in three blocks of runs."""
    return after_ten_years("month", centred(), 3)


@pytest.mark.parametrize("step", list(DISCRETISATION))
def test_steps_agree(by_month: np.ndarray, step: str) -> None:
    """Two-sample z tests of the part that discretisation does not explain, at a sixth of ALPHA.

    Inputs are paired, so the error taken for independent samples is on the safe side.
    """
    coarse = after_ten_years(step, centred(), 3)
    error = np.sqrt((coarse.var(1, ddof=1) + by_month.var(1, ddof=1)) / coarse.shape[1])
    apart = np.abs(coarse.mean(1) - by_month.mean(1))
    assert (apart < DISCRETISATION[step] + stats.norm.isf(ALPHA / 6 / 2) * error).all()


def test_the_discretisation_error_shrinks_with_the_step() -> None:
    """Of the first order: (year - month) / (quarter - month) is near (12 - 1) / (3 - 1) = 5.5."""
    quiet = centred(**CHANCE_FREE) | {"alliance.crises": "scripted"}
    month, quarter, year = (after_ten_years(step, quiet).mean(1) for step in ("month", "quarter", "year"))
    ratio = (year - month) / (quarter - month)
    assert (np.abs(quarter / month - 1) < 0.02).all()
    assert ((ratio > 3) & (ratio < 9)).all()
