"""The forecasts of a scheme: the model's, with inputs as they were and held, and the baselines'."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.evaluation.baselines import BASELINES, LOGIT, on_covariates, without_parts
from sim.evaluation.model import PARTS, told
from sim.evaluation.model import without_parts as without_draws
from sim.evaluation.origin import Origin, Told
from sim.evaluation.scoring import HELD, KNOWS, MODEL, Forecaster
from sim.evaluation.tables import BacktestTables
from sim.inference.forecast import Forecast, forecast, held
from sim.model.arrays import Array


@dataclass(frozen=True)
class Made:
    """The forecasts of a scheme."""

    scheme: str
    origins: list[Origin]
    futures: dict[str, list[Forecast]]
    """Of the model, by what it knows."""
    forecasters: list[Forecaster]

    def told(self, name: str, knows: str = "") -> list[Told]:
        """What a forecaster says of every origin."""
        return next(f.told for f in self.forecasters if (f.name, f.knows) == (name, knows))


def make(
    scheme: str,
    origins: list[Origin],
    draws: Sequence[Array],
    t: BacktestTables,
    known: Sequence[str] = KNOWS,
) -> Made:
    """Foretell from every origin, given the posterior draws (draw, coordinate) of each fit."""
    futures: dict[str, list[Forecast]] = {}
    forecasters = []
    for knows in known:
        futures[knows] = [
            forecast(
                o.fit,
                o.whole,
                z,
                t.replicates,
                t.seed,
                held(o.whole.program, o.fit.ticks) if knows == HELD else o.whole.program,
            )
            for o, z in zip(origins, draws, strict=True)
        ]
        pairs = list(zip(origins, futures[knows], strict=True))
        parts = [list(x) for x in zip(*(without_draws(o, f) for o, f in pairs), strict=True)]
        forecasters.append(Forecaster(MODEL, knows, [told(o, f) for o, f in pairs], parts))
    for name, rule in BASELINES.items():
        forecasters.append(_dull(name, "", [rule(o, t.base_rate, t.seed) for o in origins]))
    for knows in known:
        said = [on_covariates(o, t.seed, knows == HELD) for o in origins]
        forecasters.append(_dull(LOGIT, knows, said))
    return Made(scheme, origins, futures, forecasters)


def _dull(name: str, knows: str, said: list[Told]) -> Forecaster:
    parts = [list(x) for x in zip(*(without_parts(s, PARTS) for s in said), strict=True)]
    return Forecaster(name, knows, said, parts)
