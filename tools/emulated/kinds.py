"""The kinds of emulator, and which of them answers on a port of this machine."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tools.command import Json

HOST: Final = "127.0.0.1"
"""Not `localhost`: at an address nothing tries IPv6 first, and boto3 puts a bucket's name in the path."""


class Kind(StrEnum):
    """The emulators, by their names in EMULATOR."""

    MINISTACK = "ministack"
    MOTO = "moto"
    LOCALSTACK = "localstack"

    @property
    def label(self) -> str:
        """What its makers call it."""
        return {Kind.MINISTACK: "MiniStack", Kind.MOTO: "moto", Kind.LOCALSTACK: "LocalStack"}[self]


@dataclass(frozen=True)
class Api:
    """What an emulator answers beside AWS's own APIs."""

    health: str
    key: str
    """A key of the health path's JSON. MiniStack answers LocalStack's path too; nobody else answers MiniStack's."""
    reset: str


APIS: Final = {
    Kind.MINISTACK: Api("/_ministack/health", "services", "/_ministack/reset"),
    Kind.MOTO: Api("/moto-api/config", "lambda", "/moto-api/reset"),
    Kind.LOCALSTACK: Api("/_localstack/health", "services", "/_localstack/state/reset"),
}


def answers(kind: Kind, port: int, timeout: float = 5) -> bool:
    """Whether this emulator is what answers on the port."""
    answer = request(port, "GET", APIS[kind].health, timeout=timeout)
    try:
        health: Json = json.loads(answer[1]) if answer is not None and answer[0] < http.client.BAD_REQUEST else None
    except ValueError:
        return False
    known = isinstance(health, dict) and APIS[kind].key in health
    return known and not (kind is Kind.LOCALSTACK and answers(Kind.MINISTACK, port, timeout))


def occupant(port: int) -> str:
    """What has the port: an emulator, or "another program"."""
    return next((kind.label for kind in Kind if answers(kind, port, timeout=1)), "another program")


def listening(port: int) -> bool:
    """Whether anything accepts connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def request(
    port: int, method: str, path: str, body: bytes | None = None, timeout: float = 5
) -> tuple[int, bytes] | None:
    """Status and body of what answers on the port, never through a proxy; None if nothing does."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
