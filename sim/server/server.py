"""The server of a page: a few fixed addresses, read only, of the standard library.

It answers only who asks by an address of this machine (its Host header: a foreign name that leads here is DNS
rebinding) and no page of another site; nothing that is asked names a file.
"""

import ipaddress
import json
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sim.errors import InputError, Problem
from sim.server.desk import Desk

PAGES = {
    "/": ("page.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/look.css": ("../reports/look.css", "text/css"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PATIENCE = 30
"""Seconds that a connection may say nothing."""
LOCALHOST = "localhost"


class Server(ThreadingHTTPServer):
    """Answers for a desk; ``server_close`` ends it."""

    daemon_threads = True

    def __init__(self, desk: Desk, host: str, port: int) -> None:
        try:
            self.address_family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            super().__init__(where[:2], Handler)  # type: ignore[arg-type]  # an address of either family
        except (OSError, OverflowError, UnicodeError) as error:
            allowed = "allowed: an address of this machine, and a port that is free, or 0 for any"
            said = getattr(error, "strerror", None) or "cannot be"
            raise InputError([Problem("host, port", "", f"{host:.100}, {port}: {said}", allowed)]) from None
        self.desk, self.host = desk, host

    @property
    def url(self) -> str:
        """Where it is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.server_address[1]}/"

    def is_here(self, host: str) -> bool:
        """Whether a Host header is an address in numbers, or a name of this machine."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        with suppress(ValueError):
            return bool(ipaddress.ip_address(name))
        return name in {LOCALHOST, self.host.casefold(), socket.gethostname().casefold()}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has gone, as a page does that moves on; all else is said in a line."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            print(f"cohesion app: {type(error).__name__}: {error}", file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    server_version, sys_version = "cohesion", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """A page, or an answer in JSON."""
        self._say(*self._answer())

    def do_HEAD(self) -> None:
        """The same, without what it says."""
        status, kind, said, more = self._answer()
        self._say(status, kind, said, more, body=False)

    def _answer(self) -> tuple[HTTPStatus, str, bytes, dict[str, str]]:
        if not self.server.is_here(self.headers.get("Host", "")):
            return _refused("asked by a name that is not this machine's")
        url = urlsplit(self.path)
        desk = self.server.desk
        answers: dict[str, Callable[[str], object]] = {
            "/view": desk.view,
            "/answer": partial(desk.answer, see=self._watch),
            "/order": partial(desk.order, see=self._watch),
            "/found": partial(desk.found, see=self._watch),
            "/run": partial(desk.run, see=self._watch),
            "/scenario.toml": desk.file,
        }
        if url.path in PAGES:
            name, kind = PAGES[url.path]
            return HTTPStatus.OK, kind, (Path(__file__).parent / name).read_bytes(), {}
        if url.path not in answers:
            return _problems(HTTPStatus.NOT_FOUND, ["There is no such page."])
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return _refused("asked by another site")
        try:
            said = answers[url.path](url.query)
        except ConnectionError:
            raise  # nobody is there to hear
        except InputError as error:
            return _problems(HTTPStatus.BAD_REQUEST, [str(p) for p in error.problems])
        except Exception as error:  # whatever it is, the page says so and the server goes on
            return _problems(HTTPStatus.INTERNAL_SERVER_ERROR, [f"{type(error).__name__}: {error}"])
        if isinstance(said, str):
            head = {"Content-Disposition": 'attachment; filename="scenario.toml"'}
            return HTTPStatus.OK, "application/toml", said.encode(), head
        return HTTPStatus.OK, "application/json", _json(said), {}

    def _watch(self, *_: object) -> None:
        """Asked before every tick. Raises ConnectionError where who asked has gone: nothing more is computed for it."""
        if select.select([self.connection], [], [], 0)[0] and not self.connection.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError

    def _say(self, status: HTTPStatus, kind: str, said: bytes, more: dict[str, str], body: bool = True) -> None:
        self.send_response(status)
        head = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(said)), **HEADERS, **more}
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal is the user's."""


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _problems(status: HTTPStatus, said: list[str]) -> tuple[HTTPStatus, str, bytes, dict[str, str]]:
    return status, "application/json", _json({"problems": said}), {}


def _refused(why: str) -> tuple[HTTPStatus, str, bytes, dict[str, str]]:
    return _problems(HTTPStatus.FORBIDDEN, [f"Refused: {why}."])
