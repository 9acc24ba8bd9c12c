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

CHEAPER = {"drawn": (sheet, "save_all", draw_nothing), "precise": (intervals, "INTERVAL_RUNS", 512)}
"""By mark, what stands in for the costly thing where a test is not marked: of which module, its name, and it."""
COSTLY = {mark: getattr(module, name) for mark, (module, name, _) in CHEAPER.items()}


@pytest.fixture(scope="module", autouse=True)
def cheaper(request: pytest.FixtureRequest) -> Iterator[None]:
    """For what a module's tests and fixtures run and save."""
    with pytest.MonkeyPatch.context() as patch:
        for mark, (module, name, cheap) in CHEAPER.items():
            if not request.node.get_closest_marker(mark):
                patch.setattr(module, name, cheap)
        yield


@pytest.fixture(autouse=True)
def costly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thing itself all the same, for a test that is marked."""
    for mark, (module, name, _) in CHEAPER.items():
        if request.node.get_closest_marker(mark):
            monkeypatch.setattr(module, name, COSTLY[mark])
