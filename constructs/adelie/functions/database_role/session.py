"""Connections to PostgreSQL, over TLS that verifies the server."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pg8000.native  # pyright: ignore[reportMissingTypeStubs] -- the driver has none; `Session` is its typed face

_NAME: Final = "database-role"
_TIMEOUT_SECONDS: Final = 20
"""For each answer; a run waits for two or three at most, and the function has a minute."""
_WRONG_PASSWORD: Final = "28P01"  # noqa: S105 -- PostgreSQL, "Error codes": invalid_password
_NOT_ALLOWED: Final = "28000"
"""PostgreSQL, "Error codes": invalid_authorization_specification, such as a role that may not log in."""


class DatabaseError(Exception):
    """Why the role can't be made; its text is one sentence without any secret."""


class LoginRefusedError(DatabaseError):
    """The server knows no such role, or not with this password."""


@dataclass(frozen=True)
class Login:
    """Who connects; the password is not in its text."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Server:
    """Where PostgreSQL is, and whose certificate it must have."""

    host: str
    port: int
    database: str
    authority: Path

    def tls(self) -> ssl.SSLContext:
        """Verify the chain and the name, as libpq's `verify-full`.

        Not `ssl.create_default_context`: since Python 3.13 it refuses a certificate for details of its extensions too
        (VERIFY_X509_STRICT), which says nothing about whose it is.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.authority)
        return context

    @contextmanager
    def session(self, login: Login) -> Generator[Session]:
        """A connection as `login`, closed at the end.

        Raises LoginRefusedError for a wrong password, DatabaseError for anything else.
        """
        try:
            connection: Any = pg8000.native.Connection(
                login.username,
                host=self.host,
                port=self.port,
                database=self.database,
                password=login.password,
                ssl_context=self.tls(),
                timeout=_TIMEOUT_SECONDS,
                application_name=_NAME,
            )
        except pg8000.native.DatabaseError as error:
            refusal = LoginRefusedError if _code(error) in {_WRONG_PASSWORD, _NOT_ALLOWED} else DatabaseError
            raise refusal(f"PostgreSQL refuses {login.username}: {_message(error)}") from None
        except ssl.SSLCertVerificationError as error:
            raise DatabaseError(f"the server at {self.host} is not RDS's: {error.verify_message}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            raise DatabaseError(_unreachable(self, error)) from None
        try:
            yield Session(connection)
        finally:
            connection.close()


class Session:
    """One connection; a statement that fails is one sentence."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 -- the driver has no types
        self._connection = connection

    def run(self, statement: str, **values: object) -> list[list[Any]]:
        """The rows of a statement; `:name` in it is the value `name`, sent apart from the text."""
        try:
            return list(self._connection.run(statement, **values) or ())
        except pg8000.native.DatabaseError as error:
            what = " ".join(statement.split()[:2])
            raise DatabaseError(f"PostgreSQL refuses {what}: {_message(error)}") from None
        except (pg8000.native.InterfaceError, OSError) as error:
            raise DatabaseError(f"PostgreSQL stopped answering ({type(error).__name__})") from None

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of it, or nothing."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(DatabaseError):  # a connection that broke has rolled back by itself
                self.run("ROLLBACK")
            raise
        self.run("COMMIT")


def identifier(name: str) -> str:
    """The name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def _unreachable(server: Server, error: Exception) -> str:
    """pg8000 wraps what the network says; a certificate that isn't trusted is told apart from no answer."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server at {server.host} is not RDS's: {cause.verify_message}"
    return f"PostgreSQL at {server.host}:{server.port} does not answer over TLS ({type(cause or error).__name__})"


def _code(error: Exception) -> str:
    return str(_details(error).get("C", ""))


def _message(error: Exception) -> str:
    return str(_details(error).get("M", "no reason given"))


def _details(error: Exception) -> dict[str, Any]:
    """What the server said, by the letters of its protocol (PostgreSQL, "Error and notice message fields")."""
    details: Any = error.args[0] if error.args else {}
    return details if isinstance(details, dict) else {}  # pyright: ignore[reportUnknownVariableType]
