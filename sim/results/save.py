"""Write a run to a folder so that nothing is ever half-written."""

import json
from pathlib import Path

from sim.results import tables
from sim.results.result import Result
from sim.scenario.resolved import resolved
from sim.storage.files import write_text, writing

RESOLVED, DATASET = "resolved.json", "dataset.zarr"


def save(result: Result, folder: Path) -> None:
    """Write tables, dataset, scenario, provenance and figures. Raises InputError where it cannot."""
    with writing(folder, result.provenance) as scratch:
        write_text(scratch / "members.csv", tables.csv(result.members))
        write_text(scratch / "ticks.csv", tables.csv(result.ticks))
        write_text(scratch / "alliance.csv", tables.csv(result.alliance))
        write_text(scratch / "scenario.toml", result.scenario.text)
        write_text(scratch / RESOLVED, json.dumps(resolved(result.scenario), indent=1) + "\n")
        _write_dataset(result, scratch / DATASET)
        _write_figures(result, scratch / "figures")


def _write_dataset(result: Result, folder: Path) -> None:
    result.dataset.to_zarr(folder, mode="w", zarr_format=3, consolidated=False)


def _write_figures(result: Result, folder: Path) -> None:
    from sim.figures.style import save as save_figure

    folder.mkdir()
    for name, figure in result.figures().items():
        save_figure(figure, folder / f"{name}.png")
