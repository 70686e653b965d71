"""Buckets: what their settings refuse, how they are protected, and what connecting to them gives."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.seam.terraform import TerraformStack
from adelie.storage.bucket import Bucket
from adelie.storage.settings import BucketSettings
from tests.fakes.collaborators import FakeWorkload, given, granted
from tests.fakes.data import bucket_settings, build_key, build_logs, refusal
from tests.support import NAMES, Synthesized, policy, references, synthesize

VIA_S3 = {"StringEquals": {"kms:ViaService": "s3.ap-northeast-2.amazonaws.com"}}
DISTRIBUTION = "arn:aws:cloudfront::111111111111:distribution/E1"


def build(stack: TerraformStack, purpose: str, *, with_key: bool = True, **overrides: Any) -> Bucket:
    return Bucket(
        stack,
        purpose,
        settings=bucket_settings(**overrides),
        names=NAMES,
        purpose=purpose,
        key=build_key(stack) if with_key else None,
        logs=build_logs(stack),
    )


@pytest.fixture(scope="module")
def objects() -> Synthesized:
    def connected(stack: TerraformStack) -> None:
        bucket = build(
            stack,
            "user-objects",
            transitions=(
                {"after_days": 30, "storage_class": "STANDARD_IA"},
                {"after_days": 90, "storage_class": "GLACIER_IR"},
            ),
        )
        bucket.connect(FakeWorkload(stack, "backend-api"))
        bucket.grant_read(FakeWorkload(stack, "reader"))

    return synthesize(connected)


@pytest.fixture(scope="module")
def assets() -> Synthesized:
    def served(stack: TerraformStack) -> None:
        bucket = build(stack, "assets", with_key=False)
        bucket.allow_cloudfront(DISTRIBUTION)
        bucket.grant_read_write(FakeWorkload(stack, "deployer"))

    return synthesize(served)


def arn_of(stack: Synthesized, containing: str) -> str:
    (name,) = (name for name in stack.resources("aws_s3_bucket") if containing in name)
    return f"${{aws_s3_bucket.{name}.arn}}"


@pytest.mark.parametrize(
    ("overrides", "key", "message"),
    [
        (
            {"transitions": ({"after_days": 29, "storage_class": "STANDARD_IA"},)},
            "after_days",
            "must be 30 or more for STANDARD_IA, but is 29; use 30",
        ),
        (
            {
                "transitions": (
                    {"after_days": 90, "storage_class": "GLACIER_IR"},
                    {"after_days": 90, "storage_class": "GLACIER"},
                )
            },
            "transitions",
            "must have rising after_days, but is [90, 90]; put the soonest first, one a day",
        ),
        ({"noncurrent_expiry_days": 0}, "noncurrent_expiry_days", "Input should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(overrides: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        bucket_settings(**overrides)
    assert refusal(error) == (key, message)


def test_what_can_lose_data_is_stated() -> None:
    required = {name for name, field in BucketSettings.model_fields.items() if field.is_required()}
    assert required == {"force_destroy", "noncurrent_expiry_days"}


def test_its_name_is_its_own_in_all_of_aws(objects: Synthesized) -> None:
    bucket = objects.only("aws_s3_bucket", "user-objects")
    assert bucket["bucket"] == "adelie-test-user-objects-111111111111"
    assert bucket["force_destroy"] is False


def test_it_is_versioned_owned_and_never_public(objects: Synthesized) -> None:
    assert objects.only("aws_s3_bucket_versioning", "objects")["versioning_configuration"] == {"status": "Enabled"}
    assert objects.only("aws_s3_bucket_ownership_controls", "objects")["rule"] == {
        "object_ownership": "BucketOwnerEnforced"
    }
    block = objects.only("aws_s3_bucket_public_access_block", "objects")
    for switch in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        assert block[switch] is True


def test_it_is_encrypted_with_the_customer_key_through_a_bucket_key(objects: Synthesized) -> None:
    (rule,) = objects.only("aws_s3_bucket_server_side_encryption_configuration", "objects")["rule"]
    assert rule["bucket_key_enabled"] is True
    default = rule["apply_server_side_encryption_by_default"]
    assert default["sse_algorithm"] == "aws:kms"
    assert references(default["kms_master_key_id"]) == {f"aws_kms_key.{next(iter(objects.resources('aws_kms_key')))}"}


def test_without_a_key_it_is_encrypted_with_s3s_own(assets: Synthesized) -> None:
    (rule,) = assets.only("aws_s3_bucket_server_side_encryption_configuration", "assets")["rule"]
    assert rule == {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}, "bucket_key_enabled": False}


def test_it_refuses_plain_http_and_old_tls(objects: Synthesized) -> None:
    arn = arn_of(objects, "user-objects")
    statements = policy(objects.only("aws_s3_bucket_policy", "user-objects")["policy"])
    assert {statement["Sid"]: statement["Condition"] for statement in statements} == {
        "RefusePlainHttp": {"Bool": {"aws:SecureTransport": "false"}},
        "RefuseOldTls": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }
    for statement in statements:
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", ["s3:*"])
        assert statement["Resource"] == [arn, f"{arn}/*"]


def test_what_ages_moves_and_goes(objects: Synthesized) -> None:
    (rule,) = objects.only("aws_s3_bucket_lifecycle_configuration", "user-objects")["rule"]
    assert rule["status"] == "Enabled"
    assert rule["noncurrent_version_expiration"] == [{"noncurrent_days": 90}]
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]
    assert rule["expiration"] == [{"expired_object_delete_marker": True}]
    assert rule["transition"] == [
        {"days": 30, "storage_class": "STANDARD_IA"},
        {"days": 90, "storage_class": "GLACIER_IR"},
    ]


def test_without_transitions_objects_stay(assets: Synthesized) -> None:
    (rule,) = assets.only("aws_s3_bucket_lifecycle_configuration", "assets")["rule"]
    assert "transition" not in rule


def test_its_access_is_logged_to_the_log_bucket_under_its_purpose(objects: Synthesized) -> None:
    (logging,) = objects.resources("aws_s3_bucket_logging").values()
    assert logging["target_prefix"] == "s3/user-objects/"
    (policy_name,) = (name for name in objects.resources("aws_s3_bucket_policy") if name.startswith("logs"))
    assert references(logging["target_bucket"]) == {f"aws_s3_bucket_policy.{policy_name}"}


def test_an_emulator_can_do_without_access_logs() -> None:
    assert bucket_settings().access_logs is True
    assert not synthesize(lambda stack: build(stack, "objects", access_logs=False)).resources("aws_s3_bucket_logging")


def test_connecting_grants_exactly_this_bucket_and_names_it(objects: Synthesized) -> None:
    arn = arn_of(objects, "user-objects")
    grants = granted(objects, "backend-api", "task")
    assert set(grants) == {"user-objects-read-write"}
    list_it, read, write, key = grants["user-objects-read-write"]
    assert (list_it["Action"], list_it["Resource"]) == (["s3:ListBucket"], [arn])
    assert (read["Action"], read["Resource"]) == (["s3:GetObject"], [f"{arn}/*"])
    assert set(write["Action"]) == {
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    }
    assert write["Resource"] == [f"{arn}/*"]
    assert (key["Action"], key["Condition"]) == (["kms:Decrypt", "kms:GenerateDataKey"], VIA_S3)
    assert given(objects, "backend-api", "environment") == {"USER_OBJECTS_BUCKET": arn.replace(".arn}", ".bucket}")}


def test_a_reader_cannot_write(objects: Synthesized) -> None:
    list_it, read, key = granted(objects, "reader", "task")["user-objects-read"]
    assert [list_it["Action"], read["Action"], key["Action"]] == [
        ["s3:ListBucket"],
        ["s3:GetObject"],
        ["kms:Decrypt"],
    ]
    assert key["Condition"] == VIA_S3
    assert given(objects, "reader", "environment") == {}


def test_a_bucket_without_a_key_grants_none(assets: Synthesized) -> None:
    actions = [statement["Action"] for statement in granted(assets, "deployer", "task")["assets-read-write"]]
    assert not [action for action in actions if action[0].startswith("kms:")]


def test_cloudfront_joins_the_one_policy_and_reads_for_one_distribution(assets: Synthesized) -> None:
    statements = policy(assets.only("aws_s3_bucket_policy", "assets")["policy"])
    assert [statement["Sid"] for statement in statements] == ["RefusePlainHttp", "RefuseOldTls", "CloudFrontReads"]
    assert statements[-1] == {
        "Sid": "CloudFrontReads",
        "Effect": "Allow",
        "Principal": {"Service": ["cloudfront.amazonaws.com"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"{arn_of(assets, 'assets')}/*"],
        "Condition": {"StringEquals": {"aws:SourceArn": DISTRIBUTION}},
    }


def test_cloudfront_cannot_read_what_the_customer_key_encrypts() -> None:
    def served(stack: TerraformStack) -> None:
        build(stack, "objects").allow_cloudfront(DISTRIBUTION)

    with pytest.raises(ValueError, match="the bucket 'objects' has a customer key, which CloudFront may not use; "):
        synthesize(served)


def test_an_emulator_can_do_without_the_denying_policy() -> None:
    plain = synthesize(lambda stack: build(stack, "objects", tls_only_policy=False))
    assert not [name for name in plain.resources("aws_s3_bucket_policy") if "objects" in name]

    def served(stack: TerraformStack) -> None:
        build(stack, "assets", with_key=False, tls_only_policy=False).allow_cloudfront(DISTRIBUTION)

    statements = policy(synthesize(served).only("aws_s3_bucket_policy", "assets")["policy"])
    assert [statement["Sid"] for statement in statements] == ["CloudFrontReads"]
