"""How well a history is forecast by draws that were not fitted to it: from its beginning, and from rolling origins.

Inputs, crises and answers are known as they were; membership is not. The filter runs on the alliance's own record of
membership up to an origin, so that stances start where that puts them; draws are not weighed by it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.estimates.intervals import quantiles_over_draws
from sim.estimates.sample import LEVELS, jackknife
from sim.evaluation.baselines import CERTAIN, LOGIT
from sim.evaluation.forecasts import MODEL, PARTS
from sim.evaluation.history import EXIT, FREEZE, Happened, History, after, by_lead, froze, origins_of
from sim.evaluation.origin import Origin, covariates
from sim.evaluation.rules import DISSOLUTION, RATE, Learned, Said, by_rules
from sim.evaluation.scores import brier, log_score
from sim.figures.rows import Case, Counted, Moved
from sim.inference.forecast import forecast, integrated_hazard, thinned
from sim.inference.smc import generator
from sim.model.arrays import Array, Flags, indicator
from sim.scenario.left_out import ALL

if TYPE_CHECKING:
    import pandas as pd

REPLICATES = 8
"""Futures of every draw."""
MOST = 512
"""Draws that are taken of a posterior, evenly over its rows."""
STREAM = 4_000_004
BEGINNING, ROLLING = "beginning", "rolling"
PRIORS = "priors alone"
"""The model, its coefficients fitted to nothing."""
NAN = float("nan")


class Scored(NamedTuple):
    """Mean scores of a forecaster over members and years after the origins; smaller is better."""

    alliance: str
    origins: str
    event: str
    forecaster: str
    log_score: float
    log_mcse: float
    brier: float
    brier_mcse: float
    concordance: float
    cases: int
    happened: int


TABLES: dict[str, type[NamedTuple]] = {"scores": Scored, "counts": Counted, "cases": Case, "moves": Moved}
WORDS = ("alliance", "since", "event", "forecaster", "origins", "state", "name", "by", "date", "move")
"""Columns of text."""
Rows = dict[str, list[NamedTuple]]
Score = Callable[[Array, Array], Array]


class Future(NamedTuple):
    """What the model forecasts after an origin: events of runs, those of a draw side by side."""

    origin: Origin
    happened: Happened  # (..., run)
    draws: int

    @property
    def events(self) -> dict[str, Flags]:
        """By lead: of exit and freezing (state, lead, run), of dissolution (1, lead, run)."""
        return by_question(self.happened, self.origin)


def by_question(h: Happened, o: Origin) -> dict[str, Flags]:
    """Whether it has happened by each lead: of exit and freezing (state, lead, ...), of dissolution (1, lead, ...)."""
    return {EXIT: by_lead(h.left, o), FREEZE: by_lead(h.froze, o), DISSOLUTION: ~h.alive[o.leads][None]}


def asked(o: Origin) -> dict[str, Flags]:
    """Which of these are asked: of members alone whether they leave or freeze."""
    members = o.asked & o.inside[:, None]
    return {EXIT: members, FREEZE: members, DISSOLUTION: np.ones((1, len(o.leads)), bool)}


def draws_of(h: History, seed: int) -> tuple[History, Array]:
    """The history with some rows of its posterior, and as many draws (draw, coordinate) of what that does not hold."""
    program = thinned(h.whole.program, MOST)
    z = generator(seed, STREAM).standard_normal((program.rows or MOST, h.whole.space.size))
    return h._replace(whole=replace(h.whole, program=program)), z


def futures(o: Origin, z: Array, seed: int) -> Future:
    """Simulate what comes after an origin, with inputs as they were."""
    f = forecast(o.fit, o.whole, z, REPLICATES, seed, o.whole.program)
    return Future(o, Happened(f.left, froze(f.status), f.alive), f.draws)


def rows_of(
    h: History,
    teachers: Learned,
    seed: int,
    progress: Callable[[int, int], None] = lambda *_: None,
    priors: History | None = None,
) -> Rows:
    """All tables of a history, forecast by the draws of its program; ``progress`` hears of origins done.

    ``priors``: the same history by coefficients that were fitted to nothing, to be scored beside it.
    """
    drawn, z = draws_of(h, seed)
    origins, here, made = origins_of(drawn), covariates(drawn.whole), []
    unfitted = draws_of(priors, seed) if priors else None
    before = origins_of(unfitted[0]) if unfitted else []
    for k, o in enumerate(origins):
        by = {MODEL: futures(o, z, seed)} | ({PRIORS: futures(before[k], unfitted[1], seed)} if unfitted else {})
        made.append(Made(by, by_rules(o, here, teachers)))
        progress(k + 1, len(origins))
    hazard = integrated_hazard(drawn.whole, z, seed)
    scores = [r for name, some in groups(made) for r in scored(drawn, name, some)]
    counts = [r for k, m in enumerate(made) for r in counted(drawn, m.future, m.said[RATE], NAN if k else hazard)]
    codes = drawn.whole.program.members
    moves = [Moved(h.name, codes[m.row], h.names[m.row], f"{m.date}", m.what) for m in h.moves]
    return {
        "scores": [*scores],
        "counts": [*counts],
        "cases": [r for m in made for r in cases(drawn, m.future, m.said)],
        "moves": [*moves],
    }


class Made(NamedTuple):
    """What is forecast after an origin: by simulation, of which the first is the model's, and by rules."""

    by: dict[str, Future]
    said: dict[str, Said]

    @property
    def future(self) -> Future:
        """The model's."""
        return self.by[MODEL]


def groups(made: Sequence[Made]) -> Iterator[tuple[str, Sequence[Made]]]:
    """The forecast from the beginning, and those from later on."""
    yield BEGINNING, made[:1]
    if len(made) > 1:
        yield ROLLING, made[1:]


def scored(h: History, name: str, made: Sequence[Made]) -> Iterator[Scored]:
    """Scores of all forecasters of every event, over origins together."""
    first = made[0]
    for event in (EXIT, FREEZE, DISSOLUTION):
        y = [by_question(after(h.seen, m.future.origin), m.future.origin)[event] for m in made]
        mask = [asked(m.future.origin)[event] for m in made]
        parts = {
            who: [
                list(x) for x in zip(*(_without(m.by[who].events[event], m.by[who].draws) for m in made), strict=True)
            ]
            for who in first.by
        }
        said = {who: [m.by[who].events[event].mean(axis=-1) for m in made] for who in first.by}
        for rule in (r for r in first.said if event in first.said[r]):
            said[rule] = [m.said[rule][event] for m in made]
        for who, p in said.items():
            log, log_error = _mean(log_score, p, y, mask, parts.get(who, []))
            square, error = _mean(brier, p, y, mask, parts.get(who, []))
            if who in CERTAIN:
                log = log_error = NAN
            ranking = concordance(p, y, mask) if event == EXIT else NAN
            cases, happened = (sum(int(x.sum()) for x in some) for some in (mask, _both(y, mask)))
            yield Scored(h.name, name, event, who, log, log_error, square, error, ranking, cases, happened)


def _both(y: Sequence[Flags], mask: Sequence[Flags]) -> list[Flags]:
    return [a & b for a, b in zip(y, mask, strict=True)]


def _without(events: Flags, draws: int) -> Iterator[Array]:
    """Probabilities without each part of the draws in turn (jackknife)."""
    by_draw = events.reshape(*events.shape[:-1], draws, -1).mean(axis=-1)
    part = np.arange(draws) % PARTS
    return (by_draw[..., part != k].mean(axis=-1) for k in range(min(PARTS, draws)))


def _mean(
    score: Score, p: Sequence[Array], y: Sequence[Flags], mask: Sequence[Flags], parts: Sequence[Sequence[Array]]
) -> tuple[float, float]:
    """The mean score of cases, and its Monte Carlo standard error."""

    def mean(p: Sequence[Array]) -> float:
        values = [score(a[m], indicator(b[m])) for a, b, m in zip(p, y, mask, strict=True)]
        return float(np.concatenate(values).mean()) if any(m.any() for m in mask) else NAN

    return mean(p), float(jackknife(np.array([mean(part) for part in parts]))) if parts else 0.0


def concordance(p: Sequence[Array], y: Sequence[Flags], mask: Sequence[Flags]) -> float:
    """How often a state that left had been given more than one that stayed, by the year in which it left.

    Ties count half; NaN where nobody left. (Antolini, Boracchi & Biganzoli 2005, 10.1002/sim.2427.)
    """
    wins = pairs = 0.0
    for chance, happened, here in zip(p, y, mask, strict=True):
        for i in np.flatnonzero((happened & here).any(axis=1)):
            k = int(np.argmax(happened[i] & here[i]))
            stay = here[:, k] & ~happened[:, k]
            wins += (chance[i, k] > chance[stay, k]).sum() + 0.5 * (chance[i, k] == chance[stay, k]).sum()
            pairs += stay.sum()
    return float(wins / pairs) if pairs else NAN


def counted(h: History, f: Future, rate: Said, hazard: float) -> Iterator[Counted]:
    """How often it was forecast to happen after an origin, and did."""
    o, then = f.origin, after(h.seen, f.origin)
    for event, runs, was in ((EXIT, f.happened.left, then.left), (FREEZE, f.happened.froze, then.froze)):
        n = runs.sum(axis=(0, 1))
        low, middle, high = (float(x) for x in np.quantile(n, (0.05, 0.5, 0.95), method="inverted_cdf"))
        expected = float((rate[event][:, -1] * o.inside).sum())
        integrated = hazard if event == EXIT else NAN
        about = int(was.sum()), float(n.mean()), low, middle, high, expected, integrated
        yield Counted(h.name, f"{o.until}", event, *about)
    ended = 1.0 - float(f.happened.alive[-1].mean())
    of_end = int(not then.alive[-1]), ended, NAN, NAN, NAN, float(rate[DISSOLUTION][0, -1]), NAN
    yield Counted(h.name, f"{o.until}", DISSOLUTION, *of_end)


def cases(h: History, f: Future, said: dict[str, Said]) -> Iterator[Case]:
    """Every probability that was forecast, with its interval over draws, and what happened."""
    o = f.origin
    codes, edges = h.whole.program.members, h.whole.program.edges
    low, high = LEVELS.index(0.05), LEVELS.index(0.95)
    happened, mask = by_question(after(h.seen, o), o), asked(o)
    for event, runs in f.events.items():
        p, ends = runs.mean(axis=-1), quantiles_over_draws(indicator(runs), runs=runs.shape[-1] // f.draws)
        logit = said[LOGIT].get(event, np.full(p.shape, NAN))
        for i, k in np.argwhere(mask[event]):
            by = f"{edges[o.fit.ticks + o.leads[k]]}"
            state = ("", "") if event == DISSOLUTION else (codes[i], h.names[i])
            who = h.name, f"{o.until}", event, *state, by, int(happened[event][i, k])
            numbers = p[i, k], ends[i, k, low], ends[i, k, high], said[RATE][event][i, k], logit[i, k]
            yield Case(*who, *map(float, numbers))


def frames(found: Sequence[Rows]) -> "dict[str, pd.DataFrame]":
    """The tables of some histories together."""
    import pandas as pd

    return {
        name: pd.DataFrame([r for rows in found for r in rows[name]], columns=kind._fields)
        for name, kind in TABLES.items()
    }


def summed(found: "dict[str, pd.DataFrame]") -> "dict[str, pd.DataFrame]":
    """The same with the sums over alliances, of scores and of what was forecast from the beginning and seen.

    Errors are those of the sum; of a count no interval is known, since futures of several alliances are not paired.
    """
    import pandas as pd

    scores, counts = found["scores"], found["counts"]
    keys = ["origins", "event", "forecaster"]
    alike = scores.groupby(keys, sort=False)
    total = alike[["log_score", "brier", "cases", "happened"]].sum(min_count=1).reset_index()
    for error in ("log_mcse", "brier_mcse"):
        total[error] = alike[error].agg(lambda x: float(np.sqrt((x**2).sum(min_count=1)))).to_numpy()
    first = counts[counts.since == counts.groupby("alliance").since.transform("min")]
    seen = first.groupby("event", sort=False)[["seen", "mean", "base_rate"]].sum().reset_index()
    every = {"scores": total.assign(concordance=NAN), "counts": seen.assign(since=BEGINNING)}
    return found | {
        name: pd.concat([found[name], more.assign(alliance=ALL).reindex(columns=found[name].columns)])
        for name, more in every.items()
    }
