"""A folder that holds another run says in words what differs."""

import re
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.results.result import workspace
from sim.scenario.load import load
from sim.storage.effort import Effort
from tests.helpers import SIX


@pytest.mark.parametrize(
    ("runs", "seed", "changes", "says"),
    [
        (30, 1, {}, "runs: 20 when it began, now 30"),
        (20, 2, {}, "seed: 1 when it began, now 2"),
        (20, 1, {"leader.coercion": 0.2}, "set.six.leader.coercion: nothing when it began, now 0.2"),
        (20, 1, {"time.horizons": [1]}, "set.six.time.horizons: nothing when it began, now [1]"),
    ],
)
def test_a_second_run_with_other_options_says_in_words_what_differs(
    runs: int, seed: int, changes: dict[str, object], says: str, tmp_path: Path
) -> None:
    first = workspace(load(SIX), Effort(20, 1), "ensemble", tmp_path / "r")
    with first.held():
        first.begin()
    with pytest.raises(InputError, match=re.escape(says)):
        workspace(load(SIX, changes), Effort(runs, seed), "ensemble", tmp_path / "r").there()
