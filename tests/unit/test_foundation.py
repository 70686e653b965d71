"""The pure helpers and the small constructs that every family uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from adelie.shared.security_group import SecurityGroup
from adelie.values.naming import DEFAULT_NAME_LIMIT, NAME_LIMITS, AwsNames, InvalidNameError
from adelie.values.policy import Statement, assume_role_policy, policy_document
from tests.support import NAMES, policy, references, synthesize

LABELS = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True)


@given(LABELS, LABELS, st.lists(LABELS, max_size=4), st.sampled_from([*NAME_LIMITS, "aws_vpc"]))
def test_a_name_fits_or_is_refused(project: str, environment: str, parts: list[str], resource_type: str) -> None:
    names = AwsNames(project=project, environment=environment, account_id="111111111111", region="eu-west-1")
    limit = NAME_LIMITS.get(resource_type, DEFAULT_NAME_LIMIT)
    expected = "-".join((project, environment, *parts))
    if len(expected) <= limit:
        assert names.name(resource_type, *parts) == expected
    else:
        with pytest.raises(InvalidNameError, match=f"an {resource_type} may have {limit}; shorten it by"):
            names.name(resource_type, *parts)


@pytest.mark.parametrize("part", ["Upper", "under_score", "-edge", "two--hyphens", ""])
def test_a_name_that_some_service_refuses_is_refused(part: str) -> None:
    with pytest.raises(InvalidNameError, match="must be lower-case letters, digits and single hyphens; rename it"):
        NAMES.name("aws_lb", part)


def test_a_bucket_name_is_unique_to_the_account() -> None:
    assert NAMES.bucket_name("objects") == "adelie-test-objects-111111111111"


def test_arns_are_of_this_account_and_region_unless_global() -> None:
    assert NAMES.arn("sqs", "q") == "arn:aws:sqs:ap-northeast-2:111111111111:q"
    assert NAMES.arn("iam", "role/r", region="") == "arn:aws:iam::111111111111:role/r"


def test_a_statement_that_allows_everybody_is_refused() -> None:
    with pytest.raises(ValueError, match="statement 'Open' allows everybody; name its principals"):
        Statement(sid="Open", actions=["s3:GetObject"], resources=["*"], principals="*")


def test_two_statements_of_one_sid_are_refused() -> None:
    statement = Statement(sid="Same", actions=["s3:GetObject"], resources=["*"])
    with pytest.raises(ValueError, match="a policy needs statements with different Sids"):
        policy_document(statement, statement)


def test_a_trust_policy_is_bound_to_the_account() -> None:
    (statement,) = policy(assume_role_policy("scheduler.amazonaws.com", source_account="111111111111"))
    assert statement["Principal"] == {"Service": ["scheduler.amazonaws.com"]}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111111111111"}}


def test_a_port_is_opened_at_both_ends_and_for_nobody_else() -> None:
    def build(stack: TerraformStack) -> None:
        groups = {
            name: SecurityGroup(stack, name, names=NAMES, name=name, description=name, vpc_id="vpc-1")
            for name in ("database", "service")
        }
        groups["database"].allow_tcp_from(groups["service"], peer_id="service", port=5432)

    synthesized = synthesize(build)
    ingress = synthesized.only("aws_vpc_security_group_ingress_rule")
    egress = synthesized.only("aws_vpc_security_group_egress_rule")
    (database,) = references(ingress["security_group_id"])
    (service,) = references(ingress["referenced_security_group_id"])
    assert database.startswith("aws_security_group.database")
    assert service.startswith("aws_security_group.service")
    assert references(egress["security_group_id"]) == {service}
    assert references(egress["referenced_security_group_id"]) == {database}
    for rule in (ingress, egress):
        assert (rule["from_port"], rule["to_port"], rule["ip_protocol"]) == (5432, 5432, "tcp")


def test_the_customer_key_is_usable_by_this_account_only() -> None:
    settings = EncryptionSettings(deletion_window_days=30)
    synthesized = synthesize(lambda stack: CustomerKey(stack, "key", settings=settings, names=NAMES))
    key = synthesized.only("aws_kms_key")
    assert key["deletion_window_in_days"] == 30
    for statement in policy(key["policy"]):
        bound = str(statement.get("Condition", statement["Principal"]))
        assert "111111111111" in bound, statement["Sid"]


@pytest.mark.parametrize(
    ("days", "message"),
    [(6, "Input should be greater than or equal to 7"), (31, "Input should be less than or equal to 30")],
)
def test_a_deletion_window_outside_what_kms_takes_is_refused(days: int, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EncryptionSettings(deletion_window_days=days)
    assert refused.value.errors()[0]["msg"] == message


def test_only_alarms_and_budgets_of_this_account_publish_to_the_alarm_topic() -> None:
    def build(stack: TerraformStack) -> None:
        key = CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
        AlarmTopic(stack, "alarms", names=NAMES, key=key)

    synthesized = synthesize(build)
    assert references(synthesized.only("aws_sns_topic")["kms_master_key_id"]) == {"aws_kms_key.key_F64E54E4"}
    statements = policy(synthesized.only("aws_sns_topic_policy")["policy"])
    principals = [statement["Principal"]["Service"] for statement in statements]
    assert principals == [["cloudwatch.amazonaws.com"], ["budgets.amazonaws.com"]]
    for statement in statements:
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111111111111"}
