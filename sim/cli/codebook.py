"""`cohesion codebook`: every coded value with its rule, width, sources and quotations, as for an appendix."""

from pathlib import Path
from typing import Any

from sim.cli import show
from sim.errors import several
from sim.results.codebook import FORMATS, codebook, files_of
from sim.scenario.load import load


def main(scenario: str, out: Path | None, format: str, overrides: dict[str, Any], force: bool, json: bool) -> None:
    """Write it, and say how much is coded and where it is."""
    formats = several(format, "format", FORMATS)
    loaded = load(scenario, overrides)
    out = out or Path(f"{loaded.name}-codebook")
    says, files = codebook(loaded, out, format, force=force).sentence(), list(map(str, files_of(out, formats)))
    if json:
        show.print_json({"says": says, "files": files})
        return
    show.paragraph(says)
    for file in files:
        show.line(file)
