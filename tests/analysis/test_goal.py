"""Conditions on outcomes, as one writes them."""

import datetime as dt
from itertools import product

import numpy as np
import pytest

from sim.analysis.goal import PHRASES, Goal, goal
from sim.errors import InputError
from sim.model.outcomes import OUTCOMES
from sim.scenario.load import load
from tests.helpers import SIX

SCENARIO = load(SIX)
TIME = SCENARIO.tables.time


def test_what_is_printed_is_read_as_the_same_goal() -> None:
    for o, by in product(OUTCOMES.values(), (1.0, 2.5, dt.date(2025, 1, 1), dt.date(2026, 12, 31))):
        for level, relation in product((0.07, 0.1234567890123, max(o.low, 0.0)), ("=", "<", ">=")):
            said = Goal(o.name, "BBB" * o.by_member, by, relation, level)
            assert goal(str(said), SCENARIO) == said


@pytest.mark.parametrize(
    ("text", "meant"),
    {
        "exit AAA by 5 years = 10 %": Goal("exit", "AAA", 5.0, "=", 0.1),
        "Exit of State A by 2025 >= .1": Goal("exit", "AAA", dt.date(2025, 1, 1), ">=", 0.1),
        "some exit by 10 years > 50%": Goal("any_exit", "", 10.0, ">", 0.5),
        "any_exit by 1 year = 0": Goal("any_exit", "", 1.0, "=", 0.0),
        "cohesion of the initial members by 2026-12-31 < 0.4": Goal(
            "starters_cohesion", "", dt.date(2026, 12, 31), "<", 0.4
        ),
        "stance BBB by 2.25 years < -1.5": Goal("stance", "BBB", 2.25, "<", -1.5),
    }.items(),
)
def test_outcomes_go_by_name_or_word_and_states_by_code_or_name(text: str, meant: Goal) -> None:
    assert goal(text, SCENARIO) == meant


def test_every_phrase_means_one_outcome() -> None:
    words = [w.casefold() for o in OUTCOMES.values() for w in {o.name, o.noun, o.short, o.name.replace("_", " ")} if w]
    assert len(words) == len(set(words)) == len(PHRASES)


def test_a_date_is_the_end_of_its_tick() -> None:
    last, first = (goal(f"cohesion by {day} < 0.4", SCENARIO) for day in ("2026-12-31", "2027-01-01"))
    assert last.tick(TIME) == first.tick(TIME) == 28
    assert last.years(TIME) == 7.0
    assert goal("cohesion by 7 years < 0.4", SCENARIO).date(TIME) == dt.date(2027, 1, 1)


def test_a_goal_holds_where_it_says() -> None:
    assert goal("cohesion by 2025 < 0.4", SCENARIO).holds(np.array([0.3, 0.4])).tolist() == [True, False]


def test_all_that_is_wrong_is_said_at_once_with_the_nearest_names() -> None:
    with pytest.raises(InputError) as caught:
        goal("exit AAB by 5.1 years = 12", SCENARIO)
    said = str(caught.value)
    assert len(caught.value.problems) == 3
    assert all(near in said for near in ("did you mean AAA?", "did you mean 5 years?", "did you mean 12 %?"))


@pytest.mark.parametrize(
    ("text", "says"),
    {
        "": "no `by TIME`",
        "exit AAA by 2025": "no relation",
        "exits AAA by 2025 < 1": "did you mean exit?",
        "exit by 2025 < 1": "exit of nobody",
        "some exit AAA by 2025 < 1": "did you mean exit AAA?",
        "cohesion by 2025-02-03 < 1": "did you mean 2025-01-01?",
        "cohesion by tomorrow < 1": "is not a date",
        "cohesion by 40 years < 1": "up to 10 years",
        "cohesion by .. years < 1": "whole quarters",
        "cohesion by 2025 < 40 %": "allowed: a number from 0 to 1",
        "some exit by 2025 < nan": "0 % to 100 %",
        "members by 2025 < ": "level: none",
    }.items(),
)
def test_what_cannot_be_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        goal(text, SCENARIO)
    assert says in str(caught.value)
