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


def test_what_reports_quote_is_what_the_readme_says() -> None:
    kept = findings.tables(findings.KEPT)
    for name, text in findings.quotes(kept).items():
        assert (shipped("scenarios") / name).read_text("utf-8") == text, "run python docs/findings.py"
    readme = " ".join((findings.DOCS / findings.README).read_text("utf-8").split())
    assert " ".join(findings.trusted(kept).split()) in readme


def test_the_table_of_the_calibration_is_current_and_of_the_shipped_posterior() -> None:
    text = (DOCS / findings.CALIBRATION).read_text(encoding="utf-8")
    assert findings.filled(text, findings.KEPT, findings.CALIBRATION) == text, "run python docs/findings.py"
    kept = findings.rows(findings.KEPT / "calibrate-pooled" / "summary.csv")
    held = read(shipped("scenarios") / "csto" / "posterior.nc").columns
    assert {r["coefficient"] for r in kept} == set(held)
    for r in kept:
        middle = np.median(held[r["coefficient"]].values)
        assert float(r["posterior_median"]) == pytest.approx(middle, rel=1e-4), "run it on results/calibrate-pooled"


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


COUNTS = """alliance,since,event,seen,mean,q05,median,q95,base_rate,integrated_hazard
Pact,1955-07-01,exit,2,2.44,1,2,4,0.7,120.5
Pact,1955-07-01,freeze,1,1.9,0,2,4,0.6,
Pact,1955-07-01,dissolution,1,0.17,,,,0.16,
Pact,1965-07-01,exit,1,9.0,0,9,9,0.5,
sum of all,beginning,exit,2,2.44,,,,0.7,
sum of all,beginning,freeze,1,1.9,,,,0.6,
sum of all,beginning,dissolution,1,0.17,,,,0.16,
"""
HEAD = "alliance,origins,event,forecaster,log_score,log_mcse,brier,brier_mcse,concordance,cases,happened\n"
LOGS = {"model": "0.25,0.01", "priors alone": "0.2,0.01", "base rate": "0.5,0", "persistence": ","}
SCORES = HEAD + "".join(
    f"{name},beginning,exit,{who},{log},0.1,0,0.5,10,2\n"
    for name in ("Pact", "sum of all")
    for who, log in LOGS.items()
)
MOVES = "alliance,state,name,date,move\nPact,ALB,Albania,1968-09-13,exit\nPact,ALB,Albania,1961-08-03,freeze\n"


def test_left_out_alliances_fill_the_section_the_readme_and_what_scenarios_quote(tmp_path: Path) -> None:
    """Their first origin counts; before any is left out the section says how to make it."""
    (tmp_path / findings.LEFT_OUT).mkdir()
    for name, text in (("counts", COUNTS), ("scores", SCORES), ("moves", MOVES)):
        (tmp_path / findings.LEFT_OUT / f"{name}.csv").write_text(text)
    kept = findings.tables(tmp_path)
    section = findings.left_out_section(kept)
    assert "| Pact | 2 (Albania 1968) | 2 (1 to 4) | 2.4 | 0.7 | 120.5 | 1 | 1.9 | yes | 17 % |" in section
    assert "| Pact | **model** | 0.250±0.010 | 0.100 | 0.50 |" in section
    assert "(findings/leave-one-out/pact.png)" in section
    quoted = findings.quoted(kept).splitlines()
    assert quoted[1:] == ["Pact,2,2.44,0.25,0.01,0.5", "sum of all,2,2.44,0.25,0.01,0.5"]
    assert "2 exits where 2.4 were forecast (Pact 2 and 2.4)" in findings.carried_over(kept)
    unsupported = "base rate 0.50, better in 1 of 1; by the priors alone 0.20: **the backtest does not support**"
    assert unsupported in findings.carried_over(kept)
    (tmp_path / findings.LEFT_OUT / "scores.csv").write_text(SCORES.replace("alone,0.2,", "alone,0.3,"))
    assert "does not support" not in findings.carried_over(findings.tables(tmp_path))
    none = findings.tables(tmp_path / "nowhere")
    assert findings.carried_over(none) == ""
    assert "cohesion backtest" in findings.left_out_section(none)
