"""The same model written plainly in Mesa has the ensemble's distribution."""

import multiprocessing
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim.engines.ensemble import run_block
from sim.model.cohesion import Motion, cohesion
from sim.model.membership import ACTIVE, OUTSIDE
from sim.model.variables import COEFFICIENTS, MEASURES, LeaderInputs, MemberInputs
from tests.helpers import ALPHA, MEMBERS, six

PLAIN = Path(__file__).parents[2] / "benchmarks" / "plain_mesa.py"
RUNS = 400
FELT = ("early", "stance", "reliability", "dependence")
TESTS = (len(FELT) + 2) * len(MEMBERS) + 2


@pytest.fixture(scope="module")
def plain() -> dict[str, np.ndarray]:
    """The last tick of plain Mesa's runs. Mesa changes how processes start: set that back."""
    method = multiprocessing.get_start_method(allow_none=True)
    from benchmarks.plain_mesa import runs

    multiprocessing.set_start_method(method, force=True)
    ends: dict[str, list[Any]] = {k: [] for k in (*FELT, "status", "cohesion")}
    for model in runs(six(), seed=11, number=RUNS):
        for name in ("stance", "status", "dependence"):
            ends[name].append([getattr(s, name) for s in model.states])
        ends["reliability"].append([s.kept / (s.kept + s.broken) for s in model.states])
        ends["cohesion"].append(model.datacollector.model_vars["cohesion"][-1])
        ends["early"].append([row[2] for row in model.datacollector._agent_records[4]])
    return {k: np.array(v).T for k, v in ends.items()}


@pytest.fixture(scope="module")
def ensemble() -> dict[str, np.ndarray]:
    """The same of another block of the ensemble's runs."""
    records = list(run_block(six(), 11, 5))
    last = records[-1]
    return {
        "stance": last.stance,
        "status": last.status,
        "early": records[4].stance,
        "cohesion": cohesion(Motion(last.conduct, last.status, last.stance, last.alive)),
        "reliability": last.reliability,
        "dependence": last.dependence,
    }


OF_RUNS = [c.name for c in COEFFICIENTS if c.phase not in MEASURES]


@pytest.mark.parametrize("name", [*OF_RUNS, *MemberInputs._fields, *LeaderInputs._fields])
def test_it_reads_every_input_and_coefficient(name: str) -> None:
    """By the word, since runs would not show one whose default is 0."""
    source = PLAIN.read_text(encoding="utf-8")
    assert re.search(rf"\b(c|i|inputs|leader)\.{name}\b", source), f"benchmarks/plain_mesa.py does not read {name}"


Ends = dict[str, np.ndarray]


@pytest.mark.parametrize("row", range(len(MEMBERS)), ids=MEMBERS)
@pytest.mark.parametrize("what", FELT)
def test_members_have_the_same_distribution(plain: Ends, ensemble: Ends, row: int, what: str) -> None:
    """Kolmogorov-Smirnov after ten years (and one: "early"), at ALPHA over all tests here."""
    assert stats.ks_2samp(plain[what][row], ensemble[what][row]).pvalue > ALPHA / TESTS


@pytest.mark.parametrize("row", range(len(MEMBERS)), ids=MEMBERS)
@pytest.mark.parametrize("status", [ACTIVE, OUTSIDE])
def test_memberships_are_as_frequent(plain: Ends, ensemble: Ends, row: int, status: int) -> None:
    """Fisher's exact test after ten years, at ALPHA over all tests here."""
    table = [
        [np.sum(ends["status"][row] == status), np.sum(ends["status"][row] != status)] for ends in (plain, ensemble)
    ]
    assert stats.fisher_exact(table).pvalue > ALPHA / TESTS


def test_cohesion_has_the_same_distribution(plain: Ends, ensemble: Ends) -> None:
    """Mann-Whitney (cohesion has ties) after ten years, at ALPHA over all tests here."""
    found = stats.mannwhitneyu(plain["cohesion"], ensemble["cohesion"])
    assert found.pvalue > ALPHA / TESTS


def test_the_number_of_members_is_the_same_on_average(plain: Ends, ensemble: Ends) -> None:
    """Welch's test after ten years, at ALPHA over all tests here."""
    counts = [(ends["status"] != OUTSIDE).sum(axis=0) for ends in (plain, ensemble)]
    assert stats.ttest_ind(*counts, equal_var=False).pvalue > ALPHA / TESTS
