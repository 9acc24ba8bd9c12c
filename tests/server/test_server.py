"""The page of `cohesion app`: what its addresses answer, whom it answers, and how it works in a browser."""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from html import escape
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest

import sim
from sim.engines import ensemble
from sim.errors import InputError
from sim.estimates import paired
from sim.results import comparison
from sim.results.replay import VOTES, tell
from sim.server import desk as desks, server as servers, single
from sim.server.app import app
from sim.server.desk import Desk
from sim.server.server import Server
from sim.server.single import kept
from sim.server.turns import Turns
from sim.server.view import MOST_MOVES
from tests.helpers import MARK_OFF, SIX

CHROMIUM = shutil.which("chromium")
browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
PATH = "members.AAA.security_offer.west"
MOVED = {"scenario": SIX.name, "set": f"{PATH}=0.9@2021-01-01"}


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """A server with few runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(desks.RUNS, desks.FIRST, 64)
        patch.setitem(desks.RUNS, desks.MORE, 128)
        patch.setattr(desks, "MOST_RUNS", 256)
        with Server(Desk(SIX), "127.0.0.1", 0) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server
            server.shutdown()


def get(served: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, dict[str, str]]:
    """Status, what is said (JSON read), and the headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", served.server_address[1], timeout=60)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    reply = connection.getresponse()
    text, head = reply.read().decode(), dict(reply.getheaders())
    connection.close()
    return reply.status, json.loads(text) if "json" in head.get("Content-Type", "") and text else text, head


def asked(served: Server, what: str, **query: str) -> Any:
    """A good answer."""
    status, said, _ = get(served, f"/{what}?{urlencode(query)}")
    assert status == HTTPStatus.OK, said
    return said


def test_the_page_and_its_parts_are_there(served: Server) -> None:
    for path, (_, kind) in servers.PAGES.items():
        status, text, head = get(served, path)
        assert status == HTTPStatus.OK
        assert text
        assert head["Content-Type"].startswith(kind)
        assert "default-src 'none'" in head["Content-Security-Policy"]
    status, text, _ = get(served, "/", "HEAD")
    assert (status, text) == (HTTPStatus.OK, "")


def test_an_address_says_what_is_shown_and_what_can_be_moved(served: Server) -> None:
    view = asked(served, "view", **MOVED, state="BBB", run="3", at="2", condition="BBB leaves")
    assert view["moves"] == {PATH: [0.9, "2021-01-01"]}
    assert [view[k] for k in ("state", "run", "at", "condition")] == ["BBB", 3, 2, "BBB leaves"]
    paths = [x["path"] for x in view["levers"]]
    assert len(paths) == len({*paths})
    assert PATH in paths  # though another state's are shown
    assert {p.split(".")[0] for p in paths} <= {"leader", "members", "disputes"}
    assert view["scenarios"][0] == SIX.name
    assert "csto/outlook-2023" in view["scenarios"]


def test_an_answer_is_that_of_the_command(served: Server) -> None:
    """The second look has the numbers of `cohesion compare` with as many runs."""
    said = asked(served, "answer", **MOVED, look="more")
    c = sim.compare(SIX, runs=128, set={PATH: "0.9@2021-01-01"})
    (name,) = c.sentences()
    assert said["sentences"] == [f"{s}." for s in c.sentences()[name]]
    last = c.table[c.table.horizon_years == c.table.horizon_years.max()].set_index(["outcome", "member"])
    for row in said["rows"]:
        numbers = last.loc[(row["outcome"], row["member"])]
        for side in ("base", "value"):
            expected = [numbers[side], numbers[f"{side}_q05"], numbers[f"{side}_q95"]]
            assert row["at"][-1][side]["level"] == pytest.approx(expected, abs=1e-4)
    curve = said["curves"]["cohesion"]["value"]
    assert len(curve) == len(c.curves.date.unique())


def test_a_first_look_has_the_same_outcomes_from_fewer_runs(served: Server) -> None:
    first, more = (asked(served, "answer", **MOVED, look=look) for look in (desks.FIRST, desks.MORE))
    assert [r["label"] for r in first["rows"]] == [r["label"] for r in more["rows"]]
    assert first["runs"] < more["runs"]
    assert 2 < len(first["curves"]["cohesion"]["base"]) <= comparison.POINTS + len(first["dates"]) + 2
    for row in first["rows"]:
        mean, low, high = row["at"][-1]["value"]["level"]
        assert low <= mean <= high


def test_looks_at_one_change_after_another_are_those_of_fresh_desks(
    served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of the base, its draws and what it shows, changes no number, and spares its runs."""
    programs: list[int] = []
    real = paired.side_by_side

    def counted(some: Any, *rest: Any, **more: Any) -> Any:
        programs.append(len(some))
        return real(some, *rest, **more)

    monkeypatch.setattr(paired, "side_by_side", counted)
    queries = [urlencode({"set": f"{path}@2021-01-01"}) for path in (f"{PATH}=0.9", "leader.coercion=0.1", f"{PATH}=0")]
    desk = Desk(SIX)
    after = [desk.answer(f"{query}&look=first") for query in queries]
    assert len(programs) == 1 + len(queries), "the base once"
    assert after == [Desk(SIX).answer(f"{query}&look=first") for query in queries]


def test_nothing_moved_changes_nothing(served: Server) -> None:
    said = asked(served, "answer", scenario=SIX.name)
    assert said["sentences"] == []
    assert all(cell["base"] == cell["value"] for row in said["rows"] for cell in row["at"])


def test_found_runs_are_those_in_which_it_is_so(served: Server) -> None:
    found = asked(served, "found", **MOVED, condition="AAA leaves")
    assert found["runs"], found["says"]
    assert "in brackets the 95 % Monte Carlo interval" in found["says"], "not the one over coefficients above it"
    run, words = found["runs"][0]
    date = words.split()[-1]
    story = asked(served, "run", **MOVED, run=str(run))
    there = [step["states"][0][0] == "outside" for step in story["steps"]]
    first = story["steps"][there.index(True)]
    assert first["date"] == date
    assert any("leaves" in text for text in first["said"])
    assert story["steps"][0]["cohesion"] is not None


def test_single_runs_do_not_wait_for_an_answer_that_takes_long(served: Server) -> None:
    turns = served.desk._turns
    with turns.turn(desks.MORE), turns.turn(desks.ORDER):
        assert asked(served, "found", **MOVED, condition="AAA leaves")["runs"]
        with turns.turn(desks.FOUND):
            assert asked(served, "run", **MOVED, run="3")["steps"]


def test_work_stands_aside_while_more_urgent_work_is_wanted() -> None:
    """On the thread that does it, from its next slice on; less urgent work holds up nothing."""
    turns, begun, done = Turns(["urgent", "later"]), threading.Event(), threading.Event()

    def later() -> None:
        with turns.turn("later") as stand_aside:
            begun.set()
            stand_aside()
            done.set()

    with turns.turn("urgent") as stand_aside:
        worker = threading.Thread(target=later, daemon=True)
        worker.start()
        assert begun.wait(30)
        stand_aside()
        assert not done.wait(0.05)
    assert done.wait(30)


def test_work_that_fails_lets_the_rest_go_on() -> None:
    turns = Turns(["urgent", "later"])
    for kind in ("urgent", "later", "urgent"):
        with suppress(ConnectionError), turns.turn(kind):
            raise ConnectionError
    with turns.turn("later") as stand_aside:
        stand_aside()


def test_a_first_look_goes_before_the_answer_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked at a tick of the longer answer: of that no worker begins more than the tick it was at."""
    monkeypatch.setitem(desks.RUNS, desks.FIRST, 64)
    monkeypatch.setitem(desks.RUNS, desks.MORE, 128)
    desk, ticks, begun = Desk(SIX), [], threading.Event()
    first = threading.Thread(target=desk.answer, args=("set=leader.war=0.9&look=first",), daemon=True)
    real, start = ensemble.Stack.tick, threading.Lock()

    def tick(self: Any, t: int) -> Any:
        urgent = threading.current_thread() is first
        ticks.append(urgent)
        if urgent:
            begun.set()
        elif start.acquire(blocking=False):
            first.start()
            assert begun.wait(30)
        return real(self, t)

    monkeypatch.setattr(ensemble.Stack, "tick", tick)
    desk.answer("look=more")
    urgent = [k for k, was in enumerate(ticks) if was]
    between = ticks[urgent[0] : urgent[-1]]
    assert len(urgent) > 20
    assert between.count(False) <= 2, "workers of the longer answer"
    assert len(ticks) - urgent[-1] > 20, "and it goes on after it"


def test_a_run_is_that_which_mesa_lives(served: Server) -> None:
    """The page has it from the ensemble; `cohesion replay` lives it in Mesa and compares the two."""
    story = tell(sim.load(SIX), single.SEED, 5)
    assert story.identical
    said = [(s["date"], text) for s in asked(served, "run", run="5")["steps"] for text in s["said"]]
    assert sorted(said) == sorted((s.date, s.text) for s in story.sentences if s.kind != VOTES)


def test_runs_are_looked_through_until_enough_are_found(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stage by stage; a share of none has its bound, and a later stage names the same runs first."""
    monkeypatch.setattr(single, "STAGES", (16, 64))
    often = asked(served, "found", scenario=SIX.name, condition="cohesion > 0")
    assert (often["tried"], often["next"]) == (16, None)
    never = asked(served, "found", scenario=SIX.name, condition="cohesion > 2")
    assert (never["tried"], never["next"]) == (16, 64)
    assert "in none of 16 runs, so less than" in never["says"]
    last = asked(served, "found", scenario=SIX.name, condition="cohesion > 2", tried="256")
    assert (last["tried"], last["next"], last["runs"]) == (256, None, [])
    found = [asked(served, "found", **MOVED, condition="AAA leaves", tried=n)["runs"] for n in ("64", "256")]
    assert found[0]
    assert found[1][: len(found[0])] == found[0][: single.SHOWN]
    assert get(served, "/found?tried=17")[0] == HTTPStatus.BAD_REQUEST


def test_a_condition_that_cannot_be_is_said_before_any_run_is_made(
    served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "blocks", lambda *_: 1 / 0)
    for text, says in {
        "AAA leves": "did you mean leaves?",
        "ZZZ leaves": "allowed: ",
        "AAA leaves before 1900": "outside the forecast",
        "cohesion by 77 years > 0": "allowed: by",
        "members.AAA.nothing < 1": "a path that varies",
    }.items():
        status, said, _ = get(served, f"/found?{urlencode({'set': f'{PATH}=0.77', 'condition': text})}")
        assert status == HTTPStatus.BAD_REQUEST
        assert says in said["problems"][0]


@pytest.mark.parametrize("what", ["answer?look=more&", "answer?look=first&", "found?", "run?"])
def test_what_nobody_waits_for_any_longer_is_not_computed(
    served: Server, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Who asked goes after three ticks: no more than a few are made after that."""
    ticks, gone, ended = [0], threading.Event(), threading.Event()
    real = ensemble.Stack.tick

    def tick(self: Any, t: int) -> Any:
        ticks[0] += 1
        if ticks[0] == 3:
            client.close()
            gone.set()
            ended.wait(0.2)
        return real(self, t)

    def error(*_: object) -> None:
        ended.set()

    monkeypatch.setattr(ensemble.Stack, "tick", tick)
    monkeypatch.setattr(served, "handle_error", error)
    client = socket.create_connection(("127.0.0.1", served.server_address[1]))
    query = urlencode({"set": f"{PATH}=0.{len(what)}1", "run": 5})
    client.sendall(f"GET /{what}{query} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    assert gone.wait(30)
    assert ended.wait(30)
    assert ticks[0] < 8, "of at least twenty"


def test_levers_are_ordered_by_what_they_change(served: Server) -> None:
    """The first has the effect that paired runs of the scenario with it at either end show; all are there once."""
    said = asked(served, "order", scenario=SIX.name)
    effects = said["effects"]
    view = asked(served, "view", scenario=SIX.name)
    assert {e["path"] for e in effects} == {x["path"] for x in view["levers"]}
    clear = [abs(e["difference"]) for e in effects if e["clear"]]
    assert clear
    assert clear == sorted(clear, reverse=True)
    assert [e["clear"] for e in effects] == sorted((e["clear"] for e in effects), reverse=True)
    first = effects[0]
    low, high = (sim.load(SIX, {first["path"]: f"{end}@{view['start']}"}) for end in (0, 1))
    table = sim.compare(low, high, runs=said["runs"]).table
    row = table[(table.outcome == first["outcome"]) & (table.member == "")].iloc[-1]
    assert first["difference"] == pytest.approx(row.difference, abs=2e-3)


def test_a_run_with_levers_moved_has_the_same_run_as_it_is_beside_it(served: Server) -> None:
    """Alike up to the date of the move, and what the run without the move is by itself."""
    moved, alone = (asked(served, "run", **q, run="5") for q in ({"set": "leader.war=0.9@2021-01-01"}, {}))
    assert alone["base"] is None
    assert moved["base"] == [{k: s[k] for k in ("cohesion", "states")} for s in alone["steps"]]
    differ = [a["states"] != b["states"] for a, b in zip(moved["steps"], moved["base"], strict=True)]
    assert True in differ
    assert moved["steps"][differ.index(True)]["date"] > "2021-01-01"


@pytest.mark.parametrize("moved", [1, 3, 12])
def test_the_scenario_file_is_one_whatever_is_moved(served: Server, tmp_path: Path, moved: int) -> None:
    levers = asked(served, "view", scenario=SIX.name)["levers"][:moved]
    moves = [("set", f"{lever['path']}=0.25@2021-01-01") for lever in levers]
    _, text, _ = get(served, f"/scenario.toml?{urlencode(moves)}")
    shutil.copy(SIX, tmp_path)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert not [p for p in sim.check(tmp_path / "mine.toml") if not p.warning]


def test_the_scenario_file_says_the_same(served: Server, tmp_path: Path) -> None:
    status, text, head = get(served, f"/scenario.toml?{urlencode(MOVED)}")
    assert status == HTTPStatus.OK
    assert "attachment" in head["Content-Disposition"]
    shutil.copy(SIX, tmp_path)
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert not [p for p in sim.check(tmp_path / "mine.toml") if not p.warning]
    mine, same = (kept(s, 256) for s in (sim.load(tmp_path / "mine.toml"), sim.load(SIX, {PATH: "0.9@2021-01-01"})))
    assert mine.exit.equals(same.exit)
    assert mine.end_stance.equals(same.end_stance)


BROKEN = {
    "an unknown scenario": ("scenario=csto/outlok-2023", "did you mean csto/outlook-2023?"),
    "a file": (f"scenario={quote(str(SIX))}", "scenario: "),
    "a file above": ("scenario=../../etc/passwd", "scenario: "),
    "no lever": ("set=members.AAA.securty_offer.west=1", "did you mean members.AAA.security_offer.west?"),
    "a posterior": ("set=posterior=/etc/passwd", "posterior is no lever"),
    "no number": (f"set={PATH}=high", "high; allowed: a number from 0 to 1"),
    "not a number": (f"set={PATH}=nan", "a number from 0 to 1"),
    "too much": (f"set={PATH}=1.5", "a number from 0 to 1"),
    "no date": (f"set={PATH}=1@soon", "YYYY-MM-DD"),
    "a date before": (f"set={PATH}=1@1900-01-01", "from 1900-01-01"),
    "twice": (f"set={PATH}=1&set={PATH}=0", "given twice"),
    "very many": ("&".join(["set=x"] * (MOST_MOVES + 1)), f"{MOST_MOVES + 1} of them"),
    "very long": ("x" * 9000, "characters"),
    "another word": ("sed=1", "did you mean set?"),
    "no state": ("state=ZZZ", "state: ZZZ"),
    "no run": ("run=-1", "run: -1"),
    "a run too far": ("run=99999999", "run: 99999999"),
    "digits of others": ("run=%D9%A3", "allowed: a number"),
    "no text": ("run=%ff", "allowed: a number"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_address_is_answered_with_what_is_wrong(served: Server, how: str) -> None:
    query, says = BROKEN[how]
    for path in ("view", "answer", "run", "scenario.toml"):
        status, said, _ = get(served, f"/{path}?{query}")
        assert status == HTTPStatus.BAD_REQUEST
        assert says in "\n".join(said["problems"])
        assert "Traceback" not in str(said)


def test_all_that_is_wrong_is_said_at_once(served: Server) -> None:
    _, said, _ = get(served, f"/view?state=ZZZ&set={PATH}=2&run=x&sed=1&at=1&at=2")
    assert len(said["problems"]) == 5
    _, said, _ = get(served, "/view?scenario=csto&sed=1")
    assert len(said["problems"]) == 2
    _, said, _ = get(served, f"/found?{urlencode({'condition': 'ZZZ leves'})}")
    assert "condition" in said["problems"][0]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "[", "127.0.0.1.nip.io"]
)
def test_a_foreign_name_that_leads_here_is_refused(served: Server, host: str) -> None:
    for path in ("/", "/view", "/scenario.toml"):
        assert get(served, path, Host=host)[0] == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1:1", "[::1]:8765", "LOCALHOST."])
def test_this_machine_is_answered(served: Server, host: str) -> None:
    assert get(served, "/view", Host=host)[0] == HTTPStatus.OK


def test_other_sites_other_pages_and_other_methods_are_refused(served: Server) -> None:
    assert get(served, "/view", Sec_Fetch_Site="cross-site")[0] == HTTPStatus.FORBIDDEN
    assert get(served, "/view", Sec_Fetch_Site="same-origin")[0] == HTTPStatus.OK
    for path in ("/../pyproject.toml", "/desk.py", "/page.js/..%2fdesk.py", "//etc/passwd", "/view/"):
        assert get(served, path)[0] == HTTPStatus.NOT_FOUND
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get(served, "/view", method)[0] == HTTPStatus.NOT_IMPLEMENTED


def test_a_fault_of_ours_is_a_message_too(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desks, "levers", lambda *_: 1 / 0)
    status, said, _ = get(served, "/view")
    assert status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert said["problems"] == ["ZeroDivisionError: division by zero"]


def test_a_port_that_is_taken_and_a_host_that_is_not_here_are_said(served: Server) -> None:
    for host, port in (("127.0.0.1", served.server_address[1]), ("nowhere.invalid", 0), ("127.0.0.1", 99999)):
        with pytest.raises(InputError, match="port"):
            app(SIX, host, port, browser=False)
    with pytest.raises(InputError, match="no such file"):
        app("csto/outlok-2023", port=0, browser=False)


def test_an_interruption_ends_it_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    seen: list[str] = []
    monkeypatch.setattr(Server, "serve_forever", interrupted)
    app(SIX, port=0, browser=False, started=seen.append)
    assert seen[0].startswith("http://127.0.0.1:")
    assert seen[0].endswith(SIX.name)


WARM = f"""
import sys
from sim.server.app import warm
from sim.server.desk import Desk
warm()
before = {{*sys.modules}}
desk = Desk({str(SIX)!r})
for ask in (desk.view, desk.answer, desk.found, desk.run):
    ask("")
later = {{m.split(".")[0] for m in {{*sys.modules}} - before}} - {{*sys.stdlib_module_names, "sim"}}
print(sorted(later))
"""


def test_a_warm_server_imports_nothing_more_when_it_is_asked() -> None:
    done = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["[]"]


# ------------------------------------------------------------------------------------------------- in a browser


PROBE = """
"use strict";OFF
const faults = [], seen = {};
addEventListener("error", (e) => faults.push(String(e.message)));
addEventListener("unhandledrejection", (e) => faults.push(String(e.reason)));
addEventListener("securitypolicyviolation", (e) => faults.push(e.violatedDirective));
const $ = (id) => document.getElementById(id);
const until = async (what) => {
  for (let k = 0; k < 600 && !what(); k += 1) await new Promise((r) => setTimeout(r, 50));
  return what();
};
const done = () => $("status").textContent.includes("Monte Carlo");
const wide = () => [document.documentElement.scrollWidth, innerWidth];
addEventListener("load", async () => {
  if (location.search.includes("set=broken")) {
    seen.said = await until(() => !$("problems").hidden && $("problems").textContent);
  } else if (location.search.includes("leves")) {
    await until(() => done() && !$("problems").hidden);
    seen.said = [$("problems").hidden, $("problems").textContent, $("found").textContent];
    $("condition").value = "AAA leaves";
    $("find").dispatchEvent(new Event("submit", { cancelable: true }));
    seen.mended = await until(() => $("problems").hidden && !$("story").hidden);
  } else {
    await until(done);
    seen.sentences = $("sentences").textContent;
    seen.rows = $("outcomes").textContent;
    seen.coded = location.search;
    if (!location.search.includes("set=")) {
      for (const details of document.querySelectorAll("#levers details")) details.open = true;
      seen.off = [...document.querySelectorAll(".rail:has(span) input")].map((e) => off(e, e.value));
      const lever = $("lever-PATH");
      lever.value = 0.9;
      lever.dispatchEvent(new Event("input"));
      await until(() => $("sentences").textContent && done());
    } else {
      await until(() => !$("story").hidden);
      seen.restored = [$("lever-PATH").value, $("when").textContent, $("run").value];
    }
    seen.moved = $("sentences").textContent;
    seen.bands = document.querySelectorAll("svg .band").length;
    $("find").dispatchEvent(new Event("submit", { cancelable: true }));
    await until(() => !$("story").hidden && $("found").textContent.includes("runs,"));
    const before = $("when").textContent;
    $("forward").click();
    seen.steps = [before, $("when").textContent];
    seen.events = $("events").textContent;
    seen.such = $("such").textContent;
    seen.address = location.search;
    $("forward").scrollIntoView({ block: "end" });
    seen.covered = $("forward").getBoundingClientRect().bottom > $("brief").getBoundingClientRect().top;
  }
  seen.wide = wide();
  top.document.getElementById("probe").textContent = JSON.stringify({ ...seen, faults });
});
""".replace("PATH", PATH).replace("OFF", MARK_OFF)


class Probe(HTMLParser):
    """What the probe wrote."""

    text, inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = ("id", "probe") in attrs

    def handle_data(self, data: str) -> None:
        self.text += data if self.inside else ""

    def handle_endtag(self, tag: str) -> None:
        self.inside = False


FRAME = """<!doctype html><title>A telephone</title>
<pre id="probe"></pre><iframe src="/page?QUERY" width="360" height="800"></iframe>"""


def probed(served: Server, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What was seen in a browser at an address of the page, as wide as a telephone."""
    home = Path(servers.__file__).parent
    html = (home / "page.html").read_text("utf-8").replace("</head>", '<script src="probe.js"></script></head>')
    frame = FRAME.replace("QUERY", escape(query))
    for name, text, kind in (("", frame, "html"), ("page", html, "html"), ("probe.js", PROBE, "javascript")):
        (tmp_path / f"probed-{name}").write_text(text, encoding="utf-8")
        monkeypatch.setitem(servers.PAGES, f"/{name}", (str(tmp_path / f"probed-{name}"), f"text/{kind}"))
    policy = servers.HEADERS["Content-Security-Policy"]
    framed = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'; frame-src 'self'")
    monkeypatch.setitem(servers.HEADERS, "Content-Security-Policy", framed)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=40000", "--window-size=800,900"]
    options.append("--hide-scrollbars")
    asks = [str(CHROMIUM), *options, "--dump-dom", served.url]
    done = subprocess.run(asks, capture_output=True, text=True, timeout=300)
    found = Probe()
    found.feed(done.stdout)
    return SimpleNamespace(**json.loads(found.text))


@browser
def test_in_a_browser_a_lever_changes_the_answer_and_its_address_restores_it(
    served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = probed(served, "", tmp_path, monkeypatch)
    assert first.faults == []
    assert first.sentences == ""
    assert "has left" in first.moved
    assert first.bands == 4
    assert max(first.off) < 1, "what marks the coded value stands where the knob does there"
    assert first.steps[0] != first.steps[1]
    assert "At the start" in first.events
    assert first.such == "AAA leaves before 2029 and not BBB freezes", "of states that there are"
    assert first.wide == [360, 360]
    assert not first.covered, "what is scrolled to stands above the line at the foot"
    assert quote(f"{PATH}=0.9", safe="") in first.address
    again = probed(served, first.address.removeprefix("?"), tmp_path, monkeypatch)
    assert again.faults == []
    assert again.sentences == first.moved
    assert again.restored[0] == "0.9"
    assert again.restored[1] == first.steps[1]
    assert f"run={again.restored[2]}" in first.address


@browser
def test_in_a_browser_a_broken_address_gives_a_message(
    served: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = probed(served, "set=broken&run=x", tmp_path, monkeypatch)
    assert seen.faults == []
    assert "broken is no lever" in seen.said
    assert "run: x" in seen.said
    broken = probed(served, "condition=AAA leves", tmp_path, monkeypatch)
    assert broken.faults == []
    assert broken.said[0] is False, "an answer that came meanwhile hides no message"
    assert "did you mean leaves?" in broken.said[1]
    assert broken.said[2] == ""
    assert broken.mended
