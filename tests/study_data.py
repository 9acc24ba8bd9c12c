"""Invented results of studies, for the tests of their figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from sim.model.outcomes import MONTE_CARLO
from tests.helpers import laid_out, only

STATISTICS = ["mean", "mcse", "q05", "q95"]
MEMBERS = {
    "ARM": "Armenia",
    "BLR": "Belarus",
    "KAZ": "Kazakhstan",
    "KGZ": "Kyrgyzstan",
    "TJK": "Tajikistan",
    "GBR": "United Kingdom of Great Britain and Northern Ireland",
}
LABELS = (
    "Western ties of Kazakhstan (0 to 1)",
    "Dependence of all members on the leader (0 to 1)",
    "How much a member that was not helped in a crisis believes the leader afterwards (points)",
    *(f"Strength of mechanism {k} (log odds)" for k in range(20)),
)
HORIZONS = (1, 5, 10)
RUNS = 2000
FACTORS = tuple(f"factor_{k}" for k in range(len(LABELS)))


def grid(*levels: Sequence[float]) -> np.ndarray:
    """Every combination of levels. (point, factor)"""
    return np.stack([a.ravel() for a in np.meshgrid(*levels, indexing="ij")], -1)


def spread(points: int, count: int, seed: int = 0) -> np.ndarray:
    """A Latin hypercube on the unit cube. (point, factor)"""
    rng = np.random.default_rng(seed)
    ranks = np.stack([rng.permutation(points) for _ in range(count)], -1)
    return (ranks + rng.uniform(size=(points, count))) / points


def logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _share(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Statistics of a probability estimated from runs, last."""
    mean = rng.binomial(RUNS, p) / RUNS
    return np.stack([mean, np.sqrt(mean * (1 - mean) / RUNS), 0.3 * p, 1 - 0.6 * (1 - p)], -1)


def study(
    table: np.ndarray,
    design: str,
    scenarios: int = 1,
    members: int = 5,
    failed: Sequence[int] = (),
    horizons: Sequence[float] = HORIZONS,
    **attrs: Any,
) -> xr.Dataset:
    """Invented results at the points of a table (point, factor), repeated for each scenario."""
    rng = np.random.default_rng(1)
    each, count = table.shape
    full, which = np.tile(table, (scenarios, 1)), np.repeat(np.arange(scenarios), each)
    codes = list(MEMBERS)[:members]
    low, high = table.min(0), table.max(0)
    unit = (full - low) / np.where(high > low, high - low, 1)
    first, second = unit[:, 0], unit[:, 1] if count > 1 else 0.5 + 0 * unit[:, 0]
    years = np.asarray([0, *horizons], dtype=float)
    base = np.asarray([-1.5, -7, -2.0, -4.5, -6, -5])[:members]
    slope = np.asarray([0.5, 1, 4.0, 2, 1, 1])[:members]
    push = base + slope * first[:, None] - 2.5 * second[:, None] + 0.6 * which[:, None]
    p = logistic(push[:, None] + np.log(np.maximum(years, 1e-12) / 10)[:, None])
    none = np.prod(1 - p, -1)
    cohesion = 0.35 + 0.3 * second[:, None] - 0.1 * first[:, None] - 0.01 * years
    noisy = cohesion + rng.normal(0, 0.002, cohesion.shape)
    data = {
        "exit": (("point", "tick", "member", "statistic"), _share(p, rng)),
        "freeze": (("point", "tick", "member", "statistic"), _share(p**0.5, rng)),
        "any_exit": (("point", "tick", "statistic"), _share(1 - none, rng)),
        "dissolution": (("point", "tick", "statistic"), _share(0.1 * (1 - none), rng)),
        "cohesion": (
            ("point", "tick", "statistic"),
            np.stack([noisy, 0 * noisy + 0.002, noisy - 0.15, noisy + 0.15], -1),
        ),
    }
    for _, values in data.values():
        values[list(failed)] = np.nan
    start = np.datetime64("2023-10", "M")
    called = [f"csto/scenario-{k}" for k in range(scenarios)]
    titles = ["The CSTO from September 2023"] + [
        f"What if, number {k}: a Western guarantee for Armenia from 2025" for k in range(1, scenarios)
    ]
    found = xr.Dataset(
        data,
        {
            "point": np.arange(len(full)),
            "years": ("tick", years),
            "date": ("tick", (start + (12 * years).astype(int)).astype("datetime64[s]")),
            "member": np.array(codes, dtype=object),
            "name": ("member", np.array([MEMBERS[c] for c in codes], dtype=object)),
            "statistic": np.array(STATISTICS, dtype=object),
            "scenario": ("point", np.array([called[k] for k in which], dtype=object)),
            **{FACTORS[k]: ("point", full[:, k]) for k in range(count)},
        },
        {
            "title": "When do Western ties pull members out?",
            "question": "",
            "design": design,
            "runs": RUNS,
            "seed": 1,
            "alliance": "CSTO",
            "leader_name": "Russia",
            "start": "2023-10-01",
            "factors": list(FACTORS[:count]),
            "labels": list(LABELS[:count]),
            "scenarios": called,
            "titles": titles,
            "outcomes": list(data),
            "focus": [],
        }
        | attrs,
    )
    return laid_out(found)


def flat(ds: xr.Dataset, value: float) -> xr.Dataset:
    """Every outcome the same at every point, without error."""
    ds = ds.copy(deep=True)
    for name in ds.data_vars:
        ds[name].values[...] = 0.0 if str(name).endswith(("_mcse", "_few")) else value
    return ds


def without(ds: xr.Dataset, *statistics: str) -> xr.Dataset:
    """The same without some statistics, as with too few runs."""
    ds = ds.copy(deep=True)
    for name in ds.data_vars:
        if str(name).rpartition("_")[2] in statistics:
            ds[name].values[...] = np.nan
    return ds


def wordy(ds: xr.Dataset) -> xr.Dataset:
    """The same with titles and labels that go on and on."""
    long = "a label that goes on and on, with $a_1$ and 5 % & <b>, " * 3
    labels = [f"{label}: {long}" for label in ds.attrs["labels"]]
    titles = [f"{title}: {long}" for title in ds.attrs["titles"]]
    return ds.assign_attrs(labels=labels, titles=titles, title=long, question=f"{long}?")


EVEN = np.linspace(0, 1, 9)
QUESTION = "Do Western ties pull Kazakhstan out, and does dependence hold it back?"
CASES = {
    "grid": study(grid(EVEN, EVEN), "grid", question=QUESTION),
    "grid, uneven": study(grid([0, 0.1, 0.15, 0.5, 1], [1, 2, 4, 8, 16]), "grid", failed=[3, 12], focus=["KAZ"]),
    "grid, 2 x 2": study(grid([0, 1], [0, 1]), "grid", focus=["ARM", "GBR"], members=6),
    "grid, 64 x 64": study(grid(np.linspace(0, 1, 64), np.linspace(-5, 5, 64)), "grid"),
    "grid, four scenarios": study(grid(EVEN, EVEN), "grid", scenarios=4, failed=[100]),
    "grid, six scenarios": study(grid(EVEN[::2], EVEN), "grid", scenarios=6),
    "grid, one of three varies": study(grid([0.3], EVEN, [2.5]), "grid", failed=[4]),
    "grid, two of three vary": study(grid(EVEN, [0.5], EVEN), "grid", focus=list(MEMBERS), members=6),
    "grid, three factors": study(grid(EVEN[::2], EVEN[::2], EVEN[::2]), "grid"),
    "grid, flat": flat(study(grid(EVEN, EVEN), "grid"), 0.4),
    "grid, zeros": flat(study(grid(EVEN, EVEN), "grid"), 0.0),
    "grid, all failed": study(grid(EVEN, EVEN), "grid", failed=range(81)),
    "one point": study(grid([0.3]), "grid", horizons=[10]),
    "one factor": study(grid(np.linspace(0, 2000, 64)), "file"),
    "one factor, three scenarios": study(grid(EVEN), "file", scenarios=3),
    "one factor, flat": flat(study(grid(EVEN), "grid"), 0.0),
    "two factors, lhs": study(spread(200, 2), "lhs", failed=[7, 8]),
    "two factors, two scenarios": study(spread(100, 2), "sobol", scenarios=2, members=2),
    "many factors": study(spread(256, 12), "sobol", focus=["KAZ"]),
    "many points": study(spread(10_000, 5), "lhs"),
    "four points from a file": study(spread(4, 3), "file"),
    "many factors, five scenarios": study(spread(64, 3), "lhs", scenarios=5),
    "two factors, many points": study(spread(10_000, 2), "lhs"),
    "long words": wordy(study(grid(EVEN, EVEN), "grid", scenarios=2, members=2)),
    "long words, many factors": wordy(study(spread(40, 4), "lhs", scenarios=2)),
    "long words, one factor": wordy(study(grid(EVEN), "file", scenarios=2)),
    "cohesion only": only(study(spread(40, 3), "lhs"), "cohesion"),
    "exit only": only(study(grid(EVEN, EVEN), "grid", members=1), "exit"),
    "stance only": only(study(grid(EVEN, EVEN), "grid"), "exit", "stance"),
    "stance only, one factor": only(study(grid(EVEN), "grid"), "exit", "stance"),
    "stance only, many factors": only(study(spread(40, 3), "lhs"), "exit", "stance"),
    "no error known": without(study(grid(EVEN, EVEN), "grid"), *MONTE_CARLO),
    "no spread known": without(study(grid(EVEN), "grid"), "quantile"),
    "one factor, all failed": study(grid(EVEN), "grid", failed=range(9)),
    "many factors, all failed": study(spread(9, 3), "lhs", failed=range(9)),
}
