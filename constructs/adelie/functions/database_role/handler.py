"""The Lambda function that a release calls before each migration; nothing else triggers it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from .roles import Wanted, ensure
from .session import DatabaseError, Login, Server

VARIABLES: Final = (
    "OWNER_SECRET_ARN",
    "APPLICATION_SECRET_ARN",
    "APPLICATION_ROLE",
    "APPLICATION_LOGINS",
    "APPLICATION_SCHEMA",
    "PGHOST",
    "PGPORT",
    "PGDATABASE",
)
"""What the function reads from its environment (`adelie.database.application_role`)."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PASSWORD: Final = re.compile(r"[A-Za-z0-9]{32,}")
"""What Secrets Manager generates for the application: no character that a log, a URL or SASLprep would change."""


def handle(_event: object, _context: object) -> dict[str, Any]:
    """Make the application's role what it should be; return what was changed, without any secret.

    Raises DatabaseError with one sentence for whatever goes wrong: Lambda hands its text to the caller, and logs it.
    """
    try:
        return apply(os.environ, read_secret)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 -- the text of any other may hold what it was given
        raise DatabaseError(f"the role was not made ({type(error).__name__}); see the function's code") from None


def apply(environment: Mapping[str, str], read: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """As `handle`, for an environment and a way to read secrets."""
    missing = [name for name in VARIABLES if not environment.get(name)]
    if missing:
        raise DatabaseError(f"the function has no {missing[0]}; deploy it again")
    logins = environment["APPLICATION_LOGINS"].split(",")
    owner = _owner(read(environment["OWNER_SECRET_ARN"]))
    secret = read(environment["APPLICATION_SECRET_ARN"])
    login = _application(secret, logins)
    role, schema = environment["APPLICATION_ROLE"], environment["APPLICATION_SCHEMA"]
    for name in (role, schema, environment["PGDATABASE"], *logins):
        if not _NAME.fullmatch(name):
            raise DatabaseError(f"{name!r} is no name for a role, a schema or a database; use lower case, digits and _")
    server = Server(
        host=environment["PGHOST"],
        port=int(environment["PGPORT"]),
        database=environment["PGDATABASE"],
        authority=authority(environment.get("AWS_REGION", "")),
    )
    changes = ensure(server, owner, Wanted(role=role, login=login, logins=logins, schema=schema))
    return {
        "role": role,
        "login": login.username,
        "generation": secret["generation"],
        "changed": changes.made,
        "still_open": changes.still_open,
    }


def authority(region: str) -> Path:
    """The file with RDS's certificate authority in the region. Raises DatabaseError where there is none."""
    file = Path(__file__).with_name(f"{region}.pem")
    if not file.is_file():
        raise DatabaseError(f"there is no certificate authority for {region or 'no region'}; add {file.name}")
    return file


def read_secret(arn: str) -> dict[str, Any]:
    """The JSON object that a secret holds. Raises DatabaseError."""
    import boto3  # noqa: PLC0415 -- Lambda has it; the tests of the roles need not
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    # Short, so that a VPC without a way to Secrets Manager is said before the function's own time is over.
    patience = Config(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})
    manager: Any = boto3.client("secretsmanager", config=patience)  # pyright: ignore[reportUnknownMemberType]
    try:
        value: Any = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    except (BotoCoreError, ClientError) as error:
        why = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else type(error).__name__
        raise DatabaseError(f"the secret {arn} can't be read ({why})") from None
    except (KeyError, ValueError):
        value = None
    if not isinstance(value, dict):
        raise DatabaseError(f"the secret {arn} holds no JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _owner(secret: Mapping[str, Any]) -> Login:
    username, password = secret.get("username"), secret.get("password")
    if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
        raise DatabaseError("the owner's secret lacks username or password; RDS keeps both in it")
    return Login(username, password)


def _application(secret: Mapping[str, Any], logins: list[str]) -> Login:
    username, password = secret.get("username"), secret.get("password")
    if username not in logins or not isinstance(secret.get("generation"), int):
        raise DatabaseError(
            f"the application's secret must be a generation of one of {', '.join(logins)}; deploy it again"
        )
    if not isinstance(password, str) or not _PASSWORD.fullmatch(password):
        raise DatabaseError("the application's password must be 32 letters and digits or more; raise its generation")
    return Login(str(username), password)
