"""A change holds from when it says; one that does not say leaves the record as it was, however it is given."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.engines.ensemble import run_block
from sim.engines.environment import Environment
from sim.errors import InputError, on_command_line
from sim.evidence.claim import load_claim
from sim.model.arrays import Array, each
from sim.model.noise import Noise
from sim.results.explain import explain
from sim.scenario.compile import Program, compile, vary
from sim.scenario.load import load
from sim.scenario.overrides import canonical, parse_override, parse_overrides
from sim.scenario.values import WORDS
from sim.scenario.warnings import warnings
from sim.studies.study import load_study
from sim.studies.target import adjustments
from tests.claim_files import claim_file
from tests.helpers import SIX
from tests.study_files import study_file

START, LATER = dt.date(2022, 1, 1), dt.date(2024, 1, 1)
PATHS = ["members.AAA.autonomy", "members.BBB.western_ties", "leader.coercion", "disputes.AAA-BBB"]
SINCE = {"": START, "2024-01-01": LATER, "always": None}
"""What is said of when, and what it means in the scenario below."""


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Six states with two years of record before the forecast."""
    file = tmp_path / "recorded.toml"
    file.write_text(f'extends = "{SIX}"\n[time]\nrecord_from = 2020-01-01\nstart = 2022-01-01\nhorizons = [1, 3]\n')
    return file


def by_text(file: Path, path: str, amount: object, since: str) -> Program:
    at = f"@{since}" if since else ""
    return compile(load(file, dict([parse_override(f"{path}={amount}{at}")])))


def in_python(file: Path, path: str, amount: object, since: str) -> Program:
    return compile(load(file, {path: {"value": amount, **({"from": since} if since else {})}}))


def by_factor(file: Path, path: str, amount: object, since: str, way: str = "value") -> Program:
    when = {"": "", "always": 'from = "always"\n'}.get(since, f"from = {since}\n")
    study = study_file(
        file.parent,
        (str(SIX), str(file)),
        ('set = { "time.step" = "year" }', ""),
        ('path = "leader.coercion"', f'path = "{path}"\nas = "{way}"\n{when}'),
        *([] if isinstance(amount, float) else [("values = [0.0, 0.3, 0.6, 0.9]", f'values = ["{amount}", "low"]')]),
        ('paths = ["members.AAA.autonomy", "members.BBB.autonomy"]', 'path = "behaviour.peers"'),
        ('as = "scale"\nlow = 0.5\nhigh = 1.5', "low = 0.3\nhigh = 0.5"),
    )
    loaded = load_study(study)
    scenario, factor, to = loaded.scenarios[0], loaded.factors["coercion"], loaded.targets[0]["coercion"]
    place = amount if isinstance(amount, float) else factor.places[0] if factor.places else 0.0
    return vary(compile(scenario), scenario, adjustments(factor, to, place), {})


def by_claim(file: Path, path: str, amount: object, since: str) -> Program:
    text = json.dumps(f"{amount}@{since}" if since else amount)
    claim = claim_file(
        file.parent,
        (str(SIX), str(file)),
        (str(SIX), str(file)),
        ('"time.step" = "year"\n"members.AAA.affinity" = 1.0', f'"time.step" = "year"\n"{path}" = {text}'),
    )
    return compile(load_claim(claim).scenarios["alike"])


def by_adjustment(file: Path, path: str, amount: object, since: str) -> Program:
    """In a file one writes the date; without one it holds throughout."""
    child = file.with_name("child.toml")
    date = "" if since == "always" else f"from = {since or START}\n"
    child.write_text(
        f'extends = "{file}"\n[[adjustments]]\npath = "{path}"\nvalue = {json.dumps(amount)}\n'
        'sources = ["assumption: test"]\n' + date
    )
    return compile(load(child))


def check(program: Program, before: Program, path: str, since: dt.date | None, change: Callable[[Any], Any]) -> None:
    """Bands of the path are as before up to a date and changed from then on; all others stay."""
    for name, band in program.bands.items():
        old = before.bands[name]
        mine = name == path or name.startswith(f"{path}.")
        later = np.array([mine and (since is None or day >= since) for day in program.edges[:-1]])
        low, high = change((old.low, old.high)) if mine else (old.low, old.high)
        np.testing.assert_array_equal(band.low, np.where(later, low, old.low), err_msg=name)
        np.testing.assert_array_equal(band.high, np.where(later, high, old.high), err_msg=name)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize("amount", [0.3, "very high"])
@pytest.mark.parametrize("way", [by_text, in_python, by_claim, by_adjustment, by_factor])
def test_a_value_holds_from_when_it_says(
    recorded: Path, way: Callable[..., Program], amount: float | str, since: str, path: str
) -> None:
    program = way(recorded, path, amount, since)
    before = compile(load(recorded, {"time.step": "year"} if way is by_claim else {}))
    least, most = WORDS[amount] if isinstance(amount, str) else (amount, amount)
    check(program, before, path, SINCE[since], lambda band: (least, most))


@pytest.mark.parametrize("since", SINCE)
@pytest.mark.parametrize(("way", "amount"), [("scale", 0.5), ("shift", 0.2)])
def test_a_factor_moves_from_when_it_says(recorded: Path, way: str, amount: float, since: str) -> None:
    def change(band: tuple[Any, Any]) -> list[Any]:
        return [np.clip(x * amount if way == "scale" else x + amount, 0, 1) for x in band]

    for path in PATHS:
        program = by_factor(recorded, path, amount, since, way)
        check(program, compile(load(recorded)), path, SINCE[since], change)
        given = {way: amount, **({"from": since} if since else {})}
        check(compile(load(recorded, {path: given})), compile(load(recorded)), path, SINCE[since], change)


def test_without_a_record_a_change_holds_throughout() -> None:
    for amount in (0.3, "high"):
        scenario = load(SIX, {"leader.coercion": amount})
        assert not scenario.tables.adjustments
        assert scenario.tables.values["leader.coercion"].coded.value == amount


def test_a_record_that_is_set_counts() -> None:
    changes = {"leader.coercion": 0.3, "time.record_from": "2020-01-01", "time.start": START, "time.horizons": [1]}
    assert str(load(SIX, changes).tables.adjustments[0]) == "replaced by 0.3 from 2022-01-01"


def test_a_change_after_the_record_leaves_every_state_at_the_start(recorded: Path) -> None:
    def start(changes: dict[str, Any]) -> list[Array]:
        record = next(iter(run_block(compile(load(recorded, changes)), 3, 0, slice(0, 64))))
        found: list[Array] = []
        each(lambda x: found.append(x) or x, record)
        return found

    plain = start({})
    for path in PATHS:
        for change in (0.9, "none", {"scale": 0.5}, {"shift": 0.3, "from": LATER}, "0.2@2024-01-01"):
            for a, b in zip(plain, start({path: change}), strict=True):
                np.testing.assert_array_equal(a, b)
    moved = start({"leader.coercion": "none@always", "members.AAA.autonomy": "very high@always"})
    assert any((a != b).any() for a, b in zip(plain, moved, strict=True))


def test_a_word_after_a_distribution_lies_anywhere_in_its_band(recorded: Path) -> None:
    child = recorded.with_name("beta.toml")
    child.write_text(
        f'extends = "{recorded}"\n[leader]\nreliability = {{ distribution = {{ family = "beta", a = 4, b = 16 }}, '
        'sources = ["assumption: test"] }\n'
    )
    plain = Environment(compile(load(child)), Noise(1, 0))
    changed = Environment(compile(load(child, {"leader.reliability": "high"})), Noise(1, 0))
    np.testing.assert_array_equal(plain.at(7).leader.reliability, changed.at(7).leader.reliability)
    x = changed.at(8).leader.reliability
    assert 0.625 <= x.min() < 0.64
    assert 0.86 < x.max() <= 0.875
    assert abs(x.mean() - 0.75) < 0.01
    always = Environment(compile(load(child, {"leader.reliability": "high@always"})), Noise(1, 0))
    np.testing.assert_allclose(always.at(0).leader.reliability, x)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("leader.coercion", "high@soon", "soon is not a date"),
        ("leader.coercion", "high@2040-01-01", "before the end, 2030-01-01"),
        ("leader.coercion", "hihg@2025-01-01", "hihg"),
        ("leader.coercion", {"knots": {"2025-01-01": 0.2}}, "for all time"),
        ("leader.coercion", {"distribution": {"family": "beta", "a": 1, "b": 1}}, "for all time"),
        ("behaviour.peers", "0.3@2025-01-01", "it holds for all time"),
        ("alliance.quorum", "3@2025-01-01", "it holds for all time"),
    ],
)
def test_what_cannot_hold_from_a_date_is_refused(recorded: Path, path: str, value: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(recorded, {path: value})


def test_what_holds_for_all_time_may_say_so(recorded: Path) -> None:
    tables = load(recorded, {"behaviour.peers": "0.3@always", "alliance.quorum": "3@always"}).tables
    assert (tables.behaviour["peers"].value, tables.alliance.quorum) == (0.3, 3)


def test_a_file_that_rewrites_the_past_is_warned_of(recorded: Path) -> None:
    def said(text: str, parent: Path = recorded) -> str:
        file = recorded.with_name("warned.toml")
        file.write_text(f'extends = "{parent}"\n{text}')
        return "\n".join(map(str, warnings(load(file))))

    late = '[leader]\ncoercion = { knots = { 2025-01-01 = "high" }, sources = ["assumption: test"] }\n'
    assert "leader.coercion: not as in the parent before the start" in said(late)
    assert "warned.toml:3: leader.coercion" in said(late)
    assert "its first knot, 2025-01-01, holds before it too" in said(late)
    assert "1 path begins after the first tick, 2020-01-01" in said(late, SIX)
    knots = '2020-01-01 = 0.6, 2024-12-31 = 0.6, 2025-01-01 = "high"'
    kept = f'coercion = {{ knots = {{ {knots} }}, sources = ["assumption: test"] }}'
    assert not said(f"[leader]\n{kept}\n")
    for date, warned in (("", True), ("from = 2021-01-01\n", True), ("from = 2022-01-01\n", False)):
        text = f'[[adjustments]]\npath = "leader.coercion"\nvalue = "high"\n{date}sources = ["assumption: test"]\n'
        assert bool(said(text)) is warned
    assert not said("")


def test_explain_shows_what_a_run_uses(recorded: Path) -> None:
    e = explain(recorded, "leader.coercion", {"leader.coercion": "high@2024-01-01"})
    assert [(k.date, k.coded, k.low, k.high) for k in e.used] == [
        ("2020-01-01", "0.6", 0.6, 0.6),
        ("2024-01-01", 'replaced by "high" from 2024-01-01', 0.625, 0.875),
    ]
    assert e.changed
    for path in (PATHS[0], PATHS[2]):
        single = next(p for p in load(recorded).tables.adjustable[path])
        program = compile(load(recorded, {path: {"scale": 0.5}}))
        for knot in explain(recorded, single, {path: {"scale": 0.5}}).used:
            tick = program.edges.index(dt.date.fromisoformat(knot.date))
            assert program.bands[single].low[tick] == pytest.approx(knot.low)


WHOLE = {"knots": {"2020-01-01": 0.1, "2025-01-01": 0.2}, "from": "always"}


@pytest.mark.parametrize(
    ("path", "adjusted"),
    [
        ("leader.coercion", ["leader.coercion"]),
        ("disputes.BBB-AAA", ["disputes.AAA-BBB"]),
        ("members.AAA.western_ties.trade", ["members.AAA.western_ties"]),
        ("members.AAA.western_ties", ["members.AAA.western_ties.trade", "members.AAA.western_ties.security"]),
    ],
)
def test_a_whole_path_is_not_adjusted_afterwards(recorded: Path, path: str, adjusted: list[str]) -> None:
    file = recorded.with_name("adjusted.toml")
    source = 'sources = ["assumption: test"]\n'
    entries = [f'[[adjustments]]\npath = "{p}"\nscale = 0.5\n{source}' for p in ("leader.war", *adjusted)]
    wrong = f'[[adjustments]]\npath = "leader.wra"\nscale = 0.5\n{source}'
    file.write_text(f'extends = "{recorded}"\n' + "\n".join(entries))
    plain, before = compile(load(recorded, {path: WHOLE})), compile(load(file))
    after = compile(load(file, {path: WHOLE}))
    for name, band in after.bands.items():
        mine = name in load(SIX).tables.adjustable[canonical(path)]
        expected = plain.bands[name] if mine else before.bands[name]
        np.testing.assert_array_equal(band.low, expected.low, err_msg=name)
        np.testing.assert_array_equal(band.high, expected.high, err_msg=name)
    file.write_text(f'extends = "{recorded}"\n' + "\n".join([*entries, wrong]))
    at = next(k for k, line in enumerate(file.read_text().splitlines(), 1) if "wra" in line)
    with pytest.raises(InputError, match=rf"adjusted\.toml:{at}: adjustments\[\d\]\.path: unknown input path"):
        load(file, {path: WHOLE})


def test_a_path_is_given_once(recorded: Path) -> None:
    with pytest.raises(InputError, match=r"set: leader\.war: given twice: 0.1, 0.2; allowed: each path once"):
        parse_overrides(["leader.war=0.1", "leader.coercion=0.1", "leader.war=0.2"])
    with pytest.raises(InputError, match=r"set: disputes\.AAA-BBB: given twice"):
        load(recorded, {"disputes.AAA-BBB": 0.1, "disputes.BBB-AAA": 0.2})


TYPED = {
    "=hihg": 'unknown word "hihg"; allowed: none, low, medium, high, very high; did you mean high?',
    "=HIGH": 'unknown word "HIGH"; allowed: none, low, medium, high, very high; did you mean high?',
    "=1.5": "1.5; allowed: 0 to 1, or one of none, low, medium, high, very high",
    "=nan": "nan is not finite; allowed: a number or one of none, low, medium, high, very high",
    "=": "no value; allowed: a number or one of none, low, medium, high, very high",
    "=@2025": "no value; allowed: a number or one of none, low, medium, high, very high",
    "==high": 'unknown word "=high"; allowed: none, low, medium, high, very high; did you mean high?',
    "=high@": "no date after @; allowed: YYYY, YYYY-MM or YYYY-MM-DD, or always",
    "=high@2025-13": "2025-13 is not a date; allowed: YYYY, YYYY-MM or YYYY-MM-DD, or always",
    "=high@1980": "1980-01-01 is before the first tick: no run reaches it; "
    "allowed: from 2020-01-01 to before the end, 2030-01-01, or always",
    "=high@2040": "2040-01-01 is after the last tick: no run reaches it; "
    "allowed: from 2020-01-01 to before the end, 2030-01-01, or always",
    "=hihg@always": 'unknown word "hihg"; allowed: none, low, medium, high, very high; did you mean high?',
    "={scale = -1}": "scale: -1; allowed: at least 0",
}
"""What is typed after a path, and what is said of it."""


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("path", ["leader.coercion", "members.AAA.western_ties", "disputes.AAA-BBB"])
def test_messages_name_what_was_typed(recorded: Path, path: str, typed: str) -> None:
    with pytest.raises(InputError) as caught:
        load(recorded, dict([parse_override(f"{path}{typed}")]))
    assert [str(on_command_line(p)) for p in caught.value.problems] == [f"--set {path}{typed}: {TYPED[typed]}"]


OTHERS = {
    "weights.dependence.trade=0.9": "weights.dependence: weights that sum to 1.7; allowed: a sum of 1",
    "weights.dependance.trade=0.9": "weights.dependance: unknown key; "
    "allowed: dependence, western_ties, other_ties, security_offer; did you mean dependence?",
    "behaviour.entrapment=high": '"high" is not a number; allowed: a number',
    "behaviour.entrapmant=1": "unknown coefficient; did you mean behaviour.entrapment?",
    "alliance.quorum=0": "0; allowed: at least 1",
    "title=": "empty; required: text",
    "time.end=2500": "2500 is not between 1700-01-01 and 2200-12-31; allowed: YYYY, YYYY-MM or YYYY-MM-DD",
    "time.start=1980": "time.record_from: 2020-01-01 is after the start 1980-01-01; allowed: the start, or before it",
    "posterior=nowhere.csv": "no such file: nowhere.csv; "
    "allowed: a file beside the one that names it, or a shipped one",
    "tim.step=year": "unknown path; did you mean time.step?",
}


@pytest.mark.parametrize("typed", OTHERS)
def test_messages_of_other_settings_name_what_was_typed(recorded: Path, typed: str) -> None:
    with pytest.raises(InputError) as caught:
        load(recorded, dict([parse_override(typed)]))
    said = [str(on_command_line(p)) for p in caught.value.problems]
    assert f"--set {typed}: {OTHERS[typed]}" in said
    assert all(line.startswith(f"--set {typed}: ") for line in said)


def test_a_file_s_own_mistake_is_not_blamed_on_what_is_set(recorded: Path) -> None:
    file = recorded.with_name("own.toml")
    file.write_text(f'extends = "{recorded}"\n[weights.dependence]\ntrade = 0.9\n')
    with pytest.raises(InputError) as caught:
        load(file, {"leader.war": "hihg"})
    assert [p.where for p in caught.value.problems] == [f"{file}:2", "set"]


@pytest.mark.parametrize("text", ["=high", "leader.war", ""])
def test_what_is_no_path_and_value_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no path before `=`" if "=" in text else "no `=`"):
        parse_overrides([text])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[[adjustments]]\npath = "leader.war"\nvalue = 1.0\nfrom = {}', "adjustments[0].from"),
        ('[[events]]\nkind = "crisis"\nmember = "AAA"\nthreat = "regime"\nanswer = "refused"\ndate = {}', "].date"),
    ],
)
@pytest.mark.parametrize("day", ["2030-01-01", "2019-12-31"])
def test_an_entry_on_a_day_that_no_run_reaches_is_refused(recorded: Path, text: str, found: str, day: str) -> None:
    file = recorded.with_name("never.toml")
    file.write_text(f'extends = "{recorded}"\n{text.format(day)}\nsources = ["assumption: test"]\n')
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert found in problem.path
    assert "from 2020-01-01 to before" in problem.allowed


KNOTS = '[leader]\nwar = {{ knots = {{ {} }}, join = "{}", sources = ["assumption: test"] }}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KNOTS.format("2020-01-01 = 0.1, 2030-01-01 = 0.2", "linear"), ""),
        (KNOTS.format("2020-01-01 = 0.1, 2030-01-01 = 0.2", "step"), "1 of 2 dates, such as 2030-01-01, after"),
        (KNOTS.format("2020-01-01 = 0.1, 2030-01-01 = 0.2, 2031-01-01 = 0.2", "linear"), "1 of 3 dates, such as 2031"),
        (KNOTS.format("2010-01-01 = 0.1, 2019-01-01 = 0.2", "linear"), "1 of 2 dates, such as 2010-01-01, before the"),
        (KNOTS.format("2019-01-01 = 0.1, 2021-01-01 = 0.2", "linear"), ""),
    ],
)
def test_dates_on_which_no_run_depends_are_warned_of(recorded: Path, text: str, said: str) -> None:
    file = recorded.with_name("never.toml")
    file.write_text(f'extends = "{recorded}"\n{text}')
    found = [str(w) for w in warnings(load(file)) if "no run depends on them" in str(w)]
    assert [said in line for line in found] == ([True] if said else [])


def test_what_is_meant_is_not_warned_of(recorded: Path) -> None:
    late = '[leader]\ncoercion = { knots = { 2025-01-01 = "high" }, sources = ["assumption: test"] }\n'
    file = recorded.with_name("meant.toml")
    for parent, kind in ((recorded, "past"), (SIX, "late")):
        texts = [f'extends = "{parent}"\n{meant}{late}' for meant in ("", f'meant.{kind} = "it is"\n')]
        scenarios = []
        for text in texts:
            file.write_text(text)
            scenarios.append((load(file).fingerprint, len(warnings(load(file)))))
        (before, warned), (after, still) = scenarios
        assert (before, warned, still) == (after, 1, 0)
    file.write_text(f'extends = "{recorded}"\nmeant.past = ""\nmeant.other = "x"\n')
    with pytest.raises(InputError, match=r"meant\.past: empty"):
        load(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("", "Coded values are joined linearly."),
        ("high@2025", "Coded values are joined linearly; a change holds from its day on."),
    ],
)
def test_how_values_are_joined_is_said_of_what_is_joined(recorded: Path, change: str, said: str) -> None:
    file = recorded.with_name("joined.toml")
    file.write_text(
        f'extends = "{recorded}"\n'
        + KNOTS.format("2020-01-01 = 0.1, 2021-01-01 = 0.2", "linear")
        + KNOTS.format("2020-01-01 = 0.1, 2021-01-01 = 0.2", "step").replace("[leader]\nwar", "coercion")
        + '[[adjustments]]\npath = "leader.reliability"\nvalue = 0.5\nfrom = 2025-01-01\n'
        'sources = ["assumption: test"]\n'
    )
    assert explain(file, "leader.war", {"leader.war": change} if change else None).joined == said
    assert explain(file, "leader.coercion").joined == "Coded values are each held until the next."
    assert explain(file, "leader.reliability").joined == "A change holds from its day on."
    assert explain(file, "behaviour.entrapment").joined == ""
