"""Small targets that the tests of the inference share."""

import datetime as dt

import numpy as np

from sim.inference.likelihood import Target, target_of
from sim.inference.observations import Motion
from sim.inference.space import OF_MOTIONS
from sim.scenario.load import load
from tests.helpers import MEMBERS, SIX, numbers

QUIET = {
    "behaviour.peers": 0.0,
    "behaviour.diversification": 0.0,
    "behaviour.punishment": 0.0,
    "behaviour.contagion": 0.0,
    "behaviour.opinion_promise": 0.0,
    "behaviour.opinion_war": 0.0,
    "behaviour.watching": 0.0,
    "behaviour.leader_exit_rate": 0.0,
}
"""Without what ties states, or a state's past, to its stance beyond the stance before."""


RATES = {
    "exit_rate": 3e-3,
    "freeze_rate": 4e-3,
    "resume_rate": 0.7,
    "exit_stance": 1.0,
    "exit_delay": 0.1,
    "exit_offer": 0.5,
}
"""Of a state without ties, whose stance is 2: at stance 0 as a few per cent a year."""


def motions_each(per_tick: int, years: int = 10) -> list[Motion]:
    """So many motions a year on which all members answer (with abstention, to be replaced)."""
    codes = np.ones(len(MEMBERS), dtype=np.int8)
    rows = tuple(range(len(MEMBERS)))
    return [
        Motion(f"m{year}-{k}", dt.date(2020 + year, 6, 1), rows, codes)
        for year in range(years)
        for k in range(per_tick)
    ]


def small(
    motions: list[Motion] | None = None, particles: int = 32, free: tuple[str, ...] = (), **changed: float | str
) -> Target:
    """tests/data/six.toml by year, every input one number; ``free`` coefficients and that of motions uncertain."""
    from sim.model.variables import COEFFICIENTS

    fixed = {f"behaviour.{c.name}": c.centre for c in COEFFICIENTS if c.name not in (*free, OF_MOTIONS)}
    fixed |= {"behaviour.baseline": 2.0} if "baseline" not in free else {}
    fixed |= {f"behaviour.{name}": rate for name, rate in RATES.items() if name not in free}
    overrides = numbers(3) | fixed | {"time.step": "year", "time.horizons": [1]}
    overrides |= {k.replace("__", "."): v for k, v in changed.items()}
    return target_of(load(SIX, overrides), motions or [], particles, dt.date(2030, 1, 1))
