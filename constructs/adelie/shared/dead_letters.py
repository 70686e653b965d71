"""The queue for failed runs of a job, and its alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.shared.metric_alarm import metric_alarms
from adelie.values.metric import Alarm, Metric
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document

MESSAGE_RETENTION_SECONDS: Final = 14 * 24 * 3600
"""Fourteen days: the longest that SQS keeps a message."""


class DeadLetterQueue(Construct):
    """An encrypted queue of failed runs that takes TLS only, and the alarms on it and on the runs themselves."""

    def __init__(
        self, scope: Construct, id: str, *, name: str, names: AwsNames, key: CustomerKey, alarm_topic_arn: str
    ) -> None:
        super().__init__(scope, id)
        self._name = name
        self._names = names
        self._key = key
        self._alarm_topic_arn = alarm_topic_arn
        queue = aws.SqsQueue(
            self,
            "queue",
            name=names.name("aws_sqs_queue", name, "failures"),
            kms_master_key_id=key.arn,
            message_retention_seconds=MESSAGE_RETENTION_SECONDS,
        )
        holds_data(queue)
        self.arn = queue.arn
        self.url = queue.url
        aws.SqsQueuePolicy(self, "policy", queue_url=queue.url, policy=policy_document(self._refuse_plain_http()))
        waiting = Metric(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue.name},
            statistic="Maximum",
        )
        self.alarms = self._alarms([("queue", waiting, f"Failed runs or starts of {name} wait in its failure queue")])
        """Every alarm on the queue and on the runs, by its ARN."""

    def send_statements(self) -> tuple[Statement, ...]:
        """What a role needs to put a failure into the queue."""
        return (
            Statement(sid="ReportFailure", actions=["sqs:SendMessage"], resources=[self.arn]),
            self._key.encrypt_decrypt_statement(
                "EncryptFailure", via_service=f"sqs.{self._names.region}.amazonaws.com"
            ),
        )

    def alarm_on_runs(self, *, failed: Metric, timed_out: Metric) -> None:
        """Create an alarm on failed runs, and one on those that ran out of time."""
        runs = [
            ("failed", failed, f"A run of {self._name} failed"),
            ("timed-out", timed_out, f"A run of {self._name} and its repetitions ran out of time"),
        ]
        self.alarms = {**self.alarms, **self._alarms(runs)}

    def _alarms(self, rows: Iterable[tuple[str, Metric, str]]) -> Mapping[str, Alarm]:
        # No runs is no failure: both services send nothing while nothing happens. A failed run is not undone by the
        # next one, so there is no word when the alarm is over.
        alarms = (
            Alarm(
                id=f"{name}-alarm",
                name=(self._name, name),
                description=description,
                watches=metric,
                notify_when_over=False,
            )
            for name, metric, description in rows
        )
        return metric_alarms(self, alarms, names=self._names, topic_arn=self._alarm_topic_arn)

    def _refuse_plain_http(self) -> Statement:
        return Statement(
            sid="RefusePlainHttp",
            effect="Deny",
            actions=["sqs:*"],
            resources=[self.arn],
            principals="*",
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
