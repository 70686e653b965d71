"""Secrets: no value anywhere but in Secrets Manager, and no default."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.seam.terraform import TerraformStack
from adelie.storage.secret import Secret
from tests.fakes.collaborators import FakeWorkload, given, granted
from tests.fakes.data import build_key, refusal, secret_settings
from tests.support import NAMES, Synthesized, references, synthesize


def build(stack: TerraformStack, name: str, **overrides: Any) -> Secret:
    key = build_key(stack)
    return Secret(stack, f"secret-{name}", settings=secret_settings(**overrides), names=NAMES, name=name, key=key)


@pytest.fixture(scope="module")
def generated() -> Synthesized:
    def connected(stack: TerraformStack) -> None:
        build(stack, "jwt-secret", generation=3).connect(FakeWorkload(stack, "backend-api"))

    return synthesize(connected)


@pytest.fixture(scope="module")
def supplied() -> Synthesized:
    def granted_only(stack: TerraformStack) -> None:
        secret = build(
            stack, "llm-api-key", kind="supplied", environment_variable="LLM_API_KEY", recovery_window_days=0
        )
        secret.grant_read(FakeWorkload(stack, "ai-pipeline"))

    return synthesize(granted_only)


@pytest.mark.parametrize(
    ("overrides", "key", "message"),
    [
        (
            {"recovery_window_days": 6},
            "recovery_window_days",
            "must be 0, or 7 to 30, but is 6; use 7, or 0 for none",
        ),
        (
            {"recovery_window_days": 1},
            "recovery_window_days",
            "must be 0, or 7 to 30, but is 1; use 7, or 0 for none",
        ),
        ({"recovery_window_days": 31}, "recovery_window_days", "Input should be less than or equal to 30"),
        (
            {"kind": "supplied", "generation": 2},
            "generation",
            "is for generated secrets, but is 2; remove it: set a new value instead",
        ),
        ({"kind": "default"}, "kind", "Input should be 'generated' or 'supplied'"),
        (
            {"environment_variable": "jwt_secret"},
            "environment_variable",
            "String should match pattern '^[A-Z][A-Z0-9_]*$'",
        ),
        ({"value": "s3cret"}, "value", "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused(overrides: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        secret_settings(**overrides)
    assert refusal(error) == (key, message)


@pytest.mark.parametrize("days", [0, 7, 30])
def test_recovery_windows_that_secrets_manager_takes(days: int) -> None:
    assert secret_settings(recovery_window_days=days).recovery_window_days == days


def test_it_is_named_by_its_environment_and_encrypted(generated: Synthesized) -> None:
    secret = generated.only("aws_secretsmanager_secret")
    assert secret["name"] == "adelie/test/jwt-secret"
    assert secret["recovery_window_in_days"] == 7
    assert references(secret["kms_key_id"]) == {f"aws_kms_key.{next(iter(generated.resources('aws_kms_key')))}"}


def test_a_generated_value_is_made_by_secrets_manager_and_never_kept(generated: Synthesized) -> None:
    (passwords,) = generated.document["ephemeral"].values()
    ((name, password),) = passwords.items()
    assert password == {"password_length": 64, "exclude_punctuation": True}
    version = generated.only("aws_secretsmanager_secret_version")
    assert version["secret_string_wo"] == f"${{ephemeral.aws_secretsmanager_random_password.{name}.random_password}}"
    assert version["secret_string_wo_version"] == 3
    assert not version.keys() & {"secret_string", "secret_binary"}
    assert references(version["secret_id"]) == {
        f"aws_secretsmanager_secret.{next(iter(generated.resources('aws_secretsmanager_secret')))}"
    }


def test_two_generated_secrets_have_a_value_each() -> None:
    def build_two(stack: TerraformStack) -> None:
        key = build_key(stack)
        for name in ("jwt-secret", "session-secret"):
            Secret(stack, f"secret-{name}", settings=secret_settings(), names=NAMES, name=name, key=key)

    stack = synthesize(build_two)
    versions = stack.resources("aws_secretsmanager_secret_version").values()
    values = {version["secret_string_wo"] for version in versions}
    assert len(values) == 2
    assert {reference for value in values for reference in references(value)} == {
        f"ephemeral.aws_secretsmanager_random_password.{name}"
        for name in stack.document["ephemeral"]["aws_secretsmanager_random_password"]
    }


def test_a_supplied_secret_has_no_value_in_terraform(supplied: Synthesized) -> None:
    assert supplied.only("aws_secretsmanager_secret")["recovery_window_in_days"] == 0
    assert not supplied.resources("aws_secretsmanager_secret_version")
    assert "ephemeral" not in supplied.document


def test_reading_is_granted_to_ecs_for_this_secret_alone(supplied: Synthesized) -> None:
    (name,) = supplied.resources("aws_secretsmanager_secret")
    grants = granted(supplied, "ai-pipeline", "execution")
    assert set(grants) == {"secret-llm-api-key"}
    read, decrypt = grants["secret-llm-api-key"]
    assert read == {
        "Sid": "ReadLlmApiKey",
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": [f"${{aws_secretsmanager_secret.{name}.arn}}"],
    }
    assert decrypt["Action"] == ["kms:Decrypt"]
    assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.ap-northeast-2.amazonaws.com"}}
    assert granted(supplied, "ai-pipeline", "task") == {}
    assert given(supplied, "ai-pipeline", "secret") == {}


def test_connecting_puts_it_into_its_variable_by_reference(generated: Synthesized) -> None:
    (name,) = generated.resources("aws_secretsmanager_secret_version")
    assert set(granted(generated, "backend-api", "execution")) == {"secret-jwt-secret"}
    assert given(generated, "backend-api", "secret") == {
        "JWT_SECRET": f"${{aws_secretsmanager_secret_version.{name}.arn}}"
    }
    assert given(generated, "backend-api", "environment") == {}
