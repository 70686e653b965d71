"""The provider and the state backend of a stack: which account, which endpoints, which state."""

from __future__ import annotations

from typing import Final

from localstack_client import config as localstack  # pyright: ignore[reportMissingTypeStubs]

from adelie import aws
from adelie.terraform import LocalBackend, S3Backend, TerraformStack
from stacks.environment import Environment, S3State

ENDPOINTS: Final = {
    "acm": "acm",
    "appautoscaling": "application-autoscaling",
    "cloudfront": "cloudfront",
    "cloudwatch": "cloudwatch",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "elasticache": "elasticache",
    "elbv2": "elbv2",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "rds": "rds",
    "route53": "route53",
    "s3": "s3",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "sfn": "stepfunctions",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
    "wafv2": "wafv2",
}
"""The services that the stacks use: the AWS provider's name for each, and localstack-client's."""


def configure(stack: TerraformStack, environment: Environment) -> None:
    """Give the stack its AWS provider (the real AWS, or an emulator's endpoints) and its state backend."""
    if environment.emulator is None:
        _real_provider(stack, environment)
    else:
        _emulated_provider(stack, environment)
    _backend(stack, environment)


def default_tags(environment: Environment) -> dict[str, str]:
    """The tags that the provider puts on every resource."""
    return {
        "Project": environment.project,
        "Environment": environment.name,
        "ManagedBy": "terraform",
        **environment.tags,
    }


def _real_provider(stack: TerraformStack, environment: Environment) -> None:
    aws.AwsProvider(
        stack,
        "aws",
        region=environment.region,
        allowed_account_ids=[environment.account_id],
        default_tags=[aws.AwsProviderDefaultTags(tags=default_tags(environment))],
    )


def _emulated_provider(stack: TerraformStack, environment: Environment) -> None:
    addresses = localstack.get_service_endpoints()
    aws.AwsProvider(
        stack,
        "aws",
        region=environment.region,
        access_key="test",
        secret_key="test",  # noqa: S106 -- emulators take any; a real one never stands here
        skip_credentials_validation=True,
        skip_metadata_api_check="true",
        skip_requesting_account_id=True,
        s3_use_path_style=True,
        endpoints=[aws.AwsProviderEndpoints(**{theirs: addresses[ours] for theirs, ours in ENDPOINTS.items()})],
        default_tags=[aws.AwsProviderDefaultTags(tags=default_tags(environment))],
    )


def _backend(stack: TerraformStack, environment: Environment) -> None:
    state = environment.state
    if not isinstance(state, S3State):
        LocalBackend(stack, path=f"terraform.{environment.name}.tfstate")
        return
    S3Backend(
        stack,
        bucket=state.bucket,
        key=f"{environment.project}/{environment.name}.tfstate",
        region=environment.region,
        encrypt=True,
        allowed_account_ids=[environment.account_id],
    )
    # Terraform's own lock file in the bucket, instead of a DynamoDB table; cdktf 0.21 has no argument for it.
    stack.add_override("terraform.backend.s3.use_lockfile", True)
