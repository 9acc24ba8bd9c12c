"""Freeze a study in its folder before the first run, go on with one, or refuse."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import InputError, Problem
from sim.storage.files import PROVENANCE, provenance_of, put, read_table
from sim.studies.plan import (
    FROZEN,
    POINTS,
    Plan,
    batch_size,
    digest,
    frozen,
    opened,
    points_text,
    read_points,
)
from sim.studies.store import DATASET, RECEIPTS, WORKING, lay_out
from sim.studies.study import Study

STUDY, SUMMARY, FAILURES, CHECKSUMS, FIGURES = (
    "study.toml",
    "summary.csv",
    "failures.csv",
    "checksums.sha256",
    "figures",
)
OWN = (
    FROZEN,
    POINTS,
    STUDY,
    SUMMARY,
    FAILURES,
    CHECKSUMS,
    FIGURES,
    DATASET,
    RECEIPTS,
    PROVENANCE,
    WORKING,
)


def freeze(study: Study, folder: Path) -> Plan:
    """Write down what will be run, or find that the folder already holds it; its plan.

    A folder whose points are all among the study's is enlarged: they keep their numbers.

    Raises
    ------
    InputError
        Where the folder holds something else: says what has changed.
    """
    there = read_table(folder / FROZEN)
    content, scenarios, values = _wanted(study, folder, there)
    text = points_text(list(study.factors), scenarios, values)
    if there == content and _text(folder / POINTS) == text:
        return opened(folder)
    (folder / PROVENANCE).unlink(missing_ok=True)
    lay_out(folder, Plan(content, scenarios, values), anew=not there)
    put(folder / STUDY, study.text)
    put(folder / POINTS, text)
    put(folder / FROZEN, json.dumps(content, indent=1) + "\n")
    return opened(folder)


def is_finished(study: Study, folder: Path) -> bool:
    """Whether the folder holds all results of this very study. Raises InputError as :func:`freeze`."""
    there = read_table(folder / FROZEN)
    if not there or not provenance_of(folder):
        return False
    whole = all((folder / name).exists() for name in (POINTS, SUMMARY, FAILURES, CHECKSUMS, FIGURES, DATASET))
    return whole and _wanted(study, folder, there)[0] == there


def _wanted(study: Study, folder: Path, there: dict[str, Any] | None) -> tuple[dict[str, Any], list[str], Any]:
    """What the folder is to hold: study.json, and the scenario and values of every point."""
    new = frozen(study)
    scenarios = [s.name for s in study.scenarios for _ in range(len(study.design))]
    values = np.tile(study.design, (len(study.scenarios), 1))
    if there:
        _same(there, new, folder)
        scenarios, values = _extended(folder, there, scenarios, values)
        batch = there["batch"]
    else:
        batch = batch_size(study.size, len(study.scenarios[0].members), study.tables.runs)
    text = points_text(list(study.factors), scenarios, values)
    points = {"number": len(scenarios), "digest": digest(text)}
    content = {**new, "design": study.tables.design.kind, "batch": batch, "points": points}
    return content, scenarios, values


def _text(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""


def _same(old: Mapping[str, Any], new: Mapping[str, Any], folder: Path) -> None:
    """Raises InputError with everything that differs."""
    before, after = flat({k: old.get(k) for k in new}), flat(new)
    changed = [k for k in {**before, **after} if before.get(k) != after.get(k) and not WORDS_ALONE.search(k)]
    if not changed:
        return
    allowed = "allowed: the study as it was, another --out, or --force to begin anew"
    problems = [
        Problem(str(folder), k, f"{_cut(before.get(k))} when the study began, now {_cut(after.get(k))}", allowed)
        for k in changed[:MOST_SHOWN]
    ]
    if len(changed) > MOST_SHOWN:
        problems.append(Problem(str(folder), "", f"{len(changed) - MOST_SHOWN} more changes"))
    raise InputError(problems)


MOST_SHOWN = 12
WORDS_ALONE = re.compile(
    r"^name$|^study\.(title|question|focus.*|factors\..*\.label)$|^variants\[[^]]*\]\.file$"
    r"|\.resolved\.tables\.(title|description)$"
)
"""What changes no number: tables and figures are written anew, nothing is run again."""


def _cut(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def flat(value: object, path: str = "") -> dict[str, object]:
    """Every number and text of nested tables by dotted path."""
    if isinstance(value, Mapping) and value:
        return {k: v for key, x in value.items() for k, v in flat(x, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list) and value:
        return {k: v for i, x in enumerate(value) for k, v in flat(x, f"{path}[{_named(x, i)}]").items()}
    return {path: value}


def _named(x: object, i: int) -> str:
    """A variant by its scenario, all else by number."""
    return str(x["scenario"]) if isinstance(x, Mapping) and "scenario" in x else str(i)


def _extended(folder: Path, there: Mapping[str, Any], scenarios: list[str], values: Any) -> tuple[list[str], Any]:
    """The points of a folder, then those of the study that it does not have."""
    text = (folder / POINTS).read_text("utf-8")
    head = "".join(text.splitlines(keepends=True)[: there["points"]["number"] + 1])
    if digest(head) != there["points"]["digest"]:
        raise InputError(
            [
                Problem(
                    str(folder / POINTS),
                    "",
                    "has been changed since the study began",
                    "allowed: another --out, or --force to begin anew",
                )
            ]
        )
    old_names, old = read_points(head.splitlines())
    if old_names == scenarios and np.array_equal(old, values):
        return old_names, old
    wanted = dict.fromkeys(zip(scenarios, map(tuple, values), strict=True))
    kept = dict.fromkeys(zip(old_names, map(tuple, old), strict=True))
    gone = [p for p in kept if p not in wanted]
    if gone:
        at = ", ".join(f"{x:g}" for x in gone[0][1])
        found = f"{len(gone):,} of {len(kept):,} points are no longer in the design, such as {gone[0][0]} at {at}"
        raise InputError(
            [Problem(str(folder), "design", found, "allowed: more points, another --out, or --force to begin anew")]
        )
    every = [*zip(old_names, map(tuple, old), strict=True), *(p for p in wanted if p not in kept)]
    return [name for name, _ in every], np.array([list(x) for _, x in every]).reshape(len(every), -1)
