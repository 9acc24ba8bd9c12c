"""The catalogue of shipped scenarios."""

import builtins
from typing import Any

from sim.scenario.files import files, folder
from sim.scenario.load import load


def list() -> "builtins.list[dict[str, Any]]":
    """Name, title, horizon and states of every shipped scenario."""
    entries = []
    for file in files():
        scenario = load(file)
        time = scenario.tables.time
        entries.append(
            {
                "name": str(file.relative_to(folder()).with_suffix("")),
                "file": str(file),
                "title": scenario.tables.title,
                "start": str(time.start),
                "end": str(time.end),
                "states": len(scenario.members) + 1,
            }
        )
    return entries
