"""The front door: the command and the functions side by side, and results given back from their folders."""

import ast
import inspect
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import typer

import sim
from sim.cli.app import app
from sim.errors import InputError
from sim.model.version import VERSION
from sim.scenario.reading import names_of
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.study_files import study_file

PRINTED = {"json", "detail", "help"}
"""Options about what is printed, not about what is done."""
YEARLY = {"time.step": "year"}
VERBS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_function_with_the_options_of_the_command(verb: str) -> None:
    function = inspect.signature(getattr(sim, verb)).parameters
    options = {p.name.rstrip("_") for p in VERBS[verb].params if p.param_type_name == "option"} - PRINTED
    assert options <= set(function), f"sim.{verb} lacks {sorted(options - set(function))}"
    for p in VERBS[verb].params:
        if p.name in function and p.name in ("runs", "seed", "engine"):
            assert function[p.name].default == p.default


def test_types_know_what_the_front_door_has() -> None:
    """The imports that type checkers read are those that happen."""
    tree = ast.parse(Path(sim.__file__).read_text("utf-8"))
    checking = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {a.asname: node.module for node in checking.body if isinstance(node, ast.ImportFrom) for a in node.names}
    imported.pop(None)
    assert imported == sim._HOMES
    assert sorted(sim.__all__) == sorted([*sim._HOMES, "open"])
    assert all(getattr(sim, name) for name in sim.__all__)
    assert sim.__version__[0].isdecimal()


def test_a_run_a_comparison_and_claims_are_given_back(tmp_path: Path) -> None:
    made = {
        "run": sim.run(SIX, runs=32, set=YEARLY, out=tmp_path / "run"),
        "compare": sim.compare(SIX, SIX, runs=32, set=YEARLY, out=tmp_path / "compare"),
        "claims": sim.claims([claim_file(tmp_path)], runs=64, out=tmp_path / "claims"),
    }
    for name, result in made.items():
        again = sim.open(tmp_path / name)
        assert type(again) is type(result)
        assert list(again.tables) == list(result.tables)
        for key, table in result.tables.items():
            assert list(again.tables[key]) == list(table)
            numbers = table.select_dtypes("number").columns
            np.testing.assert_allclose(again.tables[key][numbers], table[numbers], atol=1e-9)
        assert list(again.figures()) == list(result.figures())
        assert repr(again).splitlines()[0] == repr(result).splitlines()[0]
        assert "<table" in result._repr_html_()
    ds = sim.open(tmp_path / "run").dataset
    assert float(ds.exit.sel(name="State A")[-1]) == float(ds.exit.sel(member="AAA")[-1])
    ds.cohesion.plot()


def test_a_sweep_is_given_back_and_what_is_not_finished_is_not(tmp_path: Path) -> None:
    swept = sim.sweep(study_file(tmp_path, ("runs = 40", "runs = 16")), tmp_path / "sweep", jobs=1)
    assert sim.open(tmp_path / "sweep").summary.equals(swept.summary)
    (tmp_path / "sweep" / "provenance.json").unlink()
    with pytest.raises(InputError, match="interrupted"):
        sim.open(tmp_path / "sweep")
    with pytest.raises(InputError, match="holds no results"):
        sim.open(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        sim.open(tmp_path / "nowhere")


def test_numbers_of_numpy_are_numbers_and_arguments_go_by_their_names() -> None:
    assert sim.run(SIX, runs=np.int64(8), seed=np.int32(2), set={**YEARLY, "leader.coercion": np.float64(0.2)})
    with pytest.raises(InputError) as caught:
        sim.run(SIX, runs=0, engine="ensembel")
    told = str(caught.value)
    assert "runs: 0" in told
    assert "did you mean ensemble?" in told
    assert "--" not in told


NONSENSE = {
    "scenario": lambda: sim.run(123),
    "set": lambda: sim.run(SIX, runs=8, set=["behaviour.entrapment=0"]),
    "others": lambda: sim.compare(SIX),
    "folder": lambda: sim.replay(sim.load(SIX)),
    "out": lambda: sim.run(SIX, runs=8, set=YEARLY, out=5),
}


@pytest.mark.parametrize("argument", NONSENSE)
def test_what_cannot_be_an_argument_is_refused_by_its_name(argument: str) -> None:
    with pytest.raises(InputError, match=f"^{argument}: "):
        NONSENSE[argument]()


def test_one_claim_needs_no_list(tmp_path: Path) -> None:
    file = claim_file(tmp_path)
    assert sim.claims(file, runs=32).table.equals(sim.claims([file], runs=32).table)
    with pytest.raises(InputError, match=r"^X1: "):
        sim.claims("X1", runs=32)


def test_results_of_another_version_of_the_model_are_not_taken_for_this_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind is given back with a warning; no run is replayed with other equations; status says it."""
    swept = study_file(tmp_path, ("runs = 40", "runs = 16"), name="swept")
    made = {
        "run": lambda out: sim.run(SIX, runs=8, set=YEARLY, out=out),
        "compare": lambda out: sim.compare(SIX, SIX, runs=8, set=YEARLY, out=out),
        "claims": lambda out: sim.claims(claim_file(tmp_path), runs=32, out=out),
        "sweep": lambda out: sim.sweep(swept, out, jobs=1),
    }
    for name, make in made.items():
        make(tmp_path / f"out-{name}")
    monkeypatch.setattr("sim.storage.workspace.VERSION", "another")
    for name, make in made.items():
        folder = tmp_path / f"out-{name}"
        with pytest.warns(UserWarning, match=f"by version {VERSION} of the model, this is version another"):
            sim.open(folder)
        assert "version another" in " ".join(sim.status(folder).differences)
        with pytest.raises(InputError, match="version"):
            make(folder)
        if name == "run":
            with pytest.raises(InputError, match="version another"):
                sim.replay(folder)


HERE = {"open", "list"}
GOOD: dict[str, dict[str, object]] = {
    "new": {"name": "p", "leader": "SUN", "member": ["POL=P", "HUN=H"], "start": "1955", "end": "1957"},
    "explain": {"path": "leader.war"},
    "attribute": {"a": SIX, "b": SIX},
    "discover": {"when": "cohesion by 5 years > 0.5"},
    "threshold": {"lever": "leader.war", "reach": "cohesion by 5 years = 0.5"},
    **{
        verb: {"study": names_of(key)[0]}
        for verb, key in (
            ("sweep", "factors"),
            ("calibrate", "observations"),
            ("backtest", "schemes"),
            ("mechanisms", "mechanisms"),
        )
    },
}
"""What is given beside a wrong argument where there is no one value for all."""
PLAIN: dict[str, object] = {"scenario": SIX, "base": SIX, "first": SIX, "second": SIX, "path": SIX, "folder": "nowhere"}
WRONG: list[object] = [
    None,
    5,
    1.5,
    True,
    b"x",
    [],
    [1],
    {1: 2},
    (1, 2),
    object(),
    lambda: 0,
    float("nan"),
    10**40,
    "\0",
]
FINE = {
    "jobs": (None, 5),
    "port": (5,),
    "runs": (5,),
    "seed": (5, 10**40),
    "run": (5,),
    "force": (True,),
    "keep_runs": (True,),
    "many": (True,),
    "yes": (True,),
    "sheet": (True,),
    "blank": (True,),
    "names": ([],),
    "until": (None,),
    "by": ([],),
    "scheduler": ("\0",),
}
"""What of it is an argument of that name, or is refused in other words."""
PARAMETERS = [
    (name, p.name, p.kind is p.VAR_POSITIONAL)
    for name in sorted(sim.__all__)
    if not isinstance(getattr(sim, name), type)
    for p in inspect.signature(getattr(sim, name)).parameters.values()
]


@pytest.mark.parametrize(("verb", "argument", "several"), PARAMETERS, ids=lambda x: x if isinstance(x, str) else "")
def test_no_wrong_type_of_any_argument_is_a_traceback(
    verb: str, argument: str, several: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each argument of each function, given values of all types: refused by its name, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    function = getattr(sim, verb)
    parameters = inspect.signature(function).parameters
    needed = [p.name for p in parameters.values() if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    good = {name: PLAIN.get(name, "nowhere") for name in needed} | GOOD.get(verb, {})
    default = parameters[argument].default
    refused = 0
    for value in WRONG:
        may_be = value is default or (callable(value) and (default is None or callable(default)))
        if may_be or any(value is x or (value == x and type(value) is type(x)) for x in FINE.get(argument, ())):
            continue
        given = {**good, argument: value}
        call = partial(function, *given.values()) if several else partial(function, **given)
        if verb == "check" and value == "\0":
            assert call(), "said of the file"
            continue
        with pytest.raises(InputError) as caught:
            call()
        said = str(caught.value)
        assert said.startswith(f"{argument}: ") or value == "\0" or verb in HERE or needed[0] in said, (value, said)
        refused += 1
    assert refused > 5
    assert list(tmp_path.iterdir()) == []
