"""What is set stands in the title, in words, and messages say it as it is typed."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_origin

import pytest

from sim.errors import InputError, on_command_line
from sim.results.run import titled
from sim.scenario.load import load
from sim.scenario.messages import toml
from sim.scenario.names import KEY, LINE
from sim.scenario.overrides import parse_override
from sim.scenario.tables import AllianceTable, ScenarioTables, Time
from sim.scenario.titles import SAID
from tests.helpers import SIX

WORDS = {
    "time.start=2020-02": "the start moved to February 2020",
    "time.end=2028-01-01": "the end moved to January 2028",
    "time.step=month": "steps of a month",
    "time.record_from=1995": "the record from January 1995",
    "time.horizons=[3]": "a horizon of 3 years",
    "time.horizons=[1, 2.5, 4]": "horizons of 1, 2.5 and 4 years",
    'time={step="year", horizons=[1]}': "steps of a year, a horizon of 1 year",
    "alliance.name=A@B": "the alliance named A@B",
    "alliance.leader_name=Foo": "the leader named Foo",
    "alliance.rival_name=Foo": "the rival named Foo",
    "alliance.quorum=3@always": "a quorum of 3 for all time",
    "alliance.crises=drawn": "drawn crises",
    "alliance.motions=drawn": "motions drawn",
    "alliance.renewal_window=0.5": "a renewal window of 0.5 years",
    "inputs=held": "held inputs",
    "description=a@b": "another description",
    "posterior=none": "no posterior",
    "members.AAA.admissible=false": "State A not admissible",
    "members.AAA.admissible=true": "State A admissible",
    "members.AAA.name=Foo": "AAA named Foo",
    "members.AAA.western_ties.trade=high": "Western ties of State A (trade) high",
    "members.AAA.autonomy={scale=2}": "autonomy of State A times 2",
    "members.AAA.autonomy={shift=-0.1, from=2024-01-01}": "autonomy of State A shifted by -0.1 from January 2024",
    'leader.war={knots={2020-01-01="high", 2025-03-15=0.5}, join="step"}': "war of LEA high in January 2020 "
    "then 0.5 on 15 March 2025 (each held until the next)",
    'leader.war={distribution={family="beta", a=1, b=4}}': "war of LEA drawn from beta(a 1, b 4)",
    "disputes.BBB-AAA=low": "dispute of State B and State A low",
    "behaviour.peers=0.3": "coefficient peers 0.3",
    "weights.dependence={trade=0.3, remittances=0.2, energy=0.3, debt=0.2}": "weight of trade in dependence 0.3, "
    "weight of remittances in dependence 0.2, weight of energy in dependence 0.3, weight of debt in dependence 0.2",
}


@pytest.mark.parametrize("typed", WORDS)
def test_everything_set_but_the_title_stands_in_the_title_in_words(typed: str) -> None:
    scenario = load(SIX)
    path, value = parse_override(typed)
    assert scenario.in_words(path, value) == WORDS[typed]


def test_a_rival_with_a_name_is_called_by_it_wherever_values_are_put_in_words() -> None:
    scenario = load("gcc/history-1981-2023")
    said = [scenario.subject(path) for path in scenario.tables.values if not path.startswith("disputes.")]
    said += [value.meaning(scenario.tables.alliance.rival_name) for value in scenario.tables.values.values()]
    assert not any("west" in words.lower() for words in said)
    assert scenario.in_words("members.KWT.western_ties.trade", "high") == "ties of Kuwait with Iran (trade) high"
    assert scenario.in_words("weights.security_offer.west", 0.5) == "weight of Iran in security offer 0.5"


def test_everything_that_is_no_coded_value_has_its_words() -> None:
    """Of the keys that hold a word, a number, a date or a list of numbers; the title is said as it is."""
    keys = {f"{table}.{k}" for table, of in (("time", Time), ("alliance", AllianceTable)) for k in of.model_fields}
    keys |= {k for k, field in ScenarioTables.model_fields.items() if get_origin(field.annotation) is Literal}
    assert keys | {"description", "posterior"} == {*SAID}


@pytest.mark.parametrize("typed", ["time.step=month", "time.horizons=[3]", "members.AAA.admissible=false"])
def test_a_title_says_it_once_unless_it_is_set_itself(typed: str) -> None:
    path, value = parse_override(typed)
    scenario = titled(load(SIX, {path: value}))
    assert scenario.tables.title == f"{load(SIX).tables.title} with {WORDS[typed]}"
    assert titled(scenario).tables.title == scenario.tables.title
    assert titled(load(SIX, {path: value, "title": "Mine"})).tables.title == "Mine"


@pytest.mark.parametrize(
    "typed",
    [
        "true",
        "1e10",
        "1e308",
        "-1e20",
        '[true, "a"]',
        '{value = 7500.5, sources = ["assumption: x"]}',
        '{"a b" = false, scale = 1}',
    ],
)
@pytest.mark.parametrize("path", ["leader.war", "time.step", "behaviour.peers", "members.AAA.name"])
def test_a_message_echoes_what_was_typed(path: str, typed: str) -> None:
    with pytest.raises(InputError) as caught:
        load(SIX, dict([parse_override(f"{path}={typed}")]))
    for problem in caught.value.problems:
        assert str(on_command_line(problem)).startswith(f"--set {path}={typed}: ")
        assert "True" not in str(problem)
        assert "False" not in str(problem)


@pytest.mark.parametrize(
    "value", ['a"b\\c\n\x1b', True, 3, 0.1, 1e10, 1e22, 12345678.5, [1, "a"], {"W=1": {"b": -1e-9}}]
)
def test_a_value_written_in_toml_reads_back(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


@pytest.mark.parametrize("key", ["W=1", "=cmd()", "W", "w-1", "a.b", '"', "[x]", "1a", "é", "a" * 70])
def test_a_source_is_offered_only_where_its_key_can_be_one(key: str) -> None:
    given = {"value": 0.1, "sources": [f"{key} AAA 2005"]}
    with pytest.raises(InputError) as caught:
        load(SIX, {"leader.war": given})
    said = next(p.allowed for p in caught.value.problems if "unknown source" in p.found)
    assert (f"add [{key}] to" in said) is KEY.fits(key)
    if KEY.fits(key):
        assert tomllib.loads(f"[{key}]") == {key: {}}
    else:
        assert "add [" not in said


UNSET = {
    "disputes.AAA.BBB=high": "no such dispute; allowed: two codes and a hyphen, disputes.AAA-BBB; "
    "did you mean disputes.AAA-BBB?",
    "disputes.BBB.AAA=high": "no such dispute; allowed: two codes and a hyphen, disputes.AAA-BBB; "
    "did you mean disputes.AAA-BBB?",
    "members.*.autonomy=high": "* is not understood; allowed: one path, or a group of channels, each by name",
    "leader.*=high": "* is not understood; allowed: one path, or a group of channels, each by name",
    "members.AAA.record=[]": "not set this way; allowed: in a scenario's file, such as one that extends this one",
    "events=[]": "not set this way; allowed: in a scenario's file, such as one that extends this one",
    "rules.x.zero=1": "not set this way; allowed: in a scenario's file, such as one that extends this one",
}


@pytest.mark.parametrize("typed", UNSET)
def test_a_path_that_cannot_be_set_says_what_can(typed: str) -> None:
    with pytest.raises(InputError) as caught:
        load(SIX, dict([parse_override(typed)]))
    assert [str(on_command_line(p)) for p in caught.value.problems] == [f"--set {typed}: {UNSET[typed]}"]


@pytest.mark.parametrize("value", [1e308, -1e308, 1e14, 101, 10**18, float("inf"), float("nan")])
def test_a_coefficient_out_of_reach_is_told_its_own_bounds_at_once(value: float) -> None:
    said = {_allowed("behaviour.entrapment", value), _allowed("behaviour.entrapment", -99.0)}
    assert len(said) == 1
    assert "1e+15" not in said.pop()


def _allowed(path: str, value: object) -> str:
    with pytest.raises(InputError) as caught:
        load(Path(SIX), {path: value})
    (problem,) = caught.value.problems
    return problem.allowed


@pytest.mark.parametrize("moved", range(1, 8))
def test_a_title_says_as_much_of_what_was_set_as_it_holds(moved: int) -> None:
    """Whatever is set, the title is one that a file may have; what it does not say it counts."""
    inputs = ["coercion", "war", "domestic_crisis"]
    paths = [f"leader.{x}" for x in inputs] + [f"members.{c}.affinity" for c in ("AAA", "BBB", "CCC", "DDD")]
    scenario = titled(load(SIX, {path: {"value": 0.2, "from": "2021-01-01"} for path in paths[:moved]}))
    title = scenario.tables.title
    assert LINE.fits(title)
    assert "coercion" in title
    said = title.count("0.2 from January 2021")
    assert title.endswith(f" and {moved - said} more") == (said < moved)
    assert titled(scenario).tables.title == title


def test_where_not_even_one_change_fits_a_title_says_how_many_there_are() -> None:
    long = load(SIX, {"leader.war": 0.9, "leader.coercion": 0.1})
    base = "x" * 105
    scenario = titled(replace(long, tables=long.tables.model_copy(update={"title": base})))
    assert scenario.tables.title == f"{base} with 2 changes"
