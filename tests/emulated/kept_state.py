"""A place for Terraform's state that is cheap to write to.

In a file, Terraform writes the whole state again after each resource, which for a stack of two hundred is half of its
CPU time. Through any other backend it does so every 20 seconds, and at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_POLL_SECONDS: Final = 0.01
"""How soon the server notices that it is to stop."""


class _Server(ThreadingHTTPServer):
    state = b""


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._answer(HTTPStatus.OK if self.server.state else HTTPStatus.NOT_FOUND, self.server.state)

    def do_POST(self) -> None:
        self.server.state = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest's output is for what fails."""


@contextmanager
def kept_state() -> Generator[dict[str, dict[str, str]]]:
    """A stack's `backend` for which a state is kept as long as the block lasts."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
    try:
        yield {"http": {"address": f"http://127.0.0.1:{server.server_port}/"}}
    finally:
        server.shutdown()
        server.server_close()
