"""Invented results of runs, for the tests of their figures."""

import numpy as np
import xarray as xr

from tests.helpers import laid_out

STATISTICS = ["mean", "mcse", "q05", "q25", "q50", "q75", "q95"]
POSITIONS = ("loyal", "absent", "critical", "frozen", "outside")
NAMES = {
    "ARM": "Armenia",
    "BLR": "Belarus",
    "KAZ": "Kazakhstan",
    "KGZ": "Kyrgyzstan",
    "TJK": "Tajikistan",
    "UZB": "Uzbekistan",
    "GEO": "Georgia",
    "AZE": "Azerbaijan",
    "MDA": "Republic of Moldova",
    "ALB": "Albania",
    "BEL": "Belgium",
    "BIH": "Bosnia and Herzegovina",
    "GBR": "United Kingdom of Great Britain and Northern Ireland",
    "CAN": "Canada",
    "HRV": "Croatia",
    "CZE": "Czech Republic",
    "DNK": "Denmark",
    "EST": "Estonia",
    "FIN": "Finland",
    "FRA": "France",
    "DEU": "Germany",
    "GRC": "Greece",
    "HUN": "Hungary",
    "ISL": "Iceland",
    "ITA": "Italy",
    "LVA": "Latvia",
    "LTU": "Lithuania",
    "LUX": "Luxembourg",
    "MKD": "North Macedonia",
    "MNE": "Montenegro",
    "NLD": "Netherlands",
    "NOR": "Norway",
    "POL": "Poland",
    "PRT": "Portugal",
    "ROU": "Romania",
    "SVK": "Slovakia",
    "SVN": "Slovenia",
    "ESP": "Spain",
    "SWE": "Sweden",
    "TUR": "Turkey",
}


def summary(values: np.ndarray) -> np.ndarray:
    """Statistics over the last axis (run), as the results dataset has them last."""
    mean = values.mean(-1)
    error = values.std(-1, ddof=1) / np.sqrt(values.shape[-1])
    quantiles = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95], axis=-1)
    return np.moveaxis(np.stack([mean, error, *quantiles]), 0, -1)


def synthetic(members: int, dates: int, years: list[int], start: str = "2023-10", outside: int = 0) -> xr.Dataset:
    """Invented results of the shape that a run gives, from 400 invented runs."""
    rng = np.random.default_rng(members)
    runs = 400
    codes = list(NAMES)[:members]
    date = (np.datetime64(start, "M") + 3 * np.arange(dates)).astype("datetime64[ns]")
    t = np.arange(dates)[:, None] / 4
    walk = rng.normal(0, 0.02, (dates, runs)).cumsum(0)
    share = np.clip(0.75 - 0.02 * t + walk, 0, 1)
    left = rng.poisson(0.05 * np.ones((dates, runs))).cumsum(0)
    single = {
        "cohesion": share**2,
        "agreement_index": np.clip(share + 0.1, 0, 1),
        "leader_agreement": share,
        "active_share": share,
        "hubness": 1 + share,
        "members": np.maximum(members - left, 0),
        "stance_dispersion": share,
        "any_exit": share,
        "two_exits": share,
        "dissolution": share,
    }
    level = np.concatenate([[0.08, 0.00001, 0.04], 10 ** rng.uniform(-4.5, -1.2, members)])
    hazard = level[:members, None] * rng.lognormal(0, 0.8, (members, runs))
    exit_ = 1 - np.exp(-hazard * t[:, None])
    freeze = 1 - np.exp(-0.7 * hazard[::-1] * t[:, None])
    by_member = {
        "stance": rng.normal(0, 1, (dates, members, runs)),
        "reliability": np.full((dates, members, runs), 0.2),
        "dependence": np.full((dates, members, runs), 0.6),
        "exit": exit_,
        "freeze": freeze,
    }
    mood = np.linspace(3, -1, members)[None, :] - 0.15 * t
    weights = np.exp(np.stack([mood, 0 * mood + 1, -mood, 0 * mood - 1.5, 0 * mood - 9]))
    weights[4] += 0.2 * t * exit_.mean(-1)
    if outside:
        weights[4, :, -outside:] += np.where(t < 2, 1e9, 0)
    shares = weights / weights.sum(0)
    data = {k: (("date", "statistic"), summary(v)) for k, v in single.items()}
    data |= {k: (("date", "member", "statistic"), summary(v)) for k, v in by_member.items()}
    for position, p in zip(POSITIONS, shares, strict=True):
        full = np.full((dates, members, len(STATISTICS)), np.nan)
        full[..., 0], full[..., 1] = p, np.sqrt(p * (1 - p) / runs)
        data[position] = (("date", "member", "statistic"), full)
    found = xr.Dataset(
        data,
        {"date": date, "member": codes, "statistic": STATISTICS, "name": ("member", [NAMES[c] for c in codes])},
        {
            "title": "An invented alliance, for the test of its figures",
            "scenario": "test/invented",
            "alliance": "CSTO",
            "leader_name": "Russia",
            "runs": runs,
            "seed": 1,
            "start": start,
            "horizons": years,
        },
    )
    return laid_out(found)


CASES = {
    "two": synthetic(2, 5, [1]),
    "six": synthetic(6, 41, [1, 5, 10]),
    "six, one horizon": synthetic(6, 41, [5]),
    "history": synthetic(9, 126, [7, 15, 21, 31], "1992-07", outside=3),
    "thirty": synthetic(30, 41, [1, 5, 10]),
}


def single_run() -> xr.Dataset:
    """One run in which nobody leaves: no Monte Carlo error, all probabilities zero."""
    ds = synthetic(6, 41, [1, 5, 10])
    for name in ds.data_vars:
        if str(name).endswith(("_mcse", "_low", "_high")):
            ds[name].values[...] = np.nan
    for name in ("exit", "freeze"):
        ds[name].values[...] = ds[f"{name}_quantile"].values[...] = 0.0
    title = "A title that goes on and on, with $a_1$ and 5 % & <b>, " * 4
    return ds.assign_attrs(runs=1, title=title)


CASES["single run"] = single_run()
