"""Figures by name, each drawn when it is first asked for: who wants one does not wait for the others."""

from collections.abc import Callable, Iterator, Mapping

from matplotlib.figure import Figure

from sim.figures import style


class Figures(Mapping[str, Figure]):
    """A mapping of names to figures, as wide as sheets were when it was made.

    Parameters
    ----------
    draw : what draws each, by name.
    """

    def __init__(self, draw: Mapping[str, Callable[[], Figure]]) -> None:
        self._draw, self._width = dict(draw), style.width()
        self._drawn: dict[str, Figure] = {}

    def __getitem__(self, name: str) -> Figure:
        if name not in self._drawn:
            with style.sheets(self._width):
                self._drawn[name] = self._draw[name]()
        return self._drawn[name]

    def __or__(self, more: Mapping[str, Callable[[], Figure]]) -> "Figures":
        return Figures(self._draw | dict(more))

    def __contains__(self, name: object) -> bool:
        return name in self._draw

    def __iter__(self) -> Iterator[str]:
        return iter(self._draw)

    def __len__(self) -> int:
        return len(self._draw)
