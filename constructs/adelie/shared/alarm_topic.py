"""The topic that alarms notify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.encryption import PUBLISHERS, CustomerKey
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document


class AlarmTopic(Construct):
    """An SNS topic, encrypted with the customer key, to which alarms and budgets of this account may publish.

    In another `region` than the stack's if given: an alarm notifies only topics of its own region, and a key works
    only in its own.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: AwsNames, key: CustomerKey, region: str | None = None
    ) -> None:
        super().__init__(scope, id)
        self.region = region
        names = replace(names, region=region or names.region)
        topic = aws.SnsTopic(
            self, "topic", name=names.name("aws_sns_topic", "alarms"), kms_master_key_id=key.arn, region=region
        )
        cloudwatch, budgets = PUBLISHERS
        alarms = Statement(
            sid="CloudWatchAlarms",
            actions=["sns:Publish"],
            resources=[topic.arn],
            principals={"Service": [cloudwatch]},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account_id},
                "ArnLike": {"aws:SourceArn": names.arn("cloudwatch", "alarm:*")},
            },
        )
        # AWS Cost Management user guide, "Creating an Amazon SNS topic for budget notifications".
        spending = Statement(
            sid="Budgets",
            actions=["sns:Publish"],
            resources=[topic.arn],
            principals={"Service": [budgets]},
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account_id},
                "ArnLike": {"aws:SourceArn": names.arn("budgets", "*", region="")},
            },
        )
        policy = aws.SnsTopicPolicy(
            self, "policy", arn=topic.arn, policy=policy_document(alarms, spending), region=region
        )
        # Through the policy: a budget tries to publish when it is created.
        self.arn = policy.arn

    def tell_by_email(self, addresses: Sequence[str]) -> None:
        """Subscribe the addresses; each is asked to confirm, and gets no mail until it has."""
        for number, address in enumerate(addresses, start=1):
            aws.SnsTopicSubscription(
                self, f"email-{number}", topic_arn=self.arn, protocol="email", endpoint=address, region=self.region
            )
