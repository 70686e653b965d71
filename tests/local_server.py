"""A web server on this machine that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = int | tuple[int, Mapping[str, str]] | tuple[int, Mapping[str, str], str]
"""A status, with headers, with a body."""
_POLL_SECONDS = 0.01
"""How long `stop` may wait for the server; by default it is half a second."""


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass
class LocalServer:
    """Answers one after the other, the last one for ever; `requests` has what came."""

    answers: list[Answer]
    requests: list[Asked] = field(default_factory=list[Asked])

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                outer.requests.append(Asked(self.command, self.path, dict(self.headers), self.rfile.read(length)))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                status, headers, body = _complete(answer)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 -- as http.server calls them

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: pytest's output is for what fails."""

        return Handler


def _complete(answer: Answer) -> tuple[int, Mapping[str, str], str]:
    if isinstance(answer, int):
        return answer, {}, ""
    return (answer[0], answer[1], answer[2]) if len(answer) == 3 else (answer[0], answer[1], "")
