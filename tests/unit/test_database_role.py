"""The application's role in a real PostgreSQL 18, made by an owner who is no superuser, as RDS's isn't."""
# ruff: noqa: S608 -- the statements are this file's own

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pg8000.native  # pyright: ignore[reportMissingTypeStubs]
import pytest

from adelie.functions.database_role import roles
from adelie.functions.database_role.roles import Wanted, ensure
from adelie.functions.database_role.session import DatabaseError, Login, Server
from tests import real_postgres
from tests.real_postgres import DATABASE, MASTER, MASTER_PASSWORD, RealPostgres

pytestmark = [
    pytest.mark.xdist_group("postgres"),
    pytest.mark.skipif(real_postgres.why_not() is not None, reason=real_postgres.why_not() or ""),
]

OWNER = Login(MASTER, MASTER_PASSWORD)
FIRST, SECOND = Login("application_a", "First" * 10), Login("application_b", "Second" * 10)
WANTED = Wanted(role="application", login=FIRST, logins=(FIRST.username, SECOND.username), schema="public")


@pytest.fixture(scope="module")
def postgres() -> Iterator[RealPostgres]:
    with real_postgres.running() as server:
        yield server


@pytest.fixture(scope="module")
def rds(postgres: RealPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server as the function sees RDS: behind TLS, with a certificate of the authority that it knows."""
    authority = real_postgres.authority(tmp_path_factory.mktemp("tls"), "rds")
    with real_postgres.tls_in_front(postgres.port, authority.server) as port:
        yield Server("localhost", port, DATABASE, authority.root)


@pytest.fixture
def empty(postgres: RealPostgres) -> RealPostgres:
    postgres.start_again()
    return postgres


@pytest.fixture
def made(empty: RealPostgres, rds: Server) -> RealPostgres:
    """After a first run, over a table that was there before it and one that a migration made after it."""
    empty.run("CREATE TABLE older (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)")
    empty.run("CREATE SEQUENCE counter")
    empty.run("CREATE SCHEMA private")
    empty.run("CREATE TABLE private.secrets (text text)")
    ensure(rds, OWNER, WANTED)
    empty.run('CREATE TABLE "Newer" (id serial PRIMARY KEY, older integer REFERENCES older, text text)')
    empty.run("CREATE SEQUENCE later")
    return empty


def application(server: RealPostgres, statement: str, database: str = DATABASE, login: Login = FIRST) -> Any:
    return server.run(statement, login.username, login.password, database)


def catalogue(server: RealPostgres) -> Mapping[str, Any]:
    """Every row that says who may do what, with the transaction that wrote it."""
    tables = {
        "pg_authid": "rolname",
        "pg_auth_members": "oid",
        "pg_database": "datname",
        "pg_namespace": "nspname",
        "pg_class": "relname",
        "pg_default_acl": "oid",
    }
    return {
        table: server.as_superuser(f"SELECT xmin::text, to_jsonb({table}) FROM {table} ORDER BY {key}", DATABASE)
        for table, key in tables.items()
    }


def test_it_is_the_postgresql_that_rds_runs(postgres: RealPostgres) -> None:
    ((version,),) = postgres.as_superuser("SHOW server_version")
    ((is_superuser,),) = postgres.as_superuser("SELECT rolsuper FROM pg_roles WHERE rolname = :name", name=MASTER)
    assert version.startswith("18.")
    assert not is_superuser, "a superuser would hide what RDS refuses"


@pytest.mark.parametrize("table", ["older", '"Newer"'])
def test_it_reads_and_writes_tables_from_before_and_after(made: RealPostgres, table: str) -> None:
    application(made, f"INSERT INTO {table} (text) VALUES ('one'), ('two')")
    application(made, f"UPDATE {table} SET text = 'three' WHERE text = 'two'")
    application(made, f"DELETE FROM {table} WHERE text = 'one'")
    assert application(made, f"SELECT id, text FROM {table}") == [[2, "three"]]


@pytest.mark.parametrize("sequence", ["counter", "later"])
def test_it_uses_sequences_from_before_and_after(made: RealPostgres, sequence: str) -> None:
    assert application(made, f"SELECT nextval('{sequence}')") == [[1]]
    assert application(made, f"SELECT setval('{sequence}', 7)") == [[7]]


REFUSED = {
    "make a role": "CREATE ROLE more LOGIN",
    "become a superuser": "ALTER ROLE application_a SUPERUSER",
    "make a database": "CREATE DATABASE more",
    "make a schema": "CREATE SCHEMA more",
    "make a table": "CREATE TABLE more (id integer)",
    "make a temporary table": "CREATE TEMPORARY TABLE more (id integer)",
    "drop a table": "DROP TABLE older",
    "alter a table": "ALTER TABLE older ADD COLUMN more text",
    "truncate a table": "TRUNCATE older CASCADE",
    "make a trigger": "CREATE TRIGGER t BEFORE UPDATE ON older EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "drop a table of a later migration": 'DROP TABLE "Newer"',
    "make a function": "CREATE FUNCTION more() RETURNS integer LANGUAGE sql RETURN 1",
    "make an extension": "CREATE EXTENSION file_fdw",
    "read another schema": "SELECT * FROM private.secrets",
    "read passwords": "SELECT * FROM pg_authid",
    "read a file of the server": "SELECT pg_read_file('/etc/passwd')",
    "copy a file of the server": "COPY older (text) FROM '/etc/passwd'",
    "run a program on the server": "COPY older (text) FROM PROGRAM 'id'",
    "become the owner": f"SET ROLE {MASTER}",
    "become rds_superuser": "SET ROLE rds_superuser",
    "become its group": "SET ROLE application",
    "give the owner another password": f"ALTER ROLE {MASTER} PASSWORD 'x'",
    "end other sessions": f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{MASTER}'",
}


@pytest.fixture(scope="module")
def refusing(postgres: RealPostgres, rds: Server) -> Iterator[RealPostgres]:
    """One made database for all that is refused, with a session of the owner that could be ended."""
    postgres.start_again()
    postgres.run("CREATE TABLE older (id integer PRIMARY KEY, text text)")
    postgres.run("CREATE SCHEMA private; CREATE TABLE private.secrets (text text)")
    ensure(rds, OWNER, WANTED)
    postgres.run('CREATE TABLE "Newer" (id integer)')
    held = postgres.connect(MASTER, MASTER_PASSWORD)
    yield postgres
    held.close()


@pytest.mark.parametrize("what", REFUSED)
def test_it_can_do_nothing_else(refusing: RealPostgres, what: str) -> None:
    with pytest.raises(pg8000.native.DatabaseError) as error:
        application(refusing, REFUSED[what])
    assert error.value.args[0]["C"] == "42501", error.value  # insufficient_privilege


@pytest.mark.parametrize("database", ["postgres", "template1", "rdsadmin"])
def test_it_connects_to_its_own_database_only(refusing: RealPostgres, database: str) -> None:
    with pytest.raises(pg8000.native.DatabaseError) as error:
        application(refusing, "SELECT 1", database)
    assert "permission denied for database" in str(error.value)


def test_it_cannot_hand_on_what_it_has(refusing: RealPostgres) -> None:
    application(refusing, "GRANT SELECT ON older TO PUBLIC")  # PostgreSQL only warns
    assert refusing.run("SELECT has_table_privilege('pg_monitor', 'older', 'SELECT')") == [[False]]


def test_a_role_without_privileges_is_kept_out_too(refusing: RealPostgres) -> None:
    """What PUBLIC had by default is closed, for every role that is created later."""
    refusing.as_superuser("CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    with pytest.raises(pg8000.native.DatabaseError) as error:
        refusing.run("SELECT 1", "stranger", "stranger")
    assert "permission denied for database" in str(error.value)


def test_a_second_run_changes_nothing(made: RealPostgres, rds: Server) -> None:
    ensure(rds, OWNER, WANTED)
    before = catalogue(made)
    changes = ensure(rds, OWNER, WANTED)
    assert changes.made == []
    assert catalogue(made) == before


def test_what_a_person_took_away_comes_back(made: RealPostgres, rds: Server) -> None:
    made.run("REVOKE INSERT ON older FROM application")
    made.run("ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE DELETE ON TABLES FROM application")
    made.run("GRANT CREATE ON SCHEMA public TO PUBLIC")  # as PostgreSQL 14 had it, and an upgrade keeps it
    made.run(f"ALTER ROLE {FIRST.username} NOLOGIN; GRANT application TO application_a WITH ADMIN TRUE, SET TRUE")
    assert ensure(rds, OWNER, WANTED).made == [
        "gave application_a LOGIN",
        "made application_a a member of application",
        "closed the schema public to PUBLIC",
        "let application use 1 table",
        "let application use the owner's future tables",
    ]
    made.run("CREATE TABLE third (id integer)")
    application(made, "INSERT INTO older (text) VALUES ('x')")
    application(made, "DELETE FROM third")


def test_a_new_password_works_at_once_and_the_old_one_no_longer(made: RealPostgres, rds: Server) -> None:
    renewed = Login(FIRST.username, "Renewed" * 8)
    assert ensure(rds, OWNER, replace(WANTED, login=renewed)).made == ["gave application_a the password of the secret"]
    assert application(made, "SELECT 1", login=renewed) == [[1]]
    with pytest.raises(pg8000.native.DatabaseError) as error:
        application(made, "SELECT 1", login=FIRST)
    assert error.value.args[0]["C"] == "28P01"


def test_the_next_generation_works_while_the_last_one_is_still_in_use(made: RealPostgres, rds: Server) -> None:
    next_generation = replace(WANTED, login=SECOND)
    held = made.connect(FIRST.username, FIRST.password)
    ensure(rds, OWNER, next_generation)
    assert application(made, "SELECT count(*) FROM older", login=SECOND) == [[0]]
    assert application(made, "SELECT 1", login=FIRST) == [[1]], "containers that aren't rolled yet"
    assert ensure(rds, OWNER, next_generation) == roles.Changes(still_open=[FIRST.username])
    held.close()
    _until(lambda: ensure(rds, OWNER, next_generation).made == ["closed the login application_a"])
    with pytest.raises(pg8000.native.DatabaseError):
        application(made, "SELECT 1", login=FIRST)
    assert ensure(rds, OWNER, next_generation).made == []
    ensure(rds, OWNER, WANTED)
    assert application(made, "SELECT 1", login=FIRST) == [[1]], "the generation after that takes its turn again"


def test_settings_that_a_login_left_itself_are_reset(made: RealPostgres, rds: Server) -> None:
    """Each role may set its own: an injected line would stop all writing, for good."""
    application(made, f"ALTER ROLE {FIRST.username} IN DATABASE {DATABASE} SET search_path = 'nowhere'")
    application(made, f"ALTER ROLE {FIRST.username} SET default_transaction_read_only = on")
    reset = "reset the settings of application_a"
    assert ensure(rds, OWNER, WANTED).made == [reset, f"{reset} in adelie"]
    application(made, "INSERT INTO older (text) VALUES ('x')")


def test_a_login_that_takes_its_turn_again_never_has_its_old_password(
    made: RealPostgres, rds: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the function dies between the two steps: the password may have leaked."""
    for _ in range(2):  # the second run closes the first login
        ensure(rds, OWNER, replace(WANTED, login=SECOND))
    monkeypatch.setattr(roles, "_set_password", Mock(side_effect=DatabaseError("the function died")))
    with pytest.raises(DatabaseError):
        ensure(rds, OWNER, replace(WANTED, login=Login(FIRST.username, "Third" * 10)))
    with pytest.raises(pg8000.native.DatabaseError) as error:
        application(made, "SELECT 1", login=FIRST)
    assert error.value.args[0]["C"] == "28P01"


def test_no_password_is_in_the_servers_log(empty: RealPostgres, rds: Server) -> None:
    before = len(empty.log)
    for login in (FIRST, SECOND):
        ensure(rds, OWNER, replace(WANTED, login=login))
    log = empty.log[before:]
    assert re.search(r"""ALTER ROLE "application_b" PASSWORD 'SCRAM-SHA-256\$4096:""", log), "log_statement = ddl is on"
    assert not [login for login in (OWNER, FIRST, SECOND) if login.password in log]


def test_a_schema_of_its_own_is_made(empty: RealPostgres, rds: Server) -> None:
    ensure(rds, OWNER, replace(WANTED, schema="app"))
    empty.run("CREATE TABLE app.chats (id integer)")
    empty.run("CREATE TABLE public.others (id integer)")
    application(empty, "INSERT INTO app.chats VALUES (1)")
    with pytest.raises(pg8000.native.DatabaseError):
        application(empty, "SELECT * FROM public.others")


def test_tables_of_somebody_else_are_left_alone(empty: RealPostgres, rds: Server) -> None:
    """An extension's tables are RDS's own."""
    empty.as_superuser("CREATE TABLE extension_table (id integer)", DATABASE)
    ensure(rds, OWNER, WANTED)
    assert ensure(rds, OWNER, WANTED).made == [], "PostgreSQL would only warn, each time"
    with pytest.raises(pg8000.native.DatabaseError):
        application(empty, "SELECT * FROM extension_table")


def test_names_are_quoted(empty: RealPostgres, rds: Server) -> None:
    odd = 'odd"; DROP SCHEMA public; --'
    ensure(rds, OWNER, replace(WANTED, role=odd, schema='my "schema"'))
    assert empty.as_superuser("SELECT 1 FROM pg_roles WHERE rolname = :odd", odd=odd)
    assert empty.as_superuser("SELECT 1 FROM pg_namespace WHERE nspname = 'public'", DATABASE)
    assert ensure(rds, OWNER, replace(WANTED, role=odd, schema='my "schema"')).made == []


@pytest.mark.parametrize(
    ("by_hand", "sentence"),
    [
        (
            "CREATE ROLE application_a LOGIN SUPERUSER",
            "the role application_a has powers over the whole server; drop it, and run this again",
        ),
        (
            "CREATE ROLE application NOLOGIN CREATEROLE",
            "the role application has powers over the whole server; drop it, and run this again",
        ),
        (
            "CREATE ROLE application NOLOGIN IN ROLE rds_superuser",
            "the role application is a member of rds_superuser; "
            'take it back with REVOKE "rds_superuser" FROM "application"',
        ),
        (
            f"CREATE ROLE application_b LOGIN IN ROLE {MASTER}",
            f'the role application_b is a member of {MASTER}; take it back with REVOKE "{MASTER}" FROM "application_b"',
        ),
    ],
)
def test_a_role_that_is_more_than_it_should_be_is_refused(
    empty: RealPostgres, rds: Server, by_hand: str, sentence: str
) -> None:
    empty.as_superuser(by_hand)
    before = catalogue(empty)
    with pytest.raises(DatabaseError) as error:
        ensure(rds, OWNER, WANTED)
    assert str(error.value) == sentence
    assert catalogue(empty) == before, "nothing half done"


def test_the_owner_is_not_the_applications_role(empty: RealPostgres, rds: Server) -> None:
    before = catalogue(empty)
    with pytest.raises(DatabaseError) as error:
        ensure(rds, OWNER, replace(WANTED, role=MASTER))
    assert str(error.value) == f"{MASTER} owns the database; choose another name for the application's role"
    assert catalogue(empty) == before


def test_an_owners_wrong_password_is_one_sentence_without_it(rds: Server) -> None:
    with pytest.raises(DatabaseError) as error:
        ensure(rds, Login(MASTER, "wrong-and-secret"), WANTED)
    assert str(error.value) == f'PostgreSQL refuses {MASTER}: password authentication failed for user "{MASTER}"'


def test_a_server_of_another_authority_is_refused(postgres: RealPostgres, rds: Server, tmp_path: Path) -> None:
    """A server that answers in the database's place with a certificate of their own never gets a password."""
    theirs = real_postgres.authority(tmp_path, "theirs")
    with real_postgres.tls_in_front(postgres.port, theirs.server) as port, pytest.raises(DatabaseError) as error:
        ensure(replace(rds, port=port), OWNER, WANTED)
    assert str(error.value).startswith("the server at localhost is not RDS's: ")


def test_a_certificate_for_another_name_is_refused(rds: Server) -> None:
    with pytest.raises(DatabaseError) as error:
        ensure(replace(rds, host="127.0.0.1"), OWNER, WANTED)
    assert str(error.value).startswith("the server at 127.0.0.1 is not RDS's: ")


def test_a_server_without_tls_is_refused(postgres: RealPostgres, rds: Server) -> None:
    with pytest.raises(DatabaseError) as error:
        ensure(replace(rds, port=postgres.port), OWNER, WANTED)
    assert str(error.value) == f"PostgreSQL at localhost:{postgres.port} does not answer over TLS (InterfaceError)"


def _until(condition: Callable[[], bool]) -> None:
    """A closed connection is gone from PostgreSQL's list a moment later."""
    assert any(condition() for _ in range(20))
