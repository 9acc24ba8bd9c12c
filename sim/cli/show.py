"""What the verbs share: consoles, cells, progress, JSON."""

import json as json_module
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def out() -> "Console":
    """Standard output, never narrower than a table needs where it is not a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=110)


def err() -> "Console":
    """Standard error, for progress and notices."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _plain(value: Any) -> Any:
    """The value with undefined numbers as null, which JSON has."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_json(value: Any) -> None:
    """JSON on standard output."""
    print(json_module.dumps(_plain(value), indent=1, ensure_ascii=False))


def overrides(given: Sequence[str]) -> dict[str, Any]:
    """The --set options by path."""
    from sim.scenario.load import parse_override

    return dict(parse_override(text) for text in given)


def percent(p: dict[str, float]) -> str:
    """A probability in percent with its Monte Carlo standard error."""
    value, error = 100 * p["probability"], 100 * p["mcse"]
    if error != error:  # one run
        return f"{value:.1f}"
    if value < 0.05 and not error >= 0.05:
        return "<0.05"
    return f"{value:.1f}±{error:.1f}" if error >= 0.05 else f"{value:.1f}±<0.1"


def number(x: dict[str, float]) -> str:
    """A mean with its Monte Carlo standard error."""
    return f"{x['mean']:.3f}" + (f"±{x['mcse']:.3f}" if x["mcse"] == x["mcse"] else "")


def print_fitting(console: "Console", table: Callable[[Sequence[str]], "Table"], parts: Collection[str]) -> None:
    """A table of all its parts where the console is wide enough, else one of each."""
    from rich.measure import Measurement

    whole = table(list(parts))
    wide = Measurement.get(console, console.options.update(max_width=1000), whole).maximum
    for one in [whole] if wide <= console.width else [table([part]) for part in parts]:
        console.print(one)


@contextmanager
def stages(what: str, total: float = 1.0) -> Iterator[Callable[[float, str], None]]:
    """A progress bar on standard error for work that tells in words what it is at."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Progress(*columns, console=err(), transient=True, disable=not err().is_terminal) as shown:
        task = shown.add_task(what, total=total, told="")
        yield lambda done, told: shown.update(task, completed=done, told=told)


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, shown only when the work takes longer than a second."""
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=err(), transient=True, disable=not err().is_terminal) as bar:
        task = bar.add_task(what, total=total, visible=False)

        def advance(done: int) -> None:
            bar.update(task, completed=done, visible=time.monotonic() - began > 0.5)

        yield advance
