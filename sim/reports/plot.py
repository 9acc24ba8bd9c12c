"""Figures of a finished result as files of one's choice, each with the numbers that are drawn."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem, arguments, as_path, each, listed, nearest, several
from sim.reports.export import moved
from sim.results.tables import csv
from sim.storage.files import beside, check_folder


@arguments
def plot(
    folder: str | Path,
    figures: Sequence[str] = (),
    format: str = "png",
    out: str | Path | None = None,
    force: bool = False,
    width: float = 10.0,
) -> list[Path]:
    """Draw figures of a finished result anew, each beside a table of what is drawn.

    Parameters
    ----------
    folder : that a verb wrote.
    figures : by name, as ``sim.open(folder).figures()`` has them; all where none is named.
    format : ``"png"``, ``"svg"`` or ``"pdf"``; several with commas between them.
    out : the folder for the files; by default the first one's name and ``-figures``, beside it.
    force : replace files that are there.
    width : of the sheets in inches, 6 to 14: panels and lines are laid out for it, letters keep their size.

    Returns
    -------
    list of Path
        The files: of each figure one in each format, then ``NAME.csv`` (columns: :func:`sim.figures.plotted.plotted`).

    Raises
    ------
    InputError
        Where the folder holds no finished result, for an unknown figure or format, for another width, and where files
        are there.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> [file.name for file in sim.plot("results/example", ["ladder"], format="svg")]
    ['ladder.svg', 'ladder.csv']
    """
    from sim import open as opened
    from sim.figures import style
    from sim.figures.plotted import plotted
    from sim.figures.sheet import WITHOUT_DATE, save

    home = as_path(folder, "folder")
    into = as_path(out, "out") if out is not None else beside(home, "-figures")
    check_folder(into)
    result: Any = opened(home)
    with style.sheets(width):
        formats, drawn = each(lambda: several(format, "format", WITHOUT_DATE), lambda: _drawn(home, result, figures))
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".plot-", dir=into.parent) as made:
        for name in drawn:
            for kind in formats:
                save(drawn[name], Path(made) / f"{name}.{kind}")
            table, there = csv(plotted(drawn[name])), into / f"{name}.csv"
            if force or not (there.is_file() and there.read_bytes() == table.encode()):  # as beside another format
                (Path(made) / there.name).write_text(table, encoding="utf-8", newline="")
        return moved(Path(made), into, force)


def _drawn(home: Path, result: Any, figures: Iterable[str]) -> dict[str, Any]:
    """The figures of a result that are asked for, all where none is. Raises InputError for one that it lacks."""
    drawn: dict[str, Any] = result.figures()
    if unknown := [name for name in figures if name not in drawn]:
        allowed = f"allowed: {listed(list(drawn))}" if drawn else "it has no figures"
        why = result.no_data
        raise InputError(
            Problem(str(home), "", f"no figure {n}", why.get(n, allowed), "" if n in why else nearest(n, list(drawn)))
            for n in unknown
        )
    return {name: drawn[name] for name in dict.fromkeys(figures) or drawn}
