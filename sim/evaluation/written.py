"""What a backtest writes: every probability with what happened, cohesion by motion, figures."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.evaluation import pictures
from sim.evaluation.forecasts import Made
from sim.evaluation.origin import Happened
from sim.evaluation.scoring import AS_THEY_WERE, MODEL, score_rows, skill_rows
from sim.evaluation.study import Backtest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SKILL_SHOWN = ("score", "inputs", "baseline", "skill", "low", "high")
Rows = list[dict[str, Any]]
WORDS = (
    "scheme",
    "question",
    "score",
    "forecaster",
    "inputs",
    "baseline",
    "mechanism",
    "says",
    "verdict",
    "coefficients",
)


def results(made: Made, seen: list[Happened], seed: int) -> dict[str, Any]:
    """Everything that is written of a scheme."""
    name, origins = made.scheme, made.origins
    futures, said = made.futures[AS_THEY_WERE], made.told(MODEL, AS_THEY_WERE)
    last = made.told("persistence")
    return {
        "scheme": name,
        "scores": score_rows(name, origins, made.forecasters, seen),
        "origins": by_origin(made, seen),
        "skill": skill_rows(name, origins, made.forecasters, seen, seed),
        "cases": cases(made, seen),
        "cohesion": cohesions(made, seen),
        "reliability": pictures.reliability_panels(origins, said, seen, futures, seed),
        "ranks": pictures.rank_panel(name, origins, seen, futures, seed),
        "cohesion_panel": pictures.cohesion_panel(name, origins, said, last, seen),
    }


def by_origin(made: Made, seen: list[Happened]) -> Rows:
    """Scores of every origin by itself."""
    rows: Rows = []
    for k, o in enumerate(made.origins):
        own = [f._replace(told=f.told[k : k + 1], parts=[p[k : k + 1] for p in f.parts]) for f in made.forecasters]
        found = score_rows(made.scheme, [o], own, seen[k : k + 1])
        rows += [{"fit_until": o.until, **r} for r in found]
    return rows


def cases(made: Made, seen: list[Happened]) -> Rows:
    """Every probability that was told, with what happened."""
    rows = []
    for f in made.forecasters:
        for o, t, h in zip(made.origins, f.told, seen, strict=True):
            states = o.whole.program.members
            who = {"scheme": made.scheme, "fit_until": o.until, "forecaster": f.name, "inputs": f.knows}
            for i, state in enumerate(states):
                for k in np.flatnonzero(o.asked[i]):
                    lead = o.leads[k]
                    by = o.whole.program.edges[o.fit.ticks + lead]
                    outcome = "left" if o.inside[i] else "entered"
                    rows.append(
                        {
                            **who,
                            "state": state,
                            "by": by,
                            "motion": "",
                            "outcome": outcome,
                            "probability": float(t.changed[i, k]),
                            "happened": int(h.changed[i, k]),
                        }
                    )
            for m, p, codes in zip(o.after, t.conduct, h.conduct, strict=True):
                for row, chances, code in zip(m.rows, p, codes, strict=True):
                    for c, outcome in enumerate(("opposed", "abstained", "supported")):
                        rows.append(
                            {
                                **who,
                                "state": states[row],
                                "by": m.date,
                                "motion": m.name,
                                "outcome": outcome,
                                "probability": float(chances[c]),
                                "happened": int(code == c),
                            }
                        )
    return rows


def cohesions(made: Made, seen: list[Happened]) -> Rows:
    """Observed cohesion on every motion, and the spread of its forecasts."""
    return [
        {
            "scheme": made.scheme,
            "fit_until": o.until,
            "forecaster": f.name,
            "inputs": f.knows,
            "date": m.date,
            "motion": m.name,
            "observed": h.cohesion[k],
            **{name: float(np.quantile(t.cohesion[k], q)) for name, q in pictures.LEVELS.items()},
        }
        for f in made.forecasters
        for o, t, h in zip(made.origins, f.told, seen, strict=True)
        for k, m in enumerate(o.after)
    ]


def figures(study: Backtest, found: Rows, number: int) -> dict[str, "Figure"]:
    """Every figure by name; ``number`` is the opening that they show."""
    from sim.figures import backtest as draw

    c = study.calibration
    runs = c.tables.draws * study.tables.replicates
    footer = (
        f"Backtest: {study.name}  |  {c.scenario.name}  |  {runs:,} futures of {c.tables.draws:,} posterior draws an origin  |  "
        f"seed {study.tables.seed}  |  opening {number} of the held-out part"
    )
    common = {"title": study.tables.title, "footer": footer}
    rows = [
        {"split": r["scheme"], "measure": r["question"], **{k: r[k] for k in SKILL_SHOWN}}
        for result in found
        for r in result["skill"]
    ]
    drawn = {"skill": draw.skills({**common, "rows": rows})}
    for result in found:
        name = result["scheme"].replace(" ", "-")
        if result["reliability"]:
            told = {**common, "title": f"{study.tables.title}, {result['scheme']}"}
            drawn[f"reliability-{name}"] = draw.reliability({**told, "panels": result["reliability"]})
    for key, figure in (("ranks", draw.rank_histogram), ("cohesion_panel", draw.cohesion)):
        panels = [r[key] for r in found if r[key]]
        if panels:
            drawn[key.removesuffix("_panel")] = figure({**common, "panels": panels})
    return drawn


def with_error(value: float, mcse: float) -> str:
    """A mean score with its Monte Carlo standard error, if it has one; more digits where it is small."""
    digits = 3 if value >= 0.01 or value == 0 else 5
    least = 10.0**-digits
    if 0 < value < least / 2:
        return f"<{least:.{digits}f}"
    error = f"{mcse:.{digits}f}" if mcse >= least else f"<{least:.{digits}f}"
    return f"{value:.{digits}f}" + (f"±{error}" if mcse else "")


def read(file: Path) -> Rows:
    """The rows of a table that :func:`sim.results.tables.csv_of` made."""

    def value(text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text or float("nan")

    with file.open(encoding="utf-8", newline="") as lines:
        return [{k: v if k in WORDS else value(v) for k, v in row.items()} for row in csv.DictReader(lines)]
