"""Terraform's expressions become ARNs, the same one each time; one that nobody can tell is an error, not a guess."""

from __future__ import annotations

import pytest

from tests.permissions.arns import Arns
from tests.support import Synthesized

STACK = Synthesized(
    {
        "resource": {
            "aws_kms_key": {"key": {}, "edge": {"region": "us-east-1"}},
            "aws_sqs_queue": {"queue": {"name": "failures"}},
            "aws_s3_bucket": {"logs": {"bucket": "adelie-logs"}},
            "aws_s3_bucket_policy": {"policy": {"bucket": "${aws_s3_bucket.logs.id}"}},
        }
    }
)
ARNS = Arns(STACK, account="123456789012", region="ap-northeast-2")


def test_a_name_is_known_and_an_id_is_the_same_each_time() -> None:
    assert ARNS.of("aws_sqs_queue", "queue") == "arn:aws:sqs:ap-northeast-2:123456789012:failures"
    assert ARNS.of("aws_kms_key", "key") == ARNS.of("aws_kms_key", "key") != ARNS.of("aws_kms_key", "edge")
    assert ARNS.of("aws_kms_key", "edge").startswith("arn:aws:kms:us-east-1:123456789012:key/")


def test_expressions_are_replaced_wherever_they_are() -> None:
    policy = '{"Resource": ["${aws_s3_bucket.logs.arn}/*", "arn:aws:s3:::${aws_s3_bucket_policy.policy.bucket}"]}'
    assert ARNS.document(policy) == {"Resource": ["arn:aws:s3:::adelie-logs/*", "arn:aws:s3:::adelie-logs"]}


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("${aws_sqs_queue.queue.colour}", "COMPUTED lacks aws_sqs_queue.colour"),
        ("${aws_sqs_queue.another.arn}", "can't tell what"),
        ("${upper(aws_sqs_queue.queue.name)}", "can't tell what"),
    ],
)
def test_what_nobody_can_tell_is_an_error(expression: str, sentence: str) -> None:
    with pytest.raises(LookupError, match=sentence):
        ARNS.resolved(expression)
