"""The bucket that access logs go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from adelie.policy import Statement
from adelie.storage.protected import ProtectedBucket, ProtectedBucketSettings
from adelie.terraform import Construct

if TYPE_CHECKING:
    from adelie.naming import AwsTarget

_ACCESS_LOGS: Final = "s3"
_CLOUDFRONT_REGION: Final = "us-east-1"  # where CloudFront, a global service, has its log delivery


class LogBucketSettings(ProtectedBucketSettings):
    """The log bucket: how long it keeps logs."""

    expiry_days: Annotated[int, Field(ge=1)]
    """Days after which a log file is deleted."""


class LogBucket(ProtectedBucket):
    """The bucket for access logs: of buckets (`s3/`), of the load balancer (`alb/`), of the CDN (`cloudfront/`).

    Each service may put objects of this account under its own prefix, and nothing else. Encrypted with S3's own key: a
    load balancer can write to no other (Elastic Load Balancing user guide: Access logs). It logs no access to itself,
    which would never end.

    >>> logs = LogBucket(self, "logs", settings=settings, target=target)  # doctest: +SKIP
    """

    LOAD_BALANCER_PREFIX: Final = "alb"
    """The load balancer's prefix: `access_logs.prefix`."""
    CLOUDFRONT_PREFIX: Final = "cloudfront"
    """The CDN's prefix: behind the bucket's ARN in the delivery destination, `<arn>/cloudfront`."""

    def __init__(self, scope: Construct, id: str, *, settings: LogBucketSettings, target: AwsTarget) -> None:
        super().__init__(
            scope,
            id,
            settings=settings,
            target=target,
            purpose="logs",
            key=None,
            expiry_days=settings.expiry_days,
        )
        policy = self._allow(
            self._bucket_access_logs(target), self._load_balancer_logs(target), *self._cdn_logs(target)
        )
        # Through the policy: who logs here then waits for it, and a load balancer tries to write when it is made.
        self.name = policy.bucket

    def access_log_prefix(self, purpose: str) -> str:
        """Where the access logs of the bucket for `purpose` go."""
        return f"{_ACCESS_LOGS}/{purpose}/"

    def _bucket_access_logs(self, target: AwsTarget) -> Statement:
        return Statement(
            sid="S3WritesAccessLogs",
            actions=["s3:PutObject"],
            resources=[f"{self.arn}/{_ACCESS_LOGS}/*"],
            principals={"Service": ["logging.s3.amazonaws.com"]},
            conditions={
                "StringEquals": {"aws:SourceAccount": target.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{target.prefix}-*"},
            },
        )

    def _load_balancer_logs(self, target: AwsTarget) -> Statement:
        # The account is in the path. Elastic Load Balancing doesn't promise aws:SourceAccount or aws:SourceArn on
        # its test write, and a condition on a missing key refuses it.
        return Statement(
            sid="LoadBalancerWritesAccessLogs",
            actions=["s3:PutObject"],
            resources=[f"{self.arn}/{self.LOAD_BALANCER_PREFIX}/AWSLogs/{target.account_id}/*"],
            principals={"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
        )

    def _cdn_logs(self, target: AwsTarget) -> list[Statement]:
        delivery = {"Service": ["delivery.logs.amazonaws.com"]}
        source = {"aws:SourceArn": target.arn("logs", "delivery-source:*", region=_CLOUDFRONT_REGION)}
        return [
            Statement(
                sid="CloudFrontWritesAccessLogs",
                actions=["s3:PutObject"],
                resources=[f"{self.arn}/{self.CLOUDFRONT_PREFIX}/*"],
                principals=delivery,
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": target.account_id,
                        "s3:x-amz-acl": "bucket-owner-full-control",
                    },
                    "ArnLike": source,
                },
            ),
            Statement(
                sid="CloudFrontReadsBucketAcl",
                actions=["s3:GetBucketAcl"],
                resources=[self.arn],
                principals=delivery,
                conditions={"StringEquals": {"aws:SourceAccount": target.account_id}, "ArnLike": source},
            ),
        ]
