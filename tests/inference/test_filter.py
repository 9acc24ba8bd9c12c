"""Where the record leaves a row, against a bootstrap filter in plain Python on the reference's tick.

It shares no code with sim.inference: particle by particle, by its own chance, drawn anew by their weights after every
tick, the motion's effect integrated on a fine grid (Gordon, Salmond & Smith 1993, 10.1049/ip-f-2.1993.0015).
"""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sim.engines.environment import Environment
from sim.inference.ends import PARTICLES, ends
from sim.inference.likelihood import Target, target_of
from sim.inference.observations import Motion
from sim.model.arrays import Array
from sim.scenario.load import load
from tests import reference
from tests.helpers import SIX, numbers
from tests.model.test_reference import flat, plain
from tests.targets import RATES

BATCHES, EACH = 20, 60
"""Independent filters, whose spread says how far their mean may be from the truth, and particles of each."""
FALSE_ALARM = 1e-3
"""That one of all tests fails though both filters are right."""
FREE = ("affinity", "peers", "support_above", "exit_stance", "contagion", "protection", "punishment")
REFUSED = """
[[events]]
date = 2023-03-01
kind = "crisis"
member = "BBB"
threat = "interstate"
answer = "refused"
sources = ["assumption: test"]
"""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    """Five members, seven years, two calls, a freeze, a return and an exit, votes in both halves of a year."""
    file = tmp_path_factory.mktemp("filter") / "seven.toml"
    file.write_text(SIX.read_text() + REFUSED)
    from sim.model.variables import COEFFICIENTS

    fixed = {f"behaviour.{c.name}": c.centre for c in COEFFICIENTS if c.name not in (*FREE, "motion_spread")}
    scenario = load(
        file,
        numbers(3)
        | fixed
        | {f"behaviour.{name}": rate for name, rate in RATES.items()}
        | {"behaviour.baseline": 2.0, "behaviour.volatility": 0.8, "time.step": "year", "time.horizons": [1]},
    )
    dates = [dt.date(2020 + k, (2, 11)[k % 2], 1) for k in range(7)]
    codes = np.array([2, 0, 1, 0, 2], dtype=np.int8)
    motions = [Motion(f"m{d}", d, (0, 1, 2, 3, 4)[k % 2 :], codes[k % 2 :]) for k, d in enumerate(dates)]
    found = target_of(scenario, motions, PARTICLES, dt.date(2026, 12, 31))
    record = np.array(found.record)
    record[3:5, 2] = reference.FROZEN
    record[5:, 0] = reference.OUTSIDE
    return replace(found, record=record)


def words_of(target: Target, z: Array) -> tuple[list[dict], list[dict], dict]:
    """Inputs and script of every tick, and the coefficients, as the reference takes them."""
    environment = Environment(target.program, target.space.uniforms(z[None]), slice(0, 1))
    c = {k: plain(v, 0) for k, v in vars(environment.coefficients).items()}
    rows = range(len(target.program.members))
    inputs, scripts = [], []
    for t in range(target.ticks):
        at, script = environment.at(t), target.program.script[t]
        own = flat(at.members)
        members = [{f: plain(x, i, 0) for f, x in own.items()} for i in rows]
        leader = {f: plain(x, 0) for f, x in flat(at.leader).items()}
        inputs.append({"members": members, "leader": leader, "alliance": plain(at.alliance, 0)})
        events = {f: x for f, x in script._asdict().items() if np.ndim(x) == 2 and f != "record"}
        said = [{f: plain(x, i, 0) for f, x in events.items()} | {"record": int(target.record[t + 1, i])} for i in rows]
        scripts.append({"members": said, "renewal": script.renewal})
    return inputs, scripts, c


def beginning(target: Target, inputs: dict, c: dict, noise: Array) -> dict:
    """A particle before the first tick."""
    kept = c["prior_weight"] * c["prior_reliability"]
    members = []
    for i, own in enumerate(inputs["members"]):
        m = {"kept": kept, "broken": c["prior_weight"] - kept, "grievance": 0.0, "status": int(target.record[0, i])}
        m |= {"admissible": bool(target.program.alliance.admissible[i, 0]), "opinion": own["opinion"]}
        m |= {"diversified": 0.0, "punishment": 0.0, "stance": 0.0}
        goal = reference.target(m, own, inputs["leader"], c["prior_reliability"], 0.0, [], c)
        members.append(m | {"stance": goal + c["volatility"] * noise[i]})
    return {"members": members, "recent_exits": 0.0, "alive": True, "war": inputs["leader"]["war"]}


def moves(before: dict, after: dict, inputs: dict, script: dict, c: dict, step: float) -> float:
    """How likely the moves of a tick are, made and not made, but for entries of the script."""
    likely = 1.0
    for m, new, own, said in zip(
        before["members"], after["members"], inputs["members"], script["members"], strict=True
    ):
        rates = reference.hazards(m, own, new["stance"], before, inputs, script["renewal"], c)
        leaves, side = reference.chances(*rates, step)
        if said["record"] == m["status"]:
            likely *= math.exp(-sum(rates) * step)
        elif not said["enters"]:
            likely *= leaves if said["record"] == reference.OUTSIDE else side
    return likely


def votes(stances: list[float], codes: Array, c: dict) -> float:
    """How likely the conduct on a motion is, its effect integrated out."""
    e = np.linspace(-6.0, 6.0, 61) * c["motion_spread"]
    density = stats.norm.pdf(e, scale=c["motion_spread"])
    for x, code in zip(stances, codes, strict=True):
        support = 1.0 / (1.0 + np.exp(c["support_above"] - x - e))
        oppose = 1.0 / (1.0 + np.exp(x + e - c["oppose_below"]))
        density = density * (oppose, 1.0 - support - oppose, support)[code]
    return float(density.sum() * (e[1] - e[0]))


def early(target: Target, motion: Motion, t: int) -> bool:
    """Whether a motion is of the first half of its tick."""
    start, end = target.program.edges[t : t + 2]
    return motion.date < start + (end - start) / 2


def filtered(target: Target, z: Array, rng: np.random.Generator) -> Array:
    """Stances at the end of the record, (particle, member), all of one weight."""
    inputs, scripts, c = words_of(target, z)
    members, step = len(target.program.members), target.program.alliance.dt
    cloud = [beginning(target, inputs[0], c, rng.standard_normal(members)) for _ in range(EACH)]
    for t in range(target.ticks):
        weights, after = [], []
        for world in cloud:
            draws = {"members": [{"stance": x, "regime": 1.0} for x in rng.standard_normal(members)]}
            now, _ = reference.relive(world, inputs[t], draws, scripts[t], c, step)
            likely = moves(world, now, inputs[t], scripts[t], c, step)
            for motion in target.motions:
                if target.program.edges[t] <= motion.date < target.program.edges[t + 1]:
                    there = world if early(target, motion, t) else now
                    likely *= votes([there["members"][i]["stance"] for i in motion.rows], motion.codes, c)
            weights.append(likely)
            after.append(now)
        total = math.fsum(weights)
        cloud = [after[k] for k in rng.choice(EACH, size=EACH, p=[w / total for w in weights])]
    return np.array([[m["stance"] for m in world["members"]] for world in cloud])


def kept(target: Target, z: Array, row: int) -> Array:
    """Stances at the end of the record that a calibration would keep of a row, over and over, (member, draw, state)."""
    return ends(target, np.tile(z, (100, 1)), (row,)).states.stance


@pytest.mark.parametrize("row", [1, 2])
def test_the_states_that_are_kept_are_those_of_a_plain_filter(target: Target, row: int) -> None:
    """Means and variances of all stances; twenty two-sided tests over both rows, each at a twentieth of FALSE_ALARM.

    Without votes some mean is farther off than that, and so it is without the moves.
    """
    rng = np.random.default_rng(row)
    z = 0.7 * rng.standard_normal(target.space.size)
    found = kept(target, z, row)
    centre = found.mean(axis=(1, 2))
    plainly = np.array([filtered(target, z, rng) for _ in range(BATCHES)])
    for power in (2, 1):
        mine = ((found - centre[:, None, None]) ** power).mean(axis=2)  # (member, draw)
        theirs = ((plainly - centre) ** power).mean(axis=1).T  # (member, batch)
        apart = mine.mean(axis=1) - theirs.mean(axis=1)
        error = np.hypot(stats.sem(mine, axis=1), stats.sem(theirs, axis=1))
        allowed = stats.t.isf(FALSE_ALARM / 20 / 2, BATCHES - 1) * error
        assert (np.abs(apart) < allowed).all(), (power, apart, error)
    still = replace(target, record=np.broadcast_to(target.record[0], target.record.shape))
    for other in (replace(target, motions=()), still):
        off = kept(other, z, row).mean(axis=(1, 2)) - centre
        assert (np.abs(off) > allowed).any()
