"""Every point of a study, and every claim, starts where a run does; a study keeps the posterior once."""

import json
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.evidence.claim import load_claims
from sim.evidence.ledger import programs_of, together
from sim.scenario.compile import compile
from sim.scenario.load import load
from sim.scenario.posterior import POSTERIORS
from tests.scenarios import written

OUTLOOK = "csto/outlook-2023"
SHORT = {"time.end": "2025-10-01", "time.horizons": [1]}
STUDY = """
title = "Start"
scenarios = ["csto/outlook-2023"]
runs = 16
interval_runs = 32
seed = 5
ticks = "all"
horizons = [1]
outcomes = ["stance", "exit", "cohesion"]
set = { "time.end" = 2025-10-01, "time.horizons" = [1] }
[design]
DESIGN
[factors.coercion]
path = "leader.coercion"
low = 0.2
high = 0.8
FACTOR
"""
DESIGNS = {"grid": 'kind = "grid"', "lhs": 'kind = "lhs"\npoints = 3', "sobol": 'kind = "sobol"\npoints = 2'}
QUORUM = '[factors.quorum]\npath = "alliance.quorum"\nvalues = [2, 3, 4]'
SLOPE = '[factors.slope]\npath = "behaviour.exit_stance"\nlow = 1.0\nhigh = 3.0\nlevels = 2'
KEPT = "Starts from what the record up to 2023-07-01 says"


def study(folder: Path, design: str, factor: str) -> Path:
    levels = "levels = 2" if design == "grid" else ""
    text = STUDY.replace("DESIGN", DESIGNS[design]).replace("FACTOR", f"{levels}\n{factor}")
    return written(folder / "start.toml", text)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_study_starts_where_a_run_does_and_says_so(design: str, tmp_path: Path) -> None:
    found = sim.sweep(study(tmp_path, design, QUORUM if design == "grid" else ""), tmp_path / "out", jobs=1)
    run = sim.run(OUTLOOK, runs=16, seed=5, set=SHORT)
    first = found.dataset.stance.sel(tick=0).values
    assert run.dataset.attrs["begins"].startswith(KEPT)
    assert found.dataset.attrs["begins"] == run.dataset.attrs["begins"] == found.as_dict()["begins"]
    np.testing.assert_allclose(first, np.tile(run.dataset.stance.values[0], (len(first), 1)), rtol=1e-12)


def test_variants_of_a_study_keep_the_posterior_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = sim.sweep(study(tmp_path, "grid", QUORUM), out, jobs=1)
    contents = json.loads((out / "workspace.json").read_text())
    assert len(contents["identity"]["variants"]) == 3
    named = {v["resolved"]["tables"]["posterior"]["digest"] for v in contents["identity"]["variants"]}
    held = load(OUTLOOK).tables.posterior
    assert held
    assert named == {held.digest}
    assert (out / "workspace.json").stat().st_size < 2e6
    assert (out / POSTERIORS).stat().st_size < 3e6
    assert all(v.program.start.states is not None for v in found.plan.variants.values())


def test_a_study_that_varies_the_past_relives_it_and_says_so(tmp_path: Path) -> None:
    found = sim.sweep(study(tmp_path, "grid", SLOPE), tmp_path / "out", jobs=1)
    assert found.dataset.attrs["begins"].startswith("Relives ")
    assert len({p.start.words for p in (found.plan.program(k) for k in range(4))}) == 1


def test_claims_start_where_a_run_does() -> None:
    start = compile(load(OUTLOOK)).start
    program = next(p for k, p in together(programs_of(load_claims(["C03"]))).items() if KEPT in k)
    assert program.start.words == start.words
    assert program.start.states is start.states


def test_a_study_of_what_has_happened_since_starts_from_it(tmp_path: Path) -> None:
    """Whatever is varied: its variants share the draws that were weighed."""
    vote = 'date = 2024-01-15\nmotion = "m"\nconduct = { ARM = "oppose" }\nsources = ["assumption: invented"]'
    times = "time = { start = 2024-04-01, end = 2025-04-01, horizons = [1] }"
    since = f'extends = "{OUTLOOK}"\ntitle = "Since"\n{times}\n[[votes]]\n{vote}\n'
    written(tmp_path / "since.toml", since)
    file = study(tmp_path, "grid", QUORUM)
    text = file.read_text().replace(f'"{OUTLOOK}"', '"since.toml"')
    written(file, "".join(line for line in text.splitlines(keepends=True) if not line.startswith("set =")))
    found = sim.sweep(file, tmp_path / "out", jobs=1)
    run = sim.run(tmp_path / "since.toml", runs=16, seed=5)
    assert "weighed by what happened since 2023-07-01" in found.dataset.attrs["begins"]
    assert found.dataset.attrs["begins"] == run.dataset.attrs["begins"]
    first = found.dataset.stance.sel(tick=0).values
    np.testing.assert_allclose(first, np.tile(run.dataset.stance.values[0], (len(first), 1)), rtol=1e-12)
