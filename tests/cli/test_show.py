"""The one console: hostile texts through what every verb prints, at every width and in every encoding."""

import io
import itertools
import os
import re
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.cli import (
    backtest as backtest_command,
    calibrate as calibrate_command,
    check,
    explain,
    list as list_command,
    mechanisms as mechanisms_command,
    new,
    replay as replay_command,
    resumable,
    show,
    status as status_command,
)
from sim.evidence.ledger import Ledger, claims
from sim.reports import claims as claims_words, comparison as comparison_words, run as run_words, sweep as sweep_words
from sim.results import explain as explanation
from sim.results.comparison import Comparison, compare
from sim.results.result import Result
from sim.results.run import run
from sim.scenario.catalogue import list as catalogue
from sim.scenario.load import Scenario, load
from sim.studies.study import load_study
from sim.studies.sweep import Sweep, sweep
from tests.claim_files import claim_file
from tests.evaluation.test_backtest_command import study as backtest_file
from tests.evaluation.test_mechanism_study import file_of as mechanisms_file
from tests.helpers import SIX
from tests.inference.test_calibrate import study as calibration_file
from tests.scenarios import changed
from tests.study_files import study_file

HOSTILE = {
    "brackets": "Alpha [x]",
    "closing tag": "[/x] [bold red]B[/bold red] :warning:",
    "letters": "Größe ± Тест 中国",
    "long": "A state of a name that is longer than forty columns are wide",
}
ENCODINGS = ("utf-8", "ascii")
WIDTHS = (200, 80, 40)
ROOT = Path(__file__).resolve().parents[2]
Printed = Callable[[Callable[[], object]], str]


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


@pytest.fixture(params=ENCODINGS)
def encoding(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def printed_by(act: Callable[[], object], encoding: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What something prints on streams of an encoding that refuse what they lack."""
    stream = io.BytesIO()
    text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", write_through=True)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", text)
        patch.setattr(sys, "stderr", text)
        act()
    lines = stream.getvalue().decode(encoding).splitlines(keepends=True)
    assert not [line for line in lines if line.endswith((" \n", " "))], "no blanks at the end of a line"
    return "".join(lines)


@pytest.fixture
def printed(encoding: str, width: int, monkeypatch: pytest.MonkeyPatch) -> Printed:
    """The same at every width, in every encoding."""
    return lambda act: printed_by(act, encoding, monkeypatch)


@pytest.fixture(scope="module", params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


@pytest.fixture(scope="module")
def scenario(hostile: str, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """A scenario with a hostile title and a hostile name of a state."""
    changes = (('title = "Six invented states"', f'title = "{hostile}"'), ('name = "State A"', f'name = "{hostile}"'))
    return load(changed(tmp_path_factory.mktemp("hostile"), *changes), {"time.step": "year"})


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Result:
    return run(scenario, runs=20, seed=1)


@pytest.fixture(scope="module")
def comparison(scenario: Scenario) -> Comparison:
    return compare(scenario, load(scenario.file, {"time.step": "year", "leader.coercion": 0.0}), runs=20, seed=1)


@pytest.fixture(scope="module")
def finished_sweep(hostile: str, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("sweep")
    changes = (("Coercion against autonomy", hostile), ("levels = 5", "levels = 2"), ("runs = 40", "runs = 8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the figures' font lacks
        return sweep(load_study(study_file(folder, *changes)), folder / "out", jobs=1)


@pytest.fixture(scope="module")
def ledger(hostile: str, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return claims([claim_file(tmp_path_factory.mktemp("claims"), ("A claim that tests make", hostile))], runs=320)


EVERYTHING = "[x] [/bold] :warning: $a_1^2$ \\\\alpha Größe ± 中国 😀"
"""A title for studies that take long: all at once, as TOML has it."""
TITLE = EVERYTHING.replace("\\\\", "\\")


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A finished folder of each kind of study that fits the record, and of a run, each with that title."""
    home = tmp_path_factory.mktemp("studies")
    files = {
        "calibrate": calibration_file(home / "c", ('title = "Six"', f'title = "{EVERYTHING}"')),
        "backtest": backtest_file(home / "b", ("Six forecast", EVERYTHING), ("2021-03-31, ", "")),
        "mechanisms": mechanisms_file(home / "m", ("Mechanisms of six", EVERYTHING), ("quarrels cost", EVERYTHING)),
        "run": changed(home / "r", ("Six invented states", EVERYTHING), ('name = "State A"', f'name = "{EVERYTHING}"')),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that no font here has
        for verb, file in files.items():
            how: dict[str, Any] = {"runs": 20, "set": {"time.step": "year"}} if verb == "run" else {}
            getattr(sim, verb)(file, out=home / f"{verb}.out", jobs=1, **how)
    return files | {f"{verb}.out": home / f"{verb}.out" for verb in files}


PRINTED: dict[str, Callable[[dict[str, Path]], object]] = {
    "calibrate": lambda at: calibrate_command.main(
        str(at["calibrate"]), at["calibrate.out"], 1, None, None, False, False
    ),
    "backtest": lambda at: backtest_command.main(str(at["backtest"]), at["backtest.out"], 1, None, False, False),
    "mechanisms": lambda at: mechanisms_command.main(
        str(at["mechanisms"]), at["mechanisms.out"], 1, None, False, False
    ),
    "replay": lambda at: replay_command.main(at["run.out"], 3, False),
    **{f"status of {v}": lambda at, v=v: status_command.main(at[f"{v}.out"], False) for v in ("run", "backtest")},
}


def test_finished_studies_are_printed_whole(studies: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for verb, encoding, width in itertools.product(PRINTED, ENCODINGS, WIDTHS):
        monkeypatch.setenv("COLUMNS", str(width))
        text = printed_by(lambda verb=verb: PRINTED[verb](studies), encoding, monkeypatch)
        assert verb == "replay" or has_words(text, TITLE, encoding), (verb, encoding, width)
        assert not [c for c in text if c != "\n" and unicodedata.category(c) == "Cc"]


def has_words(printed: str, text: str, encoding: str) -> bool:
    """Whether all words of a text are in a wrapped one, none broken."""
    return all(word in printed for word in show.printable(text, encoding).split())


def test_run_and_its_detail_keep_names_whole(hostile: str, encoding: str, result: Result, printed: Printed) -> None:
    text = printed(lambda: show.blocks(run_words.said(result, True)))
    rows = [line for line in text.splitlines() if line.startswith(show.printable(hostile, encoding))]
    assert len(rows) >= 5, "the title, and a row in each table"


def test_compare_keeps_titles(hostile: str, encoding: str, comparison: Comparison, printed: Printed) -> None:
    text = printed(lambda: show.blocks(comparison_words.said(comparison)))
    assert has_words(text, hostile, encoding)


def test_explain_keeps_rules_and_sources(scenario: Scenario, printed: Printed) -> None:
    text = printed(lambda: explain.print_explanation(explanation.explain(scenario, "members.AAA.affinity")))
    assert "members.AAA.affinity" in text


@pytest.mark.parametrize("name", ["[x].toml", "[bold].toml", "Größe 中.toml"])
def test_paths_survive_check_and_stay_one_line(
    name: str, encoding: str, tmp_path: Path, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(SIX.read_text())
    assert printed(lambda: check.main([name], json=False)) == show.printable(f"{name}: fine", encoding) + "\n"


@cache
def entries() -> list[dict[str, Any]]:
    return catalogue()


def test_list_cuts_no_name(printed: Printed, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_command, "list_scenarios", entries)
    lines = printed(lambda: list_command.main(json=False)).splitlines()
    assert width < 80 or sum(line.startswith("Name ") for line in lines) == 1, "one table where there is room"
    for entry in entries():
        assert any(line.startswith(f"{entry['name']} ") for line in lines), entry["name"]


def test_json_is_ascii(printed: Printed) -> None:
    assert printed(lambda: show.print_json({"name": "中 ±", "nan": float("nan")})).isascii()


def test_lines_to_copy_are_one_line(encoding: str, printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    study = "a folder [x]/" + "long-name" * 20 + ".toml"
    monkeypatch.setattr(sys, "argv", ["cohesion", "sweep", study, "--force"])
    (line,) = printed(lambda: show.notice(resumable.kept())).splitlines()
    assert line.endswith(f"cohesion sweep '{study}'")


def test_new_names_its_files_whole(tmp_path: Path, printed: Printed) -> None:
    folder = tmp_path / ("[x] " + "long-name" * 8)
    lines = printed(
        lambda: new.main("pact", "LEA", ["AAA=State A", "BBB=State B"], "1990", "2000", folder)
    ).splitlines()
    assert str(folder / "pact" / "sources.toml") in lines
    assert lines[-1].startswith(f"cohesion check '{folder}")


def test_a_sweep_keeps_its_title(hostile: str, encoding: str, finished_sweep: Sweep, printed: Printed) -> None:
    text = printed(lambda: show.blocks(sweep_words.said(finished_sweep)))
    assert has_words(text, hostile, encoding)


def test_claims_keep_their_titles(hostile: str, encoding: str, ledger: Ledger, printed: Printed) -> None:
    text = printed(lambda: show.blocks(claims_words.said(ledger)))
    assert has_words(text, hostile, encoding)
    assert has_words(text, "supported", encoding) or has_words(text, "undecided", encoding)


def test_tables_of_words_keep_them(hostile: str, encoding: str, printed: Printed) -> None:
    rows: list[list[show.Part]] = [["2020-01-01", (hostile, "bold")]]
    columns = [show.Column("Until"), show.Column("What happened", words=True)]
    assert has_words(printed(lambda: show.table(columns, rows)), hostile, encoding)


def test_a_table_is_parted_between_groups_and_a_wide_group_keeps_its_heading(
    printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = ["Exits\nseen", "\nforecast", "Ends\nseen", "\nforecast", "\nmean"]
    columns = [show.Column("From", left=True), *map(show.Column, heads)]
    rows: list[list[show.Part]] = [["1955", *"12345"]]

    def parts(width: int) -> list[list[str]]:
        monkeypatch.setenv("COLUMNS", str(width))
        lines = printed(lambda: show.table(columns, rows)).splitlines()
        return [line.split() for line in lines if "Exits" in line or "Ends" in line or "1955" in line]

    whole, between = ["1955", *"12345"], [["Exits"], ["1955", "1", "2"], ["Ends"], ["1955", "3", "4", "5"]]
    assert parts(200) == [["Exits", "Ends"], whole]
    assert parts(36) == between
    assert parts(22) == [*between[:3], ["1955", "3", "4"], ["Ends"], ["1955", "5"]]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list",), 0),
        (("explain", "csto/outlook-2023", "members.ARM.dependence.trade"), 0),
        (("check", "[x]/中 [/x].toml"), 2),
        (("run", str(SIX), "--set", "members.ÄÄÄ.[x]=1"), 2),
        (("status", "no/[/x] 中"), 2),
        (("sweep", "no [/x] 中.toml"), 2),
        (("--help",), 0),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_no_verb_fails_in_the_c_locale(arguments: tuple[str, ...], code: int) -> None:
    plain = {"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "PYTHONPATH": str(ROOT), "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **plain},
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert (done.stdout + done.stderr).isascii()


def in_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command writes where both streams are a terminal."""
    import pty  # only where there are such terminals

    ours, theirs = pty.openpty()
    keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    command = [sys.executable, "-m", "sim", *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**keep, **environment}, cwd=ROOT
    ) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the command has ended
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    assert process.returncode == 0
    return b"".join(parts).decode()


COLOURED = re.compile(r"\x1b\[(?:\d+;)*(?:3|4|9|10)[0-8](?:;\d+)*m")


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of Unix")
@pytest.mark.parametrize("arguments", [("list",), ("explain", "csto/outlook-2023", "leader.war")])
def test_a_terminal_gets_what_it_understands(arguments: tuple[str, ...]) -> None:
    """Bold where it can be; no escape codes on a dumb one; no colour where that is not wanted; the same words."""
    usual = in_a_terminal(*arguments, TERM="xterm-256color", COLUMNS="80")
    dumb = in_a_terminal(*arguments, TERM="dumb", COLUMNS="80")
    plain = in_a_terminal(*arguments, TERM="xterm-256color", NO_COLOR="1", COLUMNS="80")
    assert "\x1b[" in usual
    assert "\x1b" not in dumb
    assert not COLOURED.search(plain)

    def words(text: str) -> list[str]:
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).split()

    assert words(usual) == words(dumb) == words(plain)
