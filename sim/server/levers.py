"""What can be moved in a scenario: its leader's inputs, a state's, and its disputes, with what is coded of each."""

from collections.abc import Iterator
from typing import NamedTuple

from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.load import Scenario
from sim.scenario.rival import named, plain
from sim.scenario.tables import DISPUTES
from sim.studies.tables import Factor
from sim.studies.target import as_coded, target

DECIMALS = 3


class Lever(NamedTuple):
    """An input from 0 to 1; ``group`` is the heading that it stands below, ``coded`` its middle at the start."""

    path: str
    label: str
    meaning: str
    group: str
    coded: float | None


def levers(scenario: Scenario, state: str) -> list[Lever]:
    """Those of the leader, then those of a state: what holds it and what it is offered first, then the rest."""
    return [*_leader(scenario), *_of(scenario, state)]


def lever(scenario: Scenario, path: str, group: str = "", meaning: str = "") -> Lever:
    """Any path that can be adjusted; without a heading it is called by its whole name."""
    label = (scenario.alone if group and not path.startswith(DISPUTES) else scenario.subject)(path)
    factor = Factor.model_validate({"path": path, "from": scenario.tables.time.start})
    to, _ = target(factor, scenario, "", "")
    coded = as_coded(factor, to, scenario)
    return Lever(path, label, meaning, group, None if coded != coded else round(coded, DECIMALS))


def _leader(scenario: Scenario) -> Iterator[Lever]:
    alliance = scenario.tables.alliance
    for i in LEADER_INPUTS:
        meaning = named(i.meaning, alliance.rival_name)
        for path in i.paths("leader"):
            yield lever(scenario, path, alliance.leader_in_words, meaning)


def _of(scenario: Scenario, state: str) -> Iterator[Lever]:
    rival, name = scenario.tables.alliance.rival_name, scenario.tables.members[state].name or state
    inputs = sorted(MEMBER_INPUTS, key=lambda i: not i.channels)
    for i in inputs:
        heading = f"{name}: {plain(i.name, rival) if i.channels else 'its own ways'}"
        for path in i.paths(f"members.{state}"):
            yield lever(scenario, path, heading, named(i.meaning, rival))
    for path in scenario.tables.adjustable:
        if path.startswith(DISPUTES) and state in path.removeprefix(DISPUTES).split("-"):
            yield lever(scenario, path, f"{name}: disputes")
