"""The other alliances that are coded, as they were."""

import re
import tomllib
from datetime import date
from itertools import pairwise

import pytest

from sim.model.membership import ACTIVE, FROZEN, OUTSIDE, STATUSES
from sim.scenario.compile import compile
from sim.scenario.load import Scenario, load
from sim.scenario.reading import shipped
from sim.scenario.values import ASSUMPTION, Coded, priors
from tests.helpers import optional

NATO, PACT = "nato/history-1949-2023.toml", "warsaw-pact/history-1955-1991.toml"
ANZUS, GULF = "anzus/history-1951-2023.toml", "gcc/history-1981-2023.toml"
EACH = pytest.mark.parametrize("name", [NATO, PACT, ANZUS, GULF])
LAST = "2023-08-31"

FOUNDERS = {"BEL", "CAN", "DNK", "FRA", "GBR", "ISL", "ITA", "LUX", "NLD", "NOR", "PRT"}
ENTRIES = {
    "1952-02-18": {"GRC", "TUR"},
    "1955-05-06": {"DEU"},
    "1982-05-30": {"ESP"},
    "1999-03-12": {"CZE", "HUN", "POL"},
    "2004-03-29": {"BGR", "EST", "LTU", "LVA", "ROU", "SVK", "SVN"},
    "2009-04-01": {"ALB", "HRV"},
    "2017-06-05": {"MNE"},
    "2020-03-27": {"MKD"},
    "2023-04-04": {"FIN"},
}


def status(scenario: Scenario, member: str, day: str) -> int:
    return scenario.tables.members[member].status_at(date.fromisoformat(day))


def inside(scenario: Scenario, day: str) -> set[str]:
    return {m for m in scenario.members if status(scenario, m, day) != OUTSIDE}


@pytest.mark.parametrize(
    ("name", "member", "day", "expected"),
    [
        (NATO, "FRA", "1966-03-10", ACTIVE),
        (NATO, "FRA", "1970-01-01", FROZEN),
        (NATO, "FRA", "2009-04-03", FROZEN),
        (NATO, "FRA", "2010-01-01", ACTIVE),
        (NATO, "GRC", "1951-12-31", OUTSIDE),
        (NATO, "GRC", "1974-08-13", ACTIVE),
        (NATO, "GRC", "1976-01-01", FROZEN),
        (NATO, "GRC", "1981-01-01", ACTIVE),
        (NATO, "DEU", "1955-05-05", OUTSIDE),
        (NATO, "ESP", "1986-03-12", ACTIVE),
        (NATO, "POL", "1999-03-11", OUTSIDE),
        (NATO, "FIN", "2023-04-03", OUTSIDE),
        (NATO, "FIN", "2023-04-04", ACTIVE),
        (PACT, "ALB", "1960-12-31", ACTIVE),
        (PACT, "ALB", "1962-01-01", FROZEN),
        (PACT, "ALB", "1968-09-12", FROZEN),
        (PACT, "ALB", "1969-01-01", OUTSIDE),
        (PACT, "HUN", "1957-01-01", ACTIVE),
        (PACT, "CSK", "1968-12-31", ACTIVE),
        (PACT, "ROU", "1968-12-31", ACTIVE),
        (PACT, "DDR", "1990-09-23", ACTIVE),
        (PACT, "DDR", "1990-10-03", OUTSIDE),
        (PACT, "POL", "1991-06-30", ACTIVE),
        (PACT, "POL", "1991-07-01", OUTSIDE),
        (ANZUS, "AUS", "1951-09-01", ACTIVE),
        (ANZUS, "NZL", "1986-08-10", ACTIVE),
        (ANZUS, "NZL", "1986-08-11", FROZEN),
        (ANZUS, "NZL", "2012-06-20", FROZEN),
        (GULF, "QAT", "2017-06-06", ACTIVE),
        (GULF, "OMN", "2013-12-08", ACTIVE),
    ],
)
def test_recorded_status(name: str, member: str, day: str, expected: int) -> None:
    assert STATUSES[status(load(name), member, day)] == STATUSES[expected]


def test_nobody_leaves_nato_and_everybody_enters_on_the_day() -> None:
    nato = load(NATO)
    assert inside(nato, "1949-09-01") == FOUNDERS
    assert len(inside(nato, LAST)) == 30
    for before, after in pairwise(sorted({r.from_ for m in nato.tables.members.values() for r in m.record})):
        assert inside(nato, str(before)) <= inside(nato, str(after))
    assert "SWE" not in nato.members
    entries: dict[str, set[str]] = {}
    for event in nato.tables.events:
        if event.kind == "entry":
            entries.setdefault(str(event.date), set()).add(event.member)
            assert status(nato, event.member, str(event.date)) == ACTIVE
    assert entries == ENTRIES


def test_the_pact_shrinks_to_nothing() -> None:
    pact = load(PACT)
    count = [len(inside(pact, d)) for d in ("1955-07-01", "1968-10-01", "1990-10-01", "1991-07-01")]
    assert count == [7, 6, 5, 0]
    renewals = [str(e.date)[:4] for e in pact.tables.events if e.kind == "renewal"]
    assert renewals == ["1975", "1985"]


def test_who_was_suspended_never_left_anzus() -> None:
    anzus = load(ANZUS)
    assert inside(anzus, "1952-04-29") == inside(anzus, LAST) == {"AUS", "NZL"}
    assert anzus.tables.alliance.quorum == 1


def test_nobody_leaves_the_gulf_council_and_the_blockade_is_the_leaders() -> None:
    gulf = load(GULF)
    assert inside(gulf, "1981-06-01") == inside(gulf, LAST) == set(gulf.members)
    partiality = gulf.tables.values["members.QAT.partiality"].coded
    assert isinstance(partiality, Coded)
    assert partiality.knots is not None
    assert partiality.knots[date(2017, 6, 5)] == "high"


def test_the_pact_is_dissolved_on_the_day_on_which_its_last_members_go() -> None:
    pact = load(PACT)
    assert pact.tables.alliance.dissolved is not None
    last = {m.record[-1].from_ for code, m in pact.tables.members.items() if code not in ("ALB", "DDR")}
    assert last == {pact.tables.alliance.dissolved}


@pytest.mark.parametrize(
    ("name", "against"),
    [(PACT, {("HUN", "1956"), ("CSK", "1968"), ("POL", "1956")}), (GULF, {("QAT", "1992"), ("QAT", "2017")})],
)
def test_interventions_against_members_are_no_answers_to_calls(name: str, against: set[tuple[str, str]]) -> None:
    for event in load(name).tables.events:
        assert (getattr(event, "member", ""), str(event.date)[:4]) not in against


@EACH
def test_it_compiles_and_starts_as_recorded(name: str) -> None:
    scenario = load(name)
    program = compile(scenario)
    assert program.record_ticks == 0
    assert not any(script.drawn for script in program.script)
    for member, start in zip(scenario.members, program.start_status[:, 0], strict=True):
        assert start == status(scenario, member, str(scenario.tables.time.start))


@EACH
def test_every_value_is_coded_and_sourced(name: str) -> None:
    scenario = load(name)
    for path, value in scenario.tables.values.items():
        coded = value.coded
        assert optional(path) or getattr(coded, "rule", "") != "default", path
        assert coded.sources, path
        for source in coded.sources:
            known = source.startswith(ASSUMPTION) or source.split()[0] in scenario.registry
            assert known, (path, source)


@EACH
def test_no_prior_is_overridden(name: str) -> None:
    assert load(name).tables.behaviour == priors()


@EACH
def test_nothing_after_august_2023(name: str) -> None:
    file = shipped("scenarios") / name
    scenario = load(name)
    days = [str(e.date) for e in scenario.tables.events]
    days += [str(r.from_) for m in scenario.tables.members.values() for r in m.record]
    inputs = [v.coded for v in scenario.tables.values.values() if isinstance(v.coded, Coded)]
    days += [str(d) for coded in inputs for d in (coded.knots or {})]
    assert max(days) <= LAST
    assert str(scenario.tables.time.end) <= "2023-10-01"
    later = re.compile(r"(?<![.\d])20(2[4-9]|[3-9]\d)\b|2023-(09-(?!01)|1[0-2])")
    assert later.findall(file.read_text()) == []
    assert later.findall((file.parent / "sources.toml").read_text()) == []


@EACH
def test_every_source_is_cited(name: str) -> None:
    registry = tomllib.loads((shipped("scenarios") / name).with_name("sources.toml").read_text())
    text = (shipped("scenarios") / name).read_text()
    assert [i for i in registry if not re.search(rf'"{i}[" ]', text)] == []
    for key, entry in registry.items():
        assert set(entry) == {"quote", "from"}, key
