"""What a release does beside Terraform (tools/release/steps.py, tools/release/migrate.py)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.permissions.account import Account
from tests.permissions.call import PLAIN_HTTP, Call, another, elsewhere
from tests.permissions.calls_delivery import REFERENCE


def releasing(account: Account) -> Iterator[Call]:
    """A release pushes images and assets, runs the migration, and empties the cache at the edge."""
    apply, plan = account.pipeline_role("apply"), account.pipeline_role("plan")
    for repository, _ in account.each("aws_ecr_repository"):
        yield Call(
            what=f"a release pushes to {repository}",
            who=apply,
            does=[
                "ecr:BatchCheckLayerAvailability",
                "ecr:InitiateLayerUpload",
                "ecr:UploadLayerPart",
                "ecr:CompleteLayerUpload",
                "ecr:PutImage",
                "ecr:DescribeImages",
            ],
            on=repository,
            source="Amazon ECR user guide, IAM permissions for pushing an image to a private repository",
            near_misses={
                "another platform's": {"on": account.arn("ecr", "repository/another")},
                "another account's": {"on": elsewhere(repository)},
                "a container does": {"who": account.task_roles()[0]},
            },
        )
    yield Call(
        what="a release logs in to the registry",
        who=apply,
        does="ecr:GetAuthorizationToken",
        on="*",
        source="Amazon ECR user guide, Private registry authentication",
        near_misses={"the plan role does": {"who": plan}, "a container does": {"who": account.task_roles()[0]}},
    )
    for function in _called_by_name(account):
        yield Call(
            what=f"a release calls {function}",
            who=apply,
            does="lambda:InvokeFunction",
            on=function,
            source=REFERENCE,
            near_misses={
                "another function": {"on": another(function)},
                "the plan role does": {"who": plan},
                "a container does": {"who": account.task_roles()[0]},
            },
        )
    for distribution, _ in account.each("aws_cloudfront_distribution"):
        yield Call(
            what="a release empties the cache at the edge",
            who=apply,
            does="cloudfront:CreateInvalidation",
            on=distribution,
            source=REFERENCE,
            near_misses={"the plan role does": {"who": plan}, "another account's": {"on": elsewhere(distribution)}},
        )
    for bucket in account.served():
        yield Call(
            what="a release uploads the frontend's assets",
            who=apply,
            does="s3:PutObject",
            on=f"{bucket}/assets/index.js",
            source=REFERENCE,
            near_misses={
                **{other: {"on": f"{other}/any"} for other in account.buckets_beside(bucket)},
                "the plan role does": {"who": plan},
                "over plain HTTP": PLAIN_HTTP,
            },
        )
    for definition, body in account.each("aws_ecs_task_definition"):
        (cluster,) = (arn for arn, _ in account.each("aws_ecs_cluster"))
        yield Call(
            what=f"a release runs {body['family']}",
            who=apply,
            does="ecs:RunTask",
            on=definition,
            context={"ecs:cluster": cluster},
            source=REFERENCE,
            near_misses={
                "another platform's": {"on": account.arn("ecs", "task-definition/another:1")},
                "another account's": {"on": elsewhere(definition)},
                "the plan role does": {"who": plan},
            },
        )


def _called_by_name(account: Account) -> list[str]:
    """The functions that no topic calls."""
    subscribed = {body["endpoint"] for body in account.bodies("aws_sns_topic_subscription")}
    return [arn for arn, _ in account.each("aws_lambda_function") if arn not in subscribed]
