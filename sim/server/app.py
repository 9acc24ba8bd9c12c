"""The verb: serve the page until interrupted."""

import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from urllib.parse import urlencode

from sim.errors import InputError, Problem, arguments
from sim.server.desk import Desk
from sim.server.server import Server

SCENARIO = "csto/outlook-2023"
HOST, PORT = "127.0.0.1", 8765
HEAVY = ("pandas", "xarray", "dask.array")
"""What answers import; the last only where it is installed, since xarray then asks for it."""


@arguments
def app(
    scenario: str | Path = SCENARIO,
    host: str = HOST,
    port: int = PORT,
    browser: bool = True,
    started: Callable[[str], object] = lambda _: None,
) -> None:
    """Serve a page on which levers of a scenario are moved and single runs stepped through, until interrupted.

    Parameters
    ----------
    scenario : str or Path
        A file, or the name of a shipped one; the page offers all shipped ones too.
    host : str
        Where it listens; by default only this machine can ask. There is no password: whoever reaches it can compute.
    port : int
        0 for any that is free.
    browser : bool
        Whether a browser is opened.
    started : callable, optional
        Called with the page's address when it is there.

    Raises
    ------
    InputError
        For a scenario that cannot be read, and where the port is taken.

    Examples
    --------
    >>> import sim
    >>> sim.app("csto/outlook-2023", browser=False)  # doctest: +SKIP
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise InputError([Problem("port", "", f"{port!r:.60}", "allowed: 0 to 65535")])
    desk = Desk(scenario)
    with Server(desk, host, port) as server, suppress(KeyboardInterrupt):
        address = f"{server.url}?{urlencode({'scenario': desk.first}, safe='/')}"
        started(address)
        threading.Thread(target=warm, daemon=True).start()
        if browser:
            webbrowser.open(address)
        server.serve_forever()


def warm() -> None:
    """Import what answers need, a second or two, while the page is still being read."""
    for name in HEAVY:
        with suppress(ImportError):
            import_module(name)
