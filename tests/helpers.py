"""Small scenarios and runs that several tests share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sim.engines.ensemble import run_block
from sim.model.arrays import Coefficients
from sim.model.outcomes import KEPT, Z95, variable
from sim.model.tick import Record
from sim.model.variables import COEFFICIENTS, LEADER_INPUTS, MEMBER_INPUTS
from sim.scenario.compile import Program, compile
from sim.scenario.load import load
from sim.scenario.tables import places

SIX = Path(__file__).parent / "data" / "six.toml"
MEMBERS = ("AAA", "BBB", "CCC", "DDD", "EEE")
Overrides = Mapping[str, Any]
MARK_OFF = """
const off = (input, value) => {
  const mark = input.parentElement.querySelector("span"), knob = 16, w = input.ownerDocument.defaultView;
  const [box, rail] = [mark, input].map((e) => e.getBoundingClientRect());
  const half = parseFloat(w.getComputedStyle(mark, "::before").width) / 2 || 0;
  const at = mark.classList.contains("left") ? box.right - half : box.left + half;
  const knobs = rail.left + knob / 2 + (value - input.min) / (input.max - input.min) * (rail.width - knob);
  return Math.max(Math.abs(at - knobs), rail.left - box.left, box.right - rail.right);
};"""
"""For a browser: by how many pixels a mark is off the knob at a value, or its words overhang."""


def laid_out(ds: xr.Dataset) -> xr.Dataset:
    """Variables as the tool names them, from those that have all statistics along a last dimension ``statistic``."""
    known = [str(s) for s in ds["statistic"].values]
    quantiles = [k for k, s in enumerate(known) if s.startswith("q")]
    levels = [int(known[k][1:]) / 100 for k in quantiles]
    found = {}
    for name, x in ds.data_vars.items():
        mean, error = (x.isel(statistic=known.index(s), drop=True) for s in ("mean", "mcse"))
        spread = x.isel(statistic=quantiles).rename(statistic="quantile").assign_coords(quantile=levels)
        found |= {name: mean, f"{name}_mcse": error, f"{name}_quantile": spread}
        found |= {f"{name}_low": mean - Z95 * error, f"{name}_high": mean + Z95 * error, f"{name}_few": 0 * mean}
    return xr.Dataset(found, ds.drop_vars("statistic").coords, ds.attrs)


def only(ds: xr.Dataset, name: str, to: str = "") -> xr.Dataset:
    """One outcome of a dataset, called otherwise where that is asked for."""
    parts = [variable(name, s) for s in KEPT]
    ds = ds[parts].assign_attrs(outcomes=[to or name])
    return ds.rename({part: part.replace(name, to) for part in parts}) if to else ds


ALPHA = 1e-4
"""False-alarm rate of each statistical test; seeds are fixed, so a test fails always or never."""


_compiled: dict[str, Program] = {}


def six(overrides: Overrides | None = None) -> Program:
    """tests/data/six.toml with some values replaced; of two that overlap the later wins."""
    key = repr(overrides)
    if key not in _compiled:
        _compiled[key] = compile(load(SIX, dict(overrides or {})))
    return _compiled[key]


def centred(**changed: float) -> dict[str, float]:
    """Overrides that fix every coefficient at its prior's centre, or at what is given."""
    values = {c.name: c.centre for c in COEFFICIENTS} | changed
    return {f"behaviour.{name}": value for name, value in values.items()}


def numbers(seed: int = 0) -> dict[str, float]:
    """Overrides that make every input of six.toml one number, without words and paths."""
    rng = np.random.default_rng(seed)
    return {path: round(float(rng.uniform(0.2, 0.8)), 3) for path, *_ in places(MEMBERS)}


def run(program: Program, lanes: int = 64, seed: int = 1, block: int = 0) -> list[Record]:
    """The records of some runs: the start, then every forecast tick."""
    return list(run_block(program, seed, block, slice(0, lanes)))


def stacked(records: list[Record], name: str) -> np.ndarray:
    """One field over all ticks, (tick, member, run) or (tick, run)."""
    return np.stack([np.asarray(getattr(r, name)) for r in records])


def coefficients(runs: int = 1, **changed: float) -> Coefficients:
    """Coefficients at their priors' centres, (run,), some of them changed."""
    values = {c.name: c.centre for c in COEFFICIENTS} | changed
    return Coefficients({k: np.full(runs, float(v)) for k, v in values.items()})


def optional(path: str) -> bool:
    """Whether a scenario may leave the input at a dotted path uncoded."""
    owner, _, rest = path.partition(".")
    inputs, name = (LEADER_INPUTS, rest) if owner == "leader" else (MEMBER_INPUTS, rest.partition(".")[2])
    return any(i.optional for i in inputs if name.split(".")[0] == i.name)
