"""What exists before the first release: all that its steps before the deploy need, and nothing of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stacks.environment import Environment
from tests.environments import REAL
from tests.support import Synthesized, references
from tools.release import prepare
from tools.synthesized import Resource, resources

MIGRATION = ["migration"]


def by_address(stack: Synthesized) -> dict[str, Resource]:
    return {resource.address: resource for resource in resources(stack.document)}


def made(stack: Synthesized) -> set[str]:
    """What Terraform makes of the targets: them, and what they refer to."""
    every = by_address(stack)
    found, todo = set[str](), set(prepare.targets(stack.document, MIGRATION))
    while todo:
        found |= todo
        todo = {each for address in todo for each in references(every[address].body)} & every.keys() - found
    return found


@pytest.mark.parametrize("name", REAL)
def test_every_image_asset_and_supplied_secret_has_a_place(
    name: str, platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    stack, environment, before = platforms[name], environments[name], made(platforms[name])
    for kind in ("aws_ecr_repository", "aws_secretsmanager_secret"):
        assert {f"{kind}.{each}" for each in stack.resources(kind)} <= before
    bucket = environment.names.bucket_name("assets")
    (assets,) = (key for key, body in stack.resources("aws_s3_bucket").items() if body["bucket"] == bucket)
    assert f"aws_s3_bucket.{assets}" in before


@pytest.mark.parametrize("name", REAL)
def test_the_migration_can_run(name: str, platforms: Mapping[str, Synthesized]) -> None:
    every, before = by_address(platforms[name]), made(platforms[name])
    own = {address for address, resource in every.items() if resource.path[0] in MIGRATION}
    about = {address for address, resource in every.items() if references(resource.body) & own}
    assert {"aws_iam_role_policy", "aws_vpc_security_group_ingress_rule"} <= {each.partition(".")[0] for each in about}
    assert own | about <= before
    whole = ("network", "cluster")
    assert {address for address, resource in every.items() if resource.path[0] in whole} <= before


@pytest.mark.parametrize("name", REAL)
def test_the_database_is_whole_but_for_the_rules_of_others(name: str, platforms: Mapping[str, Synthesized]) -> None:
    every, before = by_address(platforms[name]), made(platforms[name])
    later = {each for each, resource in every.items() if resource.path[0] == "database"} - before
    assert {every[each].type for each in later} <= {
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    }


@pytest.mark.parametrize("name", REAL)
def test_nothing_that_serves_users_comes_first(name: str, platforms: Mapping[str, Synthesized]) -> None:
    kinds = {each.partition(".")[0] for each in made(platforms[name])}
    assert not kinds & {"aws_ecs_service", "aws_lb", "aws_cloudfront_distribution", "aws_elasticache_replication_group"}


@pytest.mark.parametrize("name", REAL)
def test_where_the_platform_runs_only_what_is_new_gets_a_place(name: str, platforms: Mapping[str, Synthesized]) -> None:
    every = by_address(platforms[name])
    kinds = {every[each].type for each in prepare.targets(platforms[name].document, MIGRATION, runs=True)}
    assert {"aws_ecr_repository", "aws_secretsmanager_secret"} <= kinds
    assert not kinds & {"aws_db_instance", "aws_vpc", "aws_ecs_task_definition"}


@pytest.mark.parametrize("name", REAL)
def test_where_the_platform_runs_every_secret_gets_its_next_value(
    name: str, platforms: Mapping[str, Synthesized]
) -> None:
    stack = platforms[name]
    values = {
        f"aws_secretsmanager_secret_version.{each}" for each in stack.resources("aws_secretsmanager_secret_version")
    }
    assert values <= set(prepare.targets(stack.document, MIGRATION, runs=True))


def resource(path: str, **body: Any) -> dict[str, Any]:
    return {"//": {"metadata": {"path": f"prod/{path}"}}, **body}


def test_what_needs_the_rest_of_the_platform_comes_with_it() -> None:
    rules = {
        "mine": resource("database/group/mine", group="${aws_security_group.migration.id}"),
        "theirs": resource("database/group/theirs", group="${aws_security_group.web.id}"),
        "beside": resource("database/group/beside", rule="${aws_vpc_security_group_ingress_rule.theirs.id}"),
    }
    stack = {
        "resource": {
            "aws_security_group": {
                "migration": resource("migration/group"),
                "web": resource("service-web/group"),
            },
            "aws_vpc_security_group_ingress_rule": rules,
            "aws_lambda_function": {"role": resource("database-role/function")},
            "aws_instance": {"databases": resource("databases/instance")},
        }
    }
    assert prepare.targets(stack, MIGRATION) == [
        "aws_lambda_function.role",
        "aws_security_group.migration",
        "aws_vpc_security_group_ingress_rule.mine",
    ]


def test_the_migration_is_taken_whole_with_what_it_refers_to() -> None:
    policy = resource("migration/policy", policy="${aws_s3_bucket.elsewhere.arn}")
    stack = {
        "resource": {
            "aws_iam_role_policy": {"read": policy},
            "aws_s3_bucket": {"elsewhere": resource("elsewhere/bucket")},
        }
    }
    assert prepare.targets(stack, MIGRATION) == ["aws_iam_role_policy.read"]
