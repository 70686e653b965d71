"""Everything at rest is encrypted, everything in transit is TLS, and no secret value is in the JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from adelie.values.stateful import STATEFUL
from tests.contracts.at_rest import (
    CONFIGURATION,
    COPIED,
    ENCRYPTED,
    NOT_COPIED,
    REPLACEABLE,
    not_encrypted,
    unclassified,
)
from tests.environments import BOOTSTRAPS, PLATFORMS, REAL
from tests.support import Synthesized, policy, references

NEVER_IN_STATE = {"secret_string", "secret_binary", "password", "auth_token", "passwords", "user_data"}


@pytest.mark.parametrize("name", [*PLATFORMS, *BOOTSTRAPS])
def test_every_resource_type_is_classified(name: str, platforms: Mapping[str, Synthesized]) -> None:
    assert unclassified(platforms[name]) == []


def test_the_classes_do_not_contradict_each_other() -> None:
    assert not ENCRYPTED.keys() & CONFIGURATION
    assert not STATEFUL & REPLACEABLE.keys()
    assert ENCRYPTED.keys() == STATEFUL | REPLACEABLE.keys()
    assert not COPIED & NOT_COPIED.keys()


def test_what_is_stateful_is_copied_or_says_why_that_is_not_needed() -> None:
    """Or a table or file system that somebody marks would be protected, encrypted, and in no backup."""
    assert COPIED | NOT_COPIED.keys() == STATEFUL, "add it to COPIED or NOT_COPIED in tests/contracts/at_rest.py"


def test_a_module_is_refused() -> None:
    stack = Synthesized({"module": {"search": {"source": "./search"}}})
    assert unclassified(stack) == ["module.search hides its resources from every contract: write them out."]


def test_a_type_that_nobody_classified_is_refused_with_the_place_to_add_it() -> None:
    stack = Synthesized({"resource": {"aws_opensearch_domain": {"search": {"domain_name": "adelie-prod-search"}}}})
    (sentence,) = unclassified(stack)
    assert sentence.startswith("aws_opensearch_domain isn't classified: add it to ENCRYPTED")
    assert "constructs/adelie/values/stateful.py" in sentence


@pytest.mark.parametrize("name", [*PLATFORMS, *BOOTSTRAPS])
def test_every_resource_that_holds_data_is_encrypted(name: str, platforms: Mapping[str, Synthesized]) -> None:
    assert not_encrypted(platforms[name]) == []


def test_what_does_not_say_how_it_is_encrypted_counts_as_not_encrypted() -> None:
    stack = Synthesized({"resource": {"aws_sqs_queue": {"plain": {}, "sealed": {"kms_master_key_id": "key"}}}})
    assert not_encrypted(stack) == ["aws_sqs_queue.plain"]


@pytest.mark.parametrize("name", [*PLATFORMS, *BOOTSTRAPS])
def test_every_bucket_is_encrypted_versioned_and_owned(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    buckets = {f"aws_s3_bucket.{bucket}" for bucket in stack.resources("aws_s3_bucket")}
    for companion in (
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_lifecycle_configuration",
    ):
        covered = {bucket for body in stack.resources(companion).values() for bucket in references(body["bucket"])}
        assert covered == buckets, companion


@pytest.mark.parametrize("name", [*REAL, *BOOTSTRAPS])
def test_every_bucket_refuses_plain_http(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    refusing: set[str] = set()
    for body in stack.resources("aws_s3_bucket_policy").values():
        for statement in policy(body["policy"]):
            condition = statement.get("Condition", {}).get("Bool", {})
            if statement["Effect"] == "Deny" and condition.get("aws:SecureTransport") == "false":
                refusing |= references(body["bucket"])
    assert refusing == {f"aws_s3_bucket.{bucket}" for bucket in stack.resources("aws_s3_bucket")}


@pytest.mark.parametrize("name", [*PLATFORMS, *BOOTSTRAPS])
def test_no_secret_value_can_reach_the_state(name: str, platforms: Mapping[str, Synthesized]) -> None:
    for kind, where, body in platforms[name].every():
        assert not body.keys() & NEVER_IN_STATE, f"{kind}.{where}"


@pytest.mark.parametrize("name", PLATFORMS)
def test_secrets_reach_containers_by_reference_only(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    by_reference: set[str] = set()
    for where, task in stack.resources("aws_ecs_task_definition").items():
        for container in json.loads(task["container_definitions"]):
            for variable in container.get("environment", []):
                suspicious = ("SECRET", "PASSWORD", "API_KEY", "WEBHOOK")
                is_address = variable["name"].endswith(("_ARN", "_NAME"))
                assert is_address or not any(word in variable["name"] for word in suspicious), (where, variable)
            for secret in container.get("secrets", []):
                assert references(secret["valueFrom"]), (where, secret)
                by_reference.add(secret["name"])
    assert {"JWT_SECRET", "LLM_API_KEY", "DISCORD_WEBHOOK_URL", "PGPASSWORD"} <= by_reference


@pytest.mark.parametrize("name", REAL)
def test_tls_between_all_ends(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
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
