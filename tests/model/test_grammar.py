"""Names of states and capitals as they stand within a sentence."""

import re
from pathlib import Path

import sim
from sim.model.grammar import conjunction, in_text, lower_first, possessive, sentence

ROOMS = Path(sim.__file__).parent
TAKE_THE = {"Soviet Union", "United States", "United Kingdom", "United Arab Emirates", "Netherlands"}
OTHERS = {"Republic of Korea": True, "Philippines": True, "Marshall Islands": True, "New Zealand": False, "Oman": False}


def test_names_that_take_an_article_have_it_in_running_text() -> None:
    texts = [file.read_text("utf-8") for file in Path("scenarios").glob("*/*.toml")]
    shipped = {name for text in texts for name in re.findall(r'^(?:leader_)?name = "(.*)"', text, re.MULTILINE)}
    assert shipped >= TAKE_THE
    assert {name for name in shipped if in_text(name) != name} == TAKE_THE
    assert {name: in_text(name) == f"the {name}" for name in OTHERS} == OTHERS


def test_plurals_take_the_apostrophe_alone_and_no_other_place_makes_a_genitive() -> None:
    plural = {"United States", "United Arab Emirates", "Netherlands", "Philippines"}
    for name in TAKE_THE | set(OTHERS) | {"Belarus", "Cyprus"}:
        ends = "'" if name in plural | {"Marshall Islands"} else "'s"
        assert [possessive(name), possessive(in_text(name))] == [name + ends, in_text(name) + ends]
    made = {
        f.name
        for f in ROOMS.rglob("*.py")
        if re.search(r"(name|leader|member|row|states?)\]?\}'s\b", f.read_text("utf-8"))
    }
    assert made == {"grammar.py"}


def test_a_capital_and_a_small_letter_are_made_in_one_place() -> None:
    assert [sentence(x) for x in ("some exit", "behaviour.contagion", "time_start", "")] == [
        "Some exit",
        "behaviour.contagion",
        "time_start",
        "",
    ]
    assert [lower_first(x) for x in ("Some member of NATO", "")] == ["some member of NATO", ""]
    made = {f.name for f in ROOMS.rglob("*.py") if re.search(r"\[:?[01]:?\]\.(upper|lower)\(\)", f.read_text("utf-8"))}
    assert made == {"grammar.py"}


def test_what_is_said_in_a_row_has_one_and() -> None:
    assert [conjunction(list("abc"[:n])) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
