"""Names and ARNs: what AWS calls the things of one environment, and how long a name may be. Pure: no cdktf import."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

NAME_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # Elastic Load Balancing API reference: CreateLoadBalancer, CreateTargetGroup.
        "aws_lb": 32,
        "aws_lb_target_group": 32,
        # ElastiCache API reference: CreateReplicationGroup, CreateUser, CreateUserGroup.
        "aws_elasticache_replication_group": 40,
        "aws_elasticache_user": 40,
        "aws_elasticache_user_group": 40,
        # S3 user guide: general purpose bucket naming rules.
        "aws_s3_bucket": 63,
        # CloudFront API reference: CreateOriginAccessControl, CreateVpcOrigin; CloudWatch Logs: PutDeliverySource.
        "aws_cloudfront_origin_access_control": 64,
        "aws_cloudfront_vpc_origin": 64,
        "aws_cloudwatch_log_delivery_source": 60,
        "aws_cloudwatch_log_delivery_destination": 60,
        # RDS API reference: CreateDBInstance.
        "aws_db_instance": 63,
        # IAM and STS quotas; EventBridge Scheduler API reference.
        "aws_iam_role": 64,
        "aws_scheduler_schedule": 64,
        "aws_scheduler_schedule_group": 64,
        # Lambda API reference: CreateFunction.
        "aws_lambda_function": 64,
        # Step Functions, SQS quotas.
        "aws_sfn_state_machine": 80,
        "aws_sqs_queue": 80,
    }
)
"""The longest name AWS takes, by Terraform resource type; types that are not listed take `DEFAULT_NAME_LIMIT`."""

DEFAULT_NAME_LIMIT: Final = 128
"""Shorter than the limit of every type used here that `NAME_LIMITS` does not list (255 for most)."""

_LOWER_KEBAB: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class InvalidNameError(ValueError):
    """A name would be longer than AWS takes, or has characters that not every service takes."""


@dataclass(frozen=True, kw_only=True)
class AwsNames:
    """Where an environment lives: the source of every name and of every ARN that is not a resource's attribute.

    >>> names = AwsNames(project="adelie", environment="prod", account_id="222222222222", region="ap-northeast-2")
    >>> names.name("aws_lb", "edge")
    'adelie-prod-edge'
    >>> names.bucket_name("objects")
    'adelie-prod-objects-222222222222'
    """

    project: str
    environment: str
    account_id: str
    region: str
    bounded: bool = False
    """Whether roles get the permissions boundary, which the bootstrap stack makes in a real account."""

    @property
    def prefix(self) -> str:
        """What every name begins with: `<project>-<environment>`."""
        return f"{self.project}-{self.environment}"

    def name(self, resource_type: str, *parts: str) -> str:
        """`<project>-<environment>-<parts>` in lower-case kebab.

        Raises InvalidNameError where it is longer than a `resource_type` (such as "aws_lb") may be called.
        """
        return _checked("-".join((self.prefix, *parts)), resource_type)

    def short_name(self, resource_type: str, *parts: str) -> str:
        """`<environment>-<parts>`: where 32 characters leave no room for the project. Raises InvalidNameError."""
        return _checked("-".join((self.environment, *parts)), resource_type)

    def bucket_name(self, *parts: str) -> str:
        """A bucket's name: unique across all of AWS, because it ends in the account id."""
        return self.name("aws_s3_bucket", *parts, self.account_id)

    def bootstrap_name(self, *parts: str) -> str:
        """`<project>-bootstrap-<environment>-<parts>`: what the bootstrap stack makes, out of the reach of `prefix`."""
        return _checked("-".join((self.project, "bootstrap", self.environment, *parts)), "aws_iam_role")

    @property
    def permissions_boundary_arn(self) -> str | None:
        """The policy that bounds every role of the environment; None where nothing is bounded."""
        return self.arn("iam", f"policy/{self.bootstrap_name('boundary')}", region="") if self.bounded else None

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """The ARN of `resource` in this account and, unless `region` says otherwise (empty: global), this region."""
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.account_id}:{resource}"


def _checked(name: str, resource_type: str) -> str:
    limit = NAME_LIMITS.get(resource_type, DEFAULT_NAME_LIMIT)
    if len(name) > limit:
        raise InvalidNameError(
            f"the name {name!r} has {len(name)} characters, but an {resource_type} may have {limit}; "
            f"shorten it by {len(name) - limit}"
        )
    if not _LOWER_KEBAB.fullmatch(name):
        raise InvalidNameError(f"the name {name!r} must be lower-case letters, digits and single hyphens; rename it")
    return name
