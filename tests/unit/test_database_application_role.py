"""The application's login in a secret, and the function that makes it: who may do what, and who gets which login."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from adelie.database.rds import Database
from adelie.database.settings import ApplicationRoleSettings
from adelie.functions.database_role import handler
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.data import build_key, database_settings
from tests.support import NAMES, Synthesized, policy, references, synthesize


def build(stack: TerraformStack, **application: Any) -> Database:
    return Database(
        stack,
        "database",
        settings=database_settings(application=application),
        names=NAMES,
        key=build_key(stack),
        network=FakeNetwork(),
    )


def database(**application: Any) -> Synthesized:
    return synthesize(lambda stack: build(stack, **application))


@pytest.fixture(scope="module")
def stack() -> Synthesized:
    return database()


@pytest.fixture(scope="module")
def function(stack: Synthesized) -> dict[str, Any]:
    return stack.only("aws_lambda_function")


@pytest.fixture(scope="module")
def statements(stack: Synthesized) -> dict[str, dict[str, Any]]:
    found = policy(stack.only("aws_iam_role_policy", "application_permissions")["policy"])
    return {statement["Sid"]: statement for statement in found}


def test_nothing_has_to_be_said_of_it() -> None:
    assert ApplicationRoleSettings().login == "application_a"


@pytest.mark.parametrize(("generation", "login"), [(1, "app_a"), (2, "app_b"), (3, "app_a")])
def test_each_generation_is_the_other_login(generation: int, login: str) -> None:
    value = database(username="app", generation=generation).only("aws_secretsmanager_secret_version")
    assert value["secret_string_wo_version"] == generation
    assert re.fullmatch(
        rf'\$\{{jsonencode\(\{{ "username" = "{login}", "password" = '
        r"ephemeral\.aws_secretsmanager_random_password\.\w+\.random_password, "
        rf'"generation" = {generation} \}}\)\}}',
        value["secret_string_wo"],
    )
    assert "secret_string" not in value, "it would be in the state"


def test_the_password_is_one_that_the_function_takes(stack: Synthesized) -> None:
    (password,) = stack.document["ephemeral"]["aws_secretsmanager_random_password"].values()
    assert password["exclude_punctuation"] is True
    assert password["password_length"] >= 32


def test_the_secret_is_named_and_encrypted_like_the_others(stack: Synthesized) -> None:
    secret = stack.only("aws_secretsmanager_secret")
    assert secret["name"] == "adelie/test/database-application"
    assert references(secret["kms_key_id"]) == {f"aws_kms_key.{next(iter(stack.resources('aws_kms_key')))}"}


def test_the_function_is_told_all_that_it_reads(function: dict[str, Any]) -> None:
    variables = function["environment"]["variables"]
    assert variables.keys() == set(handler.VARIABLES)
    assert all(variables.values())
    assert variables["APPLICATION_LOGINS"] == "application_a,application_b"
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert function["handler"] == "database_role.handler.handle"


def test_the_function_is_in_the_private_subnets(function: dict[str, Any]) -> None:
    assert function["vpc_config"]["subnet_ids"] == list(FakeNetwork().private_subnet_ids)


def test_the_function_reaches_https_and_the_database(stack: Synthesized, function: dict[str, Any]) -> None:
    (group,) = (references(each) for each in function["vpc_config"]["security_group_ids"])
    rules = stack.resources("aws_vpc_security_group_egress_rule").values()
    out = [rule for rule in rules if references(rule["security_group_id"]) == group]
    assert {(rule["from_port"], rule["to_port"]) for rule in out} == {(443, 443), (5432, 5432)}
    assert not [
        rule
        for rule in stack.resources("aws_vpc_security_group_ingress_rule").values()
        if references(rule["security_group_id"]) == group
    ]


def test_nothing_but_a_release_calls_it(stack: Synthesized) -> None:
    for trigger in ("aws_lambda_permission", "aws_lambda_event_source_mapping", "aws_lambda_function_url"):
        assert not stack.resources(trigger)


def test_its_role_reads_the_two_logins_and_writes_its_log(
    stack: Synthesized, statements: dict[str, dict[str, Any]]
) -> None:
    kinds = {reference.split(".")[0] for reference in references(statements["ReadBothLogins"]["Resource"])}
    assert kinds == {"aws_db_instance", "aws_secretsmanager_secret_version"}
    assert statements["DecryptBothLogins"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.ap-northeast-2.amazonaws.com"}
    }
    (log,) = (name for name in stack.resources("aws_cloudwatch_log_group") if "application" in name)
    assert statements["WriteLog"]["Resource"] == [f"${{aws_cloudwatch_log_group.{log}.arn}}:*"]
    allowed = {action for each in statements.values() if each["Effect"] == "Allow" for action in each["Action"]}
    assert {action for action in allowed if not action.startswith("ec2:")} == {
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:GetSecretValue",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


def test_lambda_may_place_it_and_its_code_may_not(statements: dict[str, dict[str, Any]]) -> None:
    denied = statements["TheCodeItselfDoesNot"]
    allowed = {
        action
        for each in statements.values()
        if each["Effect"] == "Allow"
        for action in each["Action"]
        if action.startswith("ec2:")
    }
    assert set(denied["Action"]) == allowed != set()
    assert denied["Effect"] == "Deny"
    function = "arn:aws:lambda:ap-northeast-2:111111111111:function:adelie-test-database-role"
    assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": function}}


def test_lambda_asks_for_its_permissions_first(function: dict[str, Any]) -> None:
    assert [need.split(".")[0] for need in function["depends_on"]] == ["aws_iam_role_policy"]


def test_a_region_without_rdss_authority_is_refused() -> None:
    elsewhere = replace(NAMES, region="us-west-1")

    def refused(stack: TerraformStack) -> None:
        Database(
            stack,
            "database",
            settings=database_settings(),
            names=elsewhere,
            key=build_key(stack),
            network=FakeNetwork(),
        )

    with pytest.raises(ValueError, match=r"but not in us-west-1; add us-west-1\.pem to database_role"):
        synthesize(refused)
