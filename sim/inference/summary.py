"""What a calibration found, in tables: prior against posterior, and how the sampler did."""

from typing import Any

import numpy as np

from sim.inference.likelihood import Target
from sim.inference.smc import Estimate, Row, Settings, Stage
from sim.model.arrays import Array
from sim.results.tables import csv_of

UNIDENTIFIED = 0.9
"""Share of the prior's standard deviation from which the data are said not to identify a coefficient."""
REPEATS, REPEATED = 8, 16
QUANTILES = (0.05, 0.5, 0.95)


def coefficients(target: Target, z: Array) -> list[dict[str, Any]]:
    """For each coefficient the middle 90 % and median of prior and posterior, and what was learned.

    ``shift`` and ``spread`` are the posterior's mean and standard deviation where the prior has 0 and 1.
    """
    from scipy.special import ndtri

    space = target.space
    levels = np.zeros((len(QUANTILES), space.size)) + ndtri(np.array(QUANTILES))[:, None]
    prior, found = space.values(levels, target.program), space.values(z, target.program)
    rows = []
    for k, name in enumerate(space.names):
        q = np.quantile(found[name], QUANTILES)
        rows.append(
            {"coefficient": name}
            | {f"prior_{w}": float(v) for w, v in zip(("q05", "median", "q95"), prior[name], strict=True)}
            | {f"posterior_{w}": float(v) for w, v in zip(("q05", "median", "q95"), q, strict=True)}
            | {"shift": float(z[:, k].mean()), "spread": float(z[:, k].std(ddof=1))}
        )
    return rows


def noise(estimate: Estimate, stage: Stage, s: Settings) -> float:
    """Standard deviation of the log-likelihood's estimate at some posterior draws, pooled."""
    some = stage.z[:: max(1, len(stage.z) // REPEATED)][:REPEATED]
    again = np.repeat(some, REPEATS, axis=0)
    found = estimate(again, (s.seed, 1_000_000)).reshape(len(some), REPEATS)
    return float(np.sqrt(found.var(axis=1, ddof=1).mean()))


def diagnostics(target: Target, stage: Stage, deviation: float) -> dict[str, Any]:
    """How the sampler did, in one table."""
    rows = coefficients(target, stage.z)
    rising = [r for r in stage.rows[1:] if r.effective < len(stage.z) - 0.5]
    last = stage.rows[-1]
    places = stage.z[:, target.space.behavioural :]
    moved = np.abs(places.mean(axis=0)) if places.size else np.zeros(0)
    most = np.argsort(-moved)[:10]
    return {
        "powers": [r.power for r in rising],
        "rounds": len(stage.rows) - 1 - len(rising),
        "draws": len(stage.z),
        "different_draws": len(np.unique(stage.log_likelihood)),
        "coefficients": len(target.space.coefficients),
        "coded_places": len(target.space.places),
        "motions": len(target.motions),
        "conduct_observed": int(sum(len(m.codes) for m in target.motions)),
        "ticks": target.ticks,
        "log_evidence": last.log_evidence,
        "log_likelihood_sd": deviation,
        "smallest_effective": min((r.effective for r in rising), default=float(len(stage.z))),
        "smallest_acceptance": min(r.accepted for r in stage.rows[1:]),
        "smallest_acceptance_places": min(r.accepted_places for r in stage.rows[1:]),
        "not_identified": [r["coefficient"] for r in rows if r["spread"] > UNIDENTIFIED],
        "coded_places_moved_most": {target.space.places[k]: round(float(places[:, k].mean()), 3) for k in most},
        "coded_places_spread": float(places.std(axis=0).mean()) if places.size else 0.0,
    }


def stages_csv(rows: tuple[Row, ...]) -> str:
    """The diagnostics of every stage."""
    return csv_of([r._asdict() for r in rows])


def posterior_csv(target: Target, z: Array) -> str:
    """The table that a scenario may name: coefficients by column, draws by row."""
    found = target.space.values(z, target.program)
    names = target.space.coefficients
    lines = [",".join(names)]
    lines += [",".join(f"{found[n][k]:.6g}" for n in names) for k in range(len(z))]
    return "\n".join(lines) + "\n"
