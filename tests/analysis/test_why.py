"""Why a run went as it did: planted causes are found, and nothing else is blamed."""

import math
from pathlib import Path

import numpy as np
import pytest

from sim.analysis.ablations import CHANCE, luck
from sim.analysis.again import Again, Chance, Edit, Variant
from sim.analysis.event import chosen
from sim.analysis.moments import moments
from sim.analysis.reasons import apart, plus_minus
from sim.analysis.why import Why, explain_run, place
from sim.engines.ensemble import Piece, at_start, run_block
from sim.errors import InputError
from sim.model.noise import Noise
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from tests.figures.looking import check_narrow
from tests.helpers import SIX, centred
from tests.scenarios import written

PULLS = "dependence protection affinity opinion western_ties entrapment hierarchy partiality other_ties institution"
HOLDS = "exit_dependence exit_basing exit_punishment exit_offer contagion alliance_effects renewal peers watching"
STILL = dict.fromkeys(f"{PULLS} {HOLDS}".split(), 0.0) | {"exit_rate": 0.005, "exit_delay": 0.2, "volatility": 0.01}
STILL |= {"freeze_rate": 1e-9, "entry_rate": 1e-9, "leader_exit_rate": 1e-9, "adjustment_time": 0.3}
QUIET = {"leader.war": 0.0, "leader.confrontation": 0.2} | centred(**STILL)
"""Nobody moves but for a reason."""
CHANNELS = ("trade", "arms", "energy", "remittances", "basing", "regime_support")


def free(state: str, *but: str) -> dict[str, str]:
    """A state without dependence, but for some of its channels."""
    return {f"members.{state}.dependence.{c}": "none" for c in CHANNELS if c not in but}


EVENT = """
[[events]]
date = 2022-02-01
sources = ["assumption: test"]
"""
PLANTED = {
    "a refusal": (
        EVENT + 'kind = "crisis"\nmember = "AAA"\nthreat = "interstate"\nanswer = "refused"\n',
        {"grievance": 4.0, "grievance_memory": 50.0},
        "LEA's refusal to help State A",
        ("stance", "grievance"),
    ),
    "a cut of dependence": (
        EVENT + 'kind = "shock"\npath = "members.AAA.dependence.trade"\nchange = -0.7\n',
        {"dependence": 28.0, "exit_rate": 30.0},
        "the shock to dependence of State A (trade)",
        ("stance", "dependence"),
    ),
    "an outside offer": (
        EVENT + 'kind = "shock"\npath = "members.AAA.security_offer.west"\nchange = 0.9\n',
        {"exit_offer": 7.0},
        "the shock to security offer",
        ("log-hazard", "outside offers"),
    ),
}


def planted(folder: Path, events: str, **changed: float) -> Scenario:
    """Six states to whom nothing happens but what is planted."""
    head = f'extends = "{SIX}"\ntitle = "Planted"\n[alliance]\ncrises = "scripted"\n'
    values = QUIET | free("AAA", "trade") | {f"behaviour.{k}": v for k, v in changed.items()}
    return load(written(folder / "planted.toml", head + events), values)


def first_exit(scenario: Scenario, row: int, after: int, runs: int = 2000) -> int:
    """A run in which a state leaves after a tick."""
    for k, r in enumerate(run_block(compile(scenario), 1, 0, slice(0, runs))):
        if k > after and r.left[row].any():
            return int(np.flatnonzero(r.left[row])[0])
    raise AssertionError("nobody leaves")


def explained(scenario: Scenario, run: int, row: int = 0, runs: int = 40) -> Why:
    return explain_run(scenario, compile(scenario), runs, 1, run, row)


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_cause_is_found(what: str, tmp_path: Path) -> None:
    events, changed, cause, (whole, term) = PLANTED[what]
    scenario = planted(tmp_path, events, **changed)
    found = explained(scenario, first_exit(scenario, 0, 9), 0)
    assert found.about["kind"] == "exit"
    assert found.about["happened"]
    first, *others = found.frames["ablations"].itertuples()
    assert first.what.startswith(cause)
    assert first.difference > 0.05
    assert first.date == ""  # never
    assert cause in found.answer[2]
    twins = [o for o in others if o.kind == "input"]  # a shock is a change of input too: the same said in other words
    for other in others:
        assert other in twins or abs(other.difference) < 0.1 * first.difference
    terms = found.frames["terms"]
    since = terms[terms.whole == whole].set_index("term")["at_date"]
    assert abs(since[term]) == since.iloc[:-1].abs().max()


def test_a_neighbours_exit_is_found(tmp_path: Path) -> None:
    rates = {"exit_offer": 5.0, "exit_rate": 0.002, "exit_dependence": 40.0, "contagion": 45.0}
    quiet = planted(tmp_path, "", **rates)
    changed = {"members.BBB.security_offer.west": 1.0} | free("AAA") | free("BBB")
    scenario = load(quiet.file, {**quiet.overrides, **changed})
    program = compile(scenario)
    left = np.full((5, 2000), 99)
    for k, r in enumerate(run_block(program, 1, 0, slice(0, 2000))):
        left = np.where(r.left, np.minimum(left, k), left)
    run = int(np.flatnonzero((left[1] < left[0]) & (left[0] < 99) & (left[2:] == 99).all(axis=0))[0])
    found = explained(scenario, run, 0)
    first, *others = found.frames["ablations"].itertuples()
    assert first.what.startswith("State B left")
    assert first.date == ""
    assert first.difference > 0.1
    assert all(abs(o.difference) < 0.1 * first.difference for o in others)
    assert found.frames["terms"].set_index("term").change["exits of others"] > 1.0


def test_what_has_no_part_is_said_to_change_nothing(tmp_path: Path) -> None:
    scenario = planted(tmp_path, PLANTED["a refusal"][0], watching=0.0, grievance=0.0)
    found = explained(scenario, 0, 4)
    by_what = {r.what: r for r in found.frames["ablations"].itertuples()}
    idle = next(r for what, r in by_what.items() if "refusal to help State A" in what)
    assert (idle.difference, idle.stance) == (0.0, 0.0)
    assert any("changed nothing by themselves" in s for s in found.about["more"])


def test_without_changes_the_run_is_the_run() -> None:
    program = compile(load(SIX))
    chance = Chance(3, 70)
    noise = Again(chance, 0, [Variant(), Variant((Edit("crisis", 1, 3, 3, 1.0),))], 2, program.record_ticks)
    ((_, stack),) = at_start([program], noise, Piece(0, slice(0, noise.runs)))
    again = [stack.look(), *(stack.tick(t) for t in range(program.record_ticks, program.ticks))]
    for own, r in zip(run_block(program, 3, 0, slice(70, 71)), again, strict=True):
        for x, y in ((own.stance, r.stance), (own.conduct, r.conduct), (own.status, r.status)):
            assert np.array_equal(np.broadcast_to(x, (5, 2)), y[:, :2])


def test_new_draws_give_the_probability_that_the_hazard_says(tmp_path: Path) -> None:
    """A constant hazard: within a year 1 - exp(-h), by the date 1 - exp(-h t)."""
    rate, delay = 0.2, 2.0
    scenario = planted(tmp_path, "", exit_rate=rate, exit_stance=0.0, exit_delay=delay)
    program = compile(scenario)
    run = first_exit(scenario, 0, 6)
    ((_, stack),) = at_start([program], Noise(1, 0), Piece(0, slice(run, run + 1)))
    event = chosen([m.record for m in moments(stack)], 0)
    seen = luck(program, Chance(1, run), event)
    h = rate / (1.0 + delay * rate)
    within = min(4, program.forecast_ticks + 1 - event.k) / 4
    for (p, error), years in ((seen.soon, within), (seen.before, event.k / 4)):
        assert p == pytest.approx(1.0 - math.exp(-h * years), abs=5 * error + 1e-12)


@pytest.mark.parametrize(
    ("p", "q", "said"),
    [
        (0.0043, 0.0031, ("0.4", "0.3")),
        (0.00413521, 0.00396451, ("0.41", "0.40")),
        (0.5, 0.5, ("50.0", "50.0")),
        (0.0, 0.0, ("0.0", "0.0")),
        (3e-5, 0.0, ("0.003", "0.000")),
        (0.2, 0.2 + 1e-9, ("20.0", "20.0")),
    ],
)
def test_probabilities_have_the_digits_that_tell_them_apart(p: float, q: float, said: tuple[str, str]) -> None:
    assert apart(p, q) == said


@pytest.mark.parametrize(
    ("error", "said"), [(0.0, "0"), (1e-17, "0"), (1e-7, "<0.0001"), (3.04e-5, "0.003"), (0.0041, "0.4"), (0.12, "12")]
)
def test_errors_are_said_as_they_are(error: float, said: str) -> None:
    assert plus_minus(error) == said


def test_the_answer_says_what_its_tables_do(tmp_path: Path) -> None:
    events, changed, _, _ = PLANTED["an outside offer"]
    scenario = planted(tmp_path, events, **changed)
    found = explained(scenario, first_exit(scenario, 0, 9), 0)
    first = next(found.frames["ablations"].itertuples())
    without, with_it = apart(first.without, first.probability)
    assert f"is {without} % instead of {with_it} % (± {plus_minus(first.mcse)})" in found.answer[2]
    hazard = found.frames["terms"].query("whole == 'log-hazard'")["mean"].iloc[-1]
    assert f"a typical hazard (geometric mean) of {100 * math.exp(hazard):.2g} % a year in the mean" in found.answer[0]
    assert f"Since {found.about['before']} moved most" in found.answer[1]
    causes = found.frames["ablations"]
    noise = causes[causes.kind == CHANCE].what.item()
    assert noise.partition(" since ")[2] in {f"{day:%B %Y}" for day in compile(scenario).dates}


def test_states_and_dates_that_are_none_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        place(load(SIX), "AAB", "1999-01-01")
    assert [p.path for p in caught.value.problems] == ["member", "date"]
    assert "AAA" in str(caught.value.problems[0])
    assert place(load(SIX), "BBB", "2021-02-01") == (1, 5)
    assert place(load(SIX), "BBB", None) == (1, None)
    assert place(load(SIX), "state b", None) == place(load(SIX), "bbb", None) == (1, None)


def test_a_date_on_which_nothing_happened_is_explained_and_read_back(tmp_path: Path) -> None:
    import sim

    scenario = planted(tmp_path, "")
    found = explain_run(scenario, compile(scenario), 40, 1, 7, 0, 5)
    assert not found.about["happened"]
    assert found.about["when"] == "January to March 2021"
    found.save(tmp_path / "w")
    again = sim.open(tmp_path / "w")
    assert isinstance(again, Why)
    assert list(again.answer) == list(found.answer)
    assert set(again.figures()) == {"waterfall"}
    check_narrow(again.figures)
