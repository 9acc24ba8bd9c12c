"""What every analysis can do: be written, read back, refused."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sim.analysis.analysis import Analysis
from sim.errors import InputError
from sim.storage.status import status


class Count(Analysis):
    kind = "count"
    names = ("counts",)
    words = ("state",)

    def figures(self) -> dict[str, object]:  # type: ignore[override]
        return {}


class Share(Count):
    kind = "share"


@pytest.fixture
def count() -> Count:
    frame = pd.DataFrame({"state": ["NA", "007"], "exits": [0.25, float("nan")]})
    return Count("Exits", ("One of two leaves.",), {"counts": frame}, {"runs": 2}, {"start": "2023-09-01"})


def test_an_analysis_read_back_says_the_same(count: Count, tmp_path: Path) -> None:
    count.save(tmp_path / "x")
    again = Count.open(tmp_path / "x")
    assert (again.title, list(again.answer), again.identity, again.about) == (
        count.title,
        list(count.answer),
        count.identity,
        count.about,
    )
    pd.testing.assert_frame_equal(again.frames["counts"], count.frames["counts"])
    assert status(tmp_path / "x").state == "finished"


def test_another_analysis_is_refused_unless_forced(count: Count, tmp_path: Path) -> None:
    count.save(tmp_path / "x")
    other = replace(count, identity={"runs": 3})
    with pytest.raises(InputError, match="runs: 2 when it began, now 3"):
        other.save(tmp_path / "x")
    other.save(tmp_path / "x", force=True)
    assert Count.open(tmp_path / "x").identity == {"runs": 3}


def test_a_folder_of_another_kind_is_refused(count: Count, tmp_path: Path) -> None:
    count.save(tmp_path / "x")
    with pytest.raises(InputError, match="allowed: a folder that holds a share"):
        Share.open(tmp_path / "x")
