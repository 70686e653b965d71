"""Where alarms go."""

from __future__ import annotations

from adelie import aws
from adelie.encryption import CustomerKey
from adelie.naming import AwsTarget
from adelie.policy import Statement, policy_document
from adelie.terraform import Construct


class AlarmTopic(Construct):
    """An SNS topic, encrypted with the customer key, to which CloudWatch alarms of this account may publish.

    >>> ScheduledJob(self, "pipeline", alarm_topic_arn=alarms.arn, ...)  # doctest: +SKIP
    """

    def __init__(self, scope: Construct, id: str, *, target: AwsTarget, key: CustomerKey) -> None:
        super().__init__(scope, id)
        topic = aws.SnsTopic(self, "topic", name=target.name("aws_sns_topic", "alarms"), kms_master_key_id=key.arn)
        self.arn = topic.arn
        aws.SnsTopicPolicy(
            self,
            "policy",
            arn=topic.arn,
            policy=policy_document(
                Statement(
                    sid="CloudWatchAlarms",
                    actions=["sns:Publish"],
                    resources=[topic.arn],
                    principals={"Service": ["cloudwatch.amazonaws.com"]},
                    conditions={
                        "StringEquals": {"aws:SourceAccount": target.account_id},
                        "ArnLike": {"aws:SourceArn": target.arn("cloudwatch", "alarm:*")},
                    },
                )
            ),
        )
