"""The application can't decide which migrations the owner runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pg8000.native  # pyright: ignore[reportMissingTypeStubs]
import pytest

from adelie.functions.database_role.roles import Wanted, ensure
from adelie.functions.database_role.session import Login, Server
from tests import real_postgres
from tests.real_postgres import DATABASE, MASTER, MASTER_PASSWORD

pytestmark = [
    pytest.mark.xdist_group("postgres"),
    pytest.mark.skipif(real_postgres.why_not() is not None, reason=real_postgres.why_not() or ""),
]
OWNER, LOGIN = Login(MASTER, MASTER_PASSWORD), Login("application_a", "First" * 10)
WANTED = Wanted(role="application", login=LOGIN, logins=(LOGIN.username, "application_b"), schema="public")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[tuple[real_postgres.RealPostgres, Server]]:
    authority = real_postgres.authority(tmp_path, "rds")
    with real_postgres.running() as server, real_postgres.tls_in_front(server.port, authority.server) as port:
        server.start_again()
        yield server, Server("localhost", port, DATABASE, authority.root)


def test_the_history_of_migrations_is_read_only(postgres: tuple[real_postgres.RealPostgres, Server]) -> None:
    server, rds = postgres
    ensure(rds, OWNER, WANTED)
    server.run("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")  # the first migration
    assert ensure(rds, OWNER, WANTED).made == ["closed alembic_version to writing"]
    assert server.run("SELECT * FROM alembic_version", LOGIN.username, LOGIN.password) == []
    for statement in ("INSERT INTO alembic_version VALUES ('x')", "DELETE FROM alembic_version"):
        with pytest.raises(pg8000.native.DatabaseError) as error:
            server.run(statement, LOGIN.username, LOGIN.password)
        assert error.value.args[0]["C"] == "42501"
    assert ensure(rds, OWNER, WANTED).made == []
