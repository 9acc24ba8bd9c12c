"""Are the equations tested? Small faults are put into the model, the estimates and the likelihood; tests must notice.

pip install -e '.[dev,mutation]'
python -m benchmarks.mutation                 # 200 faults; half a minute each on one quiet core, so an hour on two
python -m benchmarks.mutation --mutants 20    # a glance

Faults (mutants) are those of Cosmic Ray: an operator, a comparison, a number, a truth value, a decorator or a loop is
another. A place in the code is drawn first, then one fault there, so that an addition, which could be eleven others,
counts as much as a number, which could be two; faults that change no meaning (annotations) or that Python refuses at
once (shifts and bitwise operators on floats) are not drawn. A fault is killed when a test of the floors that it is in
fails or takes ten times its time. The golden digest of the model's version, which any change moves, is left out: a
test counts here if it knows what is right, not if it knows what was.
"""

import argparse
import ast
import contextlib
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

REPOSITORY = Path(__file__).parents[1]
CODE = ("sim/model/*.py", "sim/estimates/*.py", "sim/inference/likelihood.py")
TESTS = (
    "tests/model",
    "tests/estimates",
    "tests/engines",
    "tests/inference/test_inference.py",
    "tests/docs/test_docs.py",
)
"""Of these floors, and that docs/model.md has every coefficient with its prior."""
LEFT_OUT = (
    "--deselect=tests/model/test_version.py::test_the_model_is_that_of_its_version",
    "--deselect=tests/model/test_version.py::test_no_number_is_so_near_to_the_edge_of_rounding_that_another_processor"
    "_could_cross_it",
)
DULL = ("RShift", "LShift", "BitOr", "BitAnd", "BitXor", "FloorDiv", "Mod", "Pow", "Is", "IsNot")
"""Other operators than the code's that fail at once or mean the same."""
COPIED = ("sim", "tests", "scenarios", "experiments", "benchmarks", "docs")
LIMIT = 10
"""Times the tests' own time."""


class Mutant(NamedTuple):
    """One fault: the text of a file with it."""

    file: str
    line: int
    operator: str
    code: str


def mutants(root: Path) -> dict[tuple[str, int, int, str], list[Mutant]]:
    """All faults by place (file, line, column, kind)."""
    from cosmic_ray.commands.init import _all_work_items
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    places: dict[tuple[str, int, int, str], list[Mutant]] = {}
    for path in sorted(p for pattern in CODE for p in root.glob(pattern)):
        source = path.read_text(encoding="utf-8")
        meaning = dump(source)
        for item in _all_work_items([path], {}):
            (spec,) = item.mutations
            kind, _, replacement = spec.operator_name.removeprefix("core/").partition("_")
            if replacement.rpartition("_")[2] in DULL:
                continue
            code = mutate_code(source, get_operator(spec.operator_name)(), spec.occurrence)
            if code is None or dump(code) in (meaning, None):
                continue
            name = path.relative_to(root).as_posix()
            key = (name, *spec.start_pos, kind)
            places.setdefault(key, []).append(Mutant(name, spec.start_pos[0], spec.operator_name, code))
    return places


def dump(source: str) -> str | None:
    """What Python makes of a file, without annotations; nothing where it refuses."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def drawn(root: Path, count: int, seed: int) -> list[Mutant]:
    """A sample of places without replacement, one fault of each."""
    random_ = random.Random(seed)
    places = mutants(root)
    return [random_.choice(places[key]) for key in random_.sample(sorted(places), min(count, len(places)))]


def own_tests(file: str) -> list[str]:
    """The tests that are named after a file come first: they fail soonest."""
    own = Path("tests") / Path(file).parent.relative_to("sim") / f"test_{Path(file).stem}.py"
    return [own.as_posix()] if (REPOSITORY / own).exists() else []


def first_failure(copy: Path, tests: Sequence[str], limit: float | None) -> str | None:
    """The name of the first test that fails, in the order of the tests given."""
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=str(copy), OMP_NUM_THREADS="1")
    options = ["-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header", "-rfE"]
    with subprocess.Popen(
        [sys.executable, *options, *tests, *LEFT_OUT],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return "out of time"
    if process.returncode == 0:
        return None
    named = [line for line in out.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return named[0].partition(" - ")[0] if named else out.strip().rpartition("\n")[2]


@contextlib.contextmanager
def copies(count: int) -> Iterator[list[Path]]:
    """Copies of the repository in which files may be broken."""
    with tempfile.TemporaryDirectory(prefix="mutants") as place:
        roots = [Path(place) / str(k) for k in range(count)]
        for root in roots:
            for part in COPIED:
                shutil.copytree(REPOSITORY / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(REPOSITORY / "pyproject.toml", root)
        yield roots


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of mutants of the sample, to try survivors again")
    options = parser.parse_args()
    console = Console(markup=False, highlight=False)
    sample = list(enumerate(drawn(REPOSITORY, options.mutants, options.seed), 1))
    sample = [(k, m) for k, m in sample if not options.only or k in options.only]
    with copies(options.jobs) as roots:
        started = time.perf_counter()
        if failure := first_failure(roots[0], TESTS, None):
            console.print(f"The tests fail without any fault: {failure}")
            return 1
        whole = time.perf_counter() - started
        free: Queue[Path] = Queue()
        for root in roots:
            free.put(root)

        def outcome(mutant: Mutant) -> str | None:
            root = free.get()
            original, own = (root / mutant.file).read_text(encoding="utf-8"), own_tests(mutant.file)
            try:
                (root / mutant.file).write_text(mutant.code, encoding="utf-8")
                limit = LIMIT * whole
                return (own and first_failure(root, own, limit)) or first_failure(root, TESTS, limit)
            finally:
                (root / mutant.file).write_text(original, encoding="utf-8")
                free.put(root)

        survivors = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            results = pool.map(outcome, (m for _, m in sample))
            for (k, mutant), failure in zip(track(sample, console=Console(stderr=True)), results, strict=True):
                what = f"{k:>4}  {mutant.file}:{mutant.line}  {mutant.operator.removeprefix('core/')}"
                console.print(f"{what}  {'killed by ' + failure if failure else 'SURVIVED'}", soft_wrap=True)
                if failure is None:
                    survivors += 1
                    console.print(difference(mutant), soft_wrap=True)
    killed = len(sample) - survivors
    minutes = (time.perf_counter() - started) / 60
    console.print(
        f"{killed} of {len(sample)} killed ({killed / len(sample):.1%}), seed {options.seed}, {minutes:.0f} min"
    )
    return 0


def difference(mutant: Mutant) -> str:
    """The changed lines, as they were and as they are."""
    before = (REPOSITORY / mutant.file).read_text(encoding="utf-8").splitlines()
    lines = difflib.unified_diff(before, mutant.code.splitlines(), lineterm="", n=0)
    return "\n".join(f"      {line}" for line in list(lines)[3:])


if __name__ == "__main__":
    sys.exit(main())
