"""What a scenario would change, in words: levels without and with it, the difference, each with its 90 % interval."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sim.model import outcomes
from sim.model.dates import spoken
from sim.model.grammar import sentence
from sim.model.outcomes import LEAST, OUTCOMES, in_column, interval, percent, probability, signed

if TYPE_CHECKING:
    import pandas as pd


def span(low: float, high: float) -> str:
    """Two means between 0 and 1; empty where there are none."""
    return f"{low:.2f} to {high:.2f}" if low == low else ""


def measured(mean: float, low: float, high: float) -> str:
    """A mean between 0 and 1 with its interval: ``0.44 (0.31 to 0.62)``."""
    return f"{mean:.2f}" + (f" ({span(low, high)})" if low == low else "")


def points(x: float) -> str:
    """A difference of probabilities in percentage points, with its sign; 0 only where there is none."""
    value, digits = 100 * x, (0 if abs(x) >= 0.0095 else 1 if abs(x) >= 0.0005 else 2)
    if x and abs(value) < 0.005:
        return "+<0.01" if x > 0 else "-<0.01"
    return in_column(value, digits) if x else "0"


def level(row: Any, side: str, sign: str = "") -> str:
    """A level of a row with its interval: ``51 (10 to 97)`` of a probability in percent, ``0.44 (0.31 to 0.62)``."""
    p = outcomes.side(row, side)
    low, high = (p[end] for end in outcomes.ENDS)
    if not OUTCOMES[row.outcome].probability:
        return measured(p["mean"], low, high)
    spread = interval(low, high)
    return probability(p) + sign + (f" ({spread})" if spread else "")


def difference(row: Any, sign: str = "") -> str:
    """The difference with its interval: ``+45 (+2 to +81)``; in words where neither runs nor draws differ at all.

    Where both have draws of their own there is no interval: ``+45±2``, with one Monte Carlo standard error.
    """

    def said(x: float) -> str:
        return points(x) if OUTCOMES[row.outcome].probability else signed(x)

    if said(row.difference).lstrip("+-") == "1":
        sign = sign.replace("points", "point")
    low, high, error = row.difference_q05, row.difference_q95, row.mcse
    if row.difference == error == 0 and not (low < 0 or high > 0):
        return "no run differs"
    if low != low and error == error:
        e = f"{max(error, 0.01):.2f}" if not OUTCOMES[row.outcome].probability else percent(max(error, 0.001))
        return f"{said(row.difference)}±{e}{sign}"
    return said(row.difference) + sign + (f" ({said(low)} to {said(high)})" if low == low else "")


def moved(final: "pd.DataFrame", most: int, name: str = "exit", least: float = LEAST) -> list[Any]:
    """Rows of members whose outcome changes so much at a horizon (exits: by a point), the most changed first."""
    rows = final[final.outcome == name]
    order = rows.difference.abs().sort_values(ascending=False, kind="stable")
    return list(rows.loc[order[order >= least].index[:most]].itertuples())


def change(
    final: "pd.DataFrame", title: str, state_names: Mapping[str, str], before: Sequence[str] = (), out: bool = False
) -> list[str]:
    """What a scenario changes by a horizon: what becomes of the alliance, the exit that moves most, and cohesion.

    ``final`` has its rows at the horizon; ``before`` says who moved before the start, ``out`` whether one of them is
    outside on one side. Sentences without their full stops; what moves most comes first.
    """
    by_outcome = _alliance(final)
    some, dissolved = by_outcome["any_exit"], by_outcome["dissolution"]
    first, *rest = [_happens(row, state_names) for row in _most(final)] + [_nobody(final)] * (not moved(final, 1))
    lead, *others = [*before, first]
    said = [f"{title}: {lead}", *map(sentence, (*others, *rest))]
    said.append(f"Some exit{', counted from the start' if out else ''}: {_instead(some)}")
    if dissolved.difference >= LEAST and final.difference[final.outcome == "exit"].min() < 0:
        said.append("Exits become rarer where the alliance ends first")
    return said + _cohesions(by_outcome["cohesion"], by_outcome["starters_cohesion"])


def headline(final: "pd.DataFrame", state_names: Mapping[str, str]) -> str:
    """What moves most by a horizon as the title of a figure says it, whose panels have the intervals of the levels."""
    row = next(iter(_most(final)), None)
    if row is None:
        return sentence(_nobody(final))
    o = OUTCOMES[row.outcome]
    value, base = (f"{probability(outcomes.side(row, side))}\u00a0%" for side in ("value", "base"))
    what = sentence(f"{o.title.format(state_names.get(row.member, ''))} {o.at(_when(row))}")
    return f"{what}: {value} instead of {base}, {difference(row, ' points')}"


def _alliance(final: "pd.DataFrame") -> dict[str, Any]:
    """By outcome, the rows that are of no member."""
    return {row.outcome: row for row in final[final.member == ""].itertuples()}


def _most(final: "pd.DataFrame") -> list[Any]:
    """The exit that moves most and the end of the alliance, where by a point; what moves more comes first."""
    dissolved = _alliance(final)["dissolution"]
    rows = moved(final, 1) + [dissolved] * (abs(dissolved.difference) >= LEAST)
    return sorted(rows, key=lambda row: -abs(row.difference))


def _nobody(final: "pd.DataFrame") -> str:
    return f"no state's probability of having left by {_when(_alliance(final)['any_exit'])} changes by a point"


def earlier(name: str, move: outcomes.Move, day: dt.date, in_base: bool, row: Any) -> str:
    """A move before the start of one side alone, and how probable the other side has it by the horizon of ``row``."""
    other, where = ("value", "here") if in_base else ("base", "in the base")
    said = f"{name} {move.past} in {spoken(day.replace(day=1))}{' in the base' if in_base else ''}"
    return said + (f" ({where}: {level(row, other, ' %')} by {_when(row)})" if row is not None else "")


def _when(row: Any) -> str:
    return f"{row.date:%B %Y}"


def _happens(row: Any, state_names: Mapping[str, str]) -> str:
    o = OUTCOMES[row.outcome]
    return f"{o.subject(state_names.get(row.member, ''))} {o.at(_when(row))} is {_instead(row)}"


def _instead(row: Any) -> str:
    return f"{level(row, 'value', ' %')} instead of {level(row, 'base', ' %')}: {difference(row, ' points')}"


def _cohesions(then: Any, initial: Any) -> list[str]:
    """How cohesion moves, where it is known which way; and why that of the members and of the initial ones part."""
    if not then.difference * initial.difference < 0 or any(abs(x.difference) <= 2 * x.mcse for x in (then, initial)):
        known = then.difference_q05 > 0 or then.difference_q95 < 0
        return [f"Cohesion: {level(then, 'value')} instead of {level(then, 'base')}: {difference(then)}"] * known
    rises = then.difference > 0
    why = (
        "a state that leaves no longer lowers the mean of the others, but supports nothing"
        if rises
        else "a state that stays with little support lowers the mean of the members, but supports more than one outside"
    )
    moves, back = ("rises", "falls") if rises else ("falls", "rises")
    if then.difference_q05 <= 0 <= then.difference_q95:
        moves = f"may {moves.removesuffix('s')}"
    if initial.difference_q05 <= 0 <= initial.difference_q95:
        back = "hardly moves"
    return [
        f"Cohesion of those who are members then {moves}, {difference(then)}, "
        f"that of the initial members {back}, {difference(initial)}: {why}"
    ]
