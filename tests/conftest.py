"""Hypothesis without a deadline (machines are noisy) and with the same examples every time; results without figures.

Drawing what a folder of results shows takes longer than all else of most tests, and what is drawn is tested from
the results' `figures()`. So results that a test saves in its own process have none, unless the test or its module is
marked `drawn`. Likewise intervals rest on 32 draws of 16 runs and not on 256, unless it is marked `precise`.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from sim.estimates import intervals
from sim.figures import sheet
from tests.drawing import draw_nothing

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")

SAVE_ALL = sheet.save_all


FEW = 512
WHOLE = intervals.INTERVAL_RUNS


@pytest.fixture(scope="module", autouse=True)
def few(request: pytest.FixtureRequest) -> Iterator[None]:
    """Few runs for the intervals of what a module's tests and fixtures run."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.get_closest_marker("precise"):
            patch.setattr(intervals, "INTERVAL_RUNS", FEW)
        yield


@pytest.fixture(autouse=True)
def precise(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, for a test that is marked."""
    if request.node.get_closest_marker("precise"):
        monkeypatch.setattr(intervals, "INTERVAL_RUNS", WHOLE)


@pytest.fixture(scope="module", autouse=True)
def undrawn(request: pytest.FixtureRequest) -> Iterator[None]:
    """No figures of what a module's tests and fixtures save."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.node.get_closest_marker("drawn"):
            patch.setattr(sheet, "save_all", draw_nothing)
        yield


@pytest.fixture(autouse=True)
def drawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures all the same, for a test that is marked."""
    if request.node.get_closest_marker("drawn"):
        monkeypatch.setattr(sheet, "save_all", SAVE_ALL)
