"""The web application firewall at the edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adelie.cdn.domain import EDGE_REGION
from adelie.cdn.settings import CONTENT_RULE_GROUPS, ManagedRuleGroup, WebAclSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.values.naming import AwsNames

_RATE_WINDOW_SECONDS: Final = 300
_REDACTED_HEADERS: Final = ("authorization", "cookie")
# The third is a rule of a group that this web ACL lets count only (API reference: ActionCondition).
_LOGGED_ACTIONS: Final = ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")


class WebAcl(Construct):
    """A web ACL for CloudFront, in us-east-1: a rate limit for each address, and AWS managed rules.

    It lets through what no rule blocks. Blocked and counted requests (the rest is in the access log) go to a log group
    of its own, without `Authorization` and `Cookie`. The log group is encrypted by CloudWatch Logs itself: it is in
    us-east-1, where the environment's key, of another region, is not. WAF allows its own service to write there.
    """

    def __init__(self, scope: Construct, id: str, *, settings: WebAclSettings, names: AwsNames) -> None:
        super().__init__(scope, id)
        acl = aws.Wafv2WebAcl(
            self,
            "acl",
            name=names.name("aws_wafv2_web_acl", "cdn"),
            description=f"In front of the CDN of {names.prefix}",
            scope="CLOUDFRONT",
            region=EDGE_REGION,
            default_action=aws.Wafv2WebAclDefaultAction(allow=aws.Wafv2WebAclDefaultActionAllow()),
            rule=list(_rules(settings)),
            visibility_config=aws.Wafv2WebAclVisibilityConfig(
                cloudwatch_metrics_enabled=True,
                metric_name=names.name("aws_wafv2_web_acl", "cdn"),
                sampled_requests_enabled=True,
            ),
        )
        self.arn = acl.arn
        self._log(settings, names)

    def _log(self, settings: WebAclSettings, names: AwsNames) -> None:
        group = aws.CloudwatchLogGroup(
            self,
            "log",
            name=f"aws-waf-logs-{names.prefix}-cdn",  # WAF insists on the prefix
            retention_in_days=settings.log_retention_days,
            region=EDGE_REGION,
        )
        holds_data(group)
        aws.Wafv2WebAclLoggingConfiguration(
            self,
            "logging",
            resource_arn=self.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[_redacted(header) for header in _REDACTED_HEADERS],
            logging_filter=_blocked_and_counted(),
            region=EDGE_REGION,
        )


def _rules(settings: WebAclSettings) -> Iterator[aws.Wafv2WebAclRule]:
    yield _rate_limit(settings.rate_limit_requests, priority=0)
    for priority, group in enumerate(settings.rule_groups, start=1):
        yield _managed(
            group,
            settings.counted_rules.get(group, ()),
            priority=priority,
            blocks=group not in CONTENT_RULE_GROUPS or settings.content_rules == "block",
        )


def _rate_limit(requests: int, *, priority: int) -> aws.Wafv2WebAclRule:
    return aws.Wafv2WebAclRule(
        name="rate-limit",
        priority=priority,
        action=aws.Wafv2WebAclRuleAction(block=aws.Wafv2WebAclRuleActionBlock()),
        # The bindings have no classes below `statement`: it nests without end.
        statement={
            "rate_based_statement": {
                "limit": requests,
                "evaluation_window_sec": _RATE_WINDOW_SECONDS,
                "aggregate_key_type": "IP",
            }
        },
        visibility_config=_metrics("rate-limit"),
    )


def _managed(group: ManagedRuleGroup, counted: Sequence[str], *, priority: int, blocks: bool) -> aws.Wafv2WebAclRule:
    statement: dict[str, object] = {"vendor_name": "AWS", "name": group}
    if counted:
        statement["rule_action_override"] = [_count(rule) for rule in counted]
    return aws.Wafv2WebAclRule(
        name=group,
        priority=priority,
        override_action=aws.Wafv2WebAclRuleOverrideAction(none=aws.Wafv2WebAclRuleOverrideActionNone())
        if blocks
        else aws.Wafv2WebAclRuleOverrideAction(count=aws.Wafv2WebAclRuleOverrideActionCount()),
        statement={"managed_rule_group_statement": statement},
        visibility_config=_metrics(group),
    )


def _count(rule: str) -> Mapping[str, object]:
    return {"name": rule, "action_to_use": {"count": {}}}


def _metrics(name: str) -> aws.Wafv2WebAclRuleVisibilityConfig:
    return aws.Wafv2WebAclRuleVisibilityConfig(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )


def _redacted(header: str) -> aws.Wafv2WebAclLoggingConfigurationRedactedFields:
    return aws.Wafv2WebAclLoggingConfigurationRedactedFields(
        single_header=aws.Wafv2WebAclLoggingConfigurationRedactedFieldsSingleHeader(name=header)
    )


def _blocked_and_counted() -> aws.Wafv2WebAclLoggingConfigurationLoggingFilter:
    conditions = [
        aws.Wafv2WebAclLoggingConfigurationLoggingFilterFilterCondition(
            action_condition=aws.Wafv2WebAclLoggingConfigurationLoggingFilterFilterConditionActionCondition(
                action=action
            )
        )
        for action in _LOGGED_ACTIONS
    ]
    return aws.Wafv2WebAclLoggingConfigurationLoggingFilter(
        default_behavior="DROP",
        filter=[
            aws.Wafv2WebAclLoggingConfigurationLoggingFilterFilter(
                behavior="KEEP", requirement="MEETS_ANY", condition=conditions
            )
        ],
    )
