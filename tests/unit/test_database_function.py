"""The function around the role: what it reads, what it says, what it is deployed with."""

from __future__ import annotations

import base64
import hmac
import json
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adelie import functions
from adelie.database import application_role
from adelie.functions.database_role import handler
from adelie.functions.database_role.roles import Changes, Wanted
from adelie.functions.database_role.scram import verifier
from adelie.functions.database_role.session import DatabaseError, Login, Server
from adelie.shared import function_code
from stacks.environment import Environment

PACKAGE = Path(functions.__file__).with_name("database_role")
ENVIRONMENT = {
    "OWNER_SECRET_ARN": "owner",
    "APPLICATION_SECRET_ARN": "application",
    "APPLICATION_ROLE": "application",
    "APPLICATION_LOGINS": "application_a,application_b",
    "APPLICATION_SCHEMA": "public",
    "PGHOST": "database.example.com",
    "PGPORT": "5432",
    "PGDATABASE": "adelie",
    "AWS_REGION": "ap-northeast-2",
}
PASSWORD = "Aa1" * 20
SECRETS: Mapping[str, Mapping[str, Any]] = {
    "owner": {"username": "postgres", "password": "owner's (own)"},
    "application": {"username": "application_a", "password": PASSWORD, "generation": 3},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Server, Login, Wanted]]:
    """What would have been done to the database."""
    calls: list[tuple[Server, Login, Wanted]] = []

    def ensure(*arguments: Any) -> Changes:
        calls.append(arguments)
        return Changes(["made the role application"])

    monkeypatch.setattr(handler, "ensure", ensure)
    return calls


def test_it_takes_both_logins_from_their_secrets(asked: list[tuple[Server, Login, Wanted]]) -> None:
    answer = handler.apply(ENVIRONMENT, SECRETS.__getitem__)
    ((server, owner, wanted),) = asked
    assert (server.host, server.port, server.database) == ("database.example.com", 5432, "adelie")
    assert (owner.username, owner.password) == ("postgres", "owner's (own)")
    assert (wanted.login.username, wanted.login.password, wanted.role) == ("application_a", PASSWORD, "application")
    assert answer == {
        "role": "application",
        "login": "application_a",
        "generation": 3,
        "changed": ["made the role application"],
        "still_open": [],
    }
    assert PASSWORD not in json.dumps(answer) + repr(asked)


@pytest.mark.parametrize(
    ("variables", "secrets", "sentence"),
    [
        ({"PGHOST": ""}, {}, "the function has no PGHOST; deploy it again"),
        ({"AWS_REGION": "us-west-1"}, {}, "there is no certificate authority for us-west-1; add us-west-1.pem"),
        (
            {"APPLICATION_SCHEMA": 'x"; --'},
            {},
            "'x\"; --' is no name for a role, a schema or a database; use lower case, digits and _",
        ),
        (
            {},
            {"application": {"username": "postgres", "password": PASSWORD}},
            "the application's secret must be a generation of one of application_a, application_b; deploy it again",
        ),
        (
            {},
            {"application": {"username": "application_a", "password": "sh0rt", "generation": 1}},
            "the application's password must be 32 letters and digits or more; raise its generation",
        ),
        (
            {},
            {"owner": {"username": "postgres"}},
            "the owner's secret lacks username or password; RDS keeps both in it",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    variables: dict[str, str],
    secrets: dict[str, Any],
    sentence: str,
    asked: list[tuple[Server, Login, Wanted]],
) -> None:
    with pytest.raises(DatabaseError) as error:
        handler.apply(ENVIRONMENT | variables, {**SECRETS, **secrets}.__getitem__)
    assert str(error.value) == sentence
    assert asked == []


def test_the_text_of_an_unknown_error_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Any:
        raise RuntimeError(f"something with {PASSWORD}")

    monkeypatch.setattr(handler, "apply", fails)
    with pytest.raises(DatabaseError) as error:
        handler.handle({}, None)
    assert str(error.value) == "the role was not made (RuntimeError); see the function's code"
    assert error.value.__suppress_context__, "Lambda would log what was suppressed"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "the secret adelie/test can't be read (ResourceNotFoundException)"),
        ("no JSON", "the secret adelie/test holds no JSON object"),
        ('["a list"]', "the secret adelie/test holds no JSON object"),
    ],
)
def test_a_secret_that_cannot_be_read_is_one_sentence(
    value: str | None, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
    with mock_aws():
        manager: Any = boto3.client("secretsmanager")  # pyright: ignore[reportUnknownMemberType]
        if value is not None:
            manager.create_secret(Name="adelie/test", SecretString=value)
        with pytest.raises(DatabaseError) as error:
            handler.read_secret("adelie/test")
    assert str(error.value) == sentence


def test_the_verifier_is_the_one_of_rfc_7677() -> None:
    """Section 3: the keys that the server keeps must take the client's proof, and sign as the server there does."""
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    exchange = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    head, keys = verifier("pencil", salt=salt).rsplit("$", 1)
    stored, server = (base64.b64decode(key) for key in keys.split(":"))
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.digest(stored, exchange, "sha256")
    client_key = bytes(one ^ other for one, other in zip(proof, signature, strict=True))
    assert head == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
    assert sha256(client_key).digest() == stored
    assert base64.b64encode(hmac.digest(server, exchange, "sha256")) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_each_verifier_has_a_salt_of_its_own() -> None:
    assert verifier("pencil") != verifier("pencil")


@pytest.mark.parametrize("password", ["with blank", "tab\t", "pässword", "half width ｶ"])
def test_a_password_that_would_have_to_be_normalized_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="normalized") as error:
        verifier(password)
    assert password not in str(error.value)


def test_every_real_region_has_rdss_authority_for_years(environments: Mapping[str, Environment]) -> None:
    in_ten_years = datetime.now(UTC) + timedelta(days=3650)
    for region in {environment.region for environment in environments.values()}:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(handler.authority(region))
        (certificate,) = context.get_ca_certs()
        names: Any = certificate["subject"]
        common_name = dict(pair for (pair,) in names)["commonName"]
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        assert common_name == f"Amazon RDS {region} Root CA RSA2048 G1"
        assert ends > in_ten_years


def test_tls_asks_for_the_chain_and_the_name() -> None:
    context = Server("host", 5432, "adelie", handler.authority("ap-northeast-2")).tls()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1, "RDS's authority and no other"


def test_the_zip_is_all_that_it_imports(tmp_path: Path) -> None:
    """In Lambda there is nothing beside it but boto3: here, not even that."""
    with zipfile.ZipFile(BytesIO(_zip())) as archive:
        archive.extractall(tmp_path)
        names = archive.namelist()
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r}); from database_role.handler import handle; handle({{}}, None)"
    )
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], check=False, capture_output=True, text=True, env={})
    assert run.stderr.splitlines()[-1].endswith("DatabaseError: the function has no OWNER_SECRET_ARN; deploy it again")
    assert names == sorted(names)
    assert not [name for name in names if name.endswith((".pyc", "RECORD", "INSTALLER", "direct_url.json"))]
    assert {name.split("/")[0].split("-")[0] for name in names if "LICENSE" in name} >= {"pg8000", "scramp", "six"}


def test_the_zip_says_nothing_of_this_machine() -> None:
    before = _zip()
    for file in PACKAGE.glob("*.py"):
        file.touch()
    function_code.zipped.cache_clear()
    assert _zip() == before
    with zipfile.ZipFile(BytesIO(before)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
        assert not [each for each in archive.namelist() if str(Path(sys.prefix)).encode() in archive.read(each)]


def test_a_compiled_distribution_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pydantic.core has a compiled part, .*\.so; a function takes .* pure Python"):
        function_code.zipped(PACKAGE, ("pydantic-core",))


def _zip() -> bytes:
    return function_code.zipped(PACKAGE, application_role.DRIVER)
