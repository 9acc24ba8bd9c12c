"""Every verb that takes a file, a folder or a value, given what it cannot use: one sentence, and nothing is written."""

import resource
import sys
from pathlib import Path

import pytest

from sim.cli import app
from tests import hostile
from tests.helpers import SIX

FILES: dict[str, tuple[str, ...]] = {
    "check": ("check", "{}"),
    "explain": ("explain", "{}", "leader.war"),
    "run": ("run", "{}", "--runs", "2", "--jobs", "1"),
    "compare": ("compare", "{}", str(SIX), "--runs", "2", "--jobs", "1"),
    "compare with": ("compare", str(SIX), "{}", "--runs", "2", "--jobs", "1"),
    "claims": ("claims", "{}", "--runs", "32", "--jobs", "1"),
    "sweep": ("sweep", "{}", "--jobs", "1"),
    "calibrate": ("calibrate", "{}", "--jobs", "1"),
    "backtest": ("backtest", "{}", "--jobs", "1"),
    "mechanisms": ("mechanisms", "{}", "--jobs", "1"),
}
FOLDERS: dict[str, tuple[str, ...]] = {"status": ("status", "{}"), "replay": ("replay", "{}")}
"""Verbs that read what an argument names."""


class Ended:
    """How a call of the command ended: exit code, and what it said on standard error."""

    def __init__(self, code: int, said: str) -> None:
        self.code, self.said = code, said


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """The command in this process, from an empty folder, which it leaves empty where it refuses."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["cohesion", *arguments])
        code = app._call()
        out = capsys.readouterr()
        assert "Traceback" not in out.err + out.out
        assert code in (0, 2), (code, out.err)
        if code:
            assert list(here.iterdir()) == []
        return Ended(code, out.err)

    return call


def refused(ended: Ended, name: str) -> None:
    """It is said of the file what is wrong, in few words."""
    assert ended.code == 2
    lines = ended.said.splitlines()
    assert lines
    for line in lines:
        assert len(line) < 800 + 2 * len(name[:400]), line[:1000]
    assert name[:100] in ended.said, ended.said[:1000]


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return hostile.files(tmp_path_factory.mktemp("hostile"))


WHAT = [*hostile.TEXTS, *hostile.OTHER_FILES]


@pytest.mark.parametrize("what", WHAT)
def test_files_that_are_no_input(what: str, bad_files: dict[str, Path], command) -> None:
    name = str(bad_files[what])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for arguments in FILES.values():
        refused(command(*(a.format(name) for a in arguments)), name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "kilobytes"


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("verb", FOLDERS)
def test_folders_that_hold_no_results(verb: str, what: str, bad_files: dict[str, Path], command) -> None:
    name = str(bad_files[what])
    refused(command(*(a.format(name) for a in FOLDERS[verb])), name)
