"""The evaluation is AWS's: what the IAM user guide says, one by one; each group names its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.permissions.evaluation import Policy, Request, UnknownToIamError, evaluate

pytestmark = pytest.mark.xdist_group("permissions")
ACCOUNT, OTHER = "123456789012", "999999999999"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/example"
SESSION: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/example/session"
ELSEWHERE: Mapping[str, Any] = {"principal": f"arn:aws:sts::{OTHER}:assumed-role/example/session"}
SERVICE: Mapping[str, Any] = {"principal": "cloudfront.amazonaws.com"}
KEY: Final = f"arn:aws:kms:ap-northeast-2:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(effect: str = "Allow", **parts: Any) -> Policy:
    defaults = {} if "NotAction" in parts else {"Action": "s3:GetObject"}
    resource = {} if "NotResource" in parts else {"Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": "S", "Effect": effect, **defaults, **resource, **parts}]}


def request(*identity: Policy, on: Policy | None = None, **parts: Any) -> Request:
    """A session of a role reads an object, unless it is said otherwise."""
    defaults: Mapping[str, Any] = {
        "principal": SESSION,
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::amzn-s3-demo-bucket/key",
        "account": ACCOUNT,
        "identity": {str(place): each for place, each in enumerate(identity)},
        "resource_policy": on,
    }
    return Request(**{**defaults, **parts})


def on_key(*identity: Policy, on: Policy, **context: str) -> Request:
    return request(*identity, on=on, action="kms:Decrypt", resource=KEY, context=context)


def if_(operator: str, key: str, *values: str) -> Policy:
    return policy(Condition={operator: {key: list(values)}})


ALLOW, DENY = policy(), policy("Deny")
TO_SESSIONS = policy(Principal={"AWS": ROLE})
TO_ACCOUNT = policy(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"})
TO_SERVICE = policy(Principal={"Service": "cloudfront.amazonaws.com"})
TO_EVERYBODY = policy(Principal="*")
DENY_EVERYBODY = policy("Deny", Principal="*")
WRITE_ONLY = policy(Action="s3:PutObject")
DECRYPT = policy(Action="kms:Decrypt")
DELEGATED = policy(Action="kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
NOT_DELEGATED = policy(Action="kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/another"})
TRUST = policy(Action="sts:AssumeRole", Resource=ROLE, Principal={"Service": "ecs-tasks.amazonaws.com"})
ASSUME: Mapping[str, Any] = {"action": "sts:AssumeRole", "resource": ROLE}

LOGIC: Mapping[str, tuple[Request, bool]] = {
    # "Policy evaluation logic": denied by default; an allow overrides that, an explicit deny overrides the allow.
    "nothing is said": (request(), False),
    "an identity's allow": (request(ALLOW), True),
    "an identity's deny beside it": (request(ALLOW, DENY), False),
    "a resource's deny beside it": (request(ALLOW, on=DENY_EVERYBODY), False),
    "an allow of something else": (request(WRITE_ONLY), False),
    # "Policy evaluation for requests within a single account": one of the two is enough.
    "a resource's allow": (request(on=TO_SESSIONS), True),
    "a service, by the resource's allow": (request(on=TO_SERVICE, **SERVICE), True),
    "another service": (request(on=TO_SERVICE, principal="budgets.amazonaws.com"), False),
    # "Cross-account policy evaluation logic": both must allow.
    "another account: the resource's allow": (request(on=TO_ACCOUNT, **ELSEWHERE), False),
    "another account: the identity's allow": (request(ALLOW, **ELSEWHERE), False),
    "another account: both allow": (request(ALLOW, on=TO_ACCOUNT, **ELSEWHERE), True),
    # "Permissions boundaries for IAM entities": the intersection; what it doesn't name is denied.
    "a boundary that allows it": (request(ALLOW, boundary=ALLOW), True),
    "a boundary that doesn't": (request(ALLOW, boundary=WRITE_ONLY), False),
    "a boundary that denies it": (request(ALLOW, boundary=DENY), False),
    "a boundary gives nothing by itself": (request(boundary=ALLOW), False),
    "a boundary limits what a resource allows a role": (request(on=TO_SESSIONS, boundary=WRITE_ONLY), False),
    # VPC, AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies": it must allow as well.
    "an endpoint that allows it": (request(ALLOW, endpoint=TO_EVERYBODY), True),
    "an endpoint that doesn't": (request(ALLOW, endpoint=policy(Action="s3:PutObject", Principal={"AWS": "*"})), False),
    # KMS developer guide, "Default key policy": IAM policies count only if the key policy lets the account decide.
    "a key whose policy leaves it to IAM": (on_key(DECRYPT, on=DELEGATED), True),
    "and IAM says nothing": (on_key(on=DELEGATED), False),
    "a key whose policy doesn't": (on_key(DECRYPT, on=NOT_DELEGATED), False),
    # "Roles terms and concepts": who takes a role is the trust policy's to say.
    "the service that a role trusts": (request(on=TRUST, principal="ecs-tasks.amazonaws.com", **ASSUME), True),
    "a service that it doesn't": (request(on=TRUST, principal="ec2.amazonaws.com", **ASSUME), False),
    "a principal of the account that it doesn't": (request(policy(Action="sts:AssumeRole"), on=TRUST, **ASSUME), False),
    # "IAM JSON policy elements: NotAction", "NotResource".
    "all but another action": (request(policy(NotAction="s3:PutObject")), True),
    "all but this action": (request(policy(NotAction="s3:GetObject")), False),
    "all but this bucket": (request(policy(NotResource="arn:aws:s3:::amzn-s3-demo-bucket/*")), False),
    # "IAM JSON policy elements: Action", "Resource": wildcards; an action's case doesn't matter, a resource's does.
    "an action by wildcard, in capitals": (request(policy(Action="S3:GET*")), True),
    "a resource by wildcard": (request(policy(Resource="arn:aws:s3:::amzn-s3-demo-*/*")), True),
    "a resource in capitals": (request(policy(Resource="arn:aws:s3:::AMZN-s3-demo-bucket/*")), False),
    "any resource of any kind": (request(policy(Resource=["arn:aws:s3:::*/*"])), True),
    "any resource of any kind, in another account": (request(policy(Resource=f"arn:aws:s3::{OTHER}:*/*")), False),
    "a bucket is not its objects": (request(policy(Resource="arn:aws:s3:::amzn-s3-demo-bucket")), False),
}

AGENT, TAGS, TLS = "aws:UserAgent", "aws:TagKeys", "aws:SecureTransport"
CONDITIONS: Mapping[str, tuple[Policy, Mapping[str, Any], bool]] = {
    # On the page "IAM JSON policy elements: Condition operators".
    "StringEquals": (if_("StringEquals", AGENT, "a", "b"), {AGENT: "b"}, True),
    "StringEquals, its case": (if_("StringEquals", AGENT, "a"), {AGENT: "A"}, False),
    "StringEquals takes no wildcard": (if_("StringEquals", AGENT, "a*"), {AGENT: "ab"}, False),
    "StringEqualsIgnoreCase": (if_("StringEqualsIgnoreCase", AGENT, "a"), {AGENT: "A"}, True),
    "StringLike": (if_("StringLike", AGENT, "a*c?"), {AGENT: "abbcd"}, True),
    "StringNotLike": (if_("StringNotLike", AGENT, "a*", "b*"), {AGENT: "bb"}, False),
    "a key that isn't there": (if_("StringEquals", AGENT, "a"), {}, False),
    "a key that isn't there, negated": (if_("StringNotEquals", AGENT, "a"), {}, True),
    "a key's name has no case": (if_("StringEquals", "AWS:useragent", "a"), {AGENT: "a"}, True),
    "IfExists, and it doesn't": (if_("StringEqualsIfExists", AGENT, "a"), {}, True),
    "IfExists, and it does": (if_("StringEqualsIfExists", AGENT, "a"), {AGENT: "b"}, False),
    "Null: it must be missing": (if_("Null", AGENT, "true"), {AGENT: "a"}, False),
    "Null: it must be there": (if_("Null", AGENT, "false"), {AGENT: "a"}, True),
    "Bool": (if_("Bool", TLS, "true"), {TLS: "true"}, True),
    "Bool, missing": (if_("Bool", TLS, "false"), {}, False),
    "NumericLessThan": (if_("NumericLessThan", "s3:TlsVersion", "1.2"), {"s3:TlsVersion": "1.1"}, True),
    "NumericLessThan, equal": (if_("NumericLessThan", "s3:TlsVersion", "1.2"), {"s3:TlsVersion": "1.2"}, False),
    "DateGreaterThan": (
        if_("DateGreaterThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
        {"aws:CurrentTime": "2026-06-01T00:00:00Z"},
        True,
    ),
    "IpAddress": (if_("IpAddress", "aws:SourceIp", "203.0.113.0/24"), {"aws:SourceIp": "203.0.113.9"}, True),
    "NotIpAddress": (if_("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), {"aws:SourceIp": "203.0.113.9"}, False),
    "ArnLike": (
        if_("ArnLike", "aws:SourceArn", "arn:aws:logs:*:123456789012:log-group:*"),
        {"aws:SourceArn": "arn:aws:logs:us-east-1:123456789012:log-group:a:b"},
        True,
    ),
    "ArnLike, another account": (
        if_("ArnLike", "aws:SourceArn", "arn:aws:logs:*:123456789012:log-group:*"),
        {"aws:SourceArn": "arn:aws:logs:us-east-1:999999999999:log-group:a"},
        False,
    ),
    "ArnEquals takes wildcards too": (
        if_("ArnEquals", "aws:SourceArn", "arn:aws:sns:*:*:a"),
        {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:a"},
        True,
    ),
    # "Conditions with multiple context keys or values": all operators and keys (and), one of the values (or).
    "two keys, one of them wrong": (
        policy(Condition={"StringEquals": {AGENT: "a", "aws:SourceAccount": "1"}}),
        {AGENT: "a", "aws:SourceAccount": "2"},
        False,
    ),
    "two operators, one of them wrong": (
        policy(Condition={"StringEquals": {AGENT: "a"}, "Bool": {TLS: "true"}}),
        {AGENT: "a", TLS: "false"},
        False,
    ),
    # "Set operators for multivalued context keys"
    "ForAllValues, all of them": (if_("ForAllValues:StringEquals", TAGS, "a", "b"), {TAGS: ["a", "b"]}, True),
    "ForAllValues, one is none of them": (if_("ForAllValues:StringEquals", TAGS, "a"), {TAGS: ["a", "b"]}, False),
    "ForAllValues, and there are none": (if_("ForAllValues:StringEquals", TAGS, "a"), {}, True),
    "ForAnyValue, one of them": (if_("ForAnyValue:StringEquals", TAGS, "a"), {TAGS: ["a", "b"]}, True),
    "ForAnyValue, and there are none": (if_("ForAnyValue:StringEquals", TAGS, "a"), {}, False),
    # On the page "IAM policy elements: Variables and tags".
    "a variable": (
        if_("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}"),
        {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT},
        True,
    ),
    "a variable that is another": (
        if_("StringEquals", "aws:PrincipalAccount", "${aws:ResourceAccount}"),
        {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": OTHER},
        False,
    ),
}

CONTEXT, SUBJECT = "kms:EncryptionContext:aws:logs:arn", "token.actions.githubusercontent.com:sub"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:a"
BY_CONTEXT = policy(Action="kms:Decrypt", Condition={"ArnLike": {CONTEXT: "arn:aws:logs:*:*:log-group:*"}})
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
TO_RUNS = policy(
    Action="sts:AssumeRoleWithWebIdentity",
    Principal={"Federated": PROVIDER},
    Condition={"StringEquals": {SUBJECT: "repo:a/b:environment:prod"}},
)
BY_TOKEN: Mapping[str, Any] = {
    "on": TO_RUNS,
    "principal": PROVIDER,
    "action": "sts:AssumeRoleWithWebIdentity",
    "resource": ROLE,
}
FREE: Mapping[str, tuple[Request, bool]] = {
    # Keys with a free end, which the simulator has for no action: KMS developer guide, "AWS KMS condition keys"; IAM
    # user guide, "Available keys for AWS OIDC federation".
    "an encryption context": (on_key(BY_CONTEXT, on=DELEGATED, **{CONTEXT: GROUP}), True),
    "another": (on_key(BY_CONTEXT, on=DELEGATED, **{CONTEXT: "arn:aws:sns:us-east-1:123456789012:a"}), False),
    "none": (on_key(BY_CONTEXT, on=DELEGATED), False),
    "a token's subject": (request(**BY_TOKEN, context={SUBJECT: "repo:a/b:environment:prod"}), True),
    "a fork's": (request(**BY_TOKEN, context={SUBJECT: "repo:c/b:environment:prod"}), False),
    "no subject": (request(**BY_TOKEN), False),
}

UNKNOWN: Mapping[str, tuple[Request, str]] = {
    "an operator": (request(if_("StringIs", AGENT, "a")), "no condition operator 'StringIs'"),
    "a set operator": (request(if_("ForSomeValues:StringEquals", TAGS, "a")), "no condition operator"),
    "a condition key": (request(if_("StringEquals", "aws:NoSuchKey", "a")), "no condition key 'aws:NoSuchKey'"),
    "an action": (request(ALLOW, action="s3:NoSuchAction"), "invalid.action"),
    "a resource of the action": (request(ALLOW, resource=KEY), "no.resource.types"),
    "a context key of the action": (
        request(ALLOW, context={"kms:ViaService": "a"}),
        "has no context key kms:ViaService",
    ),
    "an endpoint's policy for one role": (request(ALLOW, endpoint=TO_SESSIONS), "for everybody"),
}


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, bool]:
    """All examples, in one run of the simulator."""
    conditions = {name: (request(its, context=context), said) for name, (its, context, said) in CONDITIONS.items()}
    every = {**LOGIC, **conditions, **FREE}
    answers = evaluate([asked for asked, _ in every.values()])
    return {name: verdict.allowed for name, verdict in zip(every, answers, strict=True)}


@pytest.mark.parametrize("example", LOGIC)
def test_policies_are_combined_as_aws_does(example: str, verdicts: Mapping[str, bool]) -> None:
    assert verdicts[example] is LOGIC[example][1]


@pytest.mark.parametrize("example", CONDITIONS)
def test_conditions_hold_as_aws_says(example: str, verdicts: Mapping[str, bool]) -> None:
    assert verdicts[example] is CONDITIONS[example][2]


@pytest.mark.parametrize("example", FREE)
def test_keys_with_a_free_end_are_compared_like_others(example: str, verdicts: Mapping[str, bool]) -> None:
    assert verdicts[example] is FREE[example][1]


@pytest.mark.parametrize("example", UNKNOWN)
def test_what_aws_does_not_have_is_no_verdict(example: str) -> None:
    asked, words = UNKNOWN[example]
    with pytest.raises(UnknownToIamError, match=words):
        evaluate([asked])


def test_a_refusal_says_what_was_missing() -> None:
    (verdict,) = evaluate([on_key(BY_CONTEXT, on=DELEGATED)])
    assert verdict.reason == f"S of 0: {CONTEXT} is not there"
