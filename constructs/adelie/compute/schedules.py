"""Points in time that repeat, as AWS writes them. Pure: no cdktf import."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from catalogue.settings import reject

_FIELDS: Final = (
    ("minutes", r"\*|[0-9,\-/*]+"),
    ("hours", r"\*|[0-9,\-/*]+"),
    ("day-of-month", r"\?|L|LW|[0-9]+W|[0-9,\-/*]+"),
    ("month", r"[A-Z0-9,\-/*]+"),
    ("day-of-week", r"\?|L|[A-Z0-9,\-/*#L]+"),
    ("year", r"\*|[0-9,\-/*]+"),
)


def _check_cron(expression: str) -> str:
    match = re.fullmatch(r"cron\((.*)\)", expression)
    fields = match.group(1).split() if match else []
    if len(fields) != len(_FIELDS):
        reject(
            "",
            "must be cron(minutes hours day-of-month month day-of-week year)",
            expression,
            "write for example cron(0 18 ? * MON-FRI *)",
        )
    for (name, pattern), text in zip(_FIELDS, fields, strict=True):
        if not re.fullmatch(pattern, text):
            reject("", f"must have a valid {name} field", expression, f"replace {text!r}")
    # EventBridge Scheduler and Application Auto Scaling both refuse a day named twice, or not left open once.
    if (fields[2] == "?") == (fields[4] == "?"):
        reject("", "must have ? in exactly one of day-of-month and day-of-week", expression, "put ? in one of them")
    return expression


CronExpression = Annotated[str, AfterValidator(_check_cron)]
"""A six-field AWS cron expression: `cron(minutes hours day-of-month month day-of-week year)`."""


def cron_expression(crontab: str) -> str:
    """A crontab's five fields as AWS's six: `0 18 * * MON-FRI` is `cron(0 18 ? * MON-FRI *)`."""
    minute, hour, day, month, weekday = crontab.split()
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {weekday} *)"
