"""How long a run's dataset takes to write and to read in the formats that xarray has, in turn on one machine.

python -m benchmarks.dataset
python -m benchmarks.dataset --scenario nato/history-1949-2023 --rounds 5

Seconds of the processor, the median over rounds; the ratio is to NetCDF 3, in which results are written, in the same
round.
"""

import argparse
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import xarray as xr
from rich.console import Console
from rich.table import Table

import sim
from sim.results import dataset

Format = tuple[Callable[[Any, Path], object], Callable[[Path], Any]]
FORMATS: dict[str, Format] = {
    "NetCDF 3 (scipy)": (dataset.write, dataset.read),
    "NetCDF 4 (h5netcdf)": (
        lambda ds, file: ds.to_netcdf(file, engine="h5netcdf"),
        lambda file: xr.load_dataset(file, engine="h5netcdf"),
    ),
    "Zarr 3": (
        lambda ds, file: ds.to_zarr(file, zarr_format=3, consolidated=False),
        lambda file: xr.open_zarr(file, chunks=None, consolidated=False).load(),
    ),
}


def seconds(work: Callable[[], object]) -> float:
    """Of the processor."""
    began = time.process_time()
    work()
    return time.process_time() - began


def once(ds: Any, form: Format) -> tuple[float, float]:
    """To write and to read it."""
    write, read = form
    home = Path(tempfile.mkdtemp())
    try:
        return seconds(lambda: write(ds, home / "dataset")), seconds(lambda: read(home / "dataset"))
    finally:
        shutil.rmtree(home)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default="csto/outlook-2023")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore")
    ds = sim.run(wanted.scenario, runs=64).dataset
    for form in FORMATS.values():  # what is imported is imported before
        once(ds, form)
    found = [{name: once(ds, form) for name, form in FORMATS.items()} for _ in range(wanted.rounds)]
    table = Table("", "write, s", "ratio", "read, s", "ratio", title=f"{len(ds.variables)} variables, {ds.nbytes:,} B")
    first = next(iter(FORMATS))
    for name in FORMATS:
        cells = []
        for k in (0, 1):
            cells += [
                f"{median(r[name][k] for r in found):.3f}",
                f"{median(r[name][k] / r[first][k] for r in found):.1f}",
            ]
        table.add_row(name, *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
