"""Declarations: what an input is called in a scenario, and as what the tick reads it."""

from collections import Counter

import pytest

from sim.model.declaration import Coefficient, Input
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS, LeaderInputs, MemberInputs

PLAIN = Input("trust", "Q", "")
KINDS = Input("threat", "T_ik", "", ("near", "far"))
SUM = Input("ties", "D_ic", "", ("trade", "arms"), (0.7, 0.3), also=("arms",))


@pytest.mark.parametrize(
    ("i", "fields", "paths"),
    [
        (PLAIN, {"trust": ("",)}, ["leader.trust"]),
        (KINDS, {"near": ("near",), "far": ("far",)}, ["leader.threat.near", "leader.threat.far"]),
        (SUM, {"ties": ("trade", "arms"), "arms": ("arms",)}, ["leader.ties.trade", "leader.ties.arms"]),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_the_tick_reads_weighted_sums_and_channels_without_weights(
    i: Input, fields: dict[str, tuple[str, ...]], paths: list[str]
) -> None:
    assert i.fields == fields
    assert i.paths("leader") == paths


def test_priors_are_given_by_the_name_of_their_family() -> None:
    c = Coefficient("name", "b", "", "1")
    assert (c.normal(1.0, 0.5, "P001", low=0).family, c.normal(1.0, 0.5, "P001", low=0).low) == ("normal", 0)
    assert (c.lognormal(2.0, 0.3, "P001").family, c.lognormal(2.0, 0.3, "P001").low) == ("lognormal", 0)
    assert (c.fixed(2.0, "P001").centre, c.fixed(2.0, "P001").spread) == (2.0, 0.0)


def test_no_name_is_declared_twice() -> None:
    for names in ([c.name for c in COEFFICIENTS], MemberInputs._fields, LeaderInputs._fields):
        assert max(Counter(names).values()) == 1
    for inputs in (MEMBER_INPUTS, LEADER_INPUTS):
        assert max(Counter(i.name for i in inputs).values()) == 1


def test_every_coefficient_knows_its_phase_prior_and_source() -> None:
    assert list(dict.fromkeys(c.phase for c in COEFFICIENTS)) == [
        *("crises", "credibility", "stance", "conduct", "membership", "feedback", "roll_calls")
    ]
    for c in COEFFICIENTS:
        assert c.low <= c.centre <= c.high
        assert c.source
