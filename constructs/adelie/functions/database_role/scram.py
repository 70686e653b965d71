"""A password as PostgreSQL keeps it, so that the password itself is in no statement and no log.

PostgreSQL takes a verifier in a password's place ("CREATE ROLE", parameter PASSWORD), as psql sends one. Whoever reads
it, in the log that `log_statement = ddl` writes or in pg_authid, can't log in with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

ITERATIONS: Final = 4096
"""PostgreSQL's own default (scram_iterations), and the least that RFC 7677 allows."""
_SALT_BYTES: Final = 16


def verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5802, section 3), with a salt of its own.

    Raises ValueError unless the password is printable ASCII without blanks: anything else would first have to be
    normalized (SASLprep, RFC 4013).
    """
    if not password.isascii() or not password.isprintable() or " " in password:
        raise ValueError("the password has characters that would have to be normalized; use letters and digits")
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored_key = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server_key = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def _keyed(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
