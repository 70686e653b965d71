"""CloudFront, and everybody who writes access logs into the log bucket."""

from __future__ import annotations

from collections.abc import Iterator

from tests.permissions.account import Account
from tests.permissions.call import OLD_TLS, OTHER_ACCOUNT, PLAIN_HTTP, Call, Instead, another, elsewhere

EDGE_REGION = "us-east-1"


def assets(account: Account) -> Iterator[Call]:
    """CloudFront reads the buckets that are its origins."""
    for distribution, _ in account.each("aws_cloudfront_distribution"):
        for bucket in account.served():
            yield Call(
                what=f"CloudFront reads {bucket}",
                who="cloudfront.amazonaws.com",
                does="s3:GetObject",
                on=f"{bucket}/assets/index.js",
                context={"aws:SourceArn": distribution},
                source="CloudFront developer guide, Restrict access to an Amazon S3 origin",
                near_misses={
                    "another distribution": {"context": {"aws:SourceArn": another(distribution)}},
                    "another account's": {"context": {"aws:SourceArn": elsewhere(distribution)}},
                    "another service": {"who": "s3.amazonaws.com"},
                    "it writes": {"does": "s3:PutObject"},
                    "over plain HTTP": PLAIN_HTTP,
                    "over old TLS": OLD_TLS,
                },
            )


def access_logs(account: Account) -> Iterator[Call]:
    """Load balancer, buckets and CloudFront, each below its own prefix."""
    for _, body in account.each("aws_lb"):
        logs = body["access_logs"]
        yield _written(
            "the load balancer writes its access log",
            "logdelivery.elasticloadbalancing.amazonaws.com",
            f"arn:aws:s3:::{logs['bucket']}/{logs['prefix']}/AWSLogs/{account.id}/elasticloadbalancing/log.gz",
            {},
            source="Elastic Load Balancing user guide, Enable access logs for your Application Load Balancer",
            misses={
                "another account's": {
                    "on": f"arn:aws:s3:::{logs['bucket']}/{logs['prefix']}/AWSLogs/{OTHER_ACCOUNT}/log.gz"
                }
            },
        )
    for body in account.platform.resources("aws_s3_bucket_logging").values():
        bucket, target, prefix = (
            account.arns.resolved(body[key]) for key in ("bucket", "target_bucket", "target_prefix")
        )
        yield _written(
            f"S3 writes the access log of {bucket}",
            "logging.s3.amazonaws.com",
            f"arn:aws:s3:::{target}/{prefix}2026-01-01",
            {"aws:SourceAccount": account.id, "aws:SourceArn": f"arn:aws:s3:::{bucket}"},
            source="S3 user guide, Permissions for log delivery",
            misses={
                "of another account's": {"context": {"aws:SourceAccount": OTHER_ACCOUNT}},
                "of another platform's": {"context": {"aws:SourceArn": f"arn:aws:s3:::another-{bucket}"}},
            },
        )
    destinations = {
        body["name"]: body["delivery_destination_configuration"]
        for body in account.bodies("aws_cloudwatch_log_delivery_destination")
    }
    for body in account.bodies("aws_cloudwatch_log_delivery_source"):
        ((destination,),) = destinations.values()
        context = {
            "aws:SourceAccount": account.id,
            "aws:SourceArn": account.arn("logs", f"delivery-source:{body['name']}", region=EDGE_REGION),
        }
        others: dict[str, Instead] = {
            "of another account's": {"context": {"aws:SourceAccount": OTHER_ACCOUNT}},
            "of no source that it names": {"context": {"aws:SourceArn": ""}},
        }
        source = "CloudFront developer guide, Configure standard logging (v2): permissions"
        yield _written(
            "CloudFront's access log is delivered",
            "delivery.logs.amazonaws.com",
            f"{destination['destination_resource_arn']}/AWSLogs/{account.id}/log.gz",
            {**context, "s3:x-amz-acl": "bucket-owner-full-control"},
            source=source,
            misses={**others, "that we don't own": {"context": {"s3:x-amz-acl": "private"}}},
        )
        bucket = str(destination["destination_resource_arn"]).split("/")[0]
        yield Call(
            what="the delivery of CloudFront's access log looks at the bucket",
            who="delivery.logs.amazonaws.com",
            does="s3:GetBucketAcl",
            on=bucket,
            context=context,
            source=source,
            near_misses={**others, "at what is in it": {"does": "s3:ListBucket"}},
        )


def _written(what: str, who: str, on: str, context: dict[str, str], *, source: str, misses: dict[str, Instead]) -> Call:
    bucket = on.split("/", maxsplit=1)[0]
    return Call(
        what=what,
        who=who,
        does="s3:PutObject",
        on=on,
        context=context,
        source=source,
        near_misses={
            **misses,
            "elsewhere in the bucket": {"on": f"{bucket}/elsewhere/log.gz"},
            "another service": {"who": "glue.amazonaws.com"},
            "it reads": {"does": "s3:GetObject", "context": {"s3:x-amz-acl": ""}},
            "over plain HTTP": PLAIN_HTTP,
            "over old TLS": OLD_TLS,
        },
    )
