"""From the alarm topics to a Discord channel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from adelie import functions
from adelie.operations.settings import NotifierSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.bounded_role import bounded_role
from adelie.shared.collaborators import ReadableSecret
from adelie.shared.dead_letters import DeadLetterQueue
from adelie.shared.encryption import CustomerKey
from adelie.shared.function_code import FunctionCode
from adelie.shared.function_log import function_log, report_statements
from adelie.values.naming import AwsNames
from adelie.values.policy import assume_role_policy, policy_document

_PACKAGE: Final = Path(functions.__file__).with_name("discord")
_NAME: Final = "discord"
_MEMORY_MIB: Final = 128
_TIMEOUT_SECONDS: Final = 60
"""Longer than three tries of five seconds and the waits between them, twice."""


class DiscordNotifier(Construct):
    """A Lambda function that posts what the topics say to a Discord channel; the webhook's address is in a secret.

    What it can't post after three runs goes to an encrypted queue with an alarm. It runs outside the VPC, because it
    only speaks to Secrets Manager and to Discord, and must work when the network doesn't.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: NotifierSettings,
        names: AwsNames,
        key: CustomerKey,
        secret: ReadableSecret,
        topics: Mapping[str, AlarmTopic],
    ) -> None:
        super().__init__(scope, id)
        name = names.name("aws_lambda_function", _NAME)
        log = function_log(self, function_name=name, retention_days=settings.log_retention_days, key=key)
        first_topic = next(iter(topics.values()))
        failures = DeadLetterQueue(self, "failures", name=_NAME, names=names, key=key, alarm_topic_arn=first_topic.arn)
        self.alarms = failures.alarms
        """The alarm on messages that did not reach Discord, by its ARN."""
        role = bounded_role(
            self,
            "role",
            names=names,
            name=names.name("aws_iam_role", _NAME),
            description="Reads one secret and writes one log",
            trust=assume_role_policy("lambda.amazonaws.com"),
        )
        permissions = aws.IamRolePolicy(
            self,
            "permissions",
            name="notify",
            role=role.name,
            policy=policy_document(
                *report_statements(log),
                *secret.read_statements(),
                *failures.send_statements(),
            ),
        )
        # Its variables, an ARN and a name, have Lambda's own key: with the customer's, who plans would have to be
        # allowed to decrypt, or would see a difference each time.
        code = FunctionCode(self, "code", package=_PACKAGE)
        function = aws.LambdaFunction(
            self,
            "function",
            function_name=name,
            description="Tells Discord what the alarm topics say",
            role=role.arn,
            runtime="python3.13",
            architectures=["arm64"],
            handler="discord.handler.handle",
            filename=code.path,
            source_code_hash=code.hash,
            memory_size=_MEMORY_MIB,
            timeout=_TIMEOUT_SECONDS,
            reserved_concurrent_executions=settings.reserved_concurrency,
            environment=aws.LambdaFunctionEnvironment(
                variables={"DISCORD_WEBHOOK_SECRET_ARN": secret.arn, "ENVIRONMENT": names.prefix}
            ),
            dead_letter_config=aws.LambdaFunctionDeadLetterConfig(target_arn=failures.arn),
            tracing_config=aws.LambdaFunctionTracingConfig(mode="Active"),
            logging_config=aws.LambdaFunctionLoggingConfig(log_format="JSON", log_group=log.name),
            depends_on=[permissions],
        )
        for topic_name, topic in topics.items():
            self._subscribe(topic_name, topic, function)

    def _subscribe(self, name: str, topic: AlarmTopic, function: aws.LambdaFunction) -> None:
        permission = aws.LambdaPermission(
            self,
            f"{name}-permission",
            action="lambda:InvokeFunction",
            statement_id=name,
            function_name=function.function_name,
            principal="sns.amazonaws.com",
            source_arn=topic.arn,
        )
        # A topic may notify a function in another region (SNS developer guide, "Sending messages to an SQS queue or
        # Lambda function in a different Region"); the subscription belongs to the topic's.
        aws.SnsTopicSubscription(
            self,
            f"{name}-subscription",
            topic_arn=topic.arn,
            protocol="lambda",
            endpoint=function.arn,
            region=topic.region,
            depends_on=[permission],
        )
