"""Everything at rest is encrypted, everything in transit is TLS, and no secret value stands in the JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support import Synthesized, policy, references

ENCRYPTED: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "aws_cloudwatch_log_group": lambda group: group.get("kms_key_id") or group.get("region") == "us-east-1",
    "aws_db_instance": lambda database: database["storage_encrypted"] and database["kms_key_id"],
    "aws_ecr_repository": lambda repository: repository["encryption_configuration"][0]["encryption_type"] == "KMS",
    "aws_elasticache_replication_group": lambda cache: (
        cache["at_rest_encryption_enabled"] in {True, "true"}
        and cache["kms_key_id"]
        and cache["transit_encryption_enabled"]
    ),
    "aws_instance": lambda instance: instance["root_block_device"]["encrypted"],
    "aws_kms_key": lambda key: key["enable_key_rotation"],
    "aws_secretsmanager_secret": lambda secret: secret["kms_key_id"],
    "aws_sns_topic": lambda topic: topic["kms_master_key_id"],
    "aws_sqs_queue": lambda queue: queue["kms_master_key_id"],
}
NEVER_IN_STATE = {"secret_string", "secret_binary", "password", "auth_token", "passwords", "user_data"}


@pytest.mark.parametrize("resource_type", ENCRYPTED)
def test_every_resource_that_holds_data_is_encrypted(resource_type: str, platforms: Mapping[str, Synthesized]) -> None:
    everywhere = [
        (env, name, body) for env, s in platforms.items() for name, body in s.resources(resource_type).items()
    ]
    assert everywhere
    for environment, name, body in everywhere:
        assert ENCRYPTED[resource_type](body), f"{environment}: {resource_type}.{name}"


@pytest.mark.parametrize("environment", ["localstack", "staging", "prod"])
def test_every_bucket_is_encrypted_versioned_and_owned(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[environment]
    buckets = {f"aws_s3_bucket.{name}" for name in stack.resources("aws_s3_bucket")}
    for companion in (
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_lifecycle_configuration",
    ):
        covered = {bucket for body in stack.resources(companion).values() for bucket in references(body["bucket"])}
        assert covered == buckets, companion


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_bucket_refuses_plain_http(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[environment]
    refusing: set[str] = set()
    for body in stack.resources("aws_s3_bucket_policy").values():
        for statement in policy(body["policy"]):
            condition = statement.get("Condition", {}).get("Bool", {})
            if statement["Effect"] == "Deny" and condition.get("aws:SecureTransport") == "false":
                refusing |= references(body["bucket"])
    assert refusing == {f"aws_s3_bucket.{name}" for name in stack.resources("aws_s3_bucket")}


@pytest.mark.parametrize("environment", ["localstack", "staging", "prod"])
def test_no_secret_value_can_reach_the_state(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    for resource_type, name, body in platforms[environment].every():
        assert not body.keys() & NEVER_IN_STATE, f"{resource_type}.{name}"


@pytest.mark.parametrize("environment", ["localstack", "staging", "prod"])
def test_secrets_reach_containers_by_reference_only(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[environment]
    by_reference: set[str] = set()
    for name, task in stack.resources("aws_ecs_task_definition").items():
        for container in json.loads(task["container_definitions"]):
            for variable in container.get("environment", []):
                suspicious = ("SECRET", "PASSWORD", "API_KEY", "WEBHOOK")
                is_address = variable["name"].endswith(("_ARN", "_NAME"))
                assert is_address or not any(word in variable["name"] for word in suspicious), (name, variable)
            for secret in container.get("secrets", []):
                assert references(secret["valueFrom"]), (name, secret)
                by_reference.add(secret["name"])
    assert {"JWT_SECRET", "LLM_API_KEY", "DISCORD_WEBHOOK_URL", "PGPASSWORD"} <= by_reference


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_tls_between_all_ends(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[environment]
    parameters = [p for group in stack.resources("aws_db_parameter_group").values() for p in group["parameter"]]
    assert any(p["name"] == "rds.force_ssl" and p["value"] == "1" for p in parameters)
    policies = [listener.get("ssl_policy", "") for listener in stack.resources("aws_lb_listener").values()]
    assert any("TLS13" in ssl_policy for ssl_policy in policies)
    redirects = [
        action["redirect"]
        for listener in stack.resources("aws_lb_listener").values()
        if listener["port"] == 80
        for action in listener["default_action"]
    ]
    assert [redirect["protocol"] for redirect in redirects] == ["HTTPS"]
    origin = stack.only("aws_cloudfront_vpc_origin")["vpc_origin_endpoint_config"]
    assert (origin[0] if isinstance(origin, list) else origin)["origin_protocol_policy"] == "https-only"
