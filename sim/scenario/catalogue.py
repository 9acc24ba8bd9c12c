"""The catalogue of shipped scenarios."""

import builtins
from typing import TypedDict

from sim.scenario.load import load
from sim.scenario.reading import scenario_files, shipped


class Entry(TypedDict):
    """A shipped scenario; dates in ISO form, the leader counted among the states."""

    name: str
    file: str
    title: str
    start: str
    end: str
    states: int


def list() -> "builtins.list[Entry]":
    """List the scenarios that come with the tool.

    Returns
    -------
    list of dict
        Of each scenario ``name``, ``file``, ``title``, ``start`` and ``end`` of its horizon (ISO dates) and the
        number of its ``states``, the leader among them.

    Examples
    --------
    >>> import sim
    >>> [entry["name"] for entry in sim.list()][-1]
    'warsaw-pact/history-1955-1991'
    """
    entries: builtins.list[Entry] = []
    for file in scenario_files():
        scenario = load(file)
        name, states = file.relative_to(shipped("scenarios")).with_suffix("").as_posix(), len(scenario.members) + 1
        title, start, end = scenario.tables.title, str(scenario.tables.time.start), str(scenario.tables.time.end)
        entries.append(Entry(name=name, file=str(file), title=title, start=start, end=end, states=states))
    return entries
