"""The web application firewall: its rules, their order, what they do, and what is logged."""

from __future__ import annotations

from typing import Any

import pytest

from adelie.cdn.web_acl import WebAcl
from tests.fakes.cdn import build_cdn, cdn_settings, web_acl_settings
from tests.support import NAMES, Synthesized, synthesize

BASE_GROUPS = [
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
]


def web_acl(**overrides: Any) -> Synthesized:
    return synthesize(lambda stack: WebAcl(stack, "acl", settings=web_acl_settings(**overrides), names=NAMES))


@pytest.fixture(scope="module")
def plain() -> Synthesized:
    return web_acl()


@pytest.fixture(scope="module")
def full() -> Synthesized:
    return web_acl(
        optional_rule_groups=("AWSManagedRulesSQLiRuleSet", "AWSManagedRulesAnonymousIpList"),
        counted_rules={
            "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
            "AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",),
        },
    )


def rules(stack: Synthesized) -> list[dict[str, Any]]:
    return stack.only("aws_wafv2_web_acl")["rule"]


def managed(stack: Synthesized) -> dict[str, dict[str, Any]]:
    """The managed groups, by name."""
    statements = [rule["statement"].get("managed_rule_group_statement") for rule in rules(stack)]
    return {statement["name"]: statement for statement in statements if statement}


def test_an_address_that_asks_too_much_is_blocked(plain: Synthesized) -> None:
    rule = rules(plain)[0]
    assert rule["action"] == {"block": {}}
    assert rule["statement"] == {
        "rate_based_statement": {"limit": 2_000, "evaluation_window_sec": 300, "aggregate_key_type": "IP"}
    }


def test_the_managed_rules_are_asked_in_order_and_block(plain: Synthesized) -> None:
    assert list(managed(plain)) == BASE_GROUPS
    assert [rule["priority"] for rule in rules(plain)] == [0, 1, 2, 3]
    for rule in rules(plain)[1:]:
        assert rule["override_action"] == {"none": {}}
        assert rule["statement"]["managed_rule_group_statement"]["vendor_name"] == "AWS"
        assert "rule_action_override" not in rule["statement"]["managed_rule_group_statement"]


def test_rules_on_content_can_count_before_they_block_and_no_other() -> None:
    stack = web_acl(content_rules="count", optional_rule_groups=("AWSManagedRulesSQLiRuleSet",))
    actions = {rule["name"]: rule.get("override_action", rule.get("action")) for rule in rules(stack)}
    assert actions == {
        "rate-limit": {"block": {}},
        "AWSManagedRulesAmazonIpReputationList": {"none": {}},
        "AWSManagedRulesKnownBadInputsRuleSet": {"none": {}},
        "AWSManagedRulesCommonRuleSet": {"count": {}},
        "AWSManagedRulesSQLiRuleSet": {"count": {}},
    }


def test_optional_groups_have_their_place_whatever_their_order(full: Synthesized) -> None:
    assert list(managed(full)) == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesAnonymousIpList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]
    assert [rule["priority"] for rule in rules(full)] == [0, 1, 2, 3, 4, 5]


def test_only_the_rules_named_are_counted_instead_of_blocked(full: Synthesized) -> None:
    counted = {name: group["rule_action_override"] for name, group in managed(full).items() if len(group) > 2}
    assert counted == {
        "AWSManagedRulesCommonRuleSet": [{"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}],
        "AWSManagedRulesAnonymousIpList": [{"name": "HostingProviderIPList", "action_to_use": {"count": {}}}],
    }


def test_each_rule_and_the_acl_have_metrics_of_their_own(full: Synthesized) -> None:
    acl = full.only("aws_wafv2_web_acl")
    assert (acl["scope"], acl["default_action"]) == ("CLOUDFRONT", {"allow": {}})
    configs = [acl["visibility_config"], *(rule["visibility_config"] for rule in acl["rule"])]
    assert len({config["metric_name"] for config in configs}) == len(acl["rule"]) + 1
    assert all(config["cloudwatch_metrics_enabled"] and config["sampled_requests_enabled"] for config in configs)


def test_blocked_and_counted_requests_are_logged_without_credentials(plain: Synthesized) -> None:
    group = plain.only("aws_cloudwatch_log_group")
    assert group["name"] == "aws-waf-logs-adelie-test-cdn"
    assert group["retention_in_days"] == 365
    logging = plain.only("aws_wafv2_web_acl_logging_configuration")
    (group_address,) = plain.resources("aws_cloudwatch_log_group")
    (acl_address,) = plain.resources("aws_wafv2_web_acl")
    assert logging["log_destination_configs"] == [f"${{aws_cloudwatch_log_group.{group_address}.arn}}"]
    assert logging["resource_arn"] == f"${{aws_wafv2_web_acl.{acl_address}.arn}}"
    assert [field["single_header"]["name"] for field in logging["redacted_fields"]] == ["authorization", "cookie"]
    assert logging["logging_filter"]["default_behavior"] == "DROP"
    (kept,) = logging["logging_filter"]["filter"]
    assert (kept["behavior"], kept["requirement"]) == ("KEEP", "MEETS_ANY")
    actions = [condition["action_condition"]["action"] for condition in kept["condition"]]
    assert actions == ["BLOCK", "COUNT", "EXCLUDED_AS_COUNT"]


def test_the_distribution_stands_behind_it() -> None:
    stack = synthesize(lambda stack: build_cdn(stack, cdn_settings(web_acl=web_acl_settings())))
    (address,) = stack.resources("aws_wafv2_web_acl")
    assert stack.only("aws_cloudfront_distribution")["web_acl_id"] == f"${{aws_wafv2_web_acl.{address}.arn}}"
