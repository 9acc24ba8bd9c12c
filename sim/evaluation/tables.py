"""What a backtest file may say."""

from typing import Annotated

from pydantic import Field

from sim.scenario.tables import Date, Number, Strict

Words = Annotated[str, Field(min_length=1)]


Title = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ,.-]*$", max_length=60)]
"""A name that figures are called by: letters, digits, spaces, commas, points, hyphens."""


class Scheme(Strict):
    """Origins whose forecasts are scored together."""

    name: Title
    fit_until: Annotated[list[Date], Field(min_length=1)]
    years: Annotated[int, Field(ge=1, le=100, strict=True)]


class Carried(Strict):
    """Another alliance, foretold from its beginning with what the calibrated one has taught."""

    name: Title
    scenario: Words


class BacktestTables(Strict):
    """A whole backtest file."""

    title: Words
    question: str = ""
    calibration: Words
    replicates: Annotated[int, Field(ge=2, le=4096, strict=True)] = 8
    seed: Annotated[int, Field(ge=0, strict=True)] = 1
    base_rate: Annotated[Number, Field(gt=0, lt=1)]
    schemes: Annotated[list[Scheme], Field(min_length=1)]
    carried: list[Carried] = Field(default_factory=list)
