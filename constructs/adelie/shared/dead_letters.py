"""Where failed runs of a job go, and who is told."""

from __future__ import annotations

from typing import Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.shared.metric_alarm import metric_alarm
from adelie.values.naming import AwsTarget
from adelie.values.policy import Statement, policy_document

MESSAGE_RETENTION_SECONDS: Final = 14 * 24 * 3600
"""Fourteen days: the longest that SQS keeps a message."""


class FailureQueue(Construct):
    """An encrypted queue of failed runs that takes TLS only, and the alarms on it and on the runs themselves."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, target: AwsTarget, key: CustomerKey, alarm_topic_arn: str
    ) -> None:
        super().__init__(scope, id)
        self._name = name
        self._target = target
        self._key = key
        self._alarm_topic_arn = alarm_topic_arn
        queue = aws.SqsQueue(
            self,
            "queue",
            name=target.name("aws_sqs_queue", name, "failures"),
            kms_master_key_id=key.arn,
            message_retention_seconds=MESSAGE_RETENTION_SECONDS,
        )
        holds_data(queue)
        self.arn = queue.arn
        self.url = queue.url
        aws.SqsQueuePolicy(self, "policy", queue_url=queue.url, policy=policy_document(self._refuse_plain_http()))
        self._alarm(
            "queue",
            description=f"Failed runs or starts of {name} wait in its failure queue",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            statistic="Maximum",
            dimensions={"QueueName": queue.name},
        )

    def send_statements(self) -> tuple[Statement, ...]:
        """What a role needs to put a failure into the queue."""
        return (
            Statement(sid="ReportFailure", actions=["sqs:SendMessage"], resources=[self.arn]),
            self._key.encrypt_decrypt_statement(
                "EncryptFailure", via_service=f"sqs.{self._target.region}.amazonaws.com"
            ),
        )

    def alarm_on_runs(self, state_machine_arn: str) -> None:
        """Tell of each failed run of the state machine, and of each that ran out of time."""
        for name, metric, description in (
            ("failed", "ExecutionsFailed", f"A run of {self._name} failed"),
            ("timed-out", "ExecutionsTimedOut", f"A run of {self._name} and its repetitions ran out of time"),
        ):
            self._alarm(
                name,
                description=description,
                namespace="AWS/States",
                metric=metric,
                statistic="Sum",
                dimensions={"StateMachineArn": state_machine_arn},
            )

    def _alarm(
        self, name: str, *, description: str, namespace: str, metric: str, statistic: str, dimensions: dict[str, str]
    ) -> None:
        # No runs is no failure: both services send nothing while nothing happens. A failed run is not undone by the
        # next one, so there is no word when the alarm is over.
        metric_alarm(
            self,
            f"{name}-alarm",
            target=self._target,
            topic_arn=self._alarm_topic_arn,
            name=(self._name, name),
            description=description,
            metric=(namespace, metric),
            statistic=statistic,
            dimensions=dimensions,
            tell_when_over=False,
        )

    def _refuse_plain_http(self) -> Statement:
        return Statement(
            sid="RefusePlainHttp",
            effect="Deny",
            actions=["sqs:*"],
            resources=[self.arn],
            principals="*",
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
