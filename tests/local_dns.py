"""A name server on this machine that answers as a test says."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping
from typing import Final

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Answer = list[str] | dns.rcode.Rcode | None
"""The records of a name and type as text, or how the answer fails; None for no answer at all."""

_POLL_SECONDS: Final = 0.01
"""How soon it notices that it is to stop."""


class LocalDns:
    """Answers over UDP at `port` of 127.0.0.1 until it is stopped; any other name doesn't exist (NXDOMAIN)."""

    def __init__(self, answers: Mapping[tuple[str, str], Answer]) -> None:
        self._answers = answers
        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[_POLL_SECONDS], daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, socket = self.request
                if answer := outer.answer(dns.message.from_wire(data)):
                    socket.sendto(answer.to_wire(), self.client_address)

        return Handler

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        """What a query is answered, if it is."""
        (question,) = query.question
        response = dns.message.make_response(query, recursion_available=True)
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        answer = self._answers.get((name, kind), dns.rcode.NXDOMAIN)
        if answer is None:
            return None
        if isinstance(answer, list):
            response.answer = [dns.rrset.from_text_list(question.name, 300, "IN", kind, answer)] if answer else []
        else:
            response.set_rcode(answer)
        return response
