"""`cohesion report`: what it says, that it asks for nothing, whatever a scenario is called; in browsers and in Word."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim.analysis.analysis import Analysis, origins
from sim.analysis.contagion import Contagion
from sim.analysis.drivers import Drivers
from sim.analysis.find import Found
from sim.errors import InputError
from sim.evaluation.forecasts import AS_PUBLISHED
from sim.figures.rows import Skill, Worth
from sim.inference.study import load_calibration
from sim.model.outcomes import shown
from sim.reports import (
    analysis as analysis_words,
    calibration,
    comparison,
    document,
    mechanisms,
    pictures,
    run as run_words,
    sweep as sweep_words,
)
from sim.reports.assumed import assumed
from sim.reports.backtest import beaten
from sim.reports.blocks import Column, Paragraph, Table
from sim.reports.brief import MADE_BY, Brief, chosen
from sim.reports.document import in_word
from sim.reports.glossary import glossary
from sim.reports.in_force import ACROSS, MARK
from sim.reports.layout import heads, labels, unbroken, wide
from sim.reports.page import SHORT, File, Verbatim, html, page, words
from sim.reports.report import again, command
from sim.reports.trust import UNSCORED, limits, of_alliance, of_scores
from sim.results.change import difference
from sim.results.result import Result
from sim.scenario.left_out import LeftOut, quote, scores, trust, unsupported
from sim.scenario.load import drawn, load
from sim.studies.sweep import Sweep
from sim.studies.tables import Factor
from tests.helpers import MARK_OFF, SIX
from tests.scenarios import changed
from tests.study_files import study_file

HOSTILE = "</title><script>alert('x')</script><img src=x onerror=alert(1)> & {{ 7 * 7 }}"
STATE = "<b onmouseover=alert(1)>State A</b>"
CHROMIUM = shutil.which("chromium")
browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")


class Parsed(HTMLParser):
    """Elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.elements)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("report")
    text = SIX.read_text()
    title, name = (re.search(p, text)[0] for p in (r"(?m)^title = .*$", r"(?m)^name = .*$"))  # type: ignore[index]
    file = changed(folder, (title, f'title = "{HOSTILE}"'), (name, f'name = "{STATE}"'))
    return sim.run(load(file, {"time.step": "year"}), runs=32, seed=3, out=folder / "run")


@pytest.fixture(scope="module")
def folder(result: Result) -> Path:
    return Path(result.scenario.file).parent / "run"


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return sim.report(folder).read_text("utf-8")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("sweep")
    changes = (("Coercion against autonomy", HOSTILE), ("levels = 5", "levels = 3"), ("runs = 40", "runs = 16"))
    return sim.sweep(study_file(folder, *changes), folder / "out", jobs=1)


@pytest.fixture(scope="module")
def sweep_text(swept: Sweep) -> str:
    return sim.report(swept.folder).read_text("utf-8")


def test_a_report_stands_beside_the_folder_and_says_what_the_command_says(result: Result, text: str) -> None:
    said = Parsed(text).text
    s, dates = result.summary(), run_words.horizons(result)
    for sentence in (run_words.answer(s, dates), s["begins"], s["coefficients"], "Seed 3", "What it does not support"):
        assert " ".join(sentence.split()) in said or escape(sentence) in text
    for block in run_words.probabilities(s, dates):
        if isinstance(block, Table):
            assert all(str(cell) in said for row in block.rows for cell in row)


def test_every_coded_value_is_listed_with_its_sources(result: Result, text: str) -> None:
    parsed, values = Parsed(text), result.scenario.tables.values
    explained, rows = assumed([result.scenario])
    assert [row.path for row in rows] == list(values)
    assert sum(tag == "td" and a.get("data-head") == "Rule" for tag, a in parsed.elements) == len(values)
    assert all(e.sources == [] or row.sources for e, row in zip(explained, rows, strict=True))
    assert all(path in parsed.text for path in values)


def test_on_paper_is_what_is_in_force_state_beside_state_and_what_a_setting_changes_in_full() -> None:
    """The value at the start of the forecast, then what it becomes; a star for an assumption alone."""
    s = load("csto/outlook-2023", {"members.ARM.security_offer.west": "0.8@2025-01-01"})
    made = page(Brief("t", "q", ["a"], [], {}, scenarios=[s]), {})
    reading, changed, first, *others = made.on_paper
    assert isinstance(reading, Paragraph)
    assert "begins, in October 2023" in reading.plain
    assert isinstance(first, Table)
    assert [c.head for c in first.columns][1:] == [s.tables.members[m].name for m in s.members[:ACROSS]]
    rows = {str(row[0]): dict(zip(s.members, row[1:], strict=False)) for row in first.rows}
    assert rows["security offer (the West)"]["ARM"] == "0 → 0.8"
    assert rows["dependence (arms)"]["ARM"] == "0.82", "the middle of what is meant, of the last date before the start"
    assert rows["opinion"]["ARM"] == "high"
    everything = [str(cell) for table in (first, *others) for row in table.rows for cell in row]  # type: ignore[union-attr]
    assert sum(x.endswith(MARK) for x in everything) == sum(e.bare for e in assumed([s])[0])
    assert [row.path for row in made.assumed if row.changed] == ["members.ARM.security_offer.west"]
    assert isinstance(changed, Table)
    ((what, now, sources),) = changed.rows
    assert str(what).startswith("Armenia: ")
    assert now == "0 → 0.8"
    assert "command line" in sources


def test_of_a_second_scenario_only_what_differs_is_listed() -> None:
    base, other = load(SIX), load(SIX, {"leader.coercion": 0.2})
    _, rows = assumed([base, other])
    assert [row.path for row in rows[len(base.tables.values) :]] == ["leader.coercion"]


@pytest.mark.parametrize("kind", ["text", "sweep_text"])
def test_nothing_of_a_hostile_name_becomes_markup(kind: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(kind)
    parsed = Parsed(page)
    assert parsed.count("title") == 1
    assert parsed.count("b") == 0
    assert parsed.count("script") == 1 + (kind == "sweep_text")
    assert all(
        a["src"] and a["src"].startswith("data:image/") and a["alt"] for tag, a in parsed.elements if tag == "img"
    )
    assert not [a for _, a in parsed.elements if any(name.startswith("on") for name in a)]
    assert HOSTILE in parsed.text
    assert "{{" not in page.replace(escape("{{ 7 * 7 }}"), "").replace("{{ 7 * 7 }}", "")


@pytest.mark.parametrize("kind", ["text", "sweep_text"])
def test_nothing_is_asked_of_a_network(kind: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(kind)
    parsed = Parsed(page)
    loaded = [
        a[name] for tag, a in parsed.elements for name in ("src", "srcset", "data", "poster", "action") if a.get(name)
    ]
    loaded += [a.get("href") for tag, a in parsed.elements if tag in ("link", "image", "use", "base")]
    assert all(str(address).startswith("data:") for address in loaded)
    assert not re.search(r"@import|url\(|\bfetch\b|XMLHttpRequest|WebSocket|sendBeacon|import\(", page)
    policy = next(a["content"] for tag, a in parsed.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert str(policy).startswith("default-src 'none'")


def test_a_file_that_is_there_is_kept_unless_forced(folder: Path, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is there already; allowed: another `out`, or `force`"):
        sim.report(folder)
    assert sim.report(folder, force=True).read_text("utf-8") == text, "the same folder gives the same bytes"
    assert sim.report(folder, tmp_path / "new" / "brief.html").is_file()


def test_what_has_no_report_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean docx"):
        sim.report(folder, tmp_path / "x", format="doc")
    with pytest.raises(InputError, match="no such folder"):
        sim.report(tmp_path / "nowhere")


def test_a_report_that_cannot_be_written_is_refused_before_it_is_made(folder: Path, tmp_path: Path) -> None:
    """By the one check of every folder that a command writes to."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a directory"):
        sim.report(folder, tmp_path / "file" / "brief.html", progress=lambda *_: pytest.fail("it was made"))


def test_sliders_have_every_point_and_mark_what_is_coded(swept: Sweep, sweep_text: str) -> None:
    data = re.search(r'<script type="application/json" id="points">(.*?)</script>', sweep_text, re.DOTALL)
    assert data is not None
    found = json.loads(data[1])
    assert len(found["points"]) == swept.plan.size
    assert [f["values"] for f in found["factors"]] == [[0.0, 0.3, 0.6, 0.9], [0.5, 1.0, 1.5]]
    coercion, autonomy = (next(iter(f["coded"].values())) for f in found["factors"])
    used = sim.explain(SIX, "leader.coercion").used[-1]
    assert coercion == pytest.approx((used.low + used.high) / 2, abs=1e-6)
    assert autonomy == 1.0, "a factor that multiplies is 1 where nothing is changed"
    last = swept.summary[swept.summary.horizon_years == 3]
    for (_, values, outcomes), point in zip(found["points"], swept.points.itertuples(), strict=True):
        assert values == pytest.approx([point.coercion, point.autonomy])
        rows = last[(last.point == point.point) & (last.outcome == "any_exit")]
        k = [o["label"] for o in found["outcomes"]].index("Some member has left")
        assert outcomes[k][1] == pytest.approx(rows["mean"].iloc[0], abs=1e-4)
    for outcome in found["outcomes"]:
        assert outcome["over"] == (
            "runs" if outcome["label"].startswith("Cohesion") else "coefficients and coded values"
        )


def test_a_word_document_has_answer_tables_and_texts_for_pictures(result: Result, folder: Path, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    file = sim.report(folder, tmp_path / "brief.docx", format="docx")
    made = docx.Document(io.BytesIO(file.read_bytes()))
    said = [p.text for p in made.paragraphs]
    assert said[0].startswith(HOSTILE)
    assert run_words.answer(result.summary(), run_words.horizons(result)) in said
    listed = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    assert all(result.scenario.label(path) in listed for path in result.scenario.tables.values if "behaviour" in path)
    assert said.index("How certain this is") < said.index("Figures"), "so that the first page is full"
    assert len(made.inline_shapes) == 3
    assert all(shape._inline.docPr.get("descr") for shape in made.inline_shapes)
    page = made.sections[0]
    room = page.page_width - page.left_margin - page.right_margin
    for table in made.tables:
        assert sum(column.width for column in table.columns) <= 1.01 * room, "nothing stands beyond the margin"
        assert "w:tblHeader" in table.rows[0]._tr.xml, "the head stands on every page"


def test_what_was_run_stands_in_the_report_letter_for_letter(
    swept: Sweep, sweep_text: str, text: str, folder: Path
) -> None:
    for said, file in ((sweep_text, swept.folder / "study.toml"), (text, folder / "scenario.toml")):
        assert escape(file.read_text("utf-8")).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in said
    assert "Runs 16 at each of 12 points" in Parsed(sweep_text).text


@pytest.mark.parametrize(("lines", "times"), [(SHORT, 1), (SHORT + 1, 0)])
def test_paper_and_word_have_what_was_run_where_it_is_short(lines: int, times: int) -> None:
    pytest.importorskip("docx")
    file = File("study.toml", Verbatim('label = "trade, %"\n' * lines))
    made = page(Brief("t", "q", ["a"], [], {}), {"Version": "1"}, file)
    _, paper = html(made).split(f"<p>{file.heading}</p>")
    assert paper.partition("</div>")[0].count("trade, %") == times * lines
    word = zipfile.ZipFile(io.BytesIO(document.docx(made))).read("word/document.xml").decode("utf-8")
    assert word.count("trade, %") == times * lines
    assert file.heading in word
    assert ("in the folder of results" in file.heading) is not bool(times)


def test_runs_are_said_with_the_points_at_which_they_were_made() -> None:
    for kind, runs in (("sensitivity", "2 × 32 at each of 160 points"), ("sweep", "32 at each of 160 points")):
        contents = {"kind": kind, "identity": {"study": "x"}, "model": "1"}
        assert again({"runs": 32, "points": 160}, contents)["Runs"] == runs
    assert again({"runs": 1000}, contents)["Runs"] == "1,000"


def test_dots_are_as_many_where_a_drawing_was_tried_first(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = result.figures()["ladder"]
    alone = pictures.dots(figure).content
    monkeypatch.setattr(pictures, "HEAVY", 0)
    assert pictures.picture(figure) == pictures.dots(figure)
    assert pictures.dots(figure).content == alone


def test_in_word_a_head_of_several_columns_is_one_cell() -> None:
    docx = pytest.importorskip("docx")
    made, columns = docx.Document(), [Column("From", left=True), Column("Exits\nseen"), Column("\nmean")]
    in_word(made, Table(columns, [["1992", "4", "a word " * 90]]))
    first = made.tables[0].rows[0].cells
    assert first[1]._tc is first[2]._tc
    assert [cell.text for cell in first] == ["", "Exits", "Exits"]


def test_what_is_said_of_every_analysis_has_a_question_and_a_home() -> None:
    """One that has none is said to have nothing, where it should fail for want of tables."""
    kinds = [kind for kind in Analysis.__subclasses__() if kind.__module__.startswith("sim.")]  # not of other tests
    assert len(kinds) > 5
    for kind in kinds:
        assert kind.question.endswith("?")
        assert analysis_words.HOMES[kind].READING.endswith(".")
        assert analysis_words.HOMES[kind].LIMIT.endswith(".")
        with pytest.raises(AttributeError, match="object has no attribute"):
            list(analysis_words.said(object.__new__(kind)))


def test_an_analysis_says_how_such_forecasts_have_done_and_of_which_results_it_is() -> None:
    """Both are kept with it, since the report is made of its folder alone."""
    said = origins([load("nato/history-1949-2023")], {"command": "cohesion run nato/history-1949-2023 --out x"})
    kept = json.loads(json.dumps(said))
    found = Found("Runs", ["a"], {"runs": pd.DataFrame({"run": []})}, {}, kept)
    made = page(analysis_words.brief(found), {})
    assert set(limits([drawn(load("nato/history-1949-2023"))])) < set(made.limits)
    assert set(trust().split("\n\n")) < set(made.certainty)
    contents = {"identity": {"seeds": [1, 2]}, "model": "1"}
    said_again = again({}, contents, analysis_words.again(found))
    assert said_again[MADE_BY] == "cohesion run nato/history-1949-2023"
    assert said_again["Seed"] == "1, 2"
    assert MADE_BY not in again({}, contents)


def test_what_is_said_of_analyses_has_names_and_dates_in_words_and_no_empty_numbers() -> None:
    """Of every table: no code of a state, no date in figures, no nan."""
    names = {"ARM": "Armenia", "KAZ": "Kazakhstan"}
    share = {"share": 0.1, "share_low": -0.1, "share_high": 0.2}
    one = {"outcome": "exit", "member": "ARM", **share}
    driver = {**one, "label": "opinion in Armenia", "kind": "coded value", "of_known": float("nan"), "resolved": 1.0}
    groups = [{**one, "group": g, "inputs": 2, "resolved": float(g == "state: ARM")} for g in ("state: ARM", "all")]
    tables = {"drivers": [driver], "outcomes": [one], "groups": groups}
    effect = {"horizon_years": 10, "date": "2033-10-01", "base": 0.1, "value": 0.2, "effect": 0.1, "mcse": 0.01}
    effects = [
        {**effect, "of": of, "on": on, "low": low, "high": 0.2, "q05": 0.0, "q95": 0.2}
        for of, on, low in (("ARM", "KAZ", 0.05), ("KAZ", "ARM", -0.1))
    ]
    cascade = {"case": "as it is", "exits": 1.0, "cascade": 0.1, "size": 2.0, "years": 1.0}
    errors = {f"{x}_mcse": 0.1 for x in ("exits", "cascade", "size", "years")}
    about = {"names": names, "event": "exit", "footer": "a  |  b 2023-10-01"}
    runs = pd.DataFrame({"run": [3], "ARM leaves, until": ["2029-01-01"], "the alliance dissolves, until": [""]})
    found = [
        Drivers("t", [], {k: pd.DataFrame(v) for k, v in tables.items()}, {}, about),
        Contagion(
            "t", [], {"effects": pd.DataFrame(effects), "cascades": pd.DataFrame([{**cascade, **errors}])}, {}, about
        ),
        Found("t", [], {"runs": runs}, {}, about),
    ]
    for each in found:
        said = "\n".join(map(words, analysis_words.said(each)))
        assert "Armenia" in said
        assert not re.search(r"\bnan\b|\bARM\b|\d{4}-\d{2}", said)
    (table, *_) = (b for b in analysis_words.said(found[1]) if isinstance(b, Table))
    assert table.rows == [["Armenia leaves", "Kazakhstan", "10.0", "20.0", "+10.0 (0 to +20.0)"]], "what is clear alone"


def test_of_mechanisms_it_is_said_which_earn_their_place_and_where_later_years_disagree() -> None:
    rows = [
        Worth("a", "ties bind", "x", 5.0, 0.5, 0.1, 0.5, "earns its place", "not told apart", 90.0, 1),
        Worth("b", "bases bind", "y", 0.2, 0.5, 0.1, 0.5, "not told apart", "not told apart", 90.0, 3),
    ]
    found = SimpleNamespace(table=pd.DataFrame(rows), figures=dict)
    brief = mechanisms.brief(found, "Mechanisms", "2012-12-31", 64, 2)  # type: ignore[arg-type]
    said = " ".join(brief.answer)
    assert "Earns its place: ties bind (+5.0±0.5)." in said
    assert "Not told apart: bases bind (+0.2±0.5)." in said
    assert "ties bind (+0.1±0.5: not told apart)" in brief.limits[0]
    assert "look 2" in brief.certainty[-1]


def test_of_figures_those_are_shown_that_can_be_read_on_a_printed_page() -> None:
    sizes = {"strip": (6, 20), "a": (6, 4), "long": (6, 12), "b": (6, 6), "c": (6, 6)}
    drawn = {name: Figure(figsize=size) for name, size in sizes.items()}
    assert list(chosen(drawn, ("strip", "long", "b", "a", "c"))) == ["long", "b", "a"]
    assert list(chosen(drawn, ("strip", "c"))) == ["c"]
    assert list(chosen(drawn, ())) == ["strip", "a", "long"], "where none is wanted more than another, the first"
    assert list(chosen({"strip": drawn["strip"]}, ("strip",))) == ["strip"], "or the one there is"


def test_a_backtest_says_where_simpler_forecasts_are_better() -> None:
    rows = [
        Skill("split of 2012", "membership", "log score", AS_PUBLISHED, baseline, skill, skill - 0.1, skill + 0.1)
        for baseline, skill in (("base rate", -0.5), ("logit", 0.0), ("persistence", 0.4))
    ]
    (said,) = beaten(SimpleNamespace(skill=pd.DataFrame(rows)))  # type: ignore[arg-type]
    assert said.endswith("it is beaten in membership (log score) by base rate.")


@pytest.mark.parametrize("happened", [True, False])
def test_years_that_have_happened_are_no_forecast(
    result: Result, happened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["ladder", "exits", "cohesion", *["record"] * happened]
    monkeypatch.setattr(Result, "figures", lambda _: dict.fromkeys(names, Figure()))
    brief = run_words.brief(result)
    said = [words for words in brief.limits if words.startswith(run_words.NO_FORECAST)]
    assert said == [run_words.NO_FORECAST + run_words.CODED] * happened, "the six states' coefficients are the priors'"
    assert ("likely to leave" in brief.question) == (not happened)
    assert ("record" in brief.figures) == happened


def test_the_answer_of_a_run_names_the_date_of_the_figures(result: Result) -> None:
    s, dates = result.summary(), run_words.horizons(result)
    (said,) = run_words.at_the_end(s, dates)
    assert f" % by {[*dates.values()][-1]}" in said
    assert run_words.at_the_end(s, dict([*dates.items()][:1])) == []


def test_a_channel_set_from_a_date_on_holds_its_whole_input_and_the_comparison_says_so() -> None:
    base = load("csto/outlook-2023")
    later = load("csto/outlook-2023", {"members.ARM.security_offer.west": "0@2025-01-01"})
    assert "security offer to Armenia stays as set after the change, in all channels" in comparison.held(base, later)
    assert comparison.held(base, base) == ""
    assert comparison.held(later, later) == "", "it is held in the base too"


def test_scores_of_its_own_alliances_are_quoted_in_the_report_of_a_calibration() -> None:
    said = calibration.left_out_scores(load_calibration("experiments/calibrate-csto.toml"))
    assert said == [f"CST/CSTO: {quote('CST/CSTO')}.", f"{calibration.OF_ONE} {of_scores(scores())}"]
    assert len(calibration.left_out_scores(load_calibration("experiments/calibrate-pooled.toml"))) == len(scores())
    assert calibration.left_out_scores(None) == []


def test_a_comparison_says_which_way_is_open() -> None:
    c = sim.compare(load(SIX, {"time.step": "year"}), runs=64, set={"leader.coercion": 0.2})
    brief = comparison.brief(c)
    assert brief.answer == [" ".join(f"{x}." for x in c.sentences()[c.others[0].name])]
    assert "90 % interval" in brief.reading
    last = c.asked[c.asked.horizon_years == c.asked.horizon_years.max()]
    both = last[(last.outcome == "dissolution") & (last.difference_q05 < 0) & (last.difference_q95 > 0)]
    assert ("The alliance is dissolved" in " ".join(brief.limits)) == bool(len(both))
    for row in last[last.outcome.isin(shown()) & (last.difference_q05 < 0) & (last.difference_q95 > 0)].itertuples():
        assert difference(row) in " ".join(brief.limits).replace(" points", ""), "each with its number"
    tables = [block for block in brief.results if isinstance(block, Table)]
    assert all([x.head for x in t.columns[1:3]] == ["without", "with"] for t in tables)
    assert tables[-1].rows[0][0] == "Cohesion ({:.2f} at the start)".format(
        c.curves[(c.curves.outcome == "cohesion") & (c.curves.date == c.curves.date.min())]["mean"].iloc[0]
    )


def test_scores_are_quoted_only_of_the_calibration_that_is_drawn_from() -> None:
    assert limits([drawn(load(SIX))])[1:] == limits([])[1:] == []
    outlook = drawn(load("csto/outlook-2023"))
    assert set(unsupported()) < set(limits([outlook]))
    assert UNSCORED not in " ".join(limits([outlook]))
    assert trust()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (LeftOut(4, 1.0, 0.6, 0.03, 1.2), ["in 2 of 100 cases"]),
        (LeftOut(0, 3.2, 0.4, 0.02, 0.1), ["so few come in 4 of 100", "the average rate's 0.10"]),
        (LeftOut(2, 1.7, 0.1, 0.01, 0.3), []),
    ],
)
def test_what_scores_do_not_support_follows_from_them(row: LeftOut, said: list[str]) -> None:
    """Exits that happen in a Poisson tail of less than 5 %, and a score that is no better than the base rate's."""
    found = of_alliance("Pact", row)
    assert len(found) == len(said)
    assert all(words in text for words, text in zip(said, found, strict=True))


def test_of_scores_it_is_said_what_computing_adds_and_whether_one_alliance_carries_them() -> None:
    """The sum turns where the one that carries it is taken away; the tail of a fair coin; nothing of two alliances."""
    even = {name: LeftOut(0, 0.1, 0.3, 0.03, 0.2) for name in "ABC"}
    carried = even | {"D": LeftOut(4, 1.0, 0.5, 0.04, 1.5)}
    said = of_scores(carried)
    assert "at most 0.04 for one of these log scores and 0.07 for their sum" in said  # sqrt(3 * 0.03^2 + 0.04^2)
    assert "better than the base rate, but not without D (0.90 against 0.60)" in said
    assert "in 1 of 4; if the two were equally good, chance would bring as many or more in 94 of 100" in said  # 15 / 16
    every = of_scores(carried | {"A": LeftOut(0, 0.1, 0.1, 0.03, 0.9)})
    assert "whichever alliance is taken away, least without D (0.70 against 1.30)" in every
    assert "worse than the base rate, whichever" in of_scores(even)
    assert "In sum" not in of_scores(dict([*even.items()][:2]))


def test_a_glossary_has_the_terms_that_are_used_and_no_others() -> None:
    assert list(glossary("A Brier score of many runs")) == ["Brier", "run"]
    assert "brunch" not in glossary("brunch")
    assert glossary("the alliance's dissolution")["dissolution"].endswith("dissolved by then.")


def test_groups_of_columns_stand_over_them() -> None:
    table = Table([Column("From", left=True), Column("Exits\nseen"), Column("\nmean"), Column("Ends\nseen")], [])
    first, second = heads(table)
    assert [(h.text, h.across) for h in first] == [("", 1), ("Exits", 2), ("Ends", 1)]
    assert [h.text for h in second] == ["From", "seen", "mean", "seen"]


def test_an_interval_is_not_broken_and_what_was_typed_can_be_typed_again() -> None:
    assert unbroken("6 (0.4 to 19)") == "6 (0.4\u00a0to\u00a019)"
    assert unbroken("0.5±0.1") == "0.5\u200b±0.1"
    assert unbroken("-1 (-<0.01 to -.5) 1992-07-01 a-2") == "\u22121 (\u2212<0.01\u00a0to\u00a0\u2212.5) 1992-07-01 a-2"
    assert command("__main__.py run a --seed 2") == "cohesion run a --seed 2"
    assert command("pytest -x") == "from Python, in pytest"
    said = "cohesion run a --out /home/me/x --force --jobs 2 --set leader.war=0@2025 --scheduler=tcp://h:1"
    assert command(said) == "cohesion run a --set leader.war=0@2025"
    quoted = "cohesion discover r --when 'some exit by 10 years > 20 %' --out 'my results/x'"
    assert command(quoted) == "cohesion discover r --when 'some exit by 10 years > 20 %'"


def test_a_point_that_a_study_has_in_words_is_said_in_words() -> None:
    offer = Factor.model_validate({"path": "members.ARM.security_offer.west", "values": ["none", "high"]})
    s = SimpleNamespace(plan=SimpleNamespace(factors={"offer": offer}))
    assert sweep_words.place(s, {"at": {"offer": 0.75}}, False) == "offer high"  # type: ignore[arg-type]


PROBE = """<script>window.faults = []; addEventListener("error", (e) => faults.push(e.message));
addEventListener("securitypolicyviolation", (e) => faults.push(e.blockedURI));</script>"""
HARNESS = """<!doctype html><body style="margin:0"><iframe id="f" style="border:0;width:360px;height:700px"></iframe>
<pre id="found"></pre><script>OFF
const frame = document.getElementById("f");
frame.onload = () => {
  const w = frame.contentWindow, d = w.document, say = {};
  const narrow = () => [d.documentElement.scrollWidth, d.documentElement.clientWidth];
  say.narrow = narrow();
  say.sideways = [...d.querySelectorAll(".scroll")].filter((e) => e.scrollWidth > e.clientWidth).length;
  say.figures = [...d.querySelectorAll("figure img")].map((e) => [e.width, e.parentElement.clientWidth < 360]);
  const cards = d.querySelectorAll("#numbers .wide tbody tr:first-child td");
  say.cards = [...cards].map((e) => w.getComputedStyle(e, "::before").content.replace("\u00a0", " "));
  const search = d.getElementById("search"), rows = () => d.querySelectorAll("#values tbody tr:not([hidden])").length;
  say.all = rows();
  search.value = "coercion leader"; search.dispatchEvent(new Event("input")); say.some = rows();
  search.value = "zzzzzz"; search.dispatchEvent(new Event("input")); say.none = rows();
  say.counted = d.getElementById("count").textContent;
  search.value = ""; search.dispatchEvent(new Event("input"));
  const outcomes = () => d.getElementById("outcomes").innerText;
  say.coded = outcomes();
  const slider = d.getElementById("factor-0");
  slider.value = 0.9; slider.dispatchEvent(new Event("input")); say.high = outcomes();
  slider.value = 0.8; slider.dispatchEvent(new Event("input"));
  say.shown = [slider.parentElement.parentElement.querySelector("output").textContent, slider.value];
  say.where = d.getElementById("where").textContent;
  d.getElementById("as-coded").click(); say.back = outcomes();
  const factors = JSON.parse(d.getElementById("points").textContent).factors;
  say.off = factors.map((f, k) => off(d.getElementById(`factor-${k}`), Object.values(f.coded)[0]));
  say.asked = w.performance.getEntriesByType("resource").map((e) => e.name).filter((n) => !n.startsWith("data:"));
  say.faults = w.faults; say.after = narrow();
  document.getElementById("found").textContent = JSON.stringify(say);
};
frame.srcdoc = PAGE;
</script>"""


def chromium(*arguments: str) -> str:
    """What the browser prints."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=4000"]
    done = subprocess.run([str(CHROMIUM), *options, *arguments], capture_output=True, text=True, timeout=300)
    return done.stdout


GROUPS = Table(
    [Column("From", left=True), Column("Exits\nseen"), *(Column(f"\nforecast {k}, %") for k in range(8))],
    [["1992-07-01", *["16 (0.4 to 99)"] * 9]],
)
"""A table that has no room on a telephone,"""
NARROW = Table(
    [Column("Has left, %", left=True), *[Column("by Oct 2028")] * 2], [["Kazakhstan", *["15 (1 to 45)"] * 2]]
)
"""and one that has."""


def test_of_a_table_too_wide_for_a_telephone_every_cell_has_the_name_of_its_column() -> None:
    assert wide(GROUPS)
    assert not wide(NARROW)
    assert labels(GROUPS)[:3] == ["From", "Exits, seen", "Exits, forecast 0, %"]
    assert labels(Table([Column("a year\nbefore")], [])) == ["a year before"]


@browser
def test_in_a_browser_the_page_works_asks_for_nothing_and_fits_a_telephone(swept: Sweep, tmp_path: Path) -> None:
    brief = replace(sweep_words.brief(swept), results=[GROUPS, NARROW])
    probed = html(page(brief, {"Version": "1"})).replace("<head>", f"<head>{PROBE}", 1)
    quoted = json.dumps(probed).replace("<", "\\u003c")
    (tmp_path / "harness.html").write_text(HARNESS.replace("OFF", MARK_OFF).replace("PAGE", quoted), encoding="utf-8")
    dumped = Parsed(chromium("--window-size=800,800", "--dump-dom", f"file://{tmp_path}/harness.html")).words
    found = SimpleNamespace(**json.loads(next(words for words in dumped if words.startswith('{"narrow"'))))
    assert found.faults == found.asked == []
    for width, room in (found.narrow, found.after):
        assert width <= room == 360
    assert found.sideways == 0, "no table is moved sideways"
    assert found.figures == [[624, True]] * len(brief.figures), "as wide as they were drawn, in a frame that moves"
    assert found.cards == ["none", *(f'"{label}"' for label in labels(GROUPS)[1:])]
    assert 0 < found.some < found.all
    assert found.none == 0
    assert found.counted == f"0 of {found.all}"
    assert found.coded == found.back != found.high
    assert max(found.off) < 1, "what marks the coded value stands where the knob does there"
    assert found.shown == ["0.9", "0.9"], "between points the slider and its label are at the one that is shown"
    assert "0.9" in found.where


@browser
def test_printed_it_has_pages(folder: Path, text: str, tmp_path: Path) -> None:
    printed = tmp_path / "report.pdf"
    chromium(f"--print-to-pdf={printed}", "--no-pdf-header-footer", f"file://{folder.with_name('run.html')}")
    pages = len(re.findall(rb"/Type /Page\b", printed.read_bytes()))
    assert 4 <= pages <= 40
