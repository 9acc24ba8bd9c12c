"""What a calibration found: prior against posterior, how the sampler did, and all of it in one file.

The file is of ArviZ's data model (InferenceData), which tools of Bayesian analysis read: groups of arrays by chain and
draw, in one NetCDF file.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.inference.likelihood import EFFECTS, Indices, Target
from sim.inference.pool import Pool
from sim.inference.roll_calls import KINDS
from sim.inference.smc import Part, Settings, Stage, estimates, families, generator
from sim.inference.space import Space
from sim.model.arrays import Array
from sim.model.variables import COEFFICIENTS
from sim.model.version import VERSION
from sim.scenario.posterior import ANCESTOR, GROUP, PATH, PLACE, RECORD, STATE, VERSION_SAYS, Lived, fields

if TYPE_CHECKING:
    import xarray as xr

REPEATS, REPEATED = 8, 16
QUANTILES = (0.05, 0.5, 0.95)
PRIOR_STREAM, PRIOR_DRAWS = 2_000_000, 1000
PACKED = {"zlib": True, "shuffle": True, "complevel": 9}
NOT_ASKED = -1
IDLE_ERRORS = 3.0
"""Standard errors by which the variance of an idle coordinate may depart from 1."""


class Learned(NamedTuple):
    """Median and middle 90 % of a coefficient before and after, and what was learned of it.

    ``shift`` and ``variance_ratio`` are the posterior's mean and variance where the prior has 0 and 1; the latter with
    its Monte Carlo standard error (:func:`variance`).
    """

    coefficient: str
    prior_q05: float
    prior_median: float
    prior_q95: float
    posterior_q05: float
    posterior_median: float
    posterior_q95: float
    shift: float
    variance_ratio: float
    variance_ratio_se: float


class Diagnostics(NamedTuple):
    """How the sampler did."""

    powers: list[float]
    rounds: int
    draws: int
    different_draws: int
    coefficients: int
    coded_places: int
    motions: int
    conduct_observed: int
    roll_calls: int
    """Answers to general motions."""
    ticks: int
    log_evidence: float
    log_likelihood_sd: float
    smallest_effective: float
    smallest_acceptance: float
    smallest_acceptance_places: float
    coded_places_moved_most: dict[str, float]
    coded_places_spread: float
    idle_variances: list[float]
    """Of the idle coordinates, over the prior's: 1 but for chance where the sampler has not collapsed."""
    idle_errors: list[float]

    @property
    def void(self) -> bool:
        """Whether the sampler has collapsed: the idle coordinates have not the prior's spread."""
        pairs = zip(self.idle_variances, self.idle_errors, strict=True)
        return any(not math.isfinite(e) or abs(v - 1.0) > IDLE_ERRORS * e for v, e in pairs)


def coefficients(target: Target, stages: Sequence[Stage], seed: int) -> list[Learned]:
    """What was learned of each coefficient, from the sampler's stages."""
    from scipy.special import ndtri

    space, z, eves = target.space, stages[-1].z, families(stages, seed)
    levels = np.zeros((len(QUANTILES), space.size)) + ndtri(np.array(QUANTILES))[:, None]
    prior, found = space.values(levels, target.program), space.values(z, target.program)
    rows = []
    for k, name in enumerate(space.coefficients):
        (a, b, c), (d, e, f) = prior[name].tolist(), np.quantile(found[name], QUANTILES).tolist()
        rows.append(Learned(name, a, b, c, d, e, f, float(z[:, k].mean()), *variance(z[:, k], eves)))
    return rows


def variance(x: Array, eves: Indices) -> tuple[float, float]:
    """The variance of the sampler's draws (draw,) and its standard error.

    Of n independent normal draws the error is s^2 sqrt(2 / (n - 1)). Draws of one family are alike as far as moves have
    not set them apart since, so squared deviations d are added up by Eves e, the draws of the prior that families
    descend from: se^2 = G / (G - 1) sum_e (sum_{i in e} (d_i - s^2))^2 / n^2 with G families (Chan & Lai 2013,
    10.1214/13-AOS1172; Lee & Whiteley 2018, 10.1093/biomet/asy028).
    """
    found = float(x.var(ddof=1))
    apart = (x - x.mean()) ** 2 - found
    sums = np.bincount(np.unique(eves, return_inverse=True)[1], weights=apart)
    if len(sums) < 2:
        return found, math.inf
    return found, float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / len(x))


def noise(parts: Sequence[Part], stage: Stage, s: Settings) -> float:
    """Standard deviation of the log-likelihood's estimate at some posterior draws, pooled."""
    some = stage.z[:: max(1, len(stage.z) // REPEATED)][:REPEATED]
    again = np.repeat(some, REPEATS, axis=0)
    found = estimates(parts, again, (s.seed, 1_000_000)).sum(axis=1).reshape(len(some), REPEATS)
    return float(np.sqrt(found.var(axis=1, ddof=1).mean()))


def idle(space: Space, stages: Sequence[Stage], seed: int) -> list[tuple[float, float]]:
    """The variance of each idle coordinate and its standard error, that of as many independent draws at least."""
    z, eves = stages[-1].z, families(stages, seed)
    least = math.sqrt(2.0 / len(z))
    found = (variance(z[:, k], eves) for k in range(space.size)[space.idle])
    return [(v, max(e, least)) for v, e in found]


def diagnostics(pool: Pool, stages: Sequence[Stage], deviation: float, seed: int) -> Diagnostics:
    """How the sampler did; ``deviation`` is :func:`noise`."""
    stage, targets = stages[-1], list(pool.targets.values())
    spare = idle(pool.space, stages, seed)
    rising = [r for r in stage.rows[1:] if r.effective < len(stage.z) - 0.5]
    last = stage.rows[-1]
    own = [(a, a.target.space) for a in pool.alliances]
    several = len(own) > 1
    places = np.concatenate([stage.z[:, a.columns[space.behavioural :]] for a, space in own], axis=1)
    paths = [f"{a.name} {path}" if several else path for a, space in own for path in space.places]
    moved = np.abs(places.mean(axis=0)) if places.size else np.zeros(0)
    most = np.argsort(-moved)[:10]
    return Diagnostics(
        powers=[r.power for r in rising],
        rounds=len(stage.rows) - 1 - len(rising),
        draws=len(stage.z),
        different_draws=len(np.unique(stage.log_likelihood)),
        coefficients=len(pool.space.coefficients),
        coded_places=len(paths),
        motions=sum(len(t.motions) for t in targets),
        conduct_observed=sum(len(m.codes) for t in targets for m in t.motions),
        roll_calls=int(sum(y.counts.sum() for t in targets for y in t.roll_calls)),
        ticks=sum(t.ticks for t in targets),
        log_evidence=last.log_evidence,
        log_likelihood_sd=deviation,
        smallest_effective=min((r.effective for r in rising), default=float(len(stage.z))),
        smallest_acceptance=min(r.accepted for r in stage.rows[1:]),
        smallest_acceptance_places=min(r.accepted_places for r in stage.rows[1:]),
        coded_places_moved_most={paths[k]: round(float(places[:, k].mean()), 3) for k in most},
        coded_places_spread=float(places.std(axis=0).mean()) if places.size else 0.0,
        idle_variances=[v for v, _ in spare],
        idle_errors=[e for _, e in spare],
    )


def inference_data(
    target: Target, stage: Stage, lived: Lived | None, seed: int, attributes: dict[str, str]
) -> "xr.DataTree":
    """Prior, posterior, log-likelihood and observations in ArviZ's groups; a scenario may name the file of it.

    Coefficients are in their own units; ``place`` is where in its band, from 0 to 1, each coded value lies, and the
    quantile of its law at which each state's effect in conduct is; what begins
    with ``state_`` are states of the model at the end of the record, some a draw. The attribute ``record`` says what
    they depend on. The log-likelihood is of the whole record: its parts depend on one another through the stances.
    """
    import xarray as xr

    prior = generator(seed, PRIOR_STREAM).standard_normal((PRIOR_DRAWS, target.space.size))
    likelihood = xr.Dataset({"record": (("chain", "draw"), stage.log_likelihood[None])})
    groups = {
        GROUP: _with_states(_with_places(_coefficients(target, stage.z), target, stage.z), target, lived),
        "prior": _coefficients(target, prior),
        "log_likelihood": likelihood.assign_coords(_numbered(len(stage.z))),
    }
    groups |= {"observed_data": _observed(target)} if lived else {}
    record = {RECORD: json.dumps(lived.about)} if lived else {}
    about = {**attributes, VERSION_SAYS: VERSION, **record}
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=about), **groups})


def netcdf(tree: "xr.DataTree") -> bytes:
    """The file of it, the same bytes for the same numbers."""
    packed = {f"/{name}": dict.fromkeys(tree[name].data_vars, PACKED) for name in tree.children}
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / "posterior.nc"
        tree.to_netcdf(file, engine="h5netcdf", encoding=packed)
        return file.read_bytes()


def _numbered(draws: int) -> dict[str, Indices]:
    return {"chain": np.arange(1), "draw": np.arange(draws)}


def _coefficients(target: Target, z: Array) -> "xr.Dataset":
    """Draws (draw, coordinate) by coefficient; the sampler's draws are one chain."""
    import xarray as xr

    units = {c.name: c.unit for c in COEFFICIENTS}
    values = target.space.values(z, target.program)
    if not target.program.has_alliance_effect:
        values[EFFECTS] = np.zeros(len(z))
    columns = {n: (("chain", "draw"), x[None].astype(np.float32), {"units": units[n]}) for n, x in values.items()}
    return xr.Dataset(columns, coords=_numbered(len(z)))


def _with_places(ds: "xr.Dataset", target: Target, z: Array) -> "xr.Dataset":
    """The same with the places of coded values and of states' effects; their prior is uniform."""
    paths, columns = list(target.space.paths), target.space.uniforms(z).columns
    if not paths:
        return ds
    places = np.stack([columns[p] for p in paths], axis=1)[None]
    return ds.assign({PLACE: (("chain", "draw", PATH), places.astype(np.float32))}).assign_coords({PATH: paths})


def _with_states(ds: "xr.Dataset", target: Target, lived: Lived | None) -> "xr.Dataset":
    """The same with the states of the model at the end of the record, where there is one."""
    if lived is None:
        return ds
    found = {}
    for name, x in fields(lived.states):
        by_member = x.ndim == 3
        kept = x.astype(np.float32 if x.dtype == np.float64 else np.int8)
        turned = np.moveaxis(kept, 0, -1) if by_member else kept
        found[f"{STATE}{name}"] = ("chain", "draw", "state", *(("member",) if by_member else ())), turned[None]
    found[ANCESTOR] = ("chain", "draw", "state", "edge"), lived.ancestors[None]
    return ds.assign(found).assign_coords(member=list(target.program.members), state=np.arange(lived.each_row))


def _observed(target: Target) -> "xr.Dataset":
    """Membership at every edge of a tick, conduct on every motion, and counts of answers in each year of roll calls."""
    import xarray as xr

    members, motions, years = list(target.program.members), target.motions, target.roll_calls
    edges = np.array(target.program.edges[: target.ticks + 1], dtype="M8[s]")
    status = xr.DataArray(target.record, dims=("date", "member"), attrs={"long_name": "membership status"})
    ds = xr.Dataset({"status": status}, coords={"date": edges, "member": members})
    if motions:
        conduct = np.full((len(motions), len(members)), NOT_ASKED, dtype=np.int8)
        for k, m in enumerate(motions):
            conduct[k, list(m.rows)] = m.codes
        meaning = {"flag_values": np.arange(-1, 3, dtype=np.int8), "flag_meanings": "not_asked oppose abstain support"}
        dates = np.array([m.date for m in motions], dtype="M8[s]")
        ds = ds.assign(conduct=(("motion", "member"), conduct, meaning))
        ds = ds.assign_coords(motion=[m.name for m in motions], motion_date=("motion", dates))
    if years:
        counts = np.zeros((len(years), len(members), len(KINDS)), dtype=np.int16)
        for k, year in enumerate(years):
            counts[k, list(year.rows)] = year.counts
        about = {"long_name": "answers on general motions; none in a year: not asked or absent"}
        ds = ds.assign(roll_calls=(("year", "member", "answer"), counts, about))
        ds = ds.assign_coords(year=[y.year for y in years], answer=list(KINDS))
    return ds
