"""The provider and the state backend of a stack: which account, which endpoints, which state."""

from __future__ import annotations

import shutil
from keyword import iskeyword
from pathlib import Path
from typing import Final

from localstack_client import config as localstack  # pyright: ignore[reportMissingTypeStubs]

from adelie.seam import aws
from adelie.seam.terraform import LocalBackend, S3Backend, TerraformStack
from stacks.environment import Environment, S3State

ENDPOINTS: Final = {
    "acm": "acm",
    "appautoscaling": "application-autoscaling",
    "backup": "backup",
    "cloudfront": "cloudfront",
    "cloudwatch": "cloudwatch",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "elasticache": "elasticache",
    "elbv2": "elbv2",
    "iam": "iam",
    "kms": "kms",
    "lambda": "lambda",
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


PROVIDER_VERSION: Final = "6.26.0"
"""cdktf's bindings were generated from 6.25.0. The next version is the first that reads no secret to refresh a
write-only version (terraform-provider-aws, pull request 44876): the pipeline's roles need no access to secrets."""

LOCK: Final = Path(__file__).with_name("terraform.lock.hcl")
"""Checksums of the provider for each platform that we run it on. `make provider-lock` writes it; it is committed."""


def lock(out: Path) -> None:
    """Put the committed checksums into each stack's folder, so that `terraform init` takes no other provider.

    Nothing happens until there is such a file: it can only be written where Terraform's registry is reached.
    """
    if LOCK.exists():
        for stack in out.glob("stacks/*/cdk.tf.json"):
            shutil.copyfile(LOCK, stack.with_name(".terraform.lock.hcl"))


def configure(stack: TerraformStack, environment: Environment) -> None:
    """Give the stack its AWS provider (the real AWS, or an emulator's endpoints) and its state backend."""
    if environment.emulator is None:
        _real_provider(stack, environment, default_tags(environment))
    else:
        _emulated_provider(stack, environment)
    _backend(stack, environment, environment.name)


def configure_bootstrap(stack: TerraformStack, environment: Environment, name: str) -> None:
    """Give the bootstrap stack of the environment's account its provider and its state backend."""
    _real_provider(stack, environment, {**default_tags(environment), "Environment": name})
    _backend(stack, environment, name)


def state_key(environment: Environment, stack_name: str) -> str:
    """Where in the state bucket a stack's state lies."""
    return f"{environment.project}/{stack_name}.tfstate"


def default_tags(environment: Environment) -> dict[str, str]:
    """The tags that the provider puts on every resource."""
    return {
        "Project": environment.project,
        "Environment": environment.name,
        "ManagedBy": "terraform",
        **environment.tags,
    }


def _real_provider(stack: TerraformStack, environment: Environment, tags: dict[str, str]) -> None:
    aws.AwsProvider(
        stack,
        "aws",
        region=environment.region,
        allowed_account_ids=[environment.account_id],
        default_tags=[aws.AwsProviderDefaultTags(tags=tags)],
    )


def _emulated_provider(stack: TerraformStack, environment: Environment) -> None:
    addresses = localstack.get_service_endpoints()
    aws.AwsProvider(
        stack,
        "aws",
        region=environment.region,
        access_key="test",
        secret_key="test",  # noqa: S106 -- emulators take any; a real one is never written here
        skip_credentials_validation=True,
        skip_metadata_api_check="true",
        skip_requesting_account_id=True,
        s3_use_path_style=True,
        endpoints=[
            aws.AwsProviderEndpoints(
                **{_argument(service): addresses[endpoint] for service, endpoint in ENDPOINTS.items()}
            )
        ],
        default_tags=[aws.AwsProviderDefaultTags(tags=default_tags(environment))],
    )


def _argument(name: str) -> str:
    """The name as an argument of Python, where `lambda` is a keyword."""
    return f"{name}_" if iskeyword(name) else name


def _backend(stack: TerraformStack, environment: Environment, name: str) -> None:
    stack.add_override("terraform.required_providers.aws.version", PROVIDER_VERSION)
    state = environment.state
    if not isinstance(state, S3State):
        LocalBackend(stack, path=f"terraform.{name}.tfstate")
        return
    S3Backend(
        stack,
        bucket=state.bucket,
        key=state_key(environment, name),
        region=environment.region,
        encrypt=True,
        allowed_account_ids=[environment.account_id],
    )
    # Terraform's own lock file in the bucket, instead of a DynamoDB table; cdktf 0.21 has no argument for it.
    stack.add_override("terraform.backend.s3.use_lockfile", True)
