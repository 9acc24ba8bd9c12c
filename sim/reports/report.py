"""The verb: a finished folder as one page to hand on."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sim.analysis.analysis import Analysis
from sim.analysis.sensitivity import FOLDER, HALVES, Sensitivity
from sim.errors import InputError, Problem, arguments, as_path, listed, nearest, plural
from sim.evaluation.backtest import Backtest
from sim.evaluation.leave_one_out import LeftOut
from sim.evaluation.mechanisms import Mechanisms
from sim.evaluation.study import Scheme
from sim.evidence.claim import Claim, load_claims
from sim.evidence.ledger import Ledger
from sim.inference.study import CalibrationStudy, load_calibration
from sim.reports import analysis, backtest, calibration, claims, comparison, mechanisms, run, sweep
from sim.reports.brief import MADE_BY, Brief
from sim.reports.page import File, Page, Verbatim, html, page as page_of
from sim.results.calibration import STUDY, Calibration
from sim.results.comparison import Comparison
from sim.results.result import SCENARIO, Result
from sim.scenario.load import Scenario, load
from sim.storage.files import beside, check_folder, provenance_of, put
from sim.storage.provenance import typed
from sim.storage.workspace import contents_of
from sim.studies.sweep import Sweep

FORMATS = ("html", "docx")
PAGE = 6.5
"""Inches of a figure: the text of a printed page has as many, so that letters keep their size there."""
FIRST_HALF = f"{FOLDER}/1"
"""Of a sensitivity analysis, whose halves are of one study."""
KINDS = "a run, comparison, sweep, calibration, backtest, study of mechanisms, ledger of claims or analysis"


@arguments
def report(
    folder: str | Path,
    out: str | Path | None = None,
    format: str = "html",
    force: bool = False,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Path:
    """Make one file of a finished folder, to hand on: answer, numbers, certainty, figures, assumptions, how to redo it.

    Parameters
    ----------
    folder : of a run, comparison, sweep, calibration, backtest, study of mechanisms, ledger of claims or analysis.
    out : the file; by default the folder's name with the format's ending, beside it. Folders that it is in are made.
    format : ``"html"``, which opens in any browser without a network, or ``"docx"`` (extra ``report``).
    force : replace a file that is there.
    progress : called with how many steps are done of how many.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    InputError
        Where the folder holds none of these, or is not finished; where the file is there or cannot be written.

    Examples
    --------
    >>> import sim
    >>> result = sim.run("csto/outlook-2023", runs=16, out="results/example")
    >>> sim.report("results/example")
    PosixPath('results/example.html')
    """
    home = as_path(folder, "folder")
    if format not in FORMATS:
        allowed = f"allowed: {' or '.join(FORMATS)}"
        raise InputError([Problem("format", "", f"{format!r:.60}", allowed, nearest(str(format), FORMATS))])
    file = as_path(out, "out") if out else beside(home, f".{format}")
    check_folder(file.parent)
    if file.is_dir() or (file.exists() and not force):
        found, allowed = "a folder" if file.is_dir() else "is there already", "allowed: another `out`, or `force`"
        raise InputError([Problem(str(file), "out", found, allowed)])
    steps = 3
    made = page(home, lambda: progress(1, steps))
    progress(2, steps)
    if format == "docx":
        from sim.reports.document import docx

        content: str | bytes = docx(made)
    else:
        content = html(made)
    progress(steps, steps)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        put(file, content)
    except OSError as error:
        raise InputError([Problem(str(file), "out", f"cannot be written ({error.strerror or error})")]) from None
    return file


def page(folder: Path, drawn: Callable[[], None] = lambda: None) -> Page:
    """All that a report of a finished folder says. Raises InputError where it holds nothing that has one."""
    from sim import open as opened
    from sim.figures import style

    found, contents, provenance = opened(folder), contents_of(folder) or {}, provenance_of(folder) or {}
    with style.sheets(PAGE):
        said = brief(found, folder, contents)
    drawn()
    more = analysis.again(found) if isinstance(found, Analysis) else {}
    return page_of(said, again(provenance, contents, more), run_file(folder))


def run_file(folder: Path) -> File | None:
    """The file that was run, where the folder of results keeps it."""
    names = (STUDY, SCENARIO, f"{FIRST_HALF}/{STUDY}")
    return next((File(x, Verbatim((folder / x).read_text("utf-8"))) for x in names if (folder / x).is_file()), None)


def brief(found: object, folder: Path, contents: Mapping[str, Any]) -> Brief:
    """Of a result of any kind."""
    title, identity = str(contents["title"]), contents["identity"]
    look = int((provenance_of(folder) or {}).get("look") or 0)
    match found:
        case Result():
            return run.brief(found)
        case Comparison():
            return comparison.brief(found)
        case Sweep():
            return sweep.brief(found)
        case Calibration():
            return calibration.brief(found, title, _study(folder))
        case Backtest():
            schemes = [Scheme.model_validate(s) for s in identity["schemes"]]
            return backtest.brief(found, title, schemes, _scenarios(identity["settings"]["scenario"]), look)
        case LeftOut():
            return backtest.brief_left_out(found, title, look)
        case Ledger():
            return claims.brief(found, _claims(identity["claims"]))
        case Mechanisms():
            draws = int(identity["settings"]["draws"])
            return mechanisms.brief(found, title, str(identity["held_out_after"]), draws, look)
        case Analysis():
            return analysis.brief(found)
    raise InputError([Problem(str(folder), "", str(contents["kind"]), f"allowed: {KINDS}")])


def _study(folder: Path) -> CalibrationStudy | None:
    """The study of a calibration, if its files are still there."""
    try:
        return load_calibration(folder / STUDY)
    except InputError:
        return None


def _scenarios(name: str | None) -> list[Scenario]:
    """A scenario by its name, if it is still there."""
    try:
        return [load(name)] if name else []
    except InputError:
        return []


def _claims(names: Sequence[str]) -> list[Claim]:
    """Claims by their names, those that are still there."""
    try:
        return load_claims(list(names))
    except InputError:
        return []


def again(
    provenance: Mapping[str, Any], contents: Mapping[str, Any], more: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """How to do it again: what was run, on what, by which version of what, from which seed."""
    identity, versions = contents["identity"], dict(provenance.get("versions", {}))
    seeds = (
        provenance.get("seed"),
        identity.get("seed"),
        _seed(identity),
        listed([*map(str, identity.get("seeds", ()))]),
    )
    seed = next((x for x in seeds if x is not None), "")
    ours = versions.pop("alliance-cohesion", "")
    found = {
        "Command": command(str(provenance.get("command", ""))),
        **{label: command(value) if label == MADE_BY else value for label, value in more.items()},
        "Seed": str(seed),
        "Runs": f"{HALVES} × " * (contents.get("kind") == Sensitivity.kind) + _runs(provenance, identity),
        "Version": f"alliance-cohesion {ours}, model {provenance.get('model', contents['model'])}",
        "Commit": str(provenance.get("commit") or ""),
        "Computed": str(provenance.get("ended", "")).replace("T", " ").replace("+00:00", " UTC"),
        "With": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
    return {label: value for label, value in found.items() if value}


def _runs(provenance: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """How many, and at how many points where there are several."""
    study, points = identity.get("study"), provenance.get("points")
    runs = study["runs"] if points and isinstance(study, Mapping) else provenance.get("runs")
    if not isinstance(runs, int):
        return ""
    return f"{runs:,} at each of {plural(points, 'point')}" if points else f"{runs:,}"


def _seed(identity: Mapping[str, Any]) -> object:
    study = identity.get("study")
    return study.get("seed") if isinstance(study, Mapping) else None


HERE_ALONE = re.compile(r"(?<!\S)(--force|--(out|jobs|scheduler)[ =]('[^']*'|\S+))\s*")
"""Options of a command that change no result: where files were put and by whom they were computed."""


def command(said: str) -> str:
    """What was typed, as one would type it again; of a program its name."""
    if ours := typed(said):
        return HERE_ALONE.sub("", ours).strip()
    return f"from Python, in {shlex.quote(said.partition(' ')[0])}" if said else ""
