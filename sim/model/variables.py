"""Every input and coefficient of the model, gathered from the phases that declare them.

The schema of scenario files, the defaults written to ``resolved.json``, `cohesion explain` and the tables of
``docs/model.md`` are all made from these. Their order is that of a posterior's coordinates.
"""

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any, cast

from sim.model import conduct, credibility, crises, feedback, membership, roll_calls, stance
from sim.model.arrays import Fields
from sim.model.declaration import Coefficient, Input, field_names

PHASES: tuple[ModuleType, ...] = (crises, credibility, stance, conduct, membership, feedback, roll_calls)
MEASURES = ("roll_calls",)
"""Phases that weigh observations and do no more: a posterior has their coefficients, and no run reads them."""


def _phase(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _declared(what: str) -> Iterator[tuple[str, Any]]:
    """What the phases declare under a name, each with its phase."""
    for module in PHASES:
        for thing in vars(module).get(what, ()):
            yield _phase(module), thing


MEMBER_INPUTS: tuple[Input, ...] = tuple(i for _, i in _declared("MEMBER_INPUTS"))
LEADER_INPUTS: tuple[Input, ...] = tuple(i for _, i in _declared("LEADER_INPUTS"))
COEFFICIENTS: tuple[Coefficient, ...] = tuple(replace(c, phase=phase) for phase, c in _declared("COEFFICIENTS"))
COEFFICIENT_NAMES = tuple(c.name for c in COEFFICIENTS)

MemberInputs = cast(type[Fields], namedtuple("MemberInputs", field_names(MEMBER_INPUTS)))
LeaderInputs = cast(type[Fields], namedtuple("LeaderInputs", field_names(LEADER_INPUTS)))
