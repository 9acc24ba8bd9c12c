"""docs/findings.md: its numbers are the kept ledger's, and its prose fits the verdicts."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sim.evidence.claim import load_claims
from sim.scenario.posterior import read
from sim.scenario.reading import shipped

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _findings() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_findings", DOCS / "findings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


findings = _findings()
TEXT = (DOCS / "findings.md").read_text(encoding="utf-8")


def test_numbers_are_current() -> None:
    assert findings.filled(TEXT, findings.KEPT) == TEXT, "run python docs/findings.py"


def test_the_table_of_the_calibration_is_current_and_of_the_shipped_posterior() -> None:
    text = (DOCS / findings.CALIBRATION).read_text(encoding="utf-8")
    assert findings.filled(text, findings.KEPT, findings.CALIBRATION) == text, "run python docs/findings.py"
    kept = findings.rows(findings.KEPT / "calibrate-csto" / "summary.csv")
    held = read(shipped("scenarios") / "csto" / "posterior.nc").columns
    assert {r["coefficient"] for r in kept} == set(held)
    for r in kept:
        middle = np.median(held[r["coefficient"]].values)
        assert float(r["posterior_median"]) == pytest.approx(middle, rel=1e-4), "run it on results/calibrate-csto"


def test_prose_fits_the_verdicts() -> None:
    assert findings.outdated(TEXT, findings.KEPT) == []
    assert len(findings.WRITTEN.findall(TEXT)) == 14
    stale = TEXT.replace("written for C14 undecided", "written for C14 supported")
    assert findings.outdated(stale, findings.KEPT) == [
        "C14: the text was written for supported, the ledger says undecided"
    ]


def test_the_kept_ledger_is_of_the_claims_as_they_are() -> None:
    kept = {(r["claim"], int(r["test"])): r for r in findings.rows(findings.KEPT / "claims" / "tests.csv")}
    now = {(c.name, k): t for c in load_claims() for k, t in enumerate(c.tables.tests, start=1)}
    assert set(kept) == set(now)
    for key, test in now.items():
        assert float(kept[key]["threshold"]) == test.threshold
        assert kept[key]["says"] == test.says
        assert kept[key]["side"] == ("above" if test.sign > 0 else "below")


def test_a_missing_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="C03"):
        findings.filled(TEXT.replace("<!-- C03 -->", ""), findings.KEPT)
