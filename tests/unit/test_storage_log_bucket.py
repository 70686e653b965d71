"""The log bucket: each service may write its own prefix for this account, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.seam.terraform import TerraformOutput, TerraformStack
from adelie.storage.settings import LogBucketSettings
from tests.fakes.data import build_logs, log_bucket_settings, refusal
from tests.support import Synthesized, policy, references, synthesize


@pytest.fixture(scope="module")
def logs() -> Synthesized:
    def build(stack: TerraformStack) -> None:
        bucket = build_logs(stack)
        TerraformOutput(stack, "name", value=bucket.name)
        TerraformOutput(stack, "arn", value=bucket.arn)

    return synthesize(build)


@pytest.fixture(scope="module")
def arn(logs: Synthesized) -> str:
    (name,) = logs.resources("aws_s3_bucket")
    return f"${{aws_s3_bucket.{name}.arn}}"


@pytest.fixture(scope="module")
def statements(logs: Synthesized) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in policy(logs.only("aws_s3_bucket_policy")["policy"])}


def test_how_long_logs_stay_is_stated() -> None:
    required = {name for name, field in LogBucketSettings.model_fields.items() if field.is_required()}
    assert required == {"force_destroy", "noncurrent_expiry_days", "expiry_days"}
    with pytest.raises(ValidationError) as error:
        log_bucket_settings(expiry_days=0)
    assert refusal(error) == ("expiry_days", "Input should be greater than or equal to 1")


def test_logs_expire(logs: Synthesized) -> None:
    (rule,) = logs.only("aws_s3_bucket_lifecycle_configuration")["rule"]
    assert rule["expiration"] == [{"days": 90}]
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": 7}]


def test_it_is_protected_as_every_bucket_but_with_s3s_key(
    logs: Synthesized, statements: dict[str, dict[str, Any]]
) -> None:
    (rule,) = logs.only("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule["apply_server_side_encryption_by_default"] == {"sse_algorithm": "AES256"}
    assert logs.only("aws_s3_bucket_versioning")["versioning_configuration"] == {"status": "Enabled"}
    assert logs.only("aws_s3_bucket_public_access_block")["restrict_public_buckets"] is True
    assert statements["RefusePlainHttp"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_it_does_not_log_to_itself(logs: Synthesized) -> None:
    assert not logs.resources("aws_s3_bucket_logging")


def test_buckets_of_this_environment_write_their_access_logs(statements: dict[str, dict[str, Any]], arn: str) -> None:
    assert statements["S3WritesAccessLogs"] == {
        "Sid": "S3WritesAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": ["logging.s3.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": [f"{arn}/s3/*"],
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "111111111111"},
            "ArnLike": {"aws:SourceArn": "arn:aws:s3:::adelie-test-*"},
        },
    }


def test_load_balancers_of_this_account_write_their_logs(statements: dict[str, dict[str, Any]], arn: str) -> None:
    assert statements["LoadBalancerWritesAccessLogs"] == {
        "Sid": "LoadBalancerWritesAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": ["logdelivery.elasticloadbalancing.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": [
            f"{arn}/load-balancer/AWSLogs/111111111111/*",
            f"{arn}/load-balancer-connections/AWSLogs/111111111111/*",
        ],
    }


def test_the_cdn_of_this_account_writes_its_logs(statements: dict[str, dict[str, Any]], arn: str) -> None:
    from_this_account = {"aws:SourceArn": "arn:aws:logs:us-east-1:111111111111:delivery-source:*"}
    write, check = statements["CloudFrontWritesAccessLogs"], statements["CloudFrontReadsBucketAcl"]
    assert write["Principal"] == check["Principal"] == {"Service": ["delivery.logs.amazonaws.com"]}
    assert (write["Action"], write["Resource"]) == (["s3:PutObject"], [f"{arn}/cloudfront/*"])
    assert write["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111", "s3:x-amz-acl": "bucket-owner-full-control"},
        "ArnLike": from_this_account,
    }
    assert (check["Action"], check["Resource"]) == (["s3:GetBucketAcl"], [arn])
    assert check["Condition"]["ArnLike"] == from_this_account


def test_nobody_else_is_allowed(statements: dict[str, dict[str, Any]]) -> None:
    allowed = {sid for sid, statement in statements.items() if statement["Effect"] == "Allow"}
    assert allowed == {
        "S3WritesAccessLogs",
        "LoadBalancerWritesAccessLogs",
        "CloudFrontWritesAccessLogs",
        "CloudFrontReadsBucketAcl",
    }


def test_who_logs_to_it_waits_for_its_policy(logs: Synthesized) -> None:
    (name,) = logs.resources("aws_s3_bucket_policy")
    for output in ("name", "arn"):
        assert references(logs.document["output"][output]["value"]) == {f"aws_s3_bucket_policy.{name}"}


def test_an_emulator_without_the_denying_policy_still_takes_logs() -> None:
    stack = synthesize(lambda stack: build_logs(stack, tls_only_policy=False))
    effects = {statement["Effect"] for statement in policy(stack.only("aws_s3_bucket_policy")["policy"])}
    assert effects == {"Allow"}
