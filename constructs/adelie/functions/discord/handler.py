"""The Lambda function behind the alarm topics: each SNS message becomes an embed in the Discord channel."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from .webhook import Colour, Embed, WebhookError, checked_url, post

SECRET_VARIABLE: Final = "DISCORD_WEBHOOK_SECRET_ARN"  # noqa: S105 -- its name, not its value
ENVIRONMENT_VARIABLE: Final = "ENVIRONMENT"
_REPLACED: Final = (401, 403, 404)
"""What Discord answers to the address of a webhook that was deleted or made anew."""

_COLOURS: Final = {"ALARM": Colour.RED, "OK": Colour.GREEN, "INSUFFICIENT_DATA": Colour.GREY}
_SIGNS: Final = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


def handle(event: Mapping[str, Any], _context: object) -> None:
    """Post each record's message. What can't be posted is raised: Lambda tries twice more, then it is in the queue."""
    for embed in embeds(event, os.environ.get(ENVIRONMENT_VARIABLE, "")):
        try:
            post(webhook_url(), embed)
        except WebhookError as error:
            if error.status not in _REPLACED:
                raise
            webhook_url.cache_clear()  # the secret was set anew since this container read it
            post(webhook_url(), embed)


def embeds(event: Mapping[str, Any], environment: str) -> Iterator[Embed]:
    """An embed for each record of an SNS event."""
    for record in event["Records"]:
        message = record["Sns"]
        alarm = _as_alarm(message["Message"])
        yield _of_alarm(alarm, environment) if alarm else _of_text(message, environment)


@cache
def webhook_url() -> str:
    """The channel's address, read from Secrets Manager once a container."""
    import boto3  # noqa: PLC0415 -- Lambda has it; whoever only posts need not

    manager: Any = boto3.client("secretsmanager")  # pyright: ignore[reportUnknownMemberType]
    answer = manager.get_secret_value(SecretId=os.environ[SECRET_VARIABLE])
    return checked_url(answer["SecretString"])


def _as_alarm(text: str) -> dict[str, Any] | None:
    """The message of a CloudWatch alarm; None for anything else, such as a budget's, which is text."""
    try:
        content: Any = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) and "AlarmName" in content else None  # pyright: ignore[reportUnknownVariableType]


def _of_alarm(alarm: Mapping[str, Any], environment: str) -> Embed:
    state = str(alarm.get("NewStateValue", ""))
    fields = [
        ("State", f"{alarm.get('OldStateValue', '?')} → {state or '?'}"),
        ("Rule", _rule(alarm.get("Trigger") or {})),
        ("Why", str(alarm.get("NewStateReason", ""))),
        ("When", str(alarm.get("StateChangeTime", ""))),
    ]
    return Embed(
        title=f"{state}: {alarm['AlarmName']}",
        colour=_COLOURS.get(state, Colour.GREY),
        description=str(alarm.get("AlarmDescription") or ""),
        url=_console(str(alarm.get("AlarmArn", "")), str(alarm["AlarmName"])),
        fields=[(name, value) for name, value in fields if value],
        footer=environment,
    )


def _rule(trigger: Mapping[str, Any]) -> str:
    """`CPUUtilization > 90, 3 times 300 s`; an alarm on an expression has metrics instead of one."""
    shown = [each for each in trigger.get("Metrics", ()) if each.get("ReturnData")]
    named = trigger.get("MetricName") or "".join(str(each.get("Label") or each.get("Expression")) for each in shown)
    if not named:
        return ""
    sign = _SIGNS.get(str(trigger.get("ComparisonOperator")), "?")
    periods = f", {trigger['EvaluationPeriods']} times {trigger['Period']} s" if trigger.get("Period") else ""
    return f"{named} {sign} {trigger.get('Threshold', '?')}{periods}"


def _console(arn: str, name: str) -> str | None:
    parts = arn.split(":")
    if len(parts) < 4 or not parts[3]:  # noqa: PLR2004 -- arn:aws:cloudwatch:<region>:...
        return None
    return f"https://{parts[3]}.console.aws.amazon.com/cloudwatch/home?region={parts[3]}#alarmsV2:alarm/{quote(name)}"


def _of_text(message: Mapping[str, Any], environment: str) -> Embed:
    """A budget's message, or whatever else was published: as it is, in a block that shows no formatting."""
    text = str(message["Message"]).replace("```", "'''")
    return Embed(
        title=str(message.get("Subject") or "Message"),
        colour=Colour.ORANGE,
        description=f"```\n{text[:1900]}\n```",
        footer=environment,
    )
