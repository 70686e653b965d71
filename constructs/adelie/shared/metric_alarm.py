"""The one way an alarm is made: where it goes, and what silence means, is said for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsTarget

Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]


def metric_alarm(
    scope: Construct,
    id: str,
    *,
    target: AwsTarget,
    topic_arn: str,
    name: Sequence[str],
    description: str,
    metric: tuple[str, str] | None = None,
    statistic: str | None = None,
    dimensions: Mapping[str, str] | None = None,
    queries: Sequence[aws.CloudwatchMetricAlarmMetricQuery] = (),
    threshold: float = 0,
    comparison: Comparison = "GreaterThanThreshold",
    period_seconds: int | None = 300,
    periods: int = 1,
    missing: Literal["notBreaching", "breaching", "missing"] = "notBreaching",
    tell_when_over: bool = True,
    region: str | None = None,
) -> None:
    """An alarm on a metric, (namespace, name) with its dimensions, or on an expression (`queries`).

    It tells `topic_arn`, which is in the alarm's region, when it begins and, unless `tell_when_over` is false, when it
    is over. `statistic` is Sum, Maximum, ... or a percentile such as p95. `missing` says what no data means:
    "notBreaching" (the default) where a service sends nothing while nothing happens.
    """
    percentile = statistic if statistic and statistic.startswith("p") else None
    aws.CloudwatchMetricAlarm(
        scope,
        id,
        alarm_name=target.name("aws_cloudwatch_metric_alarm", *name),
        alarm_description=description,
        namespace=metric[0] if metric else None,
        metric_name=metric[1] if metric else None,
        dimensions=dict(dimensions) if dimensions else None,
        statistic=None if percentile else statistic,
        extended_statistic=percentile,
        metric_query=list(queries) or None,
        period=period_seconds if metric else None,
        evaluation_periods=periods,
        comparison_operator=comparison,
        threshold=threshold,
        treat_missing_data=missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn] if tell_when_over else None,
        region=region,
    )
