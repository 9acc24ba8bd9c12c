"""A scenario with every default filled in: written beside results, read back to replay them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import InputError, Problem
from sim.scenario.load import Scenario
from sim.scenario.tables import ScenarioTables, adjustable, input_paths


def resolved(scenario: Scenario) -> dict[str, Any]:
    """The scenario with every default filled in and the registry of its sources."""
    return {
        "name": scenario.name,
        "tables": scenario.tables.model_dump(mode="json", by_alias=True, exclude_none=True),
        "registry": scenario.registry,
    }


def restore(file: Path) -> Scenario:
    """The scenario of a results folder. Raises InputError where it cannot be read."""
    try:
        return restored(json.loads(file.read_text("utf-8")), file)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        what = "no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise InputError([Problem(str(file), "", what, "allowed: a folder that `cohesion run` wrote")]) from None


def restored(content: dict[str, Any], file: Path) -> Scenario:
    """The scenario that :func:`resolved` made this of. Raises what pydantic and a dict raise."""
    raw, registry = content["tables"], content["registry"]
    states = list(raw["members"])
    context = {
        "states": states,
        "sources": None,
        "rules": list(raw.get("rules", {})),
        "inputs": input_paths(states),
        "horizon": None,
        "adjustable": adjustable(states, raw.get("disputes", [])),
    }
    tables = ScenarioTables.model_validate(raw, context=context)
    return Scenario(content["name"], file, "", tables, registry)


def fingerprint(scenario: Scenario) -> str:
    """A hash of all that a scenario says, by which results are known to be its own."""
    text = json.dumps(resolved(scenario)["tables"], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def identity(scenario: Scenario, runs: int, seed: int, engine: str) -> dict[str, Any]:
    """What makes a run the run it is: the same entries give the same results."""
    return {
        "scenario": scenario.name,
        "fingerprint": fingerprint(scenario),
        "runs": runs,
        "seed": seed,
        "engine": engine,
    }
