"""Figures as pictures with alternative text."""

import base64
import io
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAVY = 400_000
"""Bytes of a drawing, above which dots take its place."""
TEXTS = 3
"""Of a figure, that stand above its axes: what it says, what it shows, how to read it."""


class Picture(NamedTuple):
    """A figure as an image."""

    kind: str
    content: bytes
    title: str
    alternative: str
    """What a reader who does not see it is to know."""

    @property
    def address(self) -> str:
        """The image itself, as an address that asks nobody."""
        return f"data:image/{self.kind};base64,{base64.b64encode(self.content).decode('ascii')}"


def picture(figure: "Figure") -> Picture:
    """As a drawing that is sharp at any size, or where that would be heavy in dots."""
    drawn = _svg(figure)
    return Picture("svg+xml", drawn, *_texts(figure)) if len(drawn) <= HEAVY else dots(figure)


def dots(figure: "Figure") -> Picture:
    """As a PNG, for what cannot show drawings."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from sim.figures import style

    out = io.BytesIO()
    with style.look():
        canvas: Any = FigureCanvasAgg(figure)
        canvas.print_png(out, metadata={"Software": None})
    return Picture("png", out.getvalue(), *_texts(figure))


def _svg(figure: "Figure") -> bytes:
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    from sim.figures import style

    out, dpi = io.BytesIO(), figure.dpi
    with style.look(), rc_context({"svg.hashsalt": "cohesion", "svg.fonttype": "path"}):
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(out, metadata={"Date": None, "Creator": None})
    figure.dpi = dpi  # print_svg leaves 72 behind, too few for dots
    return out.getvalue()


def _texts(figure: "Figure") -> tuple[str, str]:
    """What it says, and all that stands above its axes."""
    above = [" ".join(text.get_text().split()) for text in figure.texts[:TEXTS]]
    ended = [text if text.endswith((".", "?", "!")) else f"{text}." for text in above if text]
    return above[0] if above else "", " ".join(ended)
