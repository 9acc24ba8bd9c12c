"""Results without their figures: drawing takes longer than all else of most tests."""

from pathlib import Path


def draw_nothing(_: object, folder: Path) -> None:
    """What stands in for ``sim.figures.sheet.save_all``: an empty picture."""
    folder.mkdir(exist_ok=True)
    (folder / "undrawn.png").touch()
