"""The bucket that access logs go to."""

from __future__ import annotations

from typing import Final

from adelie.seam.terraform import Construct
from adelie.storage.base_bucket import Contents, ProtectedBucket
from adelie.storage.settings import LogBucketSettings
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement

_CLOUDFRONT_REGION: Final = "us-east-1"  # where CloudFront, a global service, has its log delivery


class LogBucket(ProtectedBucket):
    """The bucket for access logs: of buckets, the load balancer and the CDN, each under its own prefix.

    Each service may put objects of this account under its own prefix, and nothing else. Encrypted with S3's own key: a
    load balancer can write to no other (Elastic Load Balancing user guide: Access logs). It logs no access to itself,
    which would never end.
    """

    BUCKETS_PREFIX: Final = "s3"
    """Where buckets' server access logs go."""
    LOAD_BALANCER_PREFIXES: Final = ("load-balancer", "load-balancer-connections")
    """Where a load balancer's access logs and connection logs go."""
    CLOUDFRONT_PREFIX: Final = "cloudfront"
    """Where the CDN's logs go: `<arn>/cloudfront` as the ARN of the delivery destination."""

    def __init__(self, scope: Construct, id: str, *, settings: LogBucketSettings, names: AwsNames) -> None:
        super().__init__(
            scope,
            id,
            settings=settings,
            bucket_name=names.bucket_name("logs"),
            key=None,
            contents=Contents.LOGS,
            expiry_days=settings.expiry_days,
        )
        policy = self._allow(self._bucket_access_logs(names), self._load_balancer_logs(names), *self._cdn_logs(names))
        # Through the policy: what logs here then waits for it, and a load balancer tries to write when it is created.
        self.name = policy.bucket
        self.arn = f"arn:aws:s3:::{self.name}"

    def access_log_prefix(self, purpose: str) -> str:
        """Where the access logs of the bucket for `purpose` go."""
        return f"{self.BUCKETS_PREFIX}/{purpose}/"

    def _bucket_access_logs(self, names: AwsNames) -> Statement:
        return Statement(
            sid="S3WritesAccessLogs",
            actions=["s3:PutObject"],
            resources=[f"{self.arn}/{self.BUCKETS_PREFIX}/*"],
            principals={"Service": ["logging.s3.amazonaws.com"]},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account_id},
                "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{names.prefix}-*"},
            },
        )

    def _load_balancer_logs(self, names: AwsNames) -> Statement:
        # The account is in the path. Elastic Load Balancing doesn't promise aws:SourceAccount or aws:SourceArn on
        # its test write, and a condition on a missing key refuses it.
        return Statement(
            sid="LoadBalancerWritesAccessLogs",
            actions=["s3:PutObject"],
            resources=[f"{self.arn}/{prefix}/AWSLogs/{names.account_id}/*" for prefix in self.LOAD_BALANCER_PREFIXES],
            principals={"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
        )

    def _cdn_logs(self, names: AwsNames) -> list[Statement]:
        delivery = {"Service": ["delivery.logs.amazonaws.com"]}
        source = {"aws:SourceArn": names.arn("logs", "delivery-source:*", region=_CLOUDFRONT_REGION)}
        return [
            Statement(
                sid="CloudFrontWritesAccessLogs",
                actions=["s3:PutObject"],
                resources=[f"{self.arn}/{self.CLOUDFRONT_PREFIX}/*"],
                principals=delivery,
                conditions={
                    "StringEquals": {
                        "aws:SourceAccount": names.account_id,
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
                conditions={"StringEquals": {"aws:SourceAccount": names.account_id}, "ArnLike": source},
            ),
        ]
