"""The folder of a study: a dataset that workers fill batch by batch, and a receipt for each.

A receipt, with the hash of every file of its batch, comes last and by renaming: a batch without one is done anew.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.errors import InputError, Problem, plural
from sim.model.arrays import Array
from sim.model.outcomes import ENDS, KEPT, OUTCOMES, QUANTILES, attributes, variable
from sim.model.version import VERSION
from sim.scenario.load import not_fitted, posteriors_of
from sim.scenario.posterior import POSTERIORS
from sim.storage.files import locked, put, sha256
from sim.storage.workspace import ANEW, Workspace
from sim.studies.batch import Failure, Outcome, run_points
from sim.studies.plan import POINTS, Plan, batch_size, frozen, opened, plan_of, points_text, read_points
from sim.studies.study import Study
from sim.studies.target import in_words

if TYPE_CHECKING:
    import xarray as xr

KIND = "sweep"
DATASET, RECEIPTS, WORKING = "dataset.zarr", "receipts", ".working"
STUDY, SUMMARY, FAILURES = "study.toml", "summary.csv", "failures.csv"
CHECKSUMS, FIGURES = "checksums.sha256", "figures"
OWN = (POINTS, POSTERIORS, STUDY, SUMMARY, FAILURES, CHECKSUMS, FIGURES, DATASET, RECEIPTS, WORKING)


class Receipt(NamedTuple):
    """What a worker tells of a batch that it has written."""

    batch: int
    points: list[int]
    """First, and one past the last."""
    runs: int
    largest_mcse: float
    failures: list[dict[str, Any]]
    files: dict[str, str]
    """SHA-256 by name inside the dataset."""


def workspace(study: Study, folder: Path, force: bool = False) -> tuple[Workspace, Plan]:
    """The folder of a study as it is to be, and what is run there.

    A folder whose points are all among the study's is enlarged: they keep their numbers.

    Raises
    ------
    InputError
        Where the folder holds something else: says what has changed.
    """
    scenarios = [s.name for s in study.scenarios for _ in range(len(study.design))]
    values = np.tile(study.design, (len(study.scenarios), 1))
    identity, words = frozen(study)
    work = Workspace(folder, KIND, study.tables.title, identity, OWN)
    there = None if force else work.there()
    if there:
        scenarios, values = _extended(folder, there["changeable"]["points"], scenarios, values)
        batch = there["changeable"]["batch"]
    else:
        batch = batch_size(study.size, len(study.scenarios[0].members), study.tables.runs)
    points = {"number": len(scenarios), "digest": sha256(points_text(list(study.factors), scenarios, values))}
    rest = {"design": study.tables.design.kind, "batch": batch, "points": points}
    work = replace(work, changeable=words | rest)
    posteriors = {p.digest: p for s in study.scenarios if (p := s.tables.posterior)}
    return work, plan_of(work.contents, scenarios, values, posteriors)


def freeze(study: Study, work: Workspace, plan: Plan) -> None:
    """Write down what will be run; contents last, so that points and dataset are there when they say so."""
    text = points_text(list(study.factors), plan.scenarios, plan.values)
    there = work.there()
    if there != work.contents or _text(work.folder / POINTS) != text:
        lay_out(work.folder, plan, anew=not there)
        put(work.folder / STUDY, study.text)
        put(work.folder / POINTS, text)
        put(work.folder / POSTERIORS, posteriors_of(study.scenarios))
    work.record()


def _text(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def _extended(folder: Path, points: Mapping[str, Any], scenarios: list[str], values: Array) -> tuple[list[str], Array]:
    """The points of a folder, then those of the study that it does not have."""
    head = "".join(_text(folder / POINTS).splitlines(keepends=True)[: points["number"] + 1])
    if sha256(head) != points["digest"]:
        raise InputError([Problem(str(folder / POINTS), "", "has been changed since the study began", ANEW)])
    old_names, old = read_points(head.splitlines())
    if old_names == scenarios and np.array_equal(old, values):
        return old_names, old
    wanted = dict.fromkeys(zip(scenarios, map(tuple, values), strict=True))
    kept = dict.fromkeys(zip(old_names, map(tuple, old), strict=True))
    gone = [p for p in kept if p not in wanted]
    if gone:
        at = ", ".join(f"{x:g}" for x in gone[0][1])
        found = (
            f"{len(gone):,} of {plural(len(kept), 'point')} are no longer in the design, such as {gone[0][0]} at {at}"
        )
        allowed = "allowed: more points, another `out`, or `force` to begin anew"
        raise InputError([Problem(str(folder), "design", found, allowed)])
    every = [*zip(old_names, map(tuple, old), strict=True), *(p for p in wanted if p not in kept)]
    return [name for name, _ in every], np.array([list(x) for _, x in every]).reshape(len(every), -1)


def lay_out(folder: Path, plan: Plan, anew: bool) -> None:
    """An empty dataset with its labels, or (``anew`` false) more room in the one there is.

    May be interrupted and called again.
    """
    import zarr

    target = folder / DATASET
    labels = _labels(plan)
    if anew:
        shutil.rmtree(target, ignore_errors=True)
    else:
        for name in labels.variables:
            shutil.rmtree(target / str(name), ignore_errors=True)
        for left in target.glob("**/*.partial"):
            left.unlink()
    labels.to_zarr(target, mode="w" if anew else "a", zarr_format=3, consolidated=False)
    group: Any = zarr.open_group(target, mode="a", zarr_format=3)
    for name, (dims, said) in variables(plan).items():
        shape = tuple(_sizes(plan)[d] for d in dims)
        if name in group:
            group[name].resize(shape)
            continue
        group.create_array(
            name,
            shape=shape,
            chunks=(plan.content["batch"], *shape[1:]),
            dtype="f8",
            fill_value=np.nan,
            dimension_names=dims,
            attributes=said,
        )
    (folder / RECEIPTS).mkdir(exist_ok=True)


def variables(plan: Plan) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Dimensions and attributes of all variables."""
    found: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}
    for name in plan.tables.outcomes:
        member = ("member",) if OUTCOMES[name].by_member else ()
        for statistic in KEPT:
            quantile = ("quantile",) if statistic == "quantile" else ()
            dims = ("point", "tick", *member, *quantile)
            found[variable(name, statistic)] = dims, attributes(name, statistic)
    return {**found, "runs": (("point",), {"long_name": "Number of runs", "units": "1"})}


def _sizes(plan: Plan) -> dict[str, int]:
    return {"point": plan.size, "tick": len(plan.ticks), "member": len(plan.first.members), "quantile": len(ENDS)}


def _labels(plan: Plan) -> "xr.Dataset":
    """The coordinates and attributes of the dataset."""
    import xarray as xr

    p, tables = plan.first, plan.tables
    dates = np.array([p.dates[t] for t in plan.ticks], dtype="datetime64[D]").astype("datetime64[s]")
    scenario = next(iter(plan.variants.values())).scenario
    names = list(dict.fromkeys(v["scenario"] for v in plan.content["variants"]))
    titles = {v["scenario"]: w["title"] for v, w in zip(plan.content["variants"], plan.content["words"], strict=True)}
    factors = {n: ("point", plan.values[:, k]) for k, n in enumerate(plan.factors)}
    return xr.Dataset(
        coords={
            "point": np.arange(plan.size),
            "tick": np.array(plan.ticks),
            "date": ("tick", dates),
            "years": ("tick", np.array(plan.ticks) * p.alliance.dt),
            "member": np.array(p.members, dtype=object),
            "name": ("member", np.array(p.names, dtype=object)),
            "quantile": [QUANTILES[end] for end in ENDS],
            "scenario": ("point", np.array(plan.scenarios, dtype=object)),
            **factors,
        },
        attrs={
            "title": tables.title,
            "question": tables.question,
            "study": plan.content["name"],
            "design": plan.content["design"],
            "runs": tables.runs,
            "seed": tables.seed,
            "horizons": list(plan.horizons),
            "outcomes": list(tables.outcomes),
            "factors": list(plan.factors),
            "labels": [f.label or in_words(f, scenario) for f in plan.factors.values()],
            "coded": plan.coded,
            "scenarios": names,
            "titles": [titles[n] for n in names],
            "focus": list(tables.focus),
            "alliance": scenario.tables.alliance.name,
            "begins": plan.begins,
            "coefficients": not_fitted(v.scenario for v in plan.variants.values()),
            "leader_name": scenario.tables.alliance.leader_in_words,
            "start": str(scenario.tables.time.start),
        },
    )


def fill(folder: Path, plan: Plan, batch: int, found: Mapping[int, Outcome | Failure]) -> Receipt:
    """Write a batch and its receipt."""
    points = plan.batches[batch]
    written: dict[str, str] = {}
    for name in variables(plan):
        values = [_values(plan, name, found[k]) for k in points]
        array = _array(str(folder / DATASET), name, plan.content["points"]["digest"])
        written |= _write_chunk(array, folder / DATASET, name, batch, points, np.stack(values))
    outcomes = [x for x in found.values() if isinstance(x, Outcome)]
    receipt = Receipt(
        batch,
        [points.start, points.stop],
        sum(x.runs for x in outcomes),
        max((x.largest_mcse for x in outcomes), default=0.0),
        [{"point": x.point, "reason": x.reason} for x in found.values() if isinstance(x, Failure)],
        written,
    )
    put(receipt_file(folder, batch), json.dumps(receipt._asdict()) + "\n")
    return receipt


def _values(plan: Plan, name: str, x: Outcome | Failure) -> Any:
    if name == "runs":
        return np.array(float(x.runs) if isinstance(x, Outcome) else np.nan)
    if isinstance(x, Outcome):
        return x.values[name]
    return np.full([_sizes(plan)[d] for d in variables(plan)[name][0][1:]], np.nan)


@lru_cache(maxsize=64)
def _array(dataset: str, name: str, _points: str) -> Any:
    """A variable of the dataset, open for writing; opened anew where the study has other points."""
    import zarr

    return zarr.open_array(Path(dataset) / name, mode="r+", zarr_format=3)


def _write_chunk(array: Any, dataset: Path, name: str, batch: int, points: range, values: Any) -> dict[str, str]:
    """Write one chunk of one variable; what an interrupted writer left there is cleared first."""
    place = dataset / name / "c" / str(batch)
    if place.is_dir():
        shutil.rmtree(place)
    for left in [place, *place.parent.glob(f"{place.name}.*.partial")]:
        left.unlink(missing_ok=True)
    array[points.start : points.stop] = values
    files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    found = {}
    for file in files:
        if file.exists():  # a chunk that holds the fill value alone is not written
            found[file.relative_to(dataset).as_posix()] = sha256(file)
            with file.open("rb") as kept:
                os.fsync(kept.fileno())
    return found


def receipt_file(folder: Path, batch: int) -> Path:
    """Where a batch's receipt is."""
    return folder / RECEIPTS / f"{batch:06d}.json"


def receipt(folder: Path, batch: int, points: range) -> Receipt | None:
    """The receipt of a batch, None where the batch has to be done (anew)."""
    try:
        found = Receipt(**json.loads(receipt_file(folder, batch).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    same = found.points == [points.start, points.stop]
    return found if same and all((folder / DATASET / name).is_file() for name in found.files) else None


def intact(folder: Path, found: Receipt) -> bool:
    """Whether the files of a batch are those of its receipt."""
    return all(sha256(folder / DATASET / name) == known for name, known in found.files.items())


def run_batch(folder: str, batch: int) -> Receipt:
    """What a worker does: run a batch of the study in a folder, write it, say so."""
    home = Path(folder)
    plan = opened(home)
    if (plan.model, plan.content["numpy"]) != (VERSION, np.__version__):
        found = "this worker has another version of the model or of numpy than the study began with"
        raise InputError([Problem(str(home), "", found, "allowed: the same on all machines")])
    with working(home):
        return fill(home, plan, batch, run_points(plan, plan.batches[batch]))


@contextmanager
def working(folder: Path) -> Iterator[None]:
    """Held by a worker while it writes: a new sweep waits for those of one that was killed."""
    with locked(folder / WORKING, exclusive=False, wait=True):
        yield
