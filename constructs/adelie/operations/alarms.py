"""The alarms on each thing that serves or holds something: one entry here is one alarm.

An entry is all that an alarm needs: the dashboard draws its threshold into each graph of its metric by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from adelie.operations.settings import AlarmSettings
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.metric_alarm import metric_alarms
from adelie.values.metric import Alarm, Calculation, Comparison, Measured
from adelie.values.naming import AwsNames

if TYPE_CHECKING:
    from adelie.cdn.distribution import Cdn
    from adelie.compute.load_balancer import LoadBalancer
    from adelie.compute.service import FargateService
    from adelie.database.cache import Cache
    from adelie.database.rds import Database

_ONE_MINUTE: Final = 60
_DAY: Final = 86400
_QUARTER_OF_AN_HOUR: Final = 3
"""Periods of five minutes."""
_GIB: Final = 1024**3
_MIB: Final = 1024**2


class Alarms(Construct):
    """Alarms on one thing, which notify `topic`. Raises ValueError for a metric of another region than the topic's."""

    def __init__(
        self, scope: Construct, id: str, *, names: AwsNames, topic: AlarmTopic, alarms: Sequence[Alarm]
    ) -> None:
        super().__init__(scope, id)
        region = topic.region or names.region
        for alarm in alarms:
            if (alarm.region or names.region) != region:
                raise ValueError(f"{'-'.join(alarm.name)} watches {alarm.region}, but notifies a topic of {region}")
        self.by_arn: Mapping[str, Alarm] = metric_alarms(self, alarms, names=names, topic_arn=topic.arn)


def load_balancer_alarms(load_balancer: LoadBalancer, settings: AlarmSettings) -> list[Alarm]:
    """What users get from the load balancer: the share of 5xx, and the time of 95 of 100 requests."""
    return [
        Alarm(
            id="server-errors",
            name=("load-balancer", "server-errors"),
            description="Many requests end in a 5xx: docs/runbook.md, Server errors",
            watches=_server_error_share(load_balancer, settings.server_error_least_requests),
            threshold=settings.server_error_percent,
        ),
        Alarm(
            id="latency",
            name=("load-balancer", "latency"),
            description="Requests are slow: docs/runbook.md, Slow requests",
            watches=load_balancer.metric("TargetResponseTime", "p95"),
            threshold=settings.latency_p95_seconds,
            periods=_QUARTER_OF_AN_HOUR,
        ),
    ]


def service_alarms(service: FargateService, settings: AlarmSettings) -> list[Alarm]:
    """One service behind the load balancer: unhealthy targets, CPU, memory."""
    name = service.peer_id
    return [
        Alarm(
            id="unhealthy",
            name=(name, "unhealthy"),
            description=f"A task of {name} fails its health check: docs/runbook.md, Unhealthy targets",
            watches=service.target_metric("UnHealthyHostCount", "Maximum"),
            period_seconds=_ONE_MINUTE,
            periods=settings.unhealthy_minutes,
        ),
        *(
            Alarm(
                id=kind,
                name=(name, "high", kind),
                description=f"{name} is short of {kind} although it scales: docs/runbook.md, Short of CPU or memory",
                watches=service.metric(metric, "Average"),
                threshold=percent,
                periods=_QUARTER_OF_AN_HOUR,
            )
            for kind, metric, percent in (
                ("cpu", "CPUUtilization", settings.service_cpu_percent),
                ("memory", "MemoryUtilization", settings.service_memory_percent),
            )
        ),
    ]


def database_alarms(database: Database, settings: AlarmSettings) -> list[Alarm]:
    """PostgreSQL: CPU, memory, free storage, connections.

    No data is an alarm here, because a database always sends some; but one alarm, the CPU's, and not four at once.
    """
    free_memory = round(database.memory_mib * _MIB * settings.database_freeable_memory_percent / 100)
    connections = int(database.max_connections * settings.database_connections_percent / 100)
    free_storage = round(database.allocated_storage_gib * _GIB * settings.database_free_storage_percent / 100)
    rows: tuple[tuple[str, str, Comparison, float], ...] = (
        ("cpu", "CPUUtilization", "GreaterThanThreshold", settings.database_cpu_percent),
        ("memory", "FreeableMemory", "LessThanThreshold", free_memory),
        ("storage", "FreeStorageSpace", "LessThanThreshold", free_storage),
        ("connections", "DatabaseConnections", "GreaterThanThreshold", connections),
    )
    return [
        Alarm(
            id=kind,
            name=("database", kind),
            description=f"{metric} of PostgreSQL: docs/runbook.md, Database",
            watches=database.metric(metric, "Average"),
            threshold=threshold,
            comparison=comparison,
            periods=_QUARTER_OF_AN_HOUR,
            missing="breaching" if kind == "cpu" else "missing",
        )
        for kind, metric, comparison, threshold in rows
    ]


def cache_alarms(cache: Cache, settings: AlarmSettings) -> list[Alarm]:
    """Each node of the cache: CPU of the engine, memory, evictions."""
    return [
        Alarm(
            id=f"{kind}-{node.number}",
            name=("cache", kind, str(node.number)),
            description=f"{metric} of cache node {node.number}: docs/runbook.md, Cache",
            watches=node.metric(metric, statistic),
            threshold=threshold,
        )
        for node in cache.nodes
        for kind, metric, statistic, threshold in (
            ("cpu", "EngineCPUUtilization", "Average", settings.cache_cpu_percent),
            ("memory", "DatabaseMemoryUsagePercentage", "Average", settings.cache_memory_percent),
            ("evictions", "Evictions", "Sum", settings.cache_evictions),
        )
    ]


def certificate_alarms(certificate: Measured, settings: AlarmSettings, *, name: str) -> list[Alarm]:
    """A certificate that ACM has not renewed in time."""
    return [
        Alarm(
            id="expiry",
            name=("certificate", name),
            description=f"The certificate of {name} expires soon: docs/runbook.md, Certificates",
            watches=certificate.metric("DaysToExpiry", "Minimum"),
            threshold=settings.certificate_days,
            comparison="LessThanThreshold",
            period_seconds=_DAY,
        )
    ]


def cdn_alarms(cdn: Cdn, settings: AlarmSettings) -> list[Alarm]:
    """The share of 5xx that CloudFront answers: also what never reaches the load balancer.

    Too few requests are no share: a crawler at night, when staging runs no task, gets nothing but 5xx.
    """
    return [
        Alarm(
            id="server-errors",
            name=("cdn", "server-errors"),
            description="CloudFront answers many requests with a 5xx: docs/runbook.md, Server errors",
            watches=_edge_error_share(cdn, settings.server_error_least_requests),
            threshold=settings.server_error_percent,
            # Two periods: at night, one error can be all of five minutes.
            periods=2,
        )
    ]


def _server_error_share(load_balancer: LoadBalancer, least_requests: int) -> Calculation:
    """5xx of the targets and of the load balancer itself, in percent of all; 0 for too few requests.

    RequestCount leaves out what the load balancer answers itself (Elastic Load Balancing user guide, "CloudWatch
    metrics"), so its own errors are added to both.
    """
    requests = "FILL(requests, 0) + FILL(own_errors, 0)"
    errors = "FILL(target_errors, 0) + FILL(own_errors, 0)"
    return Calculation(
        label="Server errors, percent",
        expression=f"IF({requests} >= {least_requests}, 100 * ({errors}) / ({requests}), 0)",
        metrics={
            "requests": load_balancer.metric("RequestCount", "Sum"),
            "target_errors": load_balancer.metric("HTTPCode_Target_5XX_Count", "Sum"),
            "own_errors": load_balancer.metric("HTTPCode_ELB_5XX_Count", "Sum"),
        },
    )


def _edge_error_share(cdn: Cdn, least_requests: int) -> Calculation:
    """5xx that viewers got, in percent of all their requests; 0 for too few requests."""
    return Calculation(
        label="Server errors, percent",
        expression=f"IF(FILL(requests, 0) >= {least_requests}, FILL(rate, 0), 0)",
        metrics={
            "requests": cdn.metric("Requests", "Sum"),
            "rate": cdn.metric("5xxErrorRate", "Average"),
        },
        drawn_with="rate",
    )
