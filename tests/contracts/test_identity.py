"""Roles say exactly what their holder needs, names fit, references resolve, and everything is tagged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from adelie.values.naming import DEFAULT_NAME_LIMIT, NAME_LIMITS
from stacks.environment import Environment
from stacks.providers import ENDPOINTS, default_tags
from tests.environments import EMULATED, PLATFORMS, REAL
from tests.support import Synthesized, policy, references
from tests.users import user_ids

NO_RESOURCE_LEVEL = {
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ecr:GetAuthorizationToken",
    "ecs:ListTasks",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
    "cloudwatch:GetMetricData",
    "events:ListRules",
    "s3:ListAllMyBuckets",
    "tag:GetResources",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions that IAM can't bind to a resource (AWS service authorization reference)."""


@pytest.fixture(params=PLATFORMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stack(name: str, platforms: Mapping[str, Synthesized]) -> Synthesized:
    return platforms[name]


def role_statements(stack: Synthesized) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in stack.resources("aws_iam_role_policy").items():
        for statement in policy(body["policy"]):
            yield name, statement


def test_no_role_has_wildcard_actions(stack: Synthesized) -> None:
    statements = list(role_statements(stack))
    assert statements
    for name, statement in statements:
        wild = [action for action in statement["Action"] if action.endswith(":*") or action == "*"]
        assert not wild, (name, wild)


def test_a_wildcard_resource_only_where_iam_knows_no_other(stack: Synthesized) -> None:
    for name, statement in role_statements(stack):
        if "*" in statement["Resource"] and statement["Effect"] == "Allow":
            assert set(statement["Action"]) <= NO_RESOURCE_LEVEL, (name, statement["Sid"])


def test_no_role_holds_a_managed_policy_of_broad_reach(stack: Synthesized) -> None:
    attached = {body["policy_arn"] for body in stack.resources("aws_iam_role_policy_attachment").values()}
    assert attached <= {
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
    }


def test_a_role_is_trusted_to_a_service_only(stack: Synthesized) -> None:
    for name, role in stack.resources("aws_iam_role").items():
        for statement in policy(role["assume_role_policy"]):
            assert set(statement["Principal"]) == {"Service"}, name


def test_tasks_have_two_roles_of_their_own(stack: Synthesized) -> None:
    tasks = stack.resources("aws_ecs_task_definition")
    roles = [role for task in tasks.values() for role in (task["task_role_arn"], task["execution_role_arn"])]
    assert len(set(roles)) == 2 * len(tasks) > 0


def test_each_secret_is_read_by_exactly_the_roles_meant_to(
    name: str, stack: Synthesized, environments: Mapping[str, Environment]
) -> None:
    environment = environments[name]
    readers: dict[str, set[str]] = {}
    for grant, body in stack.resources("aws_iam_role_policy").items():
        for statement in policy(body["policy"]):
            if "secretsmanager:GetSecretValue" in statement["Action"]:
                for secret in references(statement["Resource"]):
                    readers.setdefault(secret, set()).add(grant)
    constructs = {
        secret.split(".")[1].rpartition("_")[0]: {reader.split("_")[0] for reader in names}
        for secret, names in readers.items()
    }
    meant = {
        # The function in the database's own construct makes the application's role, as the owner.
        "database_instance": {"database", *user_ids(environment, "database-owner")},
        "database_application_password_value": {"database", *user_ids(environment, "database")},
    }
    for secret, settings in environment.secrets.items():
        notifier = {"operations"} if secret == environment.notifier.webhook else set[str]()
        address = f"secret-{secret}_{'value' if settings.kind == 'generated' else 'secret'}"
        meant[address] = user_ids(environment, secret) | notifier
    assert constructs == {secret: names for secret, names in meant.items() if names}


def test_database_and_cache_authenticate_their_clients(stack: Synthesized, name: str) -> None:
    for where, database in stack.resources("aws_db_instance").items():
        assert database["iam_database_authentication_enabled"] is True, where
    for where, cache in stack.resources("aws_elasticache_replication_group").items():
        assert name in EMULATED or references(cache["user_group_ids"]), where


def test_every_name_fits_its_service(stack: Synthesized) -> None:
    for resource_type, name, body in stack.every():
        given = body.get("name") or body.get("bucket") or body.get("identifier") or body.get("replication_group_id")
        if isinstance(given, str) and not references(given) and "/" not in given and "." not in given:
            assert len(given) <= NAME_LIMITS.get(resource_type, DEFAULT_NAME_LIMIT), (resource_type, name, given)


def test_everything_is_tagged_by_the_provider(
    name: str, stack: Synthesized, environments: Mapping[str, Environment]
) -> None:
    (provider,) = stack.document["provider"]["aws"]
    (tags,) = provider["default_tags"]
    assert tags["tags"] == default_tags(environments[name])
    assert {"Project", "Environment", "ManagedBy", "Owner"} <= tags["tags"].keys()


def test_every_reference_resolves(stack: Synthesized) -> None:
    exists = {f"{kind}.{name}" for kind, name, _ in stack.every()}
    for section in ("data", "ephemeral"):
        for kind, named in stack.document.get(section, {}).items():
            exists |= {f"{section}.{kind}.{name}" for name in named}
    assert references({k: v for k, v in stack.document.items() if k != "//"}) <= exists


@pytest.mark.parametrize("name", REAL)
def test_an_environment_can_be_deployed_into_its_own_account_only(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    (provider,) = platforms[name].document["provider"]["aws"]
    assert provider["allowed_account_ids"] == [environments[name].account_id]


def test_what_can_be_lost_lives_in_no_account_with_what_must_not(environments: Mapping[str, Environment]) -> None:
    by_account: dict[str, set[bool]] = {}
    for environment in environments.values():
        by_account.setdefault(environment.account_id, set()).add(environment.prevent_destroy)
    assert all(len(kinds) == 1 for kinds in by_account.values()), by_account


@pytest.mark.parametrize("name", REAL)
def test_state_of_real_environments_is_encrypted_and_locked(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    backend = platforms[name].document["terraform"]["backend"]["s3"]
    assert backend["encrypt"] is True
    assert backend["use_lockfile"] is True
    assert backend["allowed_account_ids"] == [environments[name].account_id]
    assert backend["key"] == f"{environments[name].project}/{name}.tfstate"


@pytest.mark.parametrize("name", EMULATED)
def test_every_service_of_an_emulator_has_its_endpoint(name: str, platforms: Mapping[str, Synthesized]) -> None:
    assert "local" in platforms[name].document["terraform"]["backend"]
    (provider,) = platforms[name].document["provider"]["aws"]
    (endpoints,) = provider["endpoints"]
    assert endpoints.keys() == ENDPOINTS.keys()
    assert all(url.startswith("http://") for url in endpoints.values())


def test_the_image_tag_is_an_input_without_default(stack: Synthesized) -> None:
    variable = stack.document["variable"]["image_tag"]
    assert "default" not in variable
    for name, task in stack.resources("aws_ecs_task_definition").items():
        for container in json.loads(task["container_definitions"]):
            assert container["image"].endswith(":${var.image_tag}"), name
