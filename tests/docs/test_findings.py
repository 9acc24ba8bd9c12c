"""docs/findings.md: its numbers are the kept ledger's, and its prose fits the verdicts."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from sim.evidence.claim import load_claims

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


def test_prose_fits_the_verdicts() -> None:
    assert findings.outdated(TEXT, findings.KEPT) == []
    assert len(findings.WRITTEN.findall(TEXT)) == 14
    stale = TEXT.replace("written for C14 supported", "written for C14 undecided")
    assert findings.outdated(stale, findings.KEPT) == [
        "C14: the text was written for undecided, the ledger says supported"
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
