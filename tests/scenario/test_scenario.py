"""Scenario files: inheritance, overrides, coded values, the shipped ones and their sources."""

import csv
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.model.variables import COEFFICIENTS
from sim.results.explain import explain
from sim.scenario.catalogue import list as catalogue
from sim.scenario.compile import compile
from sim.scenario.load import load
from sim.scenario.overrides import parse_override
from sim.scenario.reading import scenario_files, shipped
from sim.scenario.values import ASSUMPTION, DEFAULT, WORDS, Coded, cited
from tests.helpers import SIX, optional
from tests.scenarios import changed

SCENARIOS = shipped("scenarios")
SHIPPED = [str(f.relative_to(SCENARIOS)) for f in scenario_files()]
OUTLOOK, HISTORY = "csto/outlook-2023.toml", "csto/history-1992-2023.toml"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario_is_fine(name: str) -> None:
    scenario = load(SCENARIOS / name)
    assert scenario.tables.title
    assert scenario.tables.description
    compile(scenario)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_coded_value_names_its_source(name: str) -> None:
    scenario = load(SCENARIOS / name)
    for path, value in scenario.tables.values.items():
        coded = value.coded
        assert optional(path) or getattr(coded, "rule", "") != DEFAULT, f"{path} is not coded"
        assert coded.sources, path
        for source in coded.sources:
            if not source.startswith(ASSUMPTION):
                entry = scenario.registry[source.split()[0]]
                assert entry["quote"].strip(), (path, source)
                assert entry["from"].strip(), (path, source)
    for event in scenario.tables.events:
        assert event.sources, event


def test_every_source_of_the_registry_is_cited() -> None:
    registry = tomllib.loads((SCENARIOS / "csto/sources.toml").read_text())
    text = "\n".join(f.read_text() for f in (SCENARIOS / "csto").rglob("*.toml") if f.name != "sources.toml")
    by_priors = {i for c in COEFFICIENTS for i in cited(c.source)}
    unused = [i for i in registry if not re.search(rf'"{i}[" ]', text) and i not in by_priors]
    assert unused == []


def test_nothing_after_august_2023_is_coded() -> None:
    """Annual figures of 2023 and arms windows that end in 2023 would reach beyond 31 August."""
    tables = load(HISTORY).tables
    text = (SCENARIOS / HISTORY).read_text()
    assert not re.search(r"(?<![.\d])20(2[4-9]|[3-9]\d)\b", text)
    assert not re.search(r'[A-Z]{3} 2023"|2019-2023"|2021-2023"', text)
    assert max(str(e.date) for e in tables.events) <= "2023-08-31"
    inputs = [v.coded for v in tables.values.values() if isinstance(v.coded, Coded)]
    assert max(str(d) for coded in inputs for d in (coded.knots or {})) <= "2023-08-31"


def test_the_outlook_codes_nothing_of_its_own() -> None:
    """Its start is where the history ends: same inputs, same events, same record."""
    own = tomllib.loads((SCENARIOS / OUTLOOK).read_text())
    assert set(own) == {"extends", "title", "description", "time", "alliance"}
    outlook, history = compile(load(OUTLOOK)), compile(load(HISTORY))
    assert outlook.record_ticks == history.ticks
    assert outlook.edges[: history.ticks + 1] == history.edges
    for path, band in history.bands.items():
        assert (outlook.bands[path].low[: history.ticks] == band.low).all()
        assert (outlook.bands[path].high[: history.ticks] == band.high).all()
    for a, b in zip(outlook.script, history.script, strict=False):
        assert (a.kind == b.kind).all()
        assert (a.help == b.help).all()


def test_the_record_is_the_treaty_record() -> None:
    """Members beside Russia: five in 1992, eight 1994-1999, five, six with Uzbekistan, five."""
    tables = load(HISTORY).tables
    from datetime import date

    count = {
        d: sum(m.status_at(d) > 0 for m in tables.members.values())
        for d in (date(1992, 7, 1), date(1994, 6, 1), date(1999, 6, 1), date(2007, 1, 2), date(2013, 1, 1))
    }
    assert list(count.values()) == [5, 8, 5, 6, 5]


def test_inheritance_merges_tables_and_appends_events(tmp_path: Path) -> None:
    changed(tmp_path, name="parent.toml")
    child = tmp_path / "child.toml"
    child.write_text(
        'extends = "parent.toml"\ntitle = "Child"\n[leader]\n'
        'coercion = { value = "low", sources = ["assumption: x"] }\n'
        '[[events]]\ndate = 2025-01-01\nkind = "renewal"\nsources = ["assumption: x"]\n'
    )
    parent, tables = load(tmp_path / "parent.toml").tables, load(child).tables
    assert tables.title == "Child"
    assert tables.values["leader.coercion"].coded.value == "low"
    assert tables.leader["hierarchy"] == parent.leader["hierarchy"]
    assert len(tables.events) == len(parent.events) + 1
    assert tables.events[-1].kind == "renewal"


def test_a_scenario_may_name_several_registries(tmp_path: Path) -> None:
    """Priors quote the paper, whose words lie beside the CSTO; other alliances name that file too."""
    for key in ("X001", "Y001"):
        (tmp_path / f"{key}.toml").write_text(f'[{key}]\nquote = "q"\nfrom = "f"\n')
    source = 'sources = ["assumption: test"]'
    head = ('title = "Six', 'sources = ["X001.toml", "Y001.toml"]\ntitle = "Six')
    file = changed(tmp_path, head, (source, 'sources = ["X001 AAA 2020", "Y001 AAA 2020"]'))
    assert set(load(file).registry) == {"X001", "Y001"}
    with pytest.raises(InputError, match=r"Z001\.toml"):
        load(changed(tmp_path, head, ("Y001.toml", "Z001.toml")))
    with pytest.raises(InputError, match="sources"):
        load(changed(tmp_path, head, ('"Y001.toml"', "3")))


def test_override_replaces_a_path_a_group_and_a_coefficient() -> None:
    tables = load(
        SIX, {"members.AAA.western_ties": "high", "leader.war": 0.3, "behaviour.peers": 0, "time.step": "year"}
    ).tables
    assert {c.value for c in tables.members["AAA"].inputs["western_ties"].values()} == {"high"}
    assert tables.leader["war"].value == 0.3
    assert tables.leader["war"].sources == ["command line"]
    assert tables.behaviour["peers"].value == 0
    assert tables.time.step == "year"


@pytest.mark.parametrize(
    ("text", "value"),
    [("a.b=1", 1), ("a.b=0.5", 0.5), ("a.b=high", "high"), ("a.b = true", True), ('a.b="very high"', "very high")],
)
def test_parse_override(text: str, value: object) -> None:
    assert parse_override(text) == ("a.b", value)


def test_words_part_the_unit_interval() -> None:
    edges = list(WORDS.values())
    assert edges[0][0] == 0
    assert edges[-1][1] == 1
    assert all(a[1] == b[0] for a, b in pairwise(edges))


def test_explain_shows_path_rule_and_quotation() -> None:
    e = explain(load(OUTLOOK), "members.ARM.dependence.trade")
    *coded, posterior = e.knots
    assert [k.date[:4] for k in coded] == ["1997", "2005", "2012", "2019", "2022"]
    assert posterior.coded.startswith("posterior (")
    assert e.rule == "trade_share"
    assert "0.7" in e.rule_says
    assert all(quotation and where for _, quotation, where in e.sources)
    assert "P041" in {s for s, _, _ in explain(load(OUTLOOK), "behaviour.entry_regime_threat").sources}


def test_priors_cite_what_the_registry_quotes() -> None:
    registry = load(HISTORY).registry
    for c in COEFFICIENTS:
        assert c.source, c.name
        assert all(i in registry for i in cited(c.source)), c.name


def test_catalogue_lists_what_is_shipped() -> None:
    assert {e["name"] + ".toml" for e in catalogue()} == set(SHIPPED)


def test_facts_agree_with_the_tables_they_come_from() -> None:
    """Where the reference tables lie beside the checkout, every coded figure is one of theirs."""
    tables = Path(__file__).resolve().parents[3] / "shared" / "facts" / "structural_data.csv"
    if not tables.exists():
        pytest.skip("reference tables are not part of the project")
    figures: dict[tuple[str, str], set[float]] = {}
    with tables.open() as lines:
        for row in csv.DictReader(lines):
            if row["value"]:
                try:
                    figures.setdefault((row["variable"], row["iso3"]), set()).add(float(row["value"]))
                except ValueError:
                    continue
    checked = 0
    for path, value in load(HISTORY).tables.values.items():
        coded = value.coded
        cited_data = [s.split() for s in coded.sources if not re.match(r"[PBM]\d{3}$|assumption:", s)]
        known = set().union(*(figures.get((s[0], s[1]), set()) for s in cited_data if len(s) > 1))
        if not known or not isinstance(coded, Coded) or coded.rule in ("judgement",):
            continue
        numbers = [v for v in coded.entries().values() if isinstance(v, float)]
        derived = "derived" in coded.note or "distance" in path or path.endswith("affinity")
        for v in numbers:
            if not derived:
                assert any(abs(v - k) < 5e-3 for k in known), (path, v)
                checked += 1
    assert checked > 50


def test_numbers_of_numpy_are_numbers() -> None:
    given = {"leader.coercion": np.float64(0.25), "alliance.quorum": np.int64(3), "behaviour.peers": np.float32(0.5)}
    assert load(SIX, given).resolved == load(SIX, {k: v.item() for k, v in given.items()}).resolved


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "windows.toml"
    file.write_bytes(b"\xef\xbb\xbf" + SIX.read_bytes().replace(b"\n", b"\r\n"))
    assert load(file).fingerprint == load(SIX).fingerprint
