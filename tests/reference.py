"""One tick in plain Python, member by member: the model as MODEL.md tells it, slow and readable.

It shares no code with sim.model. State, inputs, draws and script are dicts of floats, one dict a
member; coefficients are a dict by name. Every draw compared with a chance leaves its distance
from it in ``margins``, so that a test can leave out what rounding may decide either way.
"""

import math
from typing import Any

Member = dict[str, Any]
World = dict[str, Any]

OUTSIDE, FROZEN, ACTIVE = 0, 1, 2
THREATS = ("interstate", "separatist", "insurgency", "regime")


class Margins(list[float]):
    """Distances between draws and the chances they were compared with."""

    def below(self, u: float, chance: float) -> bool:
        """Whether an event of this chance happens."""
        self.append(abs(u - chance))
        return u < chance


def logistic(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def within(hazard: float, dt: float) -> float:
    """The chance that an event of constant hazard happens in a tick."""
    return -math.expm1(-hazard * dt)


def belongs(m: Member) -> bool:
    """Whether a state is a member, active or frozen."""
    return bool(m["status"] != OUTSIDE)


def capacity(leader: Member, c: Member) -> float:
    """V = V0 (1 - overstretch W_L)."""
    return float(leader["capacity"] * (1 - c["overstretch"] * leader["war"]))


def dependence(m: Member, i: Member) -> float:
    """Dependence as coded, less the share that has moved to others."""
    return float(i["dependence"] * (1 - m["diversified"]))


def affinity(m: Member, i: Member, c: Member) -> float:
    """Likeness, soured by punishment."""
    return float(i["affinity"] - c["punishment_affinity"] * m["punishment"])


def crisis_drawn(i: Member, u: float, c: Member, dt: float, margins: Margins) -> int:
    """The kind of crisis met, 0 for none: kinds compete in proportion to their hazards."""
    hazards = [c[f"crisis_{k}"] * i[k] for k in THREATS]
    total = sum(hazards)
    up_to = 0.0
    for kind, hazard in enumerate(hazards, start=1):
        up_to += within(total, dt) * hazard / total if total else 0.0
        if margins.below(u, up_to):
            return kind
    return 0


def helps(m: Member, i: Member, leader: Member, kind: int, clash: bool, c: Member) -> float:
    """The chance that the leader answers a call."""
    base = min(max(leader["reliability"], 1e-9), 1 - 1e-9)  # its log-odds stay finite
    return logistic(
        math.log(base / (1 - base))
        + c[f"help_{THREATS[kind - 1]}"]
        + c["help_dependence"] * dependence(m, i)
        + c["help_affinity"] * affinity(m, i, c)
        - c["help_partiality"] * i["partiality"]
        - (c["help_clash"] if clash else 0)
        - c["help_weakness"] * (1 - capacity(leader, c))
    )


def fighters(world: World, inputs: World, draws: World, c: Member, dt: float, margins: Margins) -> set[int]:
    """The states that clash with a fellow member."""
    fighting: set[int] = set()
    for (a, b), dispute, u in zip(world["pairs"], inputs["disputes"], draws["clash"], strict=True):
        both = belongs(world["members"][a]) and belongs(world["members"][b])
        if both and margins.below(u, within(c["crisis_dispute"] * dispute, dt)):
            fighting |= {a, b}
    return fighting


def crises(
    world: World, inputs: World, draws: World, script: World, c: Member, dt: float, margins: Margins
) -> list[Member]:
    """Phase 1: for every state kind, clash and help."""
    if not script["drawn"]:
        return [{k: s[k] for k in ("kind", "clash", "help")} for s in script["members"]]
    fighting = fighters(world, inputs, draws, c, dt, margins)
    happened = []
    for row, (m, i) in enumerate(zip(world["members"], inputs["members"], strict=True)):
        u, given = draws["members"][row], script["members"][row]
        if given["kind"]:
            happened.append({k: given[k] for k in ("kind", "clash", "help")})
            continue
        kind = crisis_drawn(i, u["crisis"], c, dt, margins) if belongs(m) else 0
        clash = row in fighting
        kind = 1 if clash else kind
        chance = helps(m, i, inputs["leader"], kind, clash, c) if kind else 0.0
        helped = bool(kind) and margins.below(u["answer"], chance)
        happened.append({"kind": kind, "clash": clash, "help": 1.0 if helped else 0.0})
    return happened


def beliefs(m: Member, row: int, happened: list[Member], c: Member, dt: float) -> tuple[float, float, float]:
    """Phase 2: Beta counts that fade towards the prior, a grievance that fades; others' count by ``watching``."""
    phi = math.exp(-dt / c["memory"])
    kept_0 = c["prior_weight"] * c["prior_reliability"]
    broken_0 = c["prior_weight"] * (1 - c["prior_reliability"])
    kept = phi * m["kept"] + (1 - phi) * kept_0
    broken = phi * m["broken"] + (1 - phi) * broken_0
    grievance = math.exp(-dt / c["grievance_memory"]) * m["grievance"]
    for who, h in enumerate(happened):
        if h["kind"]:
            weight = 1.0 if who == row else c["watching"]
            kept += weight * h["help"]
            broken += weight * (1 - h["help"])
            grievance += weight * (1 - 2 * h["help"])
    return kept, broken, grievance


def target(
    m: Member, i: Member, leader: Member, reliability: float, grievance: float, others: list[Member], c: Member
) -> float:
    """x*: MODEL.md, tick 3."""
    need = sum(c[f"salience_{k}"] * i[k] for k in THREATS)
    x = (
        c["baseline"]
        + c["dependence"] * dependence(m, i)
        + c["protection"] * reliability * capacity(leader, c) * need
        + c["affinity"] * affinity(m, i, c)
        + c["opinion"] * (m["opinion"] - 0.5)
        - c["western_ties"] * i["western_ties"]
        - c["entrapment"] * leader["confrontation"] * (i["western_ties"] + i["target_ties"])
        - c["hierarchy"] * leader["hierarchy"] * i["autonomy"]
        - c["partiality"] * i["partiality"]
        - c["other_ties"] * i["other_ties"]
        + c["institution"] * i["institution"]
        - c["grievance"] * grievance
    )
    fellows = [o["stance"] for o in others if belongs(o)]
    if fellows:
        x += c["peers"] * (sum(fellows) / len(fellows) - m["stance"])
    return float(x)


def stance(x: float, goal: float, z: float, changed: bool, c: Member, dt: float) -> float:
    """Phase 3: partial adjustment, exact for any step; a change of regime first closes a share of the gap."""
    if changed:
        x = goal + (x - goal) * (1 - c["regime_change"])
    stays = math.exp(-dt / c["adjustment_time"])
    noise = c["volatility"] * math.sqrt(-math.expm1(-2 * dt / c["adjustment_time"]))
    return goal + (x - goal) * stays + noise * z


def regime_changes(i: Member, u: float, script: World, row: int, c: Member, dt: float, margins: Margins) -> bool:
    """Phase 3: the script's, and where crises are drawn one that is."""
    drawn = script["drawn"] and margins.below(u, within(c["regime_change_rate"] * i["regime"], dt))
    return bool(script["members"][row]["changes"] or drawn)


def conduct(x: float, u: float, motion: float, motions: bool, c: Member, margins: Margins) -> Member:
    """Phase 4: ordered logit; the lowest draws oppose, the highest support. ``x`` has the state's own effect in it.

    Chances do not know the motion: its effect is integrated out by the trapezoidal rule over half deviations.
    """

    def support(effect: float) -> float:
        return logistic(x + effect - c["support_above"])

    def oppose(effect: float) -> float:
        return logistic(c["oppose_below"] - x - effect)

    nodes = [k / 2 for k in range(-8, 9)] if motions else [0.0]
    total = sum(math.exp(-(e**2) / 2) for e in nodes)
    shares = [(math.exp(-(e**2) / 2) / total, c["motion_spread"] * e) for e in nodes]
    effect = c["motion_spread"] * motion if motions else 0.0
    opposes, stays_below = margins.below(u, oppose(effect)), margins.below(u, 1 - support(effect))
    return {
        "support": sum(w * support(e) for w, e in shares),
        "oppose": sum(w * oppose(e) for w, e in shares),
        "conduct": 0.0 if opposes else 0.5 if stays_below else 1.0,
    }


def hazards(
    m: Member, i: Member, x: float, world: World, inputs: World, renewal: float, c: Member
) -> tuple[float, float]:
    """Phase 5: hazards a year of exit and of the other move."""
    if not belongs(m):
        entry = c["entry_rate"] * math.exp(c["entry_stance"] * x + c["entry_regime_threat"] * i["regime"])
        return 0.0, entry if m["admissible"] and world["alive"] else 0.0
    ties = (
        c["exit_dependence"] * inputs["leader"]["coercion"] * dependence(m, i)
        + c["exit_basing"] * i["basing"]
        + c["exit_punishment"] * m["punishment"]
    )
    drift = (
        -c["exit_stance"] * (x - c["baseline"])
        + c["exit_offer"] * i["security_offer"]
        + c["contagion"] * world["recent_exits"]
        + inputs["alliance"]
    )
    window = 1 - renewal + renewal * math.exp(c["renewal"])
    leaves = c["exit_rate"] * math.exp(drift - ties)
    leaves *= window / (1 + leaves * c["exit_delay"])
    loose = drift - c["freeze_cost"] * ties
    side = c["freeze_rate"] * math.exp(loose) if m["status"] == ACTIVE else c["resume_rate"] * math.exp(-loose)
    return leaves, side / (1 + side * c["exit_delay"])


def chances(leaves: float, side: float, dt: float) -> tuple[float, float]:
    """Competing risks in a tick: (exit, the other move)."""
    either = leaves + side
    if not either:
        return 0.0, 0.0
    happens = within(either, dt)
    return happens * leaves / either, happens * side / either


def move(status: int, u: float, leaves: float, side: float, margins: Margins) -> int:
    """The status after the draw: the lowest draws leave, the next make the other move."""
    out, other = margins.below(u, leaves), margins.below(u, leaves + side)
    if out:
        return OUTSIDE
    if other:
        return FROZEN if status == ACTIVE else ACTIVE
    return status


def opinion(m: Member, i: Member, h: Member, shock: float, c: Member, dt: float) -> float:
    """Phase 6: back to the mean; up by a promise kept, down by one broken and by a growing war."""
    mean = i["opinion"]
    moved = mean + (m["opinion"] - mean) * math.exp(-dt / c["opinion_memory"])
    if h["kind"]:
        moved += c["opinion_promise"] * (2 * h["help"] - 1)
    moved -= c["opinion_war"] * max(shock, 0.0)
    return min(max(moved, 0.0), 1.0)


def diversified(m: Member, i: Member, x: float, c: Member, dt: float, margins: Margins) -> float:
    """Phase 6: the alienated close the gap to what other partners could take over."""
    margins.append(abs(x))
    reach = min(i["western_ties"] + i["other_ties"], 1.0)
    gap = max(reach - m["diversified"], 0.0) if x < 0 else 0.0
    return float(m["diversified"] + within(c["diversification"], dt) * gap)


def punishment(m: Member, x: float, leader: Member, c: Member, dt: float) -> float:
    """Phase 6: fades, and grows with a member's negative stance."""
    fades = m["punishment"] * math.exp(-dt / c["punishment_memory"])
    if belongs(m):
        fades += c["punishment"] * leader["coercion"] * max(-x, 0.0) * dt
    return float(fades)


def _live(
    world: World,
    inputs: World,
    happened: list[Member],
    draws: World,
    script: World,
    c: Member,
    dt: float,
    margins: Margins,
) -> list[Member]:
    """Phases 2, 3 and 6 for every state: the members of the next state, status aside."""
    after = []
    for row, (m, i) in enumerate(zip(world["members"], inputs["members"], strict=True)):
        kept, broken, grievance = beliefs(m, row, happened, c, dt)
        others = [o for k, o in enumerate(world["members"]) if k != row]
        goal = target(m, i, inputs["leader"], kept / (kept + broken), grievance, others, c)
        u = draws["members"][row]
        changed = regime_changes(i, u["regime"], script, row, c, dt, margins)
        x = stance(m["stance"], goal, u["stance"], changed, c, dt)
        shock = inputs["leader"]["war"] - world["war"]
        after.append(
            {
                "stance": x,
                "kept": kept,
                "broken": broken,
                "grievance": grievance,
                "admissible": m["admissible"],
                "opinion": opinion(m, i, happened[row], shock, c, dt),
                "diversified": diversified(m, i, x, c, dt, margins),
                "punishment": punishment(m, x, inputs["leader"], c, dt),
            }
        )
    return after


def _exits(before: list[Member], statuses: list[int]) -> list[bool]:
    return [belongs(m) and now == OUTSIDE for m, now in zip(before, statuses, strict=True)]


def _next(
    world: World, inputs: World, after: list[Member], statuses: list[int], alive: bool, c: Member, dt: float
) -> World:
    """The next state: nobody belongs to an alliance that is no more; exits become an example."""
    fading = world["recent_exits"] * math.exp(-dt / c["contagion_memory"])
    exits = sum(_exits(world["members"], statuses)) / max(sum(map(belongs, world["members"])), 1)
    for m, status in zip(after, statuses, strict=True):
        m["status"] = status if alive else OUTSIDE
    return world | {"members": after, "recent_exits": fading + exits, "war": inputs["leader"]["war"], "alive": alive}


def tick(
    world: World, inputs: World, draws: World, script: World, c: Member, dt: float
) -> tuple[World, World, Margins]:
    """A forecast tick: (the next state, what the tick shows, margins of the draws)."""
    margins = Margins()
    happened = crises(world, inputs, draws, script, c, dt, margins)
    after = _live(world, inputs, happened, draws, script, c, dt, margins)
    shown: list[Member] = []
    statuses: list[int] = []
    for row, (m, i, new) in enumerate(zip(world["members"], inputs["members"], after, strict=True)):
        x, u = new["stance"], draws["members"][row]
        leaning = x + inputs["effects"][row]
        p = chances(*hazards(m, i, x, world, inputs, script["renewal"], c), dt)
        status = move(m["status"], u["membership"], *p, margins)
        if script["members"][row]["enters"] and world["alive"] and status == OUTSIDE:
            status = ACTIVE
        statuses.append(status)
        shown.append(
            happened[row]
            | conduct(leaning, u["conduct"], draws["motion"], world["motions"], c, margins)
            | {
                "asked": float(happened[row]["kind"] > 0),
                "stance": x,
                "reliability": new["kept"] / (new["kept"] + new["broken"]),
                "dependence": dependence(m, i),
                "before": m["status"],
                "exit": p[0],
                "side": p[1],
            }
        )
    quorate = sum(s != OUTSIDE for s in statuses) >= world["quorum"]
    lets_go = c["leader_exit_rate"] * math.exp(c["dissolution_crisis"] * inputs["leader"]["domestic_crisis"])
    ends = within(lets_go, dt) if quorate else 1.0
    ends = ends if world["alive"] else 0.0
    alive = world["alive"] and not margins.below(draws["leader"], ends)
    for row, gone in enumerate(_exits(world["members"], statuses)):
        shown[row]["left"] = gone
    new_world = _next(world, inputs, after, statuses, alive, c, dt)
    for row, m in enumerate(new_world["members"]):
        shown[row]["status"] = m["status"]
    return new_world, {"members": shown, "dissolution": ends, "alive": alive}, margins


def relive(world: World, inputs: World, draws: World, script: World, c: Member, dt: float) -> tuple[World, Margins]:
    """A tick of the record: crises and membership are the script's."""
    margins = Margins()
    happened = crises(world, inputs, draws, script | {"drawn": False}, c, dt, margins)
    after = _live(world, inputs, happened, draws, script | {"drawn": False}, c, dt, margins)
    statuses = [s["record"] for s in script["members"]]
    return _next(world, inputs, after, statuses, world["alive"], c, dt), margins
