"""Write a run to a folder so that nothing is ever half-written."""

from pathlib import Path
from typing import Any

from sim.results import tables
from sim.results.dataset import by_name
from sim.results.result import Result
from sim.scenario.load import Scenario, restore
from sim.storage.effort import Effort
from sim.storage.files import as_json, provenance_of, write
from sim.storage.workspace import Workspace

RESOLVED, DATASET = "resolved.json", "dataset.zarr"
OWN = ("members.csv", "ticks.csv", "alliance.csv", "scenario.toml", RESOLVED, DATASET, "figures")


def identity(scenario: Scenario, runs: int, seed: int, engine: str) -> dict[str, Any]:
    """What makes a run the run it is: the same entries give the same results."""
    return {
        "scenario": scenario.name,
        "fingerprint": scenario.fingerprint,
        "runs": runs,
        "seed": seed,
        "engine": engine,
    }


def workspace(scenario: Scenario, by: Effort, engine: str, folder: str | Path) -> Workspace:
    """The folder of a run."""
    return Workspace(Path(folder), "run", scenario.tables.title, identity(scenario, by.runs, by.seed, engine), OWN)


def save(result: Result, folder: str | Path, force: bool = False) -> None:
    """Write tables, dataset, scenario, figures and provenance; what another run wrote there is replaced as a whole.

    Parameters
    ----------
    result : from :func:`sim.run`.
    folder : made where there is none.
    force : replace the results of another run.

    Raises
    ------
    InputError
        Where the folder cannot be written, or holds files of yours or other results.
    """
    p = result.provenance
    work = workspace(result.scenario, Effort(p["runs"], p["seed"]), p["engine"], folder)
    with work.held(force):
        write_results(result, work)


def write_results(result: Result, work: Workspace) -> None:
    """Write all to a folder that is held."""
    with work.results(**result.provenance) as new:
        for name, table in (("members", result.members), ("ticks", result.ticks), ("alliance", result.alliance)):
            write(new / f"{name}.csv", tables.csv(table))
        write(new / "scenario.toml", result.scenario.text)
        write(new / RESOLVED, as_json(result.scenario.resolved))
        _write_dataset(result, new / DATASET)
        _write_figures(result, new / "figures")


def open_run(folder: Path) -> Result:
    """The run that was written to a folder. Raises InputError where its scenario cannot be read."""
    import xarray as xr

    with xr.open_zarr(folder / DATASET, chunks=None, consolidated=False) as ds:
        return Result(restore(folder / RESOLVED), by_name(ds.load()), provenance_of(folder) or {})


def _write_dataset(result: Result, folder: Path) -> None:
    result.dataset.to_zarr(folder, mode="w", zarr_format=3, consolidated=False)


def _write_figures(result: Result, folder: Path) -> None:
    from sim.figures.sheet import save as save_figure

    folder.mkdir()
    for name, figure in result.figures().items():
        save_figure(figure, folder / f"{name}.png")
