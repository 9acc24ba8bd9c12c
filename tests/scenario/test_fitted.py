"""Where coefficients were not fitted to the alliance it is said under every table and in every figure's footer."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.model.version import VERSION
from sim.scenario import left_out
from sim.scenario.load import load, not_fitted
from sim.scenario.reading import scenario_files
from sim.scenario.tables import Value
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.scenarios import changed
from tests.study_files import study_file

PRIORS = "Coefficients not fitted to Test pact: drawn from the priors"
LENT = "Coefficients not fitted to Test pact: fitted to CST/CSTO; NATO; Warsaw Pact; ANZUS; Gulf Cooperation Council"
SAID = {"": PRIORS, "posterior=csto/posterior.nc": LENT}


@pytest.fixture(autouse=True)
def no_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words without the scores of left-out alliances, which change whenever they are made anew."""
    monkeypatch.setattr(left_out, "TABLE", "none.csv")


def posterior(folder: Path, *rows: str) -> Path:
    file = folder / "p.csv"
    file.write_text("\n".join(rows))
    return file


OTHERS = ("model,alliance,peers", f"{VERSION},CST/CSTO,0.1", f"{VERSION},CST/CSTO,0.2")
"""A table of draws that know of the CSTO alone."""


def texts(figure: Figure) -> str:
    return " ".join(" ".join(t.get_text() for t in figure.texts).split())


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["model,alliance,peers", f"{VERSION},Test pact,0.1"], ""),
        (["model,alliance,peers", f"{VERSION},Other,0.1"], "coefficients not fitted to Test pact: fitted to Other"),
        (
            ["model,peers", f"{VERSION},0.1"],
            "coefficients not known to be fitted to Test pact: p.csv names no alliance",
        ),
        (["model,alliance,peers", f"{VERSION},,0.1"], "coefficients not known to be fitted to Test pact"),
    ],
)
def test_a_posterior_says_to_which_alliance_it_was_fitted(tmp_path: Path, rows: list[str], says: str) -> None:
    scenario = load(SIX, {"posterior": str(posterior(tmp_path, *rows))})
    assert scenario.tables.not_fitted.startswith(says)
    assert bool(scenario.tables.not_fitted) is bool(says)
    every = load(SIX, {"posterior": str(tmp_path / "p.csv"), "behaviour.peers": 0.2})
    assert every.tables.not_fitted == "coefficients not fitted to Test pact: drawn from the priors"


def test_a_posterior_is_of_one_alliance(tmp_path: Path) -> None:
    file = posterior(tmp_path, "model,alliance,peers", f"{VERSION},One,0.1", f"{VERSION},Other,0.1")
    with pytest.raises(InputError, match="alliance: One, Other; allowed: the same in every row"):
        load(SIX, {"posterior": str(file)})


def test_all_shipped_alliances_have_coefficients_fitted_to_them() -> None:
    assert not any(load(file).tables.not_fitted for file in scenario_files())
    both = [load("csto/outlook-2023"), *[load("nato/history-1949-2023", {"posterior": "none"})] * 2]
    assert not_fitted(both) == "Coefficients not fitted to NATO: drawn from the priors"


@pytest.mark.parametrize("change", SAID)
def test_under_every_table_and_in_every_footer(tmp_path: Path, change: str) -> None:
    path, _, name = change.partition("=")
    changes = {path: name} if path else {}
    six = changed(tmp_path, ('step = "quarter"', 'step = "year"'))
    result = sim.run(six, runs=32, set=changes)
    compared = sim.compare(six, runs=32, set={**changes, "leader.coercion": 0.1})
    base = SAID[change] if not change else f"{PRIORS}; {LENT[:1].lower()}{LENT[1:]}"
    assert result.summary()["coefficients"] == SAID[change]
    for figures, says in ((result.figures(), SAID[change]), (compared.figures(), base)):
        assert figures
        for name, figure in figures.items():
            assert says in texts(figure), (name, texts(figure))
    assert SAID[change] in repr(result)
    assert base in repr(compared)
    more = "".join(f', "{k}" = "{v}"' for k, v in changes.items())
    study = f'set = {{ "time.step" = "year"{more} }}'
    sweep = study_file(tmp_path, ('set = { "time.step" = "year" }', study), ("runs = 40", "runs = 16"))
    claim = claim_file(tmp_path, name="claim")
    commands = {
        "run": ["run", str(six), "--runs", "16", *(["--set", change] if change else [])],
        "compare": ["compare", str(six), "--runs", "16", "--set", "leader.coercion=0.1"],
        "sweep": ["sweep", str(sweep)],
        "claims": ["claims", str(claim), "--runs", "32"],
    }
    for verb, words in commands.items():
        done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / verb)])
        assert done.exit_code == 0, done.output
        says = PRIORS if verb in ("compare", "claims") else SAID[change]
        assert f"{says}." in " ".join(done.stdout.split()), (verb, done.stdout)
    for figure in sim.open(tmp_path / "claims").figures().values():
        assert PRIORS in texts(figure)
    import xarray as xr

    from sim.figures import study as figures_of_study

    with xr.open_zarr(tmp_path / "sweep" / "dataset.zarr", chunks=None, consolidated=False) as ds:
        for figure in figures_of_study.draw(ds.load()).values():
            assert SAID[change] in texts(figure)


def test_what_was_fitted_to_the_alliance_says_nothing() -> None:
    result = sim.run("csto/outlook-2023", runs=16)
    assert result.summary()["coefficients"] == ""
    assert "not fitted" not in repr(result)
    assert all("not fitted" not in texts(figure) for figure in result.figures().values())


def test_explain_says_it_of_a_coefficient(tmp_path: Path) -> None:
    other = str(posterior(tmp_path, *OTHERS))
    says = sim.explain("nato/history-1949-2023", "behaviour.peers", {"posterior": other}).rule_says
    assert says.endswith("coefficients not fitted to NATO: fitted to CST/CSTO")
    assert isinstance(load(SIX).tables.values["behaviour.peers"], Value)


SCORES = """alliance,seen,expected,log_score,log_mcse,base_rate
NATO,0,4.125,0.0894,0.01,0.4996
Pact,2,2.4,0.3,0.02,0.2
sum of all,2,6.5,0.39,0.02,0.7
"""


def test_lent_coefficients_quote_how_well_they_have_carried_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own score where it was left out, else the sum; nothing of the priors, or of what was fitted to it."""
    (tmp_path / "left-out.csv").write_text(SCORES)
    monkeypatch.setattr(left_out, "TABLE", str(tmp_path / "left-out.csv"))
    nato, six = ("nato/history-1949-2023", SIX)
    own = (
        "left out of the shipped calibration it had 0 exits where 4.1 were forecast, log score 0.089 (base rate 0.500)"
    )
    every = (
        "left out of the shipped calibration in turn, 2 alliances had 2 exits where 6.5 were forecast, log score 0.390"
    )
    for name, says in ((nato, own), (six, every)):
        lent = load(name, {"posterior": str(posterior(tmp_path, *OTHERS))})
        assert says in not_fitted([lent])
        assert not_fitted([lent]).count("left out") == 1
        assert "left out" not in not_fitted([load(name, {"posterior": "none"})])
    assert not_fitted([load("csto/outlook-2023")]) == ""
    figure = sim.run(SIX, runs=16, set={"posterior": "csto/posterior.nc", "time.step": "year"}).figures()["cohesion"]
    assert every in texts(figure)
