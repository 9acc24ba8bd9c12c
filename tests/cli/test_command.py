"""The command as a user meets it, and the package's front door."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from tests.helpers import SIX
from tests.scenarios import changed

ROOT = Path(__file__).resolve().parents[2]


def cohesion(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "sim", *args],
        capture_output=True,
        text=True,
        cwd=cwd or ROOT,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_run_prints_a_table_and_writes_results(tmp_path: Path) -> None:
    out = tmp_path / "r"
    done = cohesion("run", str(SIX), "--runs", "100", "--set", "time.step=year", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "State A" in done.stdout
    assert "Cohesion" in done.stdout
    assert "is likeliest to leave" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert (out / "members.csv").exists()
    assert (out / "figures" / "cohesion.png").stat().st_size > 10_000
    again = cohesion("run", str(SIX), "--runs", "100", "--out", str(out))
    assert again.returncode == 2
    assert "fingerprint: " in again.stderr
    assert "allowed: as it was, another --out, or --force to begin anew" in again.stderr
    assert "Traceback" not in again.stderr
    story = cohesion("replay", str(out), "--run", "7")
    assert story.returncode == 0, story.stderr
    assert "At the start" in story.stdout
    assert "agree on this run to the last bit" in story.stderr


def test_json_alone_goes_to_standard_output(tmp_path: Path) -> None:
    for engine in ("ensemble", "agents"):
        words = ["run", str(SIX), "--runs", "3", "--set", "time.step=year", "--engine", engine, "--json"]
        done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / engine)])
        summary = json.loads(done.stdout)
        assert summary["engine"] == engine
        assert [m["member"] for m in summary["members"]] == ["AAA", "BBB", "CCC", "DDD", "EEE"]
        assert set(summary["members"][0]["exit"]) == {"1", "5", "10"}
        assert 0 < summary["alliance"]["any_exit"]["5"]["parameter_share"] < 1
    for name in ("members.csv", "ticks.csv", "alliance.csv"):
        assert (tmp_path / "ensemble" / name).read_bytes() == (tmp_path / "agents" / name).read_bytes()


def test_bad_input_exits_with_2_and_writes_nothing(tmp_path: Path) -> None:
    file = changed(
        tmp_path, ("coercion = { value = 0.6,", "coercion = { value = 1.6,"), ('member = "CCC"', 'member = "X"')
    )
    done = cohesion("run", str(file), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2
    assert all(line.startswith(f"{file}:") for line in done.stderr.splitlines())
    assert [p.name for p in tmp_path.iterdir()] == ["changed.toml"]
    assert cohesion("check", str(file), str(tmp_path), str(SIX)).returncode == 2


def test_check_takes_a_registry_of_sources_for_what_it_is(tmp_path: Path) -> None:
    registry = tmp_path / "sources.toml"
    registry.write_text('[X001]\nquote = "words"\nfrom = "a book"\n')
    done = cohesion("check", str(registry), str(SIX))
    assert done.returncode == 0, done.stderr
    registry.write_text('[X001]\nquote = "words"\n')
    done = cohesion("check", str(registry))
    assert done.returncode == 2
    assert "sources.toml:1: X001.from: missing" in done.stderr


def test_check_explain_and_list() -> None:
    fine = cohesion("check", "scenarios/csto/outlook-2023.toml", "scenarios/csto/history-1992-2023.toml")
    assert fine.returncode == 0
    assert fine.stdout.count("fine") == 2
    sourced = cohesion("explain", "scenarios/csto/outlook-2023.toml", "members.ARM.dependence.trade")
    assert sourced.returncode == 0
    assert "trade_share" in sourced.stdout
    assert "Correlates of War" in sourced.stdout
    drawn = cohesion("explain", "scenarios/csto/outlook-2023.toml", "behaviour.entrapment")
    assert "posterior (posterior.nc, 512 draws)" in drawn.stdout
    lost = cohesion("explain", "scenarios/csto/outlook-2023.toml", "members.ARM.dependance.trade")
    assert lost.returncode == 2
    assert "did you mean members.ARM.dependence.trade?" in lost.stderr
    assert "csto/outlook-2023" in cohesion("list").stdout
    assert json.loads(cohesion("list", "--json").stdout)


def test_interruption_exits_with_130_and_writes_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "run", str(SIX), "--runs", "2000000", "--out", str(tmp_path / "r")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & ignores it
    )
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_version_is_the_installed_one() -> None:
    assert cohesion("--version").stdout == f"cohesion {version('alliance-cohesion')}\n"


def verbs() -> set[str]:
    return {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}


@pytest.mark.parametrize("verb", sorted(verbs() - {"list"}))
def test_verbs_and_functions_have_the_same_options(verb: str) -> None:
    (command,) = [c for c in app.registered_commands if c.callback and verb in (c.name, c.callback.__name__)]
    assert command.callback is not None
    shared = [
        "runs",
        "seed",
        "jobs",
        "scheduler",
        "engine",
        "until",
        "set",
        "force",
        "out",
        "leader",
        "member",
        "start",
        "end",
    ]
    options = {name.rstrip("_") for name in signature(command.callback).parameters} & set(shared)
    assert options <= set(signature(getattr(sim, verb)).parameters)


def test_front_door() -> None:
    assert sim.__all__ == sorted(sim.__all__)
    for name in sim.__all__:
        assert getattr(sim, name).__doc__, name
    assert verbs() <= set(sim.__all__), "every verb is a function"
    classes = {name for name in sim.__all__ if isinstance(getattr(sim, name), type)}
    rest = set(sim.__all__) - verbs() - classes
    assert all(name.startswith("load") for name in rest - {"open", "save"}), "what is neither loads nor keeps something"
    with pytest.raises(AttributeError):
        sim.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import sim", ["numpy", "mesa", "pydantic", "pandas", "matplotlib"]),
        (
            "import sim; sim.check('scenarios/csto/outlook-2023.toml')",
            ["mesa", "pandas", "matplotlib", "scipy", "xarray"],
        ),
        ("import sim; sim.run", ["mesa", "pandas", "matplotlib", "xarray"]),
    ],
)
def test_nothing_heavy_is_loaded_early(code: str, absent: list[str]) -> None:
    script = f"import sys; {code}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_ci_calls_the_readmes_test_command() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"```sh\n(python3 -m venv [^\n]+)\n```", readme)
    assert len(commands) == 2, "one that runs, one that tests"
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()
