"""The pipeline's roles may do what Terraform does for the stacks, and nothing that would widen what they may do.

`provider_calls.json` has what Terraform's AWS provider (5.100) called while it made, read again and destroyed prod's
stack on two emulators, by resource type, in the names of IAM's actions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from emulated_provider.table import ENTRIES
from stacks.environment import Environment
from tests.environments import BOOTSTRAPS, REAL
from tests.support import Synthesized, policy
from tools.permissions import iam
from tools.permissions.grants import Derivation, Permissions

CALLS: Mapping[str, Mapping[str, list[str]]] = json.loads(
    Path(__file__).with_name("provider_calls.json").read_text(encoding="utf-8")
)
IAM_PREFIXES = {"elbv2": "elasticloadbalancing", "stepfunctions": "states"}
ACTIONS = {
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:DescribeBudget": "budgets:ViewBudget",
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution",
}
"""Operations that IAM has another name for."""
READS_SECRETS_BEFORE_6_26 = "secretsmanager:GetSecretValue"
POLICIES_OF_A_ROLE = 10
"""IAM quota: managed policies attached to a role."""


@pytest.fixture(scope="module")
def permissions(platforms: Mapping[str, Synthesized]) -> Permissions:
    return Derivation(platforms[name].document for name in REAL).permissions()


def actions(policies: Mapping[str, list[dict[str, Any]]]) -> set[str]:
    every = (each for statements in policies.values() for each in statements if each.get("Effect") != "Deny")
    return {action for each in every for action in each["Action"]}


def statements(stack: Synthesized) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("aws_iam_policy", "aws_iam_role_policy"):
        for name, body in stack.resources(kind).items():
            for statement in policy(body["policy"]):
                yield name, statement


def test_what_is_committed_is_what_the_stacks_need(permissions: Permissions) -> None:
    assert iam.PERMISSIONS.read_text(encoding="utf-8") == permissions.text(), "run `make accept` and read the diff"
    assert iam.GUIDE.read_text(encoding="utf-8") == iam.guide(permissions), "run `make accept` and read the diff"


def test_the_plan_role_may_read_whatever_the_provider_reads(permissions: Permissions) -> None:
    called = {action for each in CALLS.values() for action in each.get("read", [])}
    assert len(called) > 90
    assert called - actions(permissions.plan) == {READS_SECRETS_BEFORE_6_26}


def test_the_apply_role_may_do_whatever_the_provider_does(permissions: Permissions) -> None:
    called = {action for each in CALLS.values() for action in each.get("write", [])}
    assert len(called) > 150
    assert called - actions(permissions.plan) - actions(permissions.apply) == {READS_SECRETS_BEFORE_6_26}


def test_the_apply_role_may_do_whatever_the_double_of_the_provider_does(
    permissions: Permissions, platforms: Mapping[str, Synthesized]
) -> None:
    """It replaces the real one for types that are newer than the recording."""
    allowed = actions(permissions.plan) | actions(permissions.apply)
    session = botocore.session.get_session()
    refused: set[str] = set()
    for kind in {kind for name in REAL for kind, _, _ in platforms[name].every()} - CALLS.keys():
        entry = ENTRIES[kind]
        names = {xform_name(name): name for name in session.get_service_model(entry.service).operation_names}
        for call in (entry.create, *entry.then, *entry.delete, entry.read[0]):
            service = IAM_PREFIXES.get(entry.service, entry.service)
            action = f"{service}:{names[call.operation]}"
            refused |= {ACTIONS.get(action, action)} - allowed
    assert refused == set()


def test_the_plan_role_changes_nothing_and_reads_no_secret(permissions: Permissions) -> None:
    reads = ("Describe", "Get", "List", "Batch", "View", "Validate")
    assert [each for each in actions(permissions.plan) if not each.partition(":")[2].startswith(reads)] == []
    shown = {
        "secretsmanager:GetSecretValue",
        "s3:GetObject",
        "sqs:ReceiveMessage",
        "ssm:GetParametersByPath",
        "kms:Decrypt",
    }
    assert not shown & actions(permissions.plan)


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_no_statement_allows_by_wildcard(name: str, platforms: Mapping[str, Synthesized]) -> None:
    allowed = [
        (where, action)
        for where, statement in statements(platforms[name])
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    ]
    assert len(allowed) > 300
    assert [(where, action) for where, action in allowed if "*" in action] == []


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_roles_are_made_and_changed_within_the_boundary_only(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack, environment = platforms[name], name.removeprefix("bootstrap-")
    boundary = f"policy/adelie-bootstrap-{environment}-boundary"
    assert stack.only("aws_iam_policy", "boundary")["name"] == boundary.rpartition("/")[2]
    guarded = {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"}
    found = [each for _, each in statements(stack) if guarded & set(each["Action"])]
    assert {action for each in found for action in each["Action"]} >= guarded
    for each in found:
        assert each["Condition"]["StringEquals"]["iam:PermissionsBoundary"].endswith(boundary)
    beyond = {"iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary", "iam:CreateUser"}
    beyond |= {"iam:CreatePolicyVersion", "iam:CreateAccessKey", "sts:AssumeRole"}
    assert not beyond & {action for _, each in statements(stack) for action in each["Action"]}


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_nothing_of_the_bootstrap_is_in_reach(name: str, platforms: Mapping[str, Synthesized]) -> None:
    ours = f"adelie-{name.removeprefix('bootstrap-')}-"
    for where, body in platforms[name].resources("aws_iam_policy").items():
        for statement in policy(body["policy"]):
            assert statement["Effect"] == "Deny" or "NotResource" not in statement, (where, statement["Sid"])
            for resource in statement.get("Resource", []):
                if statement["Effect"] == "Allow" and resource.startswith(("arn:aws:iam", "arn:aws:s3")):
                    assert ours in resource or "aws-service-role" in resource, (where, resource)


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_policies_fit_the_quotas_of_iam(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    for policy_name, body in stack.resources("aws_iam_policy").items():
        compact = json.dumps(json.loads(body["policy"]), separators=(",", ":"))
        assert len(compact) <= iam.POLICY_QUOTA, policy_name
    attached = [body["role"] for body in stack.resources("aws_iam_role_policy_attachment").values()]
    assert max(attached.count(role) for role in attached) <= POLICIES_OF_A_ROLE


@pytest.mark.parametrize("name", REAL)
def test_every_role_of_a_real_environment_has_the_boundary(name: str, platforms: Mapping[str, Synthesized]) -> None:
    roles = platforms[name].resources("aws_iam_role")
    bounds = {body.get("permissions_boundary", "").rpartition(":")[2] for body in roles.values()}
    assert bounds == {f"policy/adelie-bootstrap-{name}-boundary"}


def test_the_boundary_allows_what_roles_are_allowed(
    permissions: Permissions, platforms: Mapping[str, Synthesized]
) -> None:
    bounded = {action for each in permissions.boundary if each.get("Effect") != "Deny" for action in each["Action"]}
    for name in REAL:
        for role_policy, statement in statements(platforms[name]):
            assert set(statement["Action"]) <= bounded, (name, role_policy)


ARNS = [
    ("rds:DescribeDBInstances", "db:*"),
    ("kms:CreateAlias", "key/*"),
    ("logs:ListTagsForResource", "delivery-source:*"),
    ("backup:TagResource", "backup-plan:*"),
    ("logs:DeleteDeliverySource", "delivery-source:*"),
    ("wafv2:CreateWebACL", "managedruleset/*"),
    ("cloudwatch:PutMetricAlarm", "alarm:TargetTracking-service/$prefix-*"),
    ("ssm:GetParameter", "$region::parameter/aws/service/*"),
    ("ssm:PutParameter", "parameter/$project/$environment/release"),
    ("ec2:GetManagedPrefixListEntries", ":aws:prefix-list/*"),
]
"""Where IAM checks an action against an ARN that is not the obvious one; each was missing once."""


@pytest.mark.parametrize(("action", "arn"), ARNS)
def test_an_action_has_the_arns_that_it_is_checked_against(permissions: Permissions, action: str, arn: str) -> None:
    every = [
        each for sets in (permissions.plan, permissions.apply) for statements in sets.values() for each in statements
    ]
    found = [resource for each in every if action in each["Action"] for resource in each["Resource"]]
    assert any(resource.endswith(arn) for resource in found), found


def test_no_policy_on_data_lets_the_apply_role_read_it(permissions: Permissions) -> None:
    denied = [each for statements in permissions.apply.values() for each in statements if each.get("Effect") == "Deny"]
    assert {action for each in denied for action in each["Action"]} == {
        "s3:GetObject",
        "s3:GetObjectVersion",
        "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue",
    }
    assert "secretsmanager:PutResourcePolicy" not in actions(permissions.apply)


@pytest.mark.parametrize("environment", REAL)
def test_a_release_calls_the_databases_function_and_no_other(
    environment: str,
    permissions: Permissions,
    platforms: Mapping[str, Synthesized],
    environments: Mapping[str, Environment],
) -> None:
    every = [
        each for sets in (permissions.plan, permissions.apply) for statements in sets.values() for each in statements
    ]
    (statement,) = (each for each in every if "lambda:InvokeFunction" in each["Action"])
    name = platforms[environment].only("aws_lambda_function", "database")["function_name"]
    anywhere = name.replace(environments[environment].names.prefix, "$prefix")
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == [f"arn:aws:lambda:$region:$account:function:{anywhere}"]
