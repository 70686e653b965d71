"""Settings, and what the tests of the database and storage families ask."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.database.settings import CacheSettings, DatabaseSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from adelie.storage.log_bucket import LogBucket
from adelie.storage.settings import BucketSettings, LogBucketSettings, SecretSettings
from tests.support import NAMES, Synthesized


def opened_ports(synthesized: Synthesized) -> set[tuple[int, int, str]]:
    """(from, to, description) of every ingress rule."""
    rules = synthesized.resources("aws_vpc_security_group_ingress_rule").values()
    return {(rule["from_port"], rule["to_port"], rule["description"]) for rule in rules}


def refusal(error: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str]:
    """The key that is refused and the message."""
    first = error.value.errors()[0]
    return first.get("ctx", {}).get("key") or ".".join(str(part) for part in first["loc"]), first["msg"]


def build_key(stack: TerraformStack) -> CustomerKey:
    """The customer key under the id "key"."""
    return CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)


def build_logs(stack: TerraformStack, **overrides: Any) -> LogBucket:
    """The log bucket under the id "logs"."""
    return LogBucket(stack, "logs", settings=log_bucket_settings(**overrides), names=NAMES)


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
