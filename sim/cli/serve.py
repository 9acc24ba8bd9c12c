"""`cohesion app`: serve the page until interrupted."""

from sim.cli import show
from sim.server.app import app


def main(scenario: str, host: str, port: int, browser: bool) -> None:
    """Say where it is."""
    app(scenario, host, port, browser, lambda url: show.notice(f"{url} (Ctrl-C ends it)"))
