"""Collaborators and settings for the tests of the database and storage families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from pydantic import ValidationError

from adelie.database.settings import CacheSettings, DatabaseSettings
from adelie.network.vpc import Network
from adelie.seam import aws
from adelie.seam.terraform import TerraformOutput, TerraformStack
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from adelie.shared.security_group import SecurityGroup
from adelie.storage.log_bucket import LogBucket
from adelie.storage.settings import BucketSettings, LogBucketSettings, SecretSettings
from adelie.values.policy import Statement, policy_document
from tests.support import TARGET, Synthesized, policy


class FakeNetwork:
    """A network whose ids are plain strings."""

    vpc_id = "vpc-fake"
    private_subnet_ids = ("subnet-private-a", "subnet-private-c")
    isolated_subnet_ids = ("subnet-isolated-a", "subnet-isolated-c")


class FakeWorkload:
    """A workload that turns what it is given into resources and outputs, for tests to read in the JSON."""

    def __init__(self, stack: TerraformStack, peer_id: str) -> None:
        self._stack = stack
        self.peer_id = peer_id
        self.security_group = SecurityGroup(
            stack, f"{peer_id}-group", target=TARGET, name=peer_id, description="A peer", vpc_id=FakeNetwork.vpc_id
        )
        self._given: dict[str, str] = {}

    def add_environment(self, variables: Mapping[str, str]) -> None:
        self._put("environment", variables)

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        self._put("secret", secrets)

    def grant_task(self, grant_id: str, *statements: Statement) -> None:
        self._grant("task", grant_id, statements)

    def grant_execution(self, grant_id: str, *statements: Statement) -> None:
        self._grant("execution", grant_id, statements)

    def _put(self, kind: str, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            TerraformOutput(self._stack, f"{self.peer_id}/{kind}/{name}".replace("/", "--"), value=value)

    def _grant(self, role: str, grant_id: str, statements: tuple[Statement, ...]) -> None:
        aws.IamRolePolicy(
            self._stack, f"{self.peer_id}--{role}--{grant_id}", role=role, policy=policy_document(*statements)
        )


def given(synthesized: Synthesized, peer_id: str, kind: str) -> dict[str, str]:
    """The variables of a kind ("environment", "secret") that a fake workload was given."""
    prefix = f"{peer_id}--{kind}--"
    outputs: Mapping[str, Any] = synthesized.document.get("output", {})
    return {name.removeprefix(prefix): body["value"] for name, body in outputs.items() if name.startswith(prefix)}


def granted(synthesized: Synthesized, peer_id: str, role: str) -> dict[str, list[dict[str, Any]]]:
    """The statements that a role ("task", "execution") of a fake workload was given, by grant."""
    prefix = f"{peer_id}--{role}--"
    return {
        name.removeprefix(prefix): policy(body["policy"])
        for name, body in synthesized.resources("aws_iam_role_policy").items()
        if name.startswith(prefix)
    }


def opened_ports(synthesized: Synthesized) -> set[tuple[int, int, str]]:
    """(from, to, description) of every ingress rule."""
    rules = synthesized.resources("aws_vpc_security_group_ingress_rule").values()
    return {(rule["from_port"], rule["to_port"], rule["description"]) for rule in rules}


def refusal(error: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str]:
    """The key that is refused and the message."""
    first = error.value.errors()[0]
    return first.get("ctx", {}).get("key") or ".".join(str(part) for part in first["loc"]), first["msg"]


def fake_network() -> Network:
    """A fake in a network's place: of a network the data families use only ids."""
    return cast(Network, FakeNetwork())


def build_key(stack: TerraformStack) -> CustomerKey:
    """The customer key under the id "key"."""
    return CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), target=TARGET)


def build_logs(stack: TerraformStack, **overrides: Any) -> LogBucket:
    """The log bucket under the id "logs"."""
    return LogBucket(stack, "logs", settings=log_bucket_settings(**overrides), target=TARGET)


def database_settings(**overrides: Any) -> DatabaseSettings:
    """A production-like database: everything with a default is left to it."""
    return DatabaseSettings.model_validate(
        {
            "engine_version": "18",
            "instance_class": "db.m7g.large",
            "database_name": "app",
            "allocated_storage_gib": 100,
            "max_storage_gib": 500,
            "multi_az": True,
            "backup_retention_days": 14,
            "backup_window_kst": "03:00-03:30",
            "maintenance_window_kst": "sun:04:00-sun:04:30",
            "deletion_protection": True,
            "final_snapshot": True,
            "keep_automated_backups": True,
            "password_rotation_days": 90,
            "database_insights": "advanced",
            "log_retention_days": 365,
            **overrides,
        }
    )


def cache_settings(**overrides: Any) -> CacheSettings:
    """A production-like cache: everything with a default is left to it."""
    return CacheSettings.model_validate(
        {
            "engine_version": "8.1",
            "node_type": "cache.m7g.large",
            "replicas": 1,
            "automatic_failover": True,
            "multi_az": True,
            "maxmemory_policy": "volatile-lru",
            "snapshot_retention_days": 7,
            "snapshot_window_kst": "03:00-04:00",
            "maintenance_window_kst": "sun:05:00-sun:06:00",
            "final_snapshot": True,
            "log_retention_days": 365,
            **overrides,
        }
    )


def bucket_settings(**overrides: Any) -> BucketSettings:
    """A bucket that keeps what it has."""
    return BucketSettings.model_validate({"force_destroy": False, "noncurrent_expiry_days": 90, **overrides})


def log_bucket_settings(**overrides: Any) -> LogBucketSettings:
    """A log bucket that keeps a quarter."""
    return LogBucketSettings.model_validate(
        {"force_destroy": False, "noncurrent_expiry_days": 7, "expiry_days": 90, **overrides}
    )


def secret_settings(**overrides: Any) -> SecretSettings:
    """A generated JWT_SECRET."""
    return SecretSettings.model_validate(
        {"kind": "generated", "environment_variable": "JWT_SECRET", "recovery_window_days": 7, **overrides}
    )
