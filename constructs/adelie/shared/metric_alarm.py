"""The one way an alarm is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.metric import Alarm, Metric
from adelie.values.naming import AwsNames


def metric_alarms(scope: Construct, alarms: Iterable[Alarm], *, names: AwsNames, topic_arn: str) -> Mapping[str, Alarm]:
    """Make alarms, each in the region of its metric, and return them by their ARNs.

    They notify `topic_arn`, which must be in that region too, when they begin and, unless one says otherwise, when they
    are over.
    """
    return {_made(scope, alarm, names, topic_arn).arn: alarm for alarm in alarms}


def _made(scope: Construct, alarm: Alarm, names: AwsNames, topic_arn: str) -> aws.CloudwatchMetricAlarm:
    metric = alarm.watches if isinstance(alarm.watches, Metric) else None
    percentile = metric.statistic if metric and metric.statistic.startswith("p") else None
    return aws.CloudwatchMetricAlarm(
        scope,
        alarm.id,
        alarm_name=names.name("aws_cloudwatch_metric_alarm", *alarm.name),
        alarm_description=alarm.description,
        namespace=metric.namespace if metric else None,
        metric_name=metric.name if metric else None,
        dimensions=dict(metric.dimensions) if metric else None,
        statistic=metric.statistic if metric and not percentile else None,
        extended_statistic=percentile,
        metric_query=_queries(alarm),
        period=alarm.period_seconds if metric else None,
        evaluation_periods=alarm.periods,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        treat_missing_data=alarm.missing,
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn] if alarm.notify_when_over else None,
        region=alarm.region if alarm.region != names.region else None,
    )


def _queries(alarm: Alarm) -> list[aws.CloudwatchMetricAlarmMetricQuery] | None:
    """The calculation, and each metric in it."""
    calculation = alarm.watches
    if isinstance(calculation, Metric):
        return None
    return [
        aws.CloudwatchMetricAlarmMetricQuery(
            id="share", label=calculation.label, expression=calculation.expression, return_data=True
        ),
        *(
            aws.CloudwatchMetricAlarmMetricQuery(
                id=query_id,
                metric=aws.CloudwatchMetricAlarmMetricQueryMetric(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=dict(metric.dimensions),
                    period=alarm.period_seconds,
                    stat=metric.statistic,
                ),
            )
            for query_id, metric in calculation.metrics.items()
        ),
    ]
