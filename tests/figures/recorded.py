"""Invented votes, calls and ties beside the invented results of runs."""

import numpy as np
import xarray as xr

from tests.run_data import CASES

CALLED = ((3, "interstate", 0.0), (7, "regime", 1.0), (11, "clash", 0.0), (30, "insurgency", 0.5))
"""Tick, kind, and answer of calls, by states in turn."""
LEVELS = np.array([-0.1, -0.05, 0.0, 0.05, 0.1])


def recorded(name: str) -> xr.Dataset:
    """A case of runs with all that figures of votes, calls and ties draw, from one stream of invented numbers."""
    ds, rng = CASES[name], np.random.default_rng(1)
    codes, last = [str(code) for code in ds.member.values], ds.sizes["date"] - 1
    years = np.unique(ds.date.values.astype("datetime64[Y]").astype(int) + 1970)[:-1]
    asked = rng.integers(5, 40, (len(years), len(codes)))
    asked[:, -1] = 0  # never voted
    stood = rng.binomial(asked, 0.7)
    answers = np.stack([stood, asked - stood, 0 * asked], axis=-1).astype(float)
    answers[asked == 0] = np.nan
    mean = np.where(asked > 0, 0.7, np.nan)
    calls = [(min(t, last), codes[k % len(codes)], kind, did) for k, (t, kind, did) in enumerate(CALLED)]
    before = rng.uniform(0.2, 0.4, (len(calls), len(codes)))[..., None] + LEVELS
    moved = rng.uniform(-0.1, 0.1, before.shape[:2])[..., None]
    likeness = rng.uniform(0.3, 0.7, (last + 1, len(codes)))[..., None] + LEVELS
    who = np.array([codes.index(code) for _, code, _, _ in calls])
    each = np.arange(len(calls))
    return ds.assign(
        {
            "year": years,
            "roll_call_answers": (("year", "member", "answer"), answers),
            "roll_call_mean": (("year", "member"), mean),
            "roll_call_expected": (("year", "member", "quantile"), mean[..., None] + 0.5 * LEVELS),
            "roll_call_predicted": (("year", "member", "quantile"), mean[..., None] + 3.0 * LEVELS),
            "call_date": ("call", ds.date.values[[t for t, *_ in calls]]),
            "call_member": ("call", [code for _, code, _, _ in calls]),
            "call_kind": ("call", [kind for *_, kind, _ in calls]),
            "call_answer": ("call", [did for *_, did in calls]),
            "call_severity": ("call", rng.uniform(0, 1, len(calls))),
            "call_chance": (("call", "quantile"), rng.uniform(0.2, 0.8, len(calls))[:, None] + LEVELS),
            "call_before": (("call", "member", "quantile"), before),
            "call_after": (("call", "member", "quantile"), before + moved),
            "call_change": (("call", "quantile"), moved[each, who] + 0.1 * LEVELS),
            "call_watching_before": (("call", "quantile"), before.mean(axis=1)),
            "call_watching_after": (("call", "quantile"), (before + moved).mean(axis=1)),
            "likeness": (("date", "member", "quantile"), likeness),
            "dispute": (("date", "pair", "quantile"), np.full((last + 1, 1, 5), 0.5) + LEVELS),
            "pair": [f"{codes[0]}-{codes[-1]}"],
        }
    )
