"""What happens after the calibration weighs its draws as the filter would, and both engines start from what is left."""

import datetime as dt
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from scipy.integrate import quad

import sim
from sim.engines import agents, ensemble
from sim.engines.environment import state_at_start
from sim.errors import InputError
from sim.inference import observations
from sim.inference.continuation import (
    Onward,
    Rows,
    continued,
    drawn,
    effective,
    go_on,
    kept,
    surprises,
    target_of as onward_of,
    weights,
)
from sim.inference.likelihood import Cloud, Target, target_of
from sim.inference.observations import Motion
from sim.inference.smc import generator
from sim.model.arrays import each
from sim.model.membership import ACTIVE, FROZEN, STATUSES
from sim.model.noise import Noise
from sim.model.tick import State
from sim.model.variables import COEFFICIENTS
from sim.results.replay import same, tell
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load, posteriors_of, restored
from sim.scenario.posterior import POSTERIORS, Continuation, Posterior, posterior_of, unpacked
from sim.scenario.reading import shipped
from tests.helpers import MEMBERS
from tests.inference.test_start import Z, filtered
from tests.targets import QUIET, small

INVENTED = 'sources = ["assumption: invented"]'
TIME = "time = { start = 2024-10-01, end = 2034-10-01 }"
FREEZE = f'[[record]]\nmember = "ARM"\nfrom = 2024-02-23\nstatus = "frozen"\n{INVENTED}\n'
VOTE = f'[[votes]]\ndate = 2024-03-01\nmotion = "An invented motion"\n{INVENTED}\n'
VOTE += 'conduct = { ARM = "oppose", BLR = "support", KAZ = "abstain" }\n'
REFUSAL = '[[events]]\nkind = "crisis"\ndate = 2023-12-01\nmember = "KAZ"\nthreat = "interstate"\nanswer = "refused"\n'
REFUSAL += f"{INVENTED}\n"


@cache
def living(*events: str, time: str = TIME) -> Scenario:
    """The outlook, continued by events of an invented year; its draws are weighed by them."""
    return continued([load(written(*events, time=time))])[0]


def written(*events: str, time: str = TIME) -> Path:
    file = Path(mkdtemp()) / "living.toml"
    file.write_text("\n".join(['extends = "csto/outlook-2023"', 'title = "An invented year"', time, *events]))
    return file


def posterior_after(*events: str) -> Posterior:
    p = living(*events).tables.posterior
    assert p is not None
    assert p.lived is not None
    return p


def said(*events: str) -> Continuation:
    found = posterior_after(*events).continued
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------- the weights


def toy(vote: Motion | None) -> tuple[Target, Posterior, Onward]:
    """Two rows that differ in the rate of freezing alone, over five years: C freezes in the second."""
    slopes = [c.name for c in COEFFICIENTS if c.name.startswith("exit_") and c.name != "exit_rate"]
    fixed = {**QUIET, **{f"behaviour.{n}": 0.0 for n in slopes}, "behaviour.volatility": 1e-3, "behaviour.renewal": 0.0}
    base = small([vote] if vote else [], **{k.replace(".", "__"): v for k, v in fixed.items()})
    cloud = Cloud(base, np.zeros((2, base.space.size)), generator(1))
    rows = {"freeze_rate": np.array([0.02, 0.2]), "motion_spread": np.array([0.5, 2.0])}
    space = Rows((), (), (), posterior=posterior_of("toy", rows, {}, None, None))
    record = base.record[:6].copy()
    record[2:, 2] = FROZEN
    program = base.program._replace(coefficients={**base.program.coefficients, **space.posterior.columns}, rows=2)
    target = replace(base, program=program, record=record, space=space, particles=3)
    full: State = each(lambda x: np.broadcast_to(x[..., :1], (*x.shape[:-2], 2, 4)), cloud.state)
    onward = Onward(target, np.arange(2.0)[:, None], generator(1), full)
    for t in range(target.ticks):
        onward.tick(t)
    return target, space.posterior, onward


def by_hand(target: Target, rate: float, resume: float) -> float:
    """The log-chance of C's freeze in the second year and of no other move, with rates that nothing changes."""
    leave = float(target.program.coefficients["exit_rate"])  # type: ignore[arg-type]
    total = 0.0
    for t in range(5):
        for i, before in enumerate(target.record[t].tolist()):
            either = leave + (rate if before == ACTIVE else resume)
            moved = before != target.record[t + 1, i]
            total += math.log((1 - math.exp(-either)) * rate / either) if moved else -either
    return total


def test_weights_are_the_chances_of_moves_made_and_not_made() -> None:
    target, _, onward = toy(None)
    assert (target.record[0] == ACTIVE).all()
    resumes = float(target.program.coefficients["resume_rate"])  # type: ignore[arg-type]
    expected = [by_hand(target, rate, resumes) for rate in (0.02, 0.2)]
    np.testing.assert_allclose(onward.log_likelihood(), expected, rtol=1e-9)


def test_a_vote_weighs_by_its_chance_over_the_motions_effect() -> None:
    vote = Motion("m", dt.date(2021, 10, 1), (0, 3), np.array([0, 2], dtype=np.int8))
    target, _, onward = toy(vote)
    *_, without = toy(None)
    before = Onward(replace(target, motions=()), np.arange(2.0)[:, None], generator(1), onward.kept)
    for t in range(2):
        before.tick(t)
    low, high = (float(target.program.coefficients[n]) for n in ("oppose_below", "support_above"))  # type: ignore[arg-type]
    for row, spread in enumerate((0.5, 2.0)):
        a, d = before.state.stance[[0, 3], row, 0]

        def likely(z: float, a: float = a, d: float = d, spread: float = spread) -> float:
            stood = 1 / (1 + math.exp(high - d - spread * z))
            opposed = 1 / (1 + math.exp(a + spread * z - low))
            return stood * opposed * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

        chance, _ = quad(likely, -8, 8)
        gained = onward.log_likelihood()[row] - without.log_likelihood()[row]
        assert gained == pytest.approx(math.log(chance), abs=1e-3)


def test_rows_are_drawn_by_their_weights_and_stay_in_their_places() -> None:
    log_weights = np.log(np.array([0.1, 0.4, 0.25, 0.25]))
    np.testing.assert_allclose(weights(log_weights + 700.0), np.exp(log_weights))
    counts = sum(np.bincount(drawn(log_weights, generator(k, 1)), minlength=4) for k in range(400)) / 400
    np.testing.assert_allclose(counts, 4 * np.exp(log_weights), atol=0.1)
    origins = drawn(np.log(np.array([0.49, 1e-9, 0.49, 0.02])), generator(1))
    assert origins[0] == 0
    assert origins[2] == 2
    np.testing.assert_array_equal(drawn(np.zeros(64), generator(1)), np.arange(64))


def test_effective_draws_are_counted_over_distinct_rows() -> None:
    twice = posterior_of("p", {"exit_rate": np.array([1.0, 1.0, 2.0, 3.0])}, {}, None, None)
    assert effective(np.zeros(4), twice) == pytest.approx(1 / (0.5**2 + 0.25**2 + 0.25**2))
    assert effective(np.array([0.0, 0.0, -900.0, -900.0]), twice) == pytest.approx(1.0)


def test_it_starts_where_a_filter_of_the_whole_record_is() -> None:
    """Of the first rows: what they are weighed by, and their stances, within the error of four states a row."""
    rows, particles = 24, 512
    scenario = living(FREEZE, VOTE, REFUSAL)
    unweighed = load(scenario.file)
    posterior = unweighed.tables.posterior
    assert posterior is not None
    onward = next(go_on(replace(onward_of(unweighed, compile(unweighed)), particles=256), posterior))
    free = load(scenario.file, {"posterior": "none"})
    table = shipped("scenarios") / "csto/observations.csv"
    motions = [*observations.read(table, free.members), *observations.of_scenario(free.tables)]
    whole = target_of(free, motions, particles, dt.date(2024, 10, 1), alone=False)
    cloud = Cloud(whole, filtered(whole, rows), generator(98))
    for t in range(whole.ticks):
        if t == onward.target.first:
            before = cloud.log_likelihood()
        cloud.tick(t)
    found = onward.log_likelihood()[:rows] - (cloud.log_likelihood() - before)
    assert abs(found.mean()) < Z * found.std(ddof=1) / math.sqrt(rows)
    apart = [(weights(c.weights)[:rows] * c.state.stance[:, :rows]).sum(axis=2) for c in (onward, cloud)]
    gap = apart[0] - apart[1]
    assert (np.abs(gap.mean(axis=1)) < Z * gap.std(axis=1, ddof=1) / math.sqrt(rows)).all()


# ----------------------------------------------------------------------------------------------- what it starts


def test_a_freeze_ends_as_frozen() -> None:
    scenario = living(FREEZE)
    start = next(iter(ensemble.run_block(compile(scenario), 1, 0, slice(0, 50))))
    assert [STATUSES[s] for s in start.status[:2, 0]] == ["frozen", "active"]
    assert (start.status[0] == FROZEN).all()


def test_a_refusal_lowers_the_stance_of_the_refused_by_more_than_its_error() -> None:
    """By 0.018 in Kazakhstan's case, the tenth part of what a year may bring: the model is nearly deaf to it."""
    quiet, refused = (posterior_after(*events).lived for events in ((), (REFUSAL,)))
    assert quiet is not None
    assert refused is not None
    row = quiet.members.index("KAZ")
    apart = (refused.states.stance[row] - quiet.states.stance[row]).mean(axis=1)
    assert apart.mean() < -Z * apart.std(ddof=1) / math.sqrt(len(apart))


def test_opposition_lowers_and_support_raises_a_stance() -> None:
    def after(conduct: str) -> float:
        lived = posterior_after(VOTE.replace('ARM = "oppose"', f'ARM = "{conduct}"')).lived
        assert lived is not None
        return float(lived.states.stance[0].mean())

    assert after("oppose") < after("abstain") < after("support")


def test_a_surprise_is_named() -> None:
    surprises = said(FREEZE, VOTE).surprises
    freeze = next(s for s in surprises if s.kind == "freeze")
    assert (freeze.date, freeze.member, freeze.words) == ("2024-02-23", "ARM", "Armenia freezes its membership")
    assert 0.005 < freeze.chance < 0.1
    votes = {s.member: s for s in surprises if s.kind == "vote"}
    assert votes["ARM"].words == "Armenia opposes: An invented motion"
    assert votes["ARM"].chance < 0.6 < votes["BLR"].chance
    assert [s.words for s in surprises if s.kind == "quiet"] == [
        "Nobody moves, 2023-07-01 to 2024-01-01",
        "Nobody else moves, 2024-01-01 to 2024-10-01",
    ]


def test_a_quiet_year_has_its_line_and_leaves_nearly_all_draws() -> None:
    quiet = said()
    assert [s.kind for s in quiet.surprises] == ["quiet", "quiet"]
    assert all(0.8 < s.chance < 1.0 for s in quiet.surprises)
    assert 0.9 * quiet.draws < quiet.effective < quiet.draws
    assert not quiet.advice
    assert quiet.inputs.startswith("Inputs since then are as they were last coded")


def test_where_few_draws_are_left_it_says_what_to_do() -> None:
    few = said(FREEZE.replace("ARM", "GEO").replace("frozen", "active"))
    assert few.effective < 0.25 * few.draws
    assert "of 512 draws are left effective, fewer than 25%: calibrate anew" in few.advice


def test_inputs_of_the_time_since_are_named() -> None:
    change = f'[[adjustments]]\npath = "members.KAZ.affinity"\nvalue = "low"\nfrom = 2024-01-01\n{INVENTED}\n'
    assert said(change).inputs == "Inputs since then are as they were last coded, but for affinity of Kazakhstan"
    assert said().inputs == "Inputs since then are as they were last coded"
    start = living(change)
    assert "members.KAZ.affinity" not in compile(start).set_paths, "from the start on it goes on by itself"


def test_both_engines_agree_on_it_to_the_last_bit() -> None:
    program = compile(living(FREEZE, VOTE, time="time = { start = 2024-10-01, end = 2025-10-01, horizons = [1] }"))
    records = zip(*(e.run_block(program, 1, 0, slice(0, 3)) for e in (ensemble, agents)), strict=True)
    assert all(same(a, b) for a, b in records)


def test_words_say_since_when_and_how_many_draws_are_left() -> None:
    words = compile(living(FREEZE)).start.words
    assert words.startswith("Starts from what the record up to 2024-10-01 says (posterior.nc: 512 draws, 4 starts each")
    assert "weighed by what happened since 2023-07-01, which leaves" in words


def test_errors_count_the_draws_that_are_left() -> None:
    quiet, year = (compile(living(*events)) for events in ((), (FREEZE, VOTE)))
    assert year.distinct == pytest.approx(said(FREEZE, VOTE).effective)
    assert year.distinct < quiet.distinct < quiet.rows == year.rows


# ---------------------------------------------------------------------------------------------- where it is none


def test_without_a_continuation_nothing_is_weighed() -> None:
    outlook = load("csto/outlook-2023")
    assert continued([outlook])[0] is outlook
    assert compile(outlook).start.revealed is outlook.tables.posterior
    weighed = living(FREEZE)
    assert continued([weighed])[0] is weighed, "what is weighed already stays as it is"
    nothing = living(time='posterior = "none"\n' + TIME)
    assert nothing.tables.posterior is None


def test_a_vote_before_the_start_of_the_outlook_is_weighed_too() -> None:
    file = living(VOTE.replace("2024-03-01", "2023-09-01"), time="")
    assert file.tables.posterior is not None
    assert file.tables.posterior.continued is not None


def test_what_is_compared_starts_alike_where_one_has_another_past() -> None:
    """None is weighed then: the past is lived anew on the noise that the calibration's record reveals."""
    file = living(FREEZE).file
    both = continued([load(file), load(file, {"leader.war": "low@2020-01-01"})])
    assert all(s.tables.posterior is not None and s.tables.posterior.continued is None for s in both)


def test_results_keep_it(tmp_path: Path) -> None:
    scenario = living(FREEZE, VOTE)
    file = tmp_path / POSTERIORS
    file.write_bytes(posteriors_of([scenario]))
    again = restored(scenario.resolved, scenario.file, unpacked(file))
    assert again.fingerprint == scenario.fingerprint
    assert again.tables.posterior is not None
    assert again.tables.posterior.continued == said(FREEZE, VOTE)
    assert continued([again])[0] is again
    a, b = (state_at_start(compile(s), Noise(1, 0), slice(0, 9)) for s in (scenario, again))
    assert a is not None
    assert b is not None
    np.testing.assert_array_equal(a.stance, b.stance)


def test_a_run_and_its_story_say_it() -> None:
    scenario = living(FREEZE, time="time = { start = 2024-10-01, end = 2025-10-01, horizons = [1] }")
    result = sim.run(load(scenario.file), runs=4)
    assert result.provenance["continued"]["surprises"][1]["words"] == "Armenia freezes its membership"
    assert result.summary()["continued"]["effective"] == pytest.approx(said(FREEZE).effective)
    assert "weighed by what happened" in result.summary()["begins"]
    assert tell(scenario, 1, 2).identical
    assert "weighed by what happened" in sim.explain(scenario.file, "leader.war").start


def test_kept_states_follow_the_weights_of_particles() -> None:
    target, _, onward = toy(None)
    onward.weights[:] = [-900.0, 0.0, -900.0]
    states = kept([onward], np.array([0, 0]), 4, generator(1))
    assert states.stance.shape == (len(MEMBERS), 2, 4)
    assert (states.stance == onward.state.stance[:, :1, 1:2]).all()
    assert (states.membership.status[:, 0, 0] == target.record[-1]).all()


# ----------------------------------------------------------------------------------------------------- what it says

EXIT = FREEZE.replace("ARM", "KAZ").replace("frozen", "outside")


@cache
def compared(*events: str) -> sim.Comparison:
    """A quiet year against one with events."""
    return sim.compare(living(), living(*events), runs=64)


@pytest.mark.parametrize(
    ("events", "outcome", "state", "words"),
    [
        ((EXIT,), "exit", "KAZ", "Kazakhstan left in February 2024 (in the base: "),
        ((FREEZE,), "freeze", "ARM", "Armenia froze its membership in February 2024 (in the base: "),
    ],
)
def test_a_move_before_the_start_is_no_difference_of_what_is_to_come(
    events: tuple[str, ...], outcome: str, state: str, words: str
) -> None:
    c = compared(*events)
    (said_of_it,) = c.sentences().values()
    assert words in said_of_it[0]
    assert ("Some exit, counted from the start" in " ".join(said_of_it)) == (outcome == "exit")
    own = c.asked[(c.asked.outcome == outcome) & (c.asked.member == state)]
    assert own.empty
    turned = sim.compare(living(*events), living(), runs=8)
    assert f"{words.split(' (')[0]} in the base (here: " in next(iter(turned.sentences().values()))[0]


def test_what_events_move_at_the_start_is_in_the_table_paired() -> None:
    c = compared(FREEZE)
    row = c.table[(c.table.horizon_years == 0) & (c.table.member == "ARM")].iloc[0]
    assert row.outcome == "stance"
    assert row.difference < -2 * row.mcse < 0
    assert (compared().table.horizon_years > 0).all(), "nothing differs at the start of the same year"


def test_where_draws_are_weighed_otherwise_a_difference_has_an_error_and_no_interval() -> None:
    c = compared(FREEZE)
    events = c.table[c.table.outcome == "any_exit"]
    assert events.difference_q05.isna().all()
    assert events.mcse.notna().all()
    assert "±" in c.sentences()[c.others[0].name][-1]
    assert compared().table.query("outcome == 'any_exit'").difference_q05.notna().all()


def test_every_event_since_the_calibration_has_its_line() -> None:
    clash = '[[events]]\nkind = "clash"\ndate = 2024-04-01\nbetween = ["KGZ", "TJK"]\nanswer = "partial"\n' + INVENTED
    regime = '\n[[events]]\nkind = "regime_change"\ndate = 2024-05-01\nmember = "BLR"\n' + INVENTED
    shock = '\n[[events]]\nkind = "shock"\ndate = 2024-06-01\npath = "members.ARM.affinity"\nchange = -0.1\n' + INVENTED
    given = [s for s in said(REFUSAL, clash, regime, shock).surprises if s.kind == "given"]
    assert [(s.words, s.chance) for s in given] == [
        ("Kazakhstan's call for help is refused (interstate)", None),
        ("Kyrgyzstan and Tajikistan clash, and help is granted in part", None),
        ("Belarus's regime changes", None),
        ("Affinity of Armenia moves by -0.1", None),
    ]


def test_who_has_moved_is_no_other_who_moves() -> None:
    """Georgia, once in again, would leave at once: that is no move of somebody else."""
    file = written(FREEZE.replace("ARM", "GEO").replace("frozen", "active"))
    scenario = load(file)
    target, posterior = onward_of(scenario, compile(scenario)), scenario.tables.posterior
    assert posterior is not None
    cloud = next(go_on(target, posterior))
    found = {s.words: s.chance for s in surprises(scenario, target, cloud.seen)}
    assert "Georgia returns to the alliance" in found
    others = found["Nobody else moves, 2024-01-01 to 2024-10-01"]
    assert others is not None
    assert others > 0.5


def test_where_hardly_a_draw_is_left_nothing_is_run() -> None:
    with pytest.raises(InputError, match=r"of 512 draws effective; required: 20; calibrate anew"):
        living(*(FREEZE.replace("ARM", m).replace("frozen", "outside") for m in ("BLR", "TJK")))


def test_what_cannot_be_weighed_says_that_it_is_given() -> None:
    words = compile(living(FREEZE, time='posterior = "none"\n' + TIME)).start.words
    assert "the file's own moves and events are lived as given, and weigh nothing" in words
