"""The roles and what they may do: each step looks first, and changes only what isn't right yet.

The owner is RDS's master user: no superuser, but with CREATEROLE, CREATEDB and rds_superuser's predefined roles (RDS
user guide, "Understanding the rds_superuser role"). Since PostgreSQL 16 it administers just the roles that it made, and
may state NOSUPERUSER, NOREPLICATION and NOBYPASSRLS when it makes one but not later ("ALTER ROLE", notes). So a role
that has one of them by somebody else's hand is refused here, not mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .scram import verifier
from .session import DatabaseError, Login, LoginRefusedError, Server, Session, identifier

TABLE_PRIVILEGES: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""Without TRUNCATE, REFERENCES, TRIGGER and MAINTAIN: those are the owner's."""
SEQUENCE_PRIVILEGES: Final = ("SELECT", "UPDATE", "USAGE")
HISTORY: Final = "alembic_version"
"""Where Alembic keeps which migrations ran (its documentation, `version_table`): read-only for the application."""
_ATTRIBUTES: Final = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"
_LOCK: Final = 4_221_964
"""An advisory lock that one run holds to its end, so that two don't meet; the number means nothing."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What should be there: a role with the privileges, and the one login that has them now."""

    role: str
    """Holds the privileges and can't log in; its name stays, so that a migration can grant more to it."""
    login: Login
    """Member of `role` and of nothing else."""
    logins: Sequence[str]
    """Every login that takes turns, this one included."""
    schema: str
    """Where the application's tables are; made if it doesn't exist."""


@dataclass
class Changes:
    """What a run did, in words, for whoever reads the release's log."""

    made: list[str] = field(default_factory=list[str])

    still_open: list[str] = field(default_factory=list[str])
    """Logins whose turn is over and that somebody is still connected with."""

    def note(self, text: str) -> None:
        """Remember one change."""
        self.made.append(text)


def ensure(server: Server, owner: Login, wanted: Wanted) -> Changes:
    """Make the roles, their privileges and the login's password what they should be. A second run changes nothing.

    Raises DatabaseError; whatever was done to the roles by then is taken back, but for a password.
    """
    changes = Changes()
    with server.session(owner) as session:
        session.run("SELECT pg_advisory_lock(:lock)", lock=_LOCK)
        with session.transaction():
            _check(session, owner, wanted)
            _make_roles(session, wanted, changes)
            _reset_settings(session, wanted, changes)
            _close_to_public(session, wanted, changes)
            _grant(session, server, wanted, changes)
            _grant_for_later(session, wanted, changes)
            _keep_history(session, wanted, changes)
        _set_password(session, server, wanted, changes)
    return changes


def _check(session: Session, owner: Login, wanted: Wanted) -> None:
    """Refuse roles that are or have more than they should."""
    ours = [wanted.role, *wanted.logins]
    if owner.username in ours:
        raise DatabaseError(f"{owner.username} owns the database; choose another name for the application's role")
    found = session.run(
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
        " WHERE rolname = ANY(CAST(:ours AS text[]))",
        ours=ours,
    )
    for name, *powers in found:
        if any(powers):
            raise DatabaseError(f"the role {name} has powers over the whole server; drop it, and run this again")
    strange = session.run(
        "SELECT member.rolname, granted.rolname FROM pg_auth_members"
        " JOIN pg_roles AS member ON member.oid = pg_auth_members.member"
        " JOIN pg_roles AS granted ON granted.oid = pg_auth_members.roleid"
        " WHERE member.rolname = ANY(CAST(:ours AS text[]))"
        " AND NOT (granted.rolname = :role AND member.rolname = ANY(CAST(:logins AS text[])))",
        ours=ours,
        role=wanted.role,
        logins=list(wanted.logins),
    )
    for member, granted in strange:
        fix = f"REVOKE {identifier(granted)} FROM {identifier(member)}"
        raise DatabaseError(f"the role {member} is a member of {granted}; take it back with {fix}")


def _make_roles(session: Session, wanted: Wanted, changes: Changes) -> None:
    for name, kind in ((wanted.role, "NOLOGIN"), (wanted.login.username, "LOGIN")):
        found = session.run("SELECT rolcanlogin FROM pg_roles WHERE rolname = :name", name=name)
        if not found:
            session.run(f"CREATE ROLE {identifier(name)} {kind} {_ATTRIBUTES}")
            changes.note(f"made the role {name}")
        elif found[0][0] != (kind == "LOGIN"):
            session.run(f"ALTER ROLE {identifier(name)} {kind}")
            changes.note(f"gave {name} {kind}")
    is_member = session.run(
        "SELECT inherit_option AND NOT admin_option AND NOT set_option FROM pg_auth_members"
        " WHERE roleid = CAST(:role AS regrole) AND member = CAST(:login AS regrole)",
        role=identifier(wanted.role),
        login=identifier(wanted.login.username),
    )
    if is_member != [[True]]:
        granted = f"{identifier(wanted.role)} TO {identifier(wanted.login.username)}"
        session.run(f"GRANT {granted} WITH INHERIT TRUE, SET FALSE, ADMIN FALSE")
        changes.note(f"made {wanted.login.username} a member of {wanted.role}")


def _reset_settings(session: Session, wanted: Wanted, changes: Changes) -> None:
    """Take back what a login has set for its own next sessions, as every role may ("ALTER ROLE", description).

    `ALTER ROLE application_a SET default_transaction_read_only = on`, once injected, would outlive every container.
    What all sessions should have belongs to the parameter group or to the database.
    """
    found = session.run(
        "SELECT rolname, coalesce(datname, '') FROM pg_db_role_setting"
        " JOIN pg_roles ON pg_roles.oid = setrole LEFT JOIN pg_database ON pg_database.oid = setdatabase"
        " WHERE rolname = ANY(CAST(:logins AS text[])) ORDER BY 1, 2",
        logins=list(wanted.logins),
    )
    for login, database in found:
        where = f" IN DATABASE {identifier(database)}" if database else ""
        session.run(f"ALTER ROLE {identifier(login)}{where} RESET ALL")
        changes.note(f"reset the settings of {login}{f' in {database}' if database else ''}")


def _close_to_public(session: Session, wanted: Wanted, changes: Changes) -> None:
    """Take from PUBLIC what every role has by default: to connect to a database, and to make temporary tables there.

    In the databases that the owner owns; RDS's own, rdsadmin, lets nobody in. And CREATE in the schema, which PUBLIC
    had before PostgreSQL 15 and keeps through an upgrade ("Schemas and privileges").
    """
    open_databases = session.run(
        "SELECT datname, string_agg(acl.privilege_type, ', ' ORDER BY acl.privilege_type) FROM pg_database,"
        " aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl"
        " WHERE acl.grantee = 0 AND pg_has_role(datdba, 'USAGE') GROUP BY datname ORDER BY datname"
    )
    for database, privileges in open_databases:
        session.run(f"REVOKE {privileges} ON DATABASE {identifier(database)} FROM PUBLIC")
        changes.note(f"closed the database {database} to PUBLIC")
    if _schema_is_open(session, wanted.schema):
        session.run(f"REVOKE CREATE ON SCHEMA {identifier(wanted.schema)} FROM PUBLIC")
        changes.note(f"closed the schema {wanted.schema} to PUBLIC")
        if _schema_is_open(session, wanted.schema):
            raise DatabaseError(
                f"PUBLIC may create in the schema {wanted.schema}, which the owner of it must take back"
            )


def _schema_is_open(session: Session, schema: str) -> bool:
    return bool(
        session.run(
            "SELECT 1 FROM pg_namespace, aclexplode(nspacl) AS acl"
            " WHERE nspname = :schema AND acl.grantee = 0 AND acl.privilege_type = 'CREATE'",
            schema=schema,
        )
    )


def _grant(session: Session, server: Server, wanted: Wanted, changes: Changes) -> None:
    """Connect, use the schema, read and write each table and sequence in it that the owner made."""
    role = identifier(wanted.role)
    if not session.run("SELECT 1 FROM pg_namespace WHERE nspname = :schema", schema=wanted.schema):
        session.run(f"CREATE SCHEMA {identifier(wanted.schema)}")
        changes.note(f"made the schema {wanted.schema}")
    if not session.run(
        "SELECT 1 FROM pg_database, aclexplode(datacl) AS acl WHERE datname = :database"
        " AND acl.grantee = CAST(:role AS regrole) AND acl.privilege_type = 'CONNECT'",
        database=server.database,
        role=role,
    ):
        session.run(f"GRANT CONNECT ON DATABASE {identifier(server.database)} TO {role}")
        changes.note(f"let {wanted.role} connect to {server.database}")
    if not session.run(
        "SELECT 1 FROM pg_namespace, aclexplode(nspacl) AS acl WHERE nspname = :schema"
        " AND acl.grantee = CAST(:role AS regrole) AND acl.privilege_type = 'USAGE'",
        schema=wanted.schema,
        role=role,
    ):
        session.run(f"GRANT USAGE ON SCHEMA {identifier(wanted.schema)} TO {role}")
        changes.note(f"let {wanted.role} use the schema {wanted.schema}")
    for kinds, what, privileges in (("r,p,v,m,f", "TABLE", TABLE_PRIVILEGES), ("S", "SEQUENCE", SEQUENCE_PRIVILEGES)):
        lacking = session.run(
            "SELECT relname, string_agg(privilege, ', ' ORDER BY privilege) FROM pg_class"
            " CROSS JOIN unnest(CAST(:privileges AS text[])) AS privilege"
            " WHERE relnamespace = CAST(:schema AS regnamespace)"
            " AND relkind = ANY(CAST(string_to_array(:kinds, ',') AS \"char\"[])) AND pg_has_role(relowner, 'USAGE')"
            " AND NOT (relname = :history AND privilege <> 'SELECT')"
            " AND NOT CASE relkind WHEN 'S' THEN has_sequence_privilege(:role, pg_class.oid, privilege)"
            " ELSE has_table_privilege(:role, pg_class.oid, privilege) END"
            " GROUP BY relname ORDER BY relname",
            privileges=list(privileges),
            schema=identifier(wanted.schema),
            kinds=kinds,
            history=HISTORY,
            role=wanted.role,
        )
        for name, lacks in lacking:
            session.run(f"GRANT {lacks} ON {what} {identifier(wanted.schema)}.{identifier(name)} TO {role}")
        if lacking:
            changes.note(f"let {wanted.role} use {len(lacking)} {what.lower()}{'s' if len(lacking) > 1 else ''}")


def _grant_for_later(session: Session, wanted: Wanted, changes: Changes) -> None:
    """The same for what the owner makes from now on: the migration that follows runs as the owner."""
    for kind, what, privileges in (("r", "TABLES", TABLE_PRIVILEGES), ("S", "SEQUENCES", SEQUENCE_PRIVILEGES)):
        found = session.run(
            "SELECT acl.privilege_type FROM pg_default_acl, aclexplode(defaclacl) AS acl"
            ' WHERE defaclrole = CAST(current_user AS regrole) AND defaclobjtype = CAST(:kind AS "char")'
            " AND defaclnamespace = CAST(:schema AS regnamespace) AND acl.grantee = CAST(:role AS regrole)",
            kind=kind,
            schema=identifier(wanted.schema),
            role=identifier(wanted.role),
        )
        lacks = [privilege for privilege in privileges if [privilege] not in found]
        if lacks:
            session.run(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {identifier(wanted.schema)}"
                f" GRANT {', '.join(lacks)} ON {what} TO {identifier(wanted.role)}"
            )
            changes.note(f"let {wanted.role} use the owner's future {what.lower()}")


def _keep_history(session: Session, wanted: Wanted, changes: Changes) -> None:
    """Take back what the default privileges gave on Alembic's table, when the first migration made it.

    Whoever writes it decides what the owner runs in the next migration, or that it fails.
    """
    found = session.run(
        "SELECT string_agg(acl.privilege_type, ', ' ORDER BY acl.privilege_type)"
        " FROM pg_class, aclexplode(relacl) AS acl"
        " WHERE relnamespace = CAST(:schema AS regnamespace) AND relname = :history AND pg_has_role(relowner, 'USAGE')"
        " AND acl.grantee = CAST(:role AS regrole) AND acl.privilege_type <> 'SELECT'",
        schema=identifier(wanted.schema),
        history=HISTORY,
        role=identifier(wanted.role),
    )
    if found[0][0]:
        table = f"{identifier(wanted.schema)}.{identifier(HISTORY)}"
        session.run(f"REVOKE {found[0][0]} ON TABLE {table} FROM {identifier(wanted.role)}")
        changes.note(f"closed {HISTORY} to writing")


def _set_password(session: Session, server: Server, wanted: Wanted, changes: Changes) -> None:
    """Log in with the password; set it only where that fails, and log in again.

    A run that finds it right closes the other logins: containers that started before the last change of the password
    have been replaced by then. One that is still connected stays open, and is in `Changes.still_open`: it may be a
    container, or whoever the password leaked to.
    """
    login = wanted.login
    try:
        _log_in(server, login)
    except LoginRefusedError:
        session.run(f"ALTER ROLE {identifier(login.username)} PASSWORD '{verifier(login.password)}'")
        _log_in(server, login)
        changes.note(f"gave {login.username} the password of the secret")
        return
    for other in (name for name in wanted.logins if name != login.username):
        if not session.run("SELECT 1 FROM pg_roles WHERE rolname = :other AND rolcanlogin", other=other):
            continue
        if session.run("SELECT 1 FROM pg_stat_activity WHERE usename = :other", other=other):
            changes.still_open.append(other)
            continue
        # Without its password, or one that leaked would work again from this login's next turn until it is replaced.
        session.run(f"ALTER ROLE {identifier(other)} NOLOGIN PASSWORD NULL")
        changes.note(f"closed the login {other}")


def _log_in(server: Server, login: Login) -> None:
    with server.session(login) as session:
        session.run("SELECT 1")
