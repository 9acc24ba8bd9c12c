"""From a scenario and its observations to the target of the likelihood."""

import datetime as dt
from collections.abc import Sequence

import numpy as np

from sim.inference.likelihood import Target
from sim.inference.observations import LAST_EVIDENCE, Motion
from sim.inference.space import space_of
from sim.scenario.compile import compile, statuses
from sim.scenario.load import Scenario


def target_of(
    scenario: Scenario,
    motions: Sequence[Motion],
    particles: int,
    until: dt.date = LAST_EVIDENCE,
    without: Sequence[str] = (),
) -> Target:
    """The target up to a date: motions dated by then, membership of the ticks that end by then.

    A tick that ends on the day after has ended by then: its last day is that date. ``without`` are
    coefficients of mechanisms that are switched off.
    """
    assert scenario.tables.posterior is None, "a calibration starts from the priors"
    program = compile(scenario)
    off = dict.fromkeys(without, 0.0)
    program = program._replace(coefficients={**program.coefficients, **off})
    edges = [d for d in program.edges if d <= until + dt.timedelta(days=1)]
    record = np.stack([statuses(scenario.tables, min(d, until))[:, 0] for d in edges])
    used = tuple(m for m in motions if program.edges[0] <= m.date < edges[-1])
    return Target(program, record, used, space_of(program, bool(used)), particles)
