"""Which factors of a study an outcome hangs on: Sobol indices or elementary effects at designed points."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.analysis.analysis import Analysis, origins
from sim.analysis.indices import Interval, Morris, Sobol, morris, sobol
from sim.errors import InputError, Problem, arguments, as_path, listed, plural
from sim.figures.sensitivity import KEYS
from sim.model.arrays import Array
from sim.model.grammar import sentence
from sim.model.outcomes import OUTCOMES
from sim.storage.effort import effort
from sim.storage.workspace import Workspace
from sim.studies.study import Study, load_study
from sim.studies.sweep import Progress, Sweep, sweep
from sim.studies.tables import OWN
from sim.studies.target import in_words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HALVES = 2
"""Of every point, with independent draws, so that chance is not taken for interaction."""
FOLDER = "halves"
SHOWN = 20
"""Points that a message names."""


class Sensitivity(Analysis):
    """Indices of sensitivity.

    Attributes
    ----------
    frames : ``indices``, a row for each scenario, outcome, member, horizon and factor; ``outcomes``, how much there is
        to explain and the share of chance.
    """

    kind = "sensitivity"
    question = "Which factors do the outcomes hang on?"
    names = ("indices", "outcomes")
    words = ("scenario", "outcome", "member", "factor", "label")

    def workspace(self, folder: str | Path) -> Workspace:
        """Its folder, in which the points are as well."""
        work = super().workspace(folder)
        return replace(work, own=(*work.own, FOLDER))

    def figures(self) -> "dict[str, Figure]":
        """The figure: a row a factor, a panel an outcome."""
        from sim.figures.sensitivity import indices

        return {
            "indices": indices(self.frames["indices"], self.frames["outcomes"], {**self.about, "title": self.title})
        }


class Of(NamedTuple):
    """An outcome of which indices are taken."""

    scenario: str
    outcome: str
    member: str
    years: float
    y: Array
    """(half, row of the design)."""


@arguments
def sensitivity(
    study: Study | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    force: bool = False,
    yes: bool = False,
) -> Sensitivity | None:
    """Say which factors of a study its outcomes hang on; the same call again goes on where one was interrupted.

    Every point is run twice with independent draws; what a product of the two leaves is not chance.

    Parameters
    ----------
    study : from :func:`sim.load_study`, or its file, with a design of kind ``saltelli`` or ``morris``.
    out : folder; ``results/sensitivity-NAME`` by default.
    jobs : worker processes; all cores by default. Does not change the result.
    scheduler : address of a Dask scheduler.
    progress : called after every batch.
    stop : asked before every batch; once true, what is under way is finished and no more begun.
    force : begin anew in a folder that holds another study.
    yes : very many points are meant.

    Returns
    -------
    Sensitivity or None
        ``frames["indices"]`` has for ``saltelli`` the shares of the variance of the outcome that a factor has alone
        (``first``) and with its interactions (``total``), for ``morris`` the mean elementary effect (``mean``), its
        mean size (``size``, mu*) and standard deviation (``spread``, sigma), each with its 95 % interval and whether
        that leaves out zero. None where it was stopped.

    Raises
    ------
    InputError
        For a study or a folder that cannot be; with every point that failed or has no number.

    Examples
    --------
    >>> study = sim.load_study("experiments/sensitivity-csto.toml")
    >>> sensitivity(study, "out", jobs=1, stop=lambda: True) is None
    True
    """
    effort(jobs=jobs, scheduler=scheduler)
    study = study if isinstance(study, Study) else load_study(study, many=yes)
    if study.tables.design.kind not in OWN:
        found = f'kind = "{study.tables.design.kind}"'
        raise InputError([Problem(str(study.file), "design", found, f"allowed: {listed(list(OWN))}")])
    folder = as_path(out, "out") if out else default_folder(study)
    empty = Sensitivity(study.tables.title, (), {}, identity(study))
    work = empty.workspace(folder)
    with work.held(force=True):
        if force:
            work.clear()
        work.record()
        done: list[Sweep] = []
        for k in range(HALVES):
            tell = _telling(work, k, study.size, progress)
            done.append(sweep(_half(study, k), folder / FOLDER / str(k + 1), jobs, scheduler, tell, stop, force))
            if not done[-1].finished:
                return None
    made = analysed(study, done, empty)
    made.save(folder, force=True)
    return made


def default_folder(study: Study) -> Path:
    """Where results go that nobody says where to put."""
    return Path("results") / f"sensitivity-{study.name.removeprefix('sensitivity-')}"


def identity(study: Study) -> Mapping[str, Any]:
    """What the numbers depend on; the folders of the halves say it all."""
    t = study.tables
    design = t.design.model_dump(mode="json", exclude_none=True)
    return {"study": study.name, "design": design, "points": study.size, "runs": t.runs, "seed": t.seed}


def _half(study: Study, k: int) -> Study:
    """The study with the draws of one half; what is uncertain is not asked for at each point."""
    return replace(study, tables=study.tables.model_copy(update={"seed": study.tables.seed + k, "interval_runs": 0}))


def _telling(
    work: Workspace, half: int, points: int, progress: Callable[[Progress], None] | None
) -> Callable[[Progress], None]:
    """Hears how far a half is, and tells how far the whole is."""

    def tell(p: Progress) -> None:
        whole = p._replace(done=half * points + p.done, total=HALVES * points)
        work.tell(whole.done, whole.total, "points", failed=p.failed)
        if progress:
            progress(whole)

    return tell


def analysed(study: Study, halves: list[Sweep], of: Sensitivity) -> Sensitivity:
    """The indices of finished halves. Raises InputError with the points that failed or have no number."""
    import pandas as pd

    _check_points(study, halves)
    design = study.tables.design.kind
    rows, whole = [], []
    for one in _outcomes(study, halves):
        key = dict(zip(KEYS, one[:-1], strict=True))
        found = _indices(study, one.y)
        by_factor = {name: getattr(found, name) for name in COLUMNS[design]}
        for k, (name, factor) in enumerate(study.factors.items()):
            numbers = {c: x for n, i in by_factor.items() for c, x in _columns(n, i, k).items()}
            rows.append(
                {**key, "factor": name, "label": factor.label or in_words(factor, study.scenarios[0]), **numbers}
            )
        whole.append({**key, "mean": float(one.y.mean()), **_whole(found)})
    names = study.scenarios[0].tables.state_names
    about = {
        **origins(study.scenarios),
        "design": design,
        "names": names,
        "focus": list(study.tables.focus),
        "question": study.tables.question,
        "footer": footer(study),
    }
    frames = {"indices": pd.DataFrame(rows), "outcomes": pd.DataFrame(whole)}
    return replace(of, frames=frames, about=about, answer=answer(frames, about))


COLUMNS = {"saltelli": ("first", "total"), "morris": ("size", "mean", "spread")}
"""Of a design, the indices of a factor, the one by which factors are ranked in a sentence first."""


def footer(study: Study) -> str:
    """Where the numbers come from."""
    t = study.tables
    size = f"{plural(study.size, 'point')}, {HALVES} x {plural(t.runs, 'run')} each"
    return f"{study.name}  |  {size}, seeds {t.seed} and {t.seed + 1}"


SIGNED = "mean"
"""The index that may be negative; of the others an interval below zero is chance."""


def _columns(name: str, i: Interval, k: int) -> dict[str, float]:
    resolved = i.resolved * (1.0 if name == SIGNED else i.value > 0.0)
    ends = {name: i.value, f"{name}_low": i.low, f"{name}_high": i.high, f"{name}_resolved": resolved}
    return {column: float(x[k]) for column, x in ends.items()}


def _whole(found: Sobol | Morris) -> dict[str, float]:
    """What is said of an outcome over all factors."""
    if isinstance(found, Morris):
        return {"chance": found.chance}
    sd = {"sd": float(np.sqrt(max(float(found.variance.value), 0.0))), "varies": float(found.variance.low > 0.0)}
    additive = dict(zip(("additive", "additive_low", "additive_high"), map(float, found.additive), strict=True))
    return {**sd, **additive, "chance": found.chance}


def _indices(study: Study, y: Array) -> Sobol | Morris:
    """Indices of an outcome (half, row of the design)."""
    factors = len(study.factors)
    if study.tables.design.kind == "saltelli":
        return sobol(y.reshape(HALVES, -1, factors + 2))
    low, high = (np.array([getattr(f, end) for f in study.factors.values()]) for end in ("low", "high"))
    unit = (study.design - low) / (high - low)
    return morris(unit.reshape(-1, factors + 1, factors), y.reshape(HALVES, -1, factors + 1))


def _outcomes(study: Study, halves: list[Sweep]) -> Iterator[Of]:
    """Every outcome at every horizon, of every scenario by itself, in the order of the design."""
    ds = halves[0].dataset
    plan = halves[0].plan
    place = {
        (name, tuple(row)): k for k, (name, row) in enumerate(zip(plan.scenarios, plan.values.tolist(), strict=True))
    }
    for scenario in study.scenarios:
        order = [place[scenario.name, tuple(row)] for row in study.design.tolist()]
        for name in study.tables.outcomes:
            both = np.stack([s.dataset[name].values[order][:, plan.horizon_places] for s in halves])
            for member in [str(m) for m in ds.member.values] if OUTCOMES[name].by_member else [""]:
                own = both[..., list(ds.member.values).index(member)] if member else both
                for k, years in enumerate(plan.horizons):
                    yield Of(scenario.name, name, member, float(years), own[..., k])


def _check_points(study: Study, halves: list[Sweep]) -> None:
    """Raises InputError with every point that failed, or whose outcome is not a number: an index without it is none."""
    problems = []
    for half in halves:
        at = str(half.folder)
        for row in half.failures.itertuples():
            problems.append(Problem(at, f"point {row.point}", str(row.reason), f"alone: {row.command}"))
        failed = set(half.failures["point"])
        for name in study.tables.outcomes:
            x = half.dataset[name].values[:, half.plan.horizon_places]
            bad = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
            for point in (int(k) for k in bad if int(k) not in failed):
                problems.append(
                    Problem(at, f"point {point}", f"{name} is not a number", f"alone: {half.plan.command(point)}")
                )
    if len(problems) > SHOWN:
        more = f"{plural(len(problems) - SHOWN, 'point')} more"
        problems = [*problems[:SHOWN], Problem(str(halves[0].folder.parent), "", more)]
    if problems:
        raise InputError(problems)


def answer(frames: "Mapping[str, pd.DataFrame]", about: Mapping[str, Any]) -> list[str]:
    """What each outcome that is in focus hangs on most, at the last horizon; then how much of it was chance."""
    indices, whole = frames["indices"], frames["outcomes"]
    said = [_hangs_on(indices, row, about) for row in in_focus(whole, about).to_dict("records")]
    chance = in_focus(whole, about)["chance"].max()
    return [
        *said,
        f"Chance in the points' runs, at most {100 * chance:.2g} % of the variance of any of these, is taken out.",
    ]


def in_focus(table: "pd.DataFrame", about: Mapping[str, Any]) -> "pd.DataFrame":
    """Rows of the last horizon: of the first scenario, by members in focus and of the alliance."""
    members = [*about["focus"], ""] if about["focus"] else [*dict.fromkeys(table["member"])]
    last = table["horizon_years"] == table["horizon_years"].max()
    first = table["scenario"] == table["scenario"].iloc[0]
    return table[last & first & table["member"].isin(members)]


def _hangs_on(indices: "pd.DataFrame", row: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    """A sentence on an outcome."""
    own = indices[np.logical_and.reduce([indices[k] == row[k] for k in KEYS])]
    outcome, years = OUTCOMES[row["outcome"]], plural(row["horizon_years"], "year")
    names = about["names"]
    what = f"{outcome.subject(names.get(row['member'], ''))} after {years}"
    by = COLUMNS[about["design"]][0]
    ranked = own[own[f"{by}_resolved"] == 1.0].sort_values(by, ascending=False).to_dict("records")
    if not ranked:
        return f"{sentence(what)} hangs on none of the factors beyond chance."
    parts = [_part(r, by, outcome.probability) for r in ranked[:3]]
    return f"{sentence(what)} hangs most on {'; then on '.join(parts)}."


def _part(r: Mapping[str, Any], by: str, probability: bool) -> str:
    """A factor with its index."""
    x, low, high = (r[c] for c in (by, f"{by}_low", f"{by}_high"))
    if by == "first":
        return f"“{r['label']}”, {100 * x:.0f} % of the variance alone ({100 * low:.0f} to {100 * high:.0f})"
    unit, scale = (" points", 100) if probability else ("", 1)
    ends = f"{scale * low:.2g} to {scale * high:.2g}"
    return f"“{r['label']}”, which moves it by {scale * x:.2g}{unit} over its range ({ends})"
