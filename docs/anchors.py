"""Write the anchor examples of docs/coding-guide.md from the shipped alliances.

``python docs/anchors.py`` rewrites what stands between the markers.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sim.model.variables import LEADER_INPUTS, MEMBER_INPUTS  # noqa: E402
from sim.scenario.load import Scenario, load  # noqa: E402
from sim.scenario.values import WORDS, Coded  # noqa: E402

GUIDE = ROOT / "docs" / "coding-guide.md"
ALLIANCES = {
    "CSTO": "csto/history-1992-2023",
    "Warsaw Pact": "warsaw-pact/history-1955-1991",
    "NATO": "nato/history-1949-2023",
    "ANZUS": "anzus/history-1951-2023",
    "GCC": "gcc/history-1981-2023",
}
MOST = 2
"""Examples of a word, from different alliances where there are any."""
BLOCK = re.compile(r"(?<=<!-- anchors -->\n).*?(?=<!-- /anchors -->)", re.DOTALL)


def holders(scenario: Scenario, name: str, channel: str, of_leader: bool) -> dict[str, str]:
    """The dotted path of an input of every state, by the state's name."""
    end = f"{name}.{channel}" if channel else name
    if of_leader:
        return {scenario.tables.alliance.leader_name: f"leader.{end}"}
    return {m.name: f"members.{code}.{end}" for code, m in scenario.tables.members.items()}


def examples(scenarios: dict[str, Scenario], name: str, channel: str, of_leader: bool, word: str) -> str:
    """States and years for which the word was coded, one an alliance, the first it is met."""
    found = []
    for alliance, scenario in scenarios.items():
        for state, path in holders(scenario, name, channel, of_leader).items():
            coded = scenario.tables.values[path].coded
            assert isinstance(coded, Coded)
            dates = [date for date, value in coded.entries().items() if value == word]
            if dates:
                since = f" {dates[0].year}" if dates[0] else ""
                found.append(f"{state}{since} ({alliance})")
                break
    return "; ".join(found[:MOST])


def anchors() -> str:
    """A table for each input: a row a channel, a column a word; of an optional one where it was coded in words."""
    scenarios = {alliance: load(path) for alliance, path in ALLIANCES.items()}
    parts = []
    for inputs, of_leader in ((MEMBER_INPUTS, False), (LEADER_INPUTS, True)):
        for i in inputs:
            lines = [f"**{i.name}**: {i.meaning}", "", f"| | {' | '.join(WORDS)} |", "|---" * (len(WORDS) + 1) + "|"]
            rows = {c: [examples(scenarios, i.name, c, of_leader, w) for w in WORDS] for c in i.channels or ("",)}
            lines += [f"| {channel or i.name} | {' | '.join(cells)} |" for channel, cells in rows.items()]
            if not i.optional or any(map(any, rows.values())):
                parts.append("\n".join(lines))
    return "\n\n".join(parts)


def filled(text: str) -> str:
    """The guide with its tables made anew."""
    return BLOCK.sub(lambda _: f"\n{anchors()}\n\n", text)


if __name__ == "__main__":
    GUIDE.write_text(filled(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
