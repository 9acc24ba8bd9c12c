"""The examples of the front door run as they stand."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).resolve().parents[1]


def examples() -> list[doctest.DocTest]:
    """Those of the package, and of every public function and class with its methods."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = finder.find(sim, "sim", module=False)
    for name in sim.__all__:
        public = getattr(sim, name)
        found += finder.find(public, f"sim.{name}", globs={**vars(import_module(public.__module__)), "sim": sim})
    return [example for example in found if example.examples]


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example.name))
def test_examples_run(example: doctest.DocTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(example, out=said.append).failed == 0, "".join(said)
