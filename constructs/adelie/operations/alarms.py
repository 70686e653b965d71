"""Alarms on each thing that serves or holds something, all with the same few words to whoever is woken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from adelie.operations.settings import AlarmSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.metric_alarm import Comparison, metric_alarm
from adelie.values.naming import AwsTarget

_FIVE_MINUTES: Final = 300
_ONE_MINUTE: Final = 60
_DAY: Final = 86400
_QUARTER_OF_AN_HOUR: Final = 3
"""Periods of five minutes."""
_GIB: Final = 1024**3
_MIB: Final = 1024**2


class LoadBalancerAlarms(Construct):
    """Alarms on what users get from the load balancer: the share of 5xx, and the time of 95 of 100 requests.

    >>> LoadBalancerAlarms(self, "load-balancer-alarms", settings=settings, target=target, topic=topic,
    ...                    arn_suffix=load_balancer.arn_suffix)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        arn_suffix: str,
    ) -> None:
        super().__init__(scope, id)
        metric_alarm(
            self,
            "server-errors",
            target=target,
            topic_arn=topic.arn,
            name=("load-balancer", "server-errors"),
            description="Many requests end in a 5xx: docs/runbook.md, Server errors",
            queries=_server_error_share(arn_suffix, settings.server_error_least_requests),
            threshold=settings.server_error_percent,
        )
        metric_alarm(
            self,
            "latency",
            target=target,
            topic_arn=topic.arn,
            name=("load-balancer", "latency"),
            description="Requests are slow: docs/runbook.md, Slow requests",
            metric=("AWS/ApplicationELB", "TargetResponseTime"),
            statistic="p95",
            dimensions={"LoadBalancer": arn_suffix},
            threshold=settings.latency_p95_seconds,
            periods=_QUARTER_OF_AN_HOUR,
        )


class ServiceAlarms(Construct):
    """Alarms on one service behind the load balancer: unhealthy targets, CPU, memory.

    >>> ServiceAlarms(self, "service-api-alarms", settings=settings, target=target, topic=topic, name="api",
    ...               cluster_name=cluster.name, service_name=api.service_name,
    ...               load_balancer_suffix=load_balancer.arn_suffix,
    ...               target_group_suffix=api.target_group_suffix)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        name: str,
        cluster_name: str,
        service_name: str,
        load_balancer_suffix: str,
        target_group_suffix: str,
    ) -> None:
        super().__init__(scope, id)
        metric_alarm(
            self,
            "unhealthy",
            target=target,
            topic_arn=topic.arn,
            name=(name, "unhealthy"),
            description=f"A task of {name} fails its health check: docs/runbook.md, Unhealthy targets",
            metric=("AWS/ApplicationELB", "UnHealthyHostCount"),
            statistic="Maximum",
            dimensions={"LoadBalancer": load_balancer_suffix, "TargetGroup": target_group_suffix},
            period_seconds=_ONE_MINUTE,
            periods=settings.unhealthy_minutes,
        )
        for kind, metric, percent in (
            ("cpu", "CPUUtilization", settings.service_cpu_percent),
            ("memory", "MemoryUtilization", settings.service_memory_percent),
        ):
            metric_alarm(
                self,
                kind,
                target=target,
                topic_arn=topic.arn,
                name=(name, "high", kind),
                description=f"{name} is short of {kind} although it scales: docs/runbook.md, Short of CPU or memory",
                metric=("AWS/ECS", metric),
                statistic="Average",
                dimensions={"ClusterName": cluster_name, "ServiceName": service_name},
                threshold=percent,
                periods=_QUARTER_OF_AN_HOUR,
            )


class DatabaseAlarms(Construct):
    """Alarms on PostgreSQL: CPU, memory, free storage, connections.

    No data is an alarm here, because a database always sends some; but one alarm, the CPU's, and not four at once.

    >>> DatabaseAlarms(self, "database-alarms", settings=settings, target=target, topic=topic,
    ...                identifier=database.identifier, storage_gib=100)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        identifier: str,
        storage_gib: int,
    ) -> None:
        super().__init__(scope, id)
        free_storage = storage_gib * _GIB * settings.database_free_storage_percent / 100
        watched: tuple[tuple[str, str, float, Comparison], ...] = (
            ("cpu", "CPUUtilization", settings.database_cpu_percent, "GreaterThanThreshold"),
            ("memory", "FreeableMemory", settings.database_freeable_memory_mib * _MIB, "LessThanThreshold"),
            ("storage", "FreeStorageSpace", free_storage, "LessThanThreshold"),
            ("connections", "DatabaseConnections", settings.database_connections, "GreaterThanThreshold"),
        )
        for kind, metric, threshold, comparison in watched:
            metric_alarm(
                self,
                kind,
                target=target,
                topic_arn=topic.arn,
                name=("database", kind),
                description=f"{metric} of PostgreSQL: docs/runbook.md, Database",
                metric=("AWS/RDS", metric),
                statistic="Average",
                dimensions={"DBInstanceIdentifier": identifier},
                threshold=threshold,
                comparison=comparison,
                periods=_QUARTER_OF_AN_HOUR,
                missing="breaching" if kind == "cpu" else "missing",
            )


class CacheAlarms(Construct):
    """Alarms on each node of the cache: CPU of the engine, memory, evictions.

    >>> CacheAlarms(self, "cache-alarms", settings=settings, target=target, topic=topic,
    ...             node_ids=cache.node_ids)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        node_ids: Iterable[str],
    ) -> None:
        super().__init__(scope, id)
        for number, node_id in enumerate(node_ids, start=1):
            for kind, metric, statistic, threshold in (
                ("cpu", "EngineCPUUtilization", "Average", settings.cache_cpu_percent),
                ("memory", "DatabaseMemoryUsagePercentage", "Average", settings.cache_memory_percent),
                ("evictions", "Evictions", "Sum", settings.cache_evictions),
            ):
                metric_alarm(
                    self,
                    f"{kind}-{number}",
                    target=target,
                    topic_arn=topic.arn,
                    name=("cache", kind, str(number)),
                    description=f"{metric} of cache node {number}: docs/runbook.md, Cache",
                    metric=("AWS/ElastiCache", metric),
                    statistic=statistic,
                    dimensions={"CacheClusterId": node_id, "CacheNodeId": "0001"},
                    threshold=threshold,
                )


class CertificateAlarm(Construct):
    """An alarm on a certificate that ACM has not renewed in time; in the topic's region, as the certificate is.

    >>> CertificateAlarm(self, "certificate-alarm", settings=settings, target=target, topic=topic, name="origin",
    ...                  certificate_arn=certificate.arn)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        name: str,
        certificate_arn: str,
    ) -> None:
        super().__init__(scope, id)
        metric_alarm(
            self,
            "expiry",
            target=target,
            topic_arn=topic.arn,
            name=("certificate", name),
            description=f"The certificate of {name} expires soon: docs/runbook.md, Certificates",
            metric=("AWS/CertificateManager", "DaysToExpiry"),
            statistic="Minimum",
            dimensions={"CertificateArn": certificate_arn},
            threshold=settings.certificate_days,
            comparison="LessThanThreshold",
            period_seconds=_DAY,
            region=topic.region,
        )


class CdnAlarms(Construct):
    """An alarm on the share of 5xx that CloudFront answers: also what never reaches the load balancer.

    Too few requests are no share: a crawler at night, when staging runs no task, gets nothing but 5xx. CloudFront's
    metrics are in us-east-1, and so is `topic`.

    >>> CdnAlarms(self, "cdn-alarms", settings=settings, target=target, topic=edge_topic,
    ...           distribution_id=cdn.distribution_id)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AlarmSettings,
        target: AwsTarget,
        topic: AlarmTopic,
        distribution_id: str,
    ) -> None:
        super().__init__(scope, id)
        metric_alarm(
            self,
            "server-errors",
            target=target,
            topic_arn=topic.arn,
            name=("cdn", "server-errors"),
            description="CloudFront answers many requests with a 5xx: docs/runbook.md, Server errors",
            queries=_edge_error_share(distribution_id, settings.server_error_least_requests),
            threshold=settings.server_error_percent,
            # Two periods: at night, one error can be all of five minutes.
            periods=2,
            region=topic.region,
        )


def _server_error_share(arn_suffix: str, least_requests: int) -> list[aws.CloudwatchMetricAlarmMetricQuery]:
    """5xx of the targets and of the load balancer itself, in percent of all; 0 for too few requests.

    RequestCount leaves out what the load balancer answers itself (Elastic Load Balancing user guide, "CloudWatch
    metrics"), so its own errors are added to both.
    """
    sums = {
        "requests": "RequestCount",
        "target_errors": "HTTPCode_Target_5XX_Count",
        "own_errors": "HTTPCode_ELB_5XX_Count",
    }
    requests = "FILL(requests, 0) + FILL(own_errors, 0)"
    errors = "FILL(target_errors, 0) + FILL(own_errors, 0)"
    return [
        _share(f"IF({requests} >= {least_requests}, 100 * ({errors}) / ({requests}), 0)"),
        *(
            _query(query_id, ("AWS/ApplicationELB", metric), {"LoadBalancer": arn_suffix}, "Sum")
            for query_id, metric in sums.items()
        ),
    ]


def _edge_error_share(distribution_id: str, least_requests: int) -> list[aws.CloudwatchMetricAlarmMetricQuery]:
    """5xx that viewers got, in percent of all their requests; 0 for too few requests.

    Each of CloudFront's metrics has one statistic that means something (CloudFront developer guide, "Types of metrics
    for CloudFront").
    """
    dimensions = {"DistributionId": distribution_id, "Region": "Global"}
    return [
        _share(f"IF(FILL(requests, 0) >= {least_requests}, FILL(rate, 0), 0)"),
        _query("requests", ("AWS/CloudFront", "Requests"), dimensions, "Sum"),
        _query("rate", ("AWS/CloudFront", "5xxErrorRate"), dimensions, "Average"),
    ]


def _share(expression: str) -> aws.CloudwatchMetricAlarmMetricQuery:
    return aws.CloudwatchMetricAlarmMetricQuery(
        id="share", label="Server errors, percent", expression=expression, return_data=True
    )


def _query(
    id: str, metric: tuple[str, str], dimensions: dict[str, str], statistic: str
) -> aws.CloudwatchMetricAlarmMetricQuery:
    namespace, name = metric
    return aws.CloudwatchMetricAlarmMetricQuery(
        id=id,
        metric=aws.CloudwatchMetricAlarmMetricQueryMetric(
            namespace=namespace, metric_name=name, dimensions=dimensions, period=_FIVE_MINUTES, stat=statistic
        ),
    )
