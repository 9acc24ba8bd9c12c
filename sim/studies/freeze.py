"""Freeze a study in its folder before the first run, go on with one, or refuse."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError, Problem
from sim.model.arrays import Array
from sim.storage.files import put
from sim.storage.workspace import ANEW, Workspace
from sim.studies.plan import POINTS, Plan, batch_size, digest, frozen, opened, plan_of, points_text, read_points
from sim.studies.store import DATASET, RECEIPTS, WORKING, lay_out
from sim.studies.study import Study

STUDY, SUMMARY, FAILURES, CHECKSUMS, FIGURES = (
    "study.toml",
    "summary.csv",
    "failures.csv",
    "checksums.sha256",
    "figures",
)
OWN = (POINTS, STUDY, SUMMARY, FAILURES, CHECKSUMS, FIGURES, DATASET, RECEIPTS, WORKING)


def workspace(study: Study, folder: Path, force: bool = False) -> tuple[Workspace, list[str], Array]:
    """The folder as it is to be, and the scenario and values of every point.

    A folder whose points are all among the study's is enlarged: they keep their numbers.

    Raises
    ------
    InputError
        Where the folder holds something else: says what has changed.
    """
    scenarios = [s.name for s in study.scenarios for _ in range(len(study.design))]
    values = np.tile(study.design, (len(study.scenarios), 1))
    identity, words = frozen(study)
    work = Workspace(folder, "sweep", study.tables.title, identity, OWN)
    there = None if force else work.there()
    if there:
        scenarios, values = _extended(folder, there["changeable"]["points"], scenarios, values)
        batch = there["changeable"]["batch"]
    else:
        batch = batch_size(study.size, len(study.scenarios[0].members), study.tables.runs)
    text = points_text(list(study.factors), scenarios, values)
    points = {"number": len(scenarios), "digest": digest(text)}
    rest = {"design": study.tables.design.kind, "batch": batch, "points": points}
    return replace(work, changeable=words | rest), scenarios, values


def freeze(study: Study, work: Workspace, scenarios: list[str], values: Array) -> Plan:
    """Write down what will be run; contents last, so that points and dataset are there when they say so."""
    text = points_text(list(study.factors), scenarios, values)
    there, folder = work.there(), work.folder
    if there != work.contents or _text(folder / POINTS) != text:
        lay_out(folder, plan_of(work.contents, scenarios, values), anew=not there)
        put(folder / STUDY, study.text)
        put(folder / POINTS, text)
    work.record()
    return opened(folder)


def _text(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def _extended(folder: Path, points: Mapping[str, Any], scenarios: list[str], values: Array) -> tuple[list[str], Array]:
    """The points of a folder, then those of the study that it does not have."""
    head = "".join(_text(folder / POINTS).splitlines(keepends=True)[: points["number"] + 1])
    if digest(head) != points["digest"]:
        raise InputError([Problem(str(folder / POINTS), "", "has been changed since the study began", ANEW)])
    old_names, old = read_points(head.splitlines())
    if old_names == scenarios and np.array_equal(old, values):
        return old_names, old
    wanted = dict.fromkeys(zip(scenarios, map(tuple, values), strict=True))
    kept = dict.fromkeys(zip(old_names, map(tuple, old), strict=True))
    gone = [p for p in kept if p not in wanted]
    if gone:
        at = ", ".join(f"{x:g}" for x in gone[0][1])
        found = f"{len(gone):,} of {len(kept):,} points are no longer in the design, such as {gone[0][0]} at {at}"
        allowed = "allowed: more points, another `out`, or `force` to begin anew"
        raise InputError([Problem(str(folder), "design", found, allowed)])
    every = [*zip(old_names, map(tuple, old), strict=True), *(p for p in wanted if p not in kept)]
    return [name for name, _ in every], np.array([list(x) for _, x in every]).reshape(len(every), -1)
