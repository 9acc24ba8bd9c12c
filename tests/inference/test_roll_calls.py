"""Roll calls: bad tables, the law of counts, the year's agenda integrated out, and what simulated ones tell."""

import itertools
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, gammaln

from sim.engines.ensemble import run_block
from sim.errors import InputError
from sim.inference import agenda, recovery, roll_calls
from sim.inference.influence import increments, influences
from sim.inference.likelihood import Cloud, Target, log_likelihood
from sim.inference.pool import Pool
from sim.inference.roll_calls import Year
from sim.inference.smc import generator
from sim.inference.space import space_of
from sim.inference.study import load_calibration
from sim.model import roll_calls as model
from sim.model.arrays import Array, Coefficients
from sim.model.membership import OUTSIDE
from sim.model.variables import COEFFICIENTS, MEASURES
from sim.results.calibration import Calibration, calibrate
from sim.scenario import posterior
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from sim.scenario.reading import read_csv, scenario_files, shipped
from tests.helpers import MEMBERS, SIX
from tests.inference.test_calibrate import study
from tests.targets import QUIET, small

HEAD = ",".join(roll_calls.COLUMNS)
SCRIPT = Path(__file__).parents[2] / "experiments" / "roll-calls" / "counts.py"
VALUES = {
    "roll_call_discrimination": 0.5,
    "roll_call_effects": 1.0,
    "roll_call_agenda": 0.6,
    "roll_call_concentration": 20.0,
    "roll_call_levels": 0.0,
    "roll_call_abstention": 1.2,
    "roll_call_western_ties": 0.0,
}
COUNTS = np.array([[30.0, 3.0, 0.0], [4.0, 10.0, 17.0], [0.0, 0.0, 5.0], [41.0, 0.0, 0.0]])


def wide(**changed: float) -> Coefficients:
    return Coefficients({k: np.array([[v]]) for k, v in (VALUES | changed).items()})


# ---------------------------------------------------------------------------------------------------- the tables


@pytest.mark.parametrize(
    ("row", "found", "allowed"),
    [
        ("20x0,AAA,1,0,0,s", "not a year", "YYYY"),
        ("2020,ARN,1,0,0,s", "ARN", "AAA"),
        ("2020,AAA,1.5,0,0,s", "1.5", "whole number"),
        ("2020,AAA,-1,0,0,s", "-1", "whole number"),
        ("2020,AAA,1,0,9999,s", "9999", "whole number"),
        ("2020,AAA,0,0,0,s", "no answer of AAA", "no row"),
        ("2020,AAA,1,0,0,", "no source", "where the counts come from"),
        ("2020,AAA,1,0,0", "5 entries", "required: 6"),
        ("2020,AAA,1,0,0,s\n2020,AAA,2,0,0,s", "AAA twice in 2020", "once"),
        ("2050,AAA,1,0,0,s", "the end of 2050 is after the last tick", "before the end"),
    ],
)
def test_a_bad_row_says_what_is_wrong(row: str, found: str, allowed: str) -> None:
    with pytest.raises(InputError) as error:
        roll_calls.parse(f"{HEAD}\n{row}\n", "r.csv", MEMBERS, load(SIX).tables.time)
    (problem,) = error.value.problems
    assert found in problem.found
    assert allowed in problem.allowed
    assert problem.where.startswith("r.csv:")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        roll_calls.parse(f"{HEAD}\nx,ARN,a,b,c,\n2020,AAA,0,0,0,s\n", "r.csv", MEMBERS)
    assert len(error.value.problems) == 7
    with pytest.raises(InputError, match="required: year, member"):
        roll_calls.parse("year,member\n", "r.csv", MEMBERS)


def histories() -> dict[str, Scenario]:
    files = [f for f in scenario_files() if (f.parent / "roll-calls.csv").is_file() and f.name.startswith("history-")]
    return {f.parent.name: load(f, {"posterior": "none"}) for f in files}


def test_shipped_answers_are_members_and_nobody_answers_for_two_alliances_at_once() -> None:
    asked: set[tuple[int, str]] = set()
    for folder, scenario in histories().items():
        file = scenario.file.parent / "roll-calls.csv"
        years = roll_calls.parse(file.read_text("utf-8"), folder, scenario.members, scenario.tables.time)
        assert len(years) > 20
        for year, row in ((y, row) for y in years for row in y.rows):
            member = scenario.members[row]
            record = scenario.tables.members[member]
            days = [year.date.replace(month=m, day=d) for m in range(1, 13) for d in (1, 15, 28)]
            assert any(record.status_at(day) != OUTSIDE for day in days), (folder, year.year, member)
            assert (year.year, member) not in asked
            asked.add((year.year, member))
    assert len(asked) > 1500
    assert max(year for year, _ in asked) <= 2019


ANSWERS = """\
rcid,date,resolution,leader,ARM,BLR,UZB,UKR
1,1993-11-01,R/48/1,Y,+,x,,+
2,1993-12-31,R/48/2,N,0,x,+,+
3,2014-03-20,R/68/262,N,+,+,,x
4,2014-06-01,R/68/1,N,+,0,x,x
5,2014-06-02,R/68/1,N,,+,x,x
"""


def test_a_vote_enters_once_and_of_members_alone(tmp_path: Path) -> None:
    """Of a table with a coded motion (68/262, on another day), votes before an entry and after an exit, an absence."""
    made = runpy.run_path(str(SCRIPT))
    table, history = tmp_path / "answers.csv", load("csto/history-1992-2023", {"posterior": "none"})
    table.write_text(ANSWERS)
    struck = made["coded"]("csto")
    assert "R/68/262" in struck
    rows = made["counts"](history, table, struck)
    found = {(r["year"], r["member"]): tuple(int(r[kind]) for kind in roll_calls.KINDS) for r in rows}
    assert found == {
        ("1993", "ARM"): (1, 1, 0),
        ("1993", "BLR"): (0, 0, 1),
        ("1993", "UZB"): (1, 0, 0),
        ("2014", "ARM"): (1, 0, 0),
        ("2014", "BLR"): (1, 1, 0),
    }


def test_absence_is_missing_but_for_a_boycott(tmp_path: Path) -> None:
    made = runpy.run_path(str(SCRIPT))
    table, history = tmp_path / "answers.csv", load("warsaw-pact/history-1955-1991", {"posterior": "none"})
    table.write_text("rcid,date,resolution,leader,ALB,POL\n1,1964-12-01,R/1,N,,\n2,1966-12-01,R/2,N,,\n")
    (row,) = made["counts"](history, table, set())
    assert (row["year"], row["member"], row["abstain"]) == ("1966", "ALB", "1")
    assert "assumption" in row["source"]


def test_coded_resolutions_stand_in_the_shipped_counts_no_more() -> None:
    """Belarus gave 37 answers in the general table of 2014, two of them on coded resolutions."""
    table = read_csv(shipped("scenarios") / "csto" / "roll-calls.csv")
    belarus = next(r.cells for r in table.rows if (r.cells["year"], r.cells["member"]) == ("2014", "BLR"))
    assert sum(int(belarus[kind]) for kind in roll_calls.KINDS) == 37 - 2


# ------------------------------------------------------------------------------------------------ the law of counts


def closed(n: Array, p: Array, firm: float) -> float:
    """The Dirichlet-multinomial, as a product of Polya's urn and the number of orders."""
    urn, drawn = 0.0, 0
    for k, times in enumerate(n.astype(int)):
        for j in range(times):
            urn += np.log((firm * p[k] + j) / (firm + drawn))
            drawn += 1
    return float(urn + gammaln(drawn + 1.0) - gammaln(n + 1.0).sum())


def test_counts_are_those_of_polyas_urn() -> None:
    c, e = wide(), np.array([2.0, -0.4, -3.0, 40.0])
    p = np.stack([expit(e), np.zeros(4), expit(-1.2 - e)], axis=1)
    p[:, 1] = 1.0 - p.sum(axis=1)
    np.testing.assert_allclose(np.stack(model.chances(e[:, None, None], c), axis=-1)[:, 0, 0], p, atol=1e-12)
    expected = sum(closed(n, q, 20.0) for n, q in zip(COUNTS, p, strict=True))
    assert model.log_mass(COUNTS, e[:, None, None], c)[0, 0] == pytest.approx(expected, abs=1e-9)


def test_chances_of_all_counts_sum_to_one() -> None:
    c, e = wide(roll_call_concentration=3.0), np.array([[[0.3]]])
    every = [n for n in itertools.product(range(6), repeat=3) if sum(n) == 5]
    total = sum(np.exp(model.log_mass(np.array([n], dtype=float), e, c)[0, 0]) for n in every)
    assert total == pytest.approx(1.0, abs=1e-12)


def test_counts_that_the_model_holds_impossible_are_a_number() -> None:
    assert np.isfinite(model.log_mass(COUNTS, np.full((4, 1, 1), 900.0), wide())).all()
    assert np.isfinite(model.log_mass(COUNTS, np.full((4, 1, 1), -900.0), wide())).all()


# ------------------------------------------------------------------------------------------------- the year's agenda


def dense(counts: Array, e: Array, c: Coefficients) -> float:
    """The log-probability of a year's counts at positions (state,), integrated over the agenda on a grid."""
    spread = float(c.roll_call_agenda[0, 0])
    u = np.linspace(-9 * spread, 9 * spread, 20_001)
    log = model.log_mass(counts, e[:, None, None] + u, c)[0] - 0.5 * (u / spread) ** 2
    top = log.max()
    return float(top + np.log(np.trapezoid(np.exp(log - top), u)) - np.log(spread * np.sqrt(2 * np.pi)))


def estimate(counts: Array, e: Array, weights: Array, c: Coefficients, rng: np.random.Generator) -> Array:
    """Of the log-probability of a year's counts at known positions, (draw, particle)."""
    ahead = agenda.look_ahead(counts, e, np.zeros(e.shape), weights, np.zeros((1, 1)), c, rng)
    assert not ahead.z.any(), "nothing leans"
    return model.log_mass(counts, e + ahead.agenda, c) + ahead.log_ratio


@pytest.mark.parametrize("firm", [3.0, 33.0, 300.0])
@pytest.mark.parametrize("spread", [0.1, 0.6, 2.0])
def test_the_agenda_is_integrated_out_without_bias(firm: float, spread: float) -> None:
    c, e = wide(roll_call_concentration=firm, roll_call_agenda=spread), np.array([1.5, -0.6, -1.5, 2.5])
    for at in (e, e + 2.0, e - 3.0):  # the agenda explains it, or must go far out
        positions = np.broadcast_to(at[:, None, None], (4, 500, 16))
        many = Coefficients({k: np.broadcast_to(v, (500, 1)) for k, v in vars(c).items()})
        found = estimate(COUNTS, positions, np.zeros((500, 16)), many, generator(1))
        expected = dense(COUNTS, at, c)
        ratio = np.exp(found - expected).mean(axis=1)
        assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std(ddof=1) / np.sqrt(500) + 1e-9)
        assert ratio.std() < 0.25, "sixteen particles leave little of the noise"


def test_particles_that_differ_have_each_its_own_integral() -> None:
    c, e = wide(), np.array([1.5, -0.6, -1.5, 2.5])
    away = np.linspace(-0.4, 0.4, 8)
    draws = 4000
    positions = np.broadcast_to(e[:, None, None] + away, (4, draws, 8))
    many = Coefficients({k: np.broadcast_to(v, (draws, 1)) for k, v in vars(c).items()})
    found = np.exp(estimate(COUNTS, positions, np.zeros((draws, 8)), many, generator(2)))
    expected = np.exp([dense(COUNTS, e + x, c) for x in away])
    error = found.std(axis=0, ddof=1) / np.sqrt(draws)
    assert (np.abs(found.mean(axis=0) - expected) < 4.5 * error).all()


@pytest.mark.parametrize("lean", [0.15, 1.0])
def test_noise_that_leans_to_the_counts_changes_no_mean_and_takes_noise_off_the_estimate(lean: float) -> None:
    """Against noise as it comes, whose mean is the same and of which dense quadrature knows the law for one state."""
    c, e, draws = wide(roll_call_agenda=0.3), np.array([1.5, -0.6, -1.5, 2.5])[:, None, None], 2000
    z = generator(8).standard_normal((4, draws, 16))
    many = Coefficients({k: np.broadcast_to(v, (draws, 1)) for k, v in vars(c).items()})
    found = []
    for counts, at, of in ((COUNTS, e, z), (COUNTS[:1], e[:1], z[:1])):
        positions, flat = np.broadcast_to(at, of.shape), np.zeros((draws, 16))
        ahead = agenda.look_ahead(counts, positions, of, flat, np.full((1, 1), lean), many, generator(9))
        leaning = model.log_mass(counts, positions + lean * ahead.z + ahead.agenda, many) + ahead.log_ratio
        found.append((np.exp(leaning), np.exp(estimate(counts, positions + lean * of, flat, many, generator(9)))))
    (leaning, plain), (one, _) = found
    error = np.hypot(leaning.mean(axis=1).std(), plain.mean(axis=1).std()) / np.sqrt(draws)
    assert leaning.mean() == pytest.approx(plain.mean(), abs=4 * error)
    assert leaning.std() < plain.std()
    wider = wide(roll_call_agenda=float(np.hypot(0.3, lean)))
    assert one.mean() == pytest.approx(np.exp(dense(COUNTS[:1], e[:1, 0, 0], wider)), abs=4 * one.std() / draws**0.5)


def test_without_an_agenda_there_is_nothing_to_integrate() -> None:
    c, e = wide(roll_call_agenda=0.0), np.array([1.5, -0.6, -1.5, 2.5])[:, None, None]
    found = estimate(COUNTS, np.broadcast_to(e, (4, 1, 16)), np.zeros((1, 16)), c, generator(3))
    np.testing.assert_allclose(found, model.log_mass(COUNTS, e, c)[0, 0], atol=1e-6)


# ----------------------------------------------------------------------------------------------------- the likelihood


STILL = dict.fromkeys((f"behaviour.{move}_rate" for move in ("exit", "freeze", "resume", "entry")), 0.0)
"""Nobody moves, and that tells nothing."""


def polled(free: tuple[str, ...], **changed: float | str) -> Target:
    """Forty answers of every state in each of ten years, to be replaced by simulated ones."""
    fixed = {f"behaviour.{k}": v for k, v in VALUES.items() if k not in free}
    quiet = {k.replace(".", "__"): v for k, v in (QUIET | fixed | {"behaviour.state_effects": 0.0} | changed).items()}
    rows, counts = tuple(range(len(MEMBERS))), np.full((len(MEMBERS), 3), [38.0, 1.0, 1.0])
    plain = small([], 16, free, **quiet)
    years = tuple(Year(2020 + k, rows, counts) for k in range(10))
    space = space_of(plain.program, False, polled=MEMBERS)
    return replace(plain, roll_calls=years, space=space)


def test_without_roll_calls_nothing_of_them_is_sampled() -> None:
    assert not any("roll_call" in name for name in (*small([]).space.names, *small([]).space.paths))
    space = polled(("roll_call_discrimination", "roll_call_effects")).space
    assert space.coefficients == ("roll_call_discrimination", "roll_call_effects")
    assert space.effects == ("alliance.roll_call_level", *(f"members.{m}.roll_call_effect" for m in MEMBERS))


def test_likelihood_of_roll_calls_is_that_of_numerical_integration() -> None:
    """One state's counts of one year, where nothing else tells of its stance."""
    target = polled((), **STILL, **{"behaviour.volatility": 0.6})
    one = replace(target, roll_calls=(Year(2020, (1,), COUNTS[:1]),), particles=64)
    z = np.zeros((64, one.space.size))
    z[:, one.space.names.index(f"members.{MEMBERS[1]}.roll_call_effect")] = 0.7
    assert not log_likelihood(replace(one, roll_calls=()), z, [1]).any()
    found = np.exp(log_likelihood(one, z, [1]))
    assert one.years.keys() == {0}
    cloud = Cloud(replace(one, roll_calls=(), particles=20_000), z[:1], generator(4))
    cloud.tick(0)
    stance = cloud.state.stance[1, 0]
    c = wide()
    e = model.position(np.linspace(stance.min(), stance.max(), 41), np.array(0.7), np.array(0.0), c)[0]
    by_stance = [dense(COUNTS[:1], np.array([x]), c) for x in e]
    expected = np.exp(np.interp(stance, np.linspace(stance.min(), stance.max(), 41), by_stance)).mean()
    assert found.mean() == pytest.approx(expected, abs=4 * found.std(ddof=1) / 8 + 0.01 * expected)


def test_discrimination_and_concentration_of_a_simulated_history_are_recovered() -> None:
    free = ("roll_call_discrimination", "roll_call_concentration", "baseline")
    target = polled(free, **{"behaviour.volatility": 1.0})
    assert target.space.names[:3] == ("baseline", "roll_call_discrimination", "roll_call_concentration")
    found = recovery.recover(Pool({"five": target}), 48, 2, 1, 4)
    spread = found.draws.std(axis=0)
    assert (np.abs(found.truth - found.draws.mean(axis=0)) < 4 * spread + 0.3).all()
    assert spread[2] < 0.6
    first = target.space.idle.stop
    assert spread[first + 1 : first + 1 + len(MEMBERS)].mean() < 0.7, "effects of states"
    assert target.space.paths[0] == "alliance.roll_call_level"
    assert spread[first] > 0.4, "a level that has no spread is idle"


# ------------------------------------------------------------------------------------------------------- calibrations


def test_a_calibration_says_at_once_what_is_wrong_with_its_tables(tmp_path: Path) -> None:
    file = study(tmp_path, ("draws = 40", 'draws = 20\nroll_calls = "counts.csv"'))
    with pytest.raises(InputError, match=r"roll_calls: no such file: counts\.csv"):
        load_calibration(file)
    (tmp_path / "counts.csv").write_text(f"{HEAD}\n2021,ARN,1,0,0,s\n")
    (tmp_path / "observed.csv").write_text("date\n")
    with pytest.raises(InputError) as error:
        load_calibration(file)
    assert [Path(p.where.split(":")[0]).name for p in error.value.problems] == ["observed.csv", "counts.csv"]


def test_a_posterior_carries_them_and_runs_start_from_it_as_without(tmp_path: Path) -> None:
    rows = [f"{year},{m},{20 - k},{k},1,s" for year in (2021, 2022, 2023) for k, m in enumerate(MEMBERS[:3])]
    file = study(tmp_path, ("draws = 40", 'draws = 20\nroll_calls = "counts.csv"'), ("rounds = 1", "rounds = 0"))
    (tmp_path / "counts.csv").write_text("\n".join((HEAD, *rows)) + "\n")
    target = load_calibration(file).target
    assert [y.year for y in target.roll_calls] == [2021, 2022], "what is not over by the date is not used"
    assert target.polled == {*MEMBERS[:3]}
    assert calibrate(file, tmp_path / "out", jobs=1).finished
    held = posterior.read(tmp_path / "out" / "posterior.nc")
    measured = {c.name for c in COEFFICIENTS if c.phase in MEASURES} - {"roll_call_western_ties", "roll_call_levels"}
    assert measured <= {*held.columns}
    assert {f"members.{m}.roll_call_effect" for m in MEMBERS[:3]} <= {*held.places}
    seen = Calibration.open(tmp_path / "out").inference_data["observed_data"]["roll_calls"]
    assert seen.sel(year=2022, member=MEMBERS[1]).to_series().tolist() == [19, 1, 1]
    later = {"time.record_from": "2020-01-01", "time.start": "2023-07-01"}
    later |= {"time.horizons": [5.0], "posterior": str(tmp_path / "out" / "posterior.nc")}
    drawn = compile(load(SIX, later))
    assert drawn.start.states is not None, drawn.start.words
    own = compile(load(SIX, later | {"behaviour.roll_call_levels": 9.0}))
    assert own.start.states is not None, "the record does not depend on them"
    first = [next(iter(run_block(p, 1, 0))).stance for p in (drawn, own)]
    np.testing.assert_array_equal(*first)


# --------------------------------------------------------------------------------------------------- leave a year out


def test_what_draws_made_of_each_year_adds_up_to_their_likelihood() -> None:
    target = polled(("roll_call_discrimination",), **STILL)
    z = generator(5).standard_normal((8, target.space.size))
    made = increments(target, z, (6,))
    assert list(made) == [y.year for y in target.roll_calls]
    np.testing.assert_allclose(sum(made.values()), log_likelihood(target, z, (6, 0)), atol=1e-9)


def test_a_year_that_moved_a_posterior_is_found() -> None:
    """Normal draws of three years' evidence: without the strong one the mean goes back by as much as it had moved."""
    rng, seen, precision = generator(7), {1: 0.2, 2: 1.2, 3: -0.1}, {1: 0.3, 2: 1.0, 3: 0.3}
    whole = 1.0 + sum(precision.values())
    mean = sum(seen[k] * precision[k] for k in seen) / whole
    z = mean + rng.standard_normal((20_000, 2)) * np.array([whole**-0.5, 1.0])
    made = {k: -0.5 * precision[k] * (z[:, 0] - seen[k]) ** 2 for k in seen}
    first, *_ = influences(("a", "idle"), z, made)
    without = (seen[1] * 0.3 + seen[3] * 0.3) / 1.6
    assert (first.year, first.coordinate) == (2, "a")
    assert first.moved == pytest.approx(mean - without, abs=5 * first.error)
    assert first.error < 0.03
    assert first.effective < 20_000
