"""The cache: what its settings refuse, what it is, and what connecting to it gives."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.database.cache import Cache
from adelie.database.settings import CacheSettings
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeNetwork, FakeWorkload, given, granted
from tests.fakes.data import build_key, cache_settings, opened_ports, refusal
from tests.support import NAMES, Synthesized, references, synthesize


def build(stack: TerraformStack, **overrides: Any) -> Cache:
    return Cache(
        stack,
        "cache",
        settings=cache_settings(**overrides),
        names=NAMES,
        key=build_key(stack),
        network=FakeNetwork(),
    )


def connected(**overrides: Any) -> Synthesized:
    def build_connected(stack: TerraformStack) -> None:
        cache = build(stack, **overrides)
        cache.connect(FakeWorkload(stack, "backend-api"))
        cache.allow_from(FakeWorkload(stack, "bastion"))

    return synthesize(build_connected)


@pytest.fixture(scope="module")
def maximal() -> Synthesized:
    return connected()


@pytest.fixture(scope="module")
def group(maximal: Synthesized) -> dict[str, Any]:
    return maximal.only("aws_elasticache_replication_group")


@pytest.fixture(scope="module")
def emulated() -> Synthesized:
    return connected(
        replicas=0,
        automatic_failover=False,
        multi_az=False,
        maxmemory_policy=None,
        snapshot_retention_days=0,
        final_snapshot=False,
        iam_authentication=False,
    )


@pytest.mark.parametrize(
    ("overrides", "key", "message"),
    [
        (
            {"replicas": 0, "multi_az": False},
            "automatic_failover",
            "needs a replica, but is true; set replicas to 1 or more",
        ),
        (
            {"automatic_failover": False},
            "multi_az",
            "needs automatic_failover, but is true; set automatic_failover to true",
        ),
        (
            {"engine": "redis", "engine_version": "8.1"},
            "engine_version",
            "must be 7.0 or 7.1 for redis, but is '8.1'; use 7.1, or the engine valkey",
        ),
        (
            {"snapshot_window_kst": "03:00-03:30"},
            "snapshot_window_kst",
            "must last 60 minutes or more, but is '03:00-03:30'; it lasts 30: end it later",
        ),
        (
            {"snapshot_window_kst": "04:30-05:30"},
            "snapshot_window_kst",
            "must not overlap maintenance_window_kst (sun:05:00-sun:06:00), but is '04:30-05:30'; move one of them",
        ),
        ({"replicas": 6}, "replicas", "Input should be less than or equal to 5"),
        ({"engine": "memcached"}, "engine", "Input should be 'valkey' or 'redis'"),
        ({"engine_version": "8"}, "engine_version", r"String should match pattern '^[7-9]\.[0-9]+$'"),
    ],
)
def test_what_cannot_be_is_refused(overrides: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        cache_settings(**overrides)
    assert refusal(error) == (key, message)


def test_what_can_lose_data_or_costs_money_is_stated_and_authentication_is_the_default() -> None:
    required = {name for name, field in CacheSettings.model_fields.items() if field.is_required()}
    assert {"node_type", "replicas", "multi_az", "snapshot_retention_days", "final_snapshot"} <= required
    assert cache_settings().iam_authentication is True
    assert cache_settings().engine == "valkey"


def test_it_is_encrypted_on_disk_and_on_the_wire(maximal: Synthesized, group: dict[str, Any]) -> None:
    assert group["at_rest_encryption_enabled"] == "true"
    assert references(group["kms_key_id"]) == {f"aws_kms_key.{next(iter(maximal.resources('aws_kms_key')))}"}
    assert (group["transit_encryption_enabled"], group["transit_encryption_mode"]) == (True, "required")
    assert maximal.only("aws_elasticache_subnet_group")["subnet_ids"] == list(FakeNetwork().isolated_subnet_ids)


def test_replicas_and_failover(group: dict[str, Any], emulated: Synthesized) -> None:
    assert group["num_cache_clusters"] == 2
    assert (group["automatic_failover_enabled"], group["multi_az_enabled"]) == (True, True)
    alone = emulated.only("aws_elasticache_replication_group")
    assert alone["num_cache_clusters"] == 1
    assert (alone["automatic_failover_enabled"], alone["multi_az_enabled"]) == (False, False)


def test_its_one_user_signs_in_with_iam_and_cannot_reconfigure_the_server(maximal: Synthesized) -> None:
    user = maximal.only("aws_elasticache_user")
    assert user["authentication_mode"] == {"type": "iam"}
    assert user["user_id"] == user["user_name"] == "adelie-test-app"
    assert user["access_string"] == "on ~* &* +@all -@dangerous +info"
    (name,) = maximal.resources("aws_elasticache_user")
    assert references(maximal.only("aws_elasticache_user_group")["user_ids"]) == {f"aws_elasticache_user.{name}"}


def test_no_password_stands_anywhere(maximal: Synthesized, group: dict[str, Any]) -> None:
    assert "auth_token" not in group
    assert not {"passwords", "no_password_required"} & maximal.only("aws_elasticache_user").keys()
    assert references(group["user_group_ids"]) == {
        f"aws_elasticache_user_group.{next(iter(maximal.resources('aws_elasticache_user_group')))}"
    }


def test_redis_has_a_default_user_that_may_do_nothing() -> None:
    stack = connected(engine="redis", engine_version="7.1")
    default = stack.only("aws_elasticache_user", "default")
    assert (default["user_name"], default["access_string"]) == ("default", "off -@all")
    user_group = stack.only("aws_elasticache_user_group")
    assert user_group["engine"] == "redis"
    assert references(user_group["user_ids"]) == {
        f"aws_elasticache_user.{name}" for name in stack.resources("aws_elasticache_user")
    }
    assert len(user_group["user_ids"]) == 2
    assert stack.only("aws_elasticache_parameter_group")["family"] == "redis7"


def test_parameters_are_of_the_engines_family(maximal: Synthesized) -> None:
    parameters = maximal.only("aws_elasticache_parameter_group")
    assert (parameters["family"], parameters["name"]) == ("valkey8", "adelie-test-cache-valkey8")
    assert parameters["parameter"] == [{"name": "maxmemory-policy", "value": "volatile-lru"}]
    assert parameters["lifecycle"]["create_before_destroy"] is True


def test_snapshots_and_windows(group: dict[str, Any]) -> None:
    assert group["snapshot_retention_limit"] == 7
    assert group["snapshot_window"] == "18:00-19:00"
    assert group["maintenance_window"] == "sat:20:00-sat:21:00"
    assert group["final_snapshot_identifier"] == "adelie-test-cache-final"


def test_logs_go_to_encrypted_groups(maximal: Synthesized, group: dict[str, Any]) -> None:
    groups = maximal.resources("aws_cloudwatch_log_group")
    assert {body["name"] for body in groups.values()} == {
        "/aws/elasticache/adelie-test-cache/slow-log",
        "/aws/elasticache/adelie-test-cache/engine-log",
    }
    assert all(body["kms_key_id"] and body["retention_in_days"] == 365 for body in groups.values())
    delivered = {delivery["log_type"]: references(delivery) for delivery in group["log_delivery_configuration"]}
    assert set(delivered) == {"slow-log", "engine-log"}
    assert delivered["slow-log"] | delivered["engine-log"] == {f"aws_cloudwatch_log_group.{name}" for name in groups}


def test_connecting_opens_the_one_port(maximal: Synthesized) -> None:
    assert opened_ports(maximal) == {
        (6379, 6379, "TCP 6379 from backend-api"),
        (6379, 6379, "TCP 6379 from bastion"),
    }


def test_connecting_lets_the_code_sign_in_as_the_one_user(maximal: Synthesized) -> None:
    (group,) = maximal.resources("aws_elasticache_replication_group")
    (user,) = maximal.resources("aws_elasticache_user")
    assert granted(maximal, "backend-api", "task") == {
        "cache-connect": [
            {
                "Sid": "ConnectToCache",
                "Effect": "Allow",
                "Action": ["elasticache:Connect"],
                "Resource": [
                    f"${{aws_elasticache_replication_group.{group}.arn}}",
                    f"${{aws_elasticache_user.{user}.arn}}",
                ],
            }
        ]
    }
    assert granted(maximal, "backend-api", "execution") == {}
    assert granted(maximal, "bastion", "task") == {}


def test_connecting_says_where_and_how(maximal: Synthesized) -> None:
    (group,) = maximal.resources("aws_elasticache_replication_group")
    (user,) = maximal.resources("aws_elasticache_user")
    assert given(maximal, "backend-api", "environment") == {
        "REDIS_HOST": f"${{aws_elasticache_replication_group.{group}.primary_endpoint_address}}",
        "REDIS_PORT": "6379",
        "REDIS_TLS": "true",
        "REDIS_AUTH": "iam",
        "REDIS_USERNAME": f"${{aws_elasticache_user.{user}.user_name}}",
        "REDIS_CLUSTER_NAME": "adelie-test-cache",
    }


def test_an_emulator_can_do_without_users_and_parameter_groups(emulated: Synthesized) -> None:
    for resource_type in ("aws_elasticache_user", "aws_elasticache_user_group", "aws_elasticache_parameter_group"):
        assert not emulated.resources(resource_type)
    group = emulated.only("aws_elasticache_replication_group")
    assert not group.keys() & {"user_group_ids", "parameter_group_name", "final_snapshot_identifier"}
    assert granted(emulated, "backend-api", "task") == {}
    assert set(given(emulated, "backend-api", "environment")) == {"REDIS_HOST", "REDIS_PORT", "REDIS_TLS"}
