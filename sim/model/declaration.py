"""How a phase declares what it reads: inputs that a scenario codes, coefficients with their priors.

What several phases read is declared by one of them. Symbols are those of docs/model.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

INF = float("inf")


@dataclass(frozen=True)
class Input:
    """A path over time that a scenario codes; every channel lies in [0, 1].

    With weights the tick reads the weighted sum of the channels, without weights each channel. ``also`` names
    weighted channels that it reads by themselves too. What is ``optional`` need not be coded: a scaffold leaves it
    out, and the default holds. ``words`` call it within a sentence, with ``{}`` for the state, where its name and
    "of" do not.
    """

    name: str
    symbol: str
    meaning: str
    channels: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    also: tuple[str, ...] = ()
    default: float = 0.0
    optional: bool = False
    words: str = ""

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """What of it the tick reads, by name: the channels it is made of, or "" where there are none."""
        if self.weights:
            return {self.name: self.channels} | {channel: (channel,) for channel in self.also}
        return {channel: (channel,) for channel in self.channels} or {self.name: ("",)}

    def path(self, owner: str, channel: str = "") -> str:
        """The dotted path of a channel in a scenario; ``owner`` is ``leader`` or ``members.CODE``."""
        return f"{owner}.{self.name}.{channel}" if channel else f"{owner}.{self.name}"

    def paths(self, owner: str) -> list[str]:
        """The dotted paths of all that is coded of it."""
        return [self.path(owner, channel) for channel in self.channels or ("",)]


def field_names(inputs: Iterable[Input]) -> list[str]:
    """What the tick reads of some inputs, by name."""
    return [field for i in inputs for field in i.fields]


@dataclass(frozen=True)
class Coefficient:
    """A behavioural coefficient; the call of one of the methods gives it its prior and the source of that.

    ``centre`` is the mode of a normal cut off at its bounds or the median of a lognormal, ``spread`` the standard
    deviation of the value or of its logarithm. ``phase`` is the name of the file that declares it.
    """

    name: str
    symbol: str
    meaning: str
    unit: str
    family: Literal["normal", "lognormal"] = "normal"
    centre: float = 0.0
    spread: float = 0.0
    low: float = -INF
    high: float = INF
    source: str = ""
    phase: str = ""

    def normal(self, mode: float, sd: float, source: str, low: float = -INF, high: float = INF) -> "Coefficient":
        """With a normal prior, cut off at its bounds."""
        return replace(self, centre=mode, spread=sd, source=source, low=low, high=high)

    def lognormal(self, median: float, sd: float, source: str, low: float = 0.0) -> "Coefficient":
        """With a lognormal prior; ``sd`` is that of the logarithm."""
        return replace(self, family="lognormal", centre=median, spread=sd, source=source, low=low)

    def fixed(self, value: float, source: str, low: float = 0.0, high: float = INF) -> "Coefficient":
        """At a value, unless a scenario sets another."""
        return replace(self, centre=value, source=source, low=low, high=high)


BASE_RATES = "base rates computed from ATOP v4.01, 1815-2016 (Leeds et al. 2002, 10.1080/03050620213653)"
TRIAL = "judgement, so that the history scenario gives a sensible account"
FIXED = "modelling choice"
