"""One page that says how an environment is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adelie.operations.settings import AlarmSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsTarget

COLUMNS: Final = 24
"""Width of CloudWatch's grid (CloudWatch API reference, "Dashboard body structure and syntax")."""
_HEIGHT: Final = 6
_PERIOD_SECONDS: Final = 300
_EDGE_REGION: Final = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One graph: lines of (namespace, metric, dimensions, statistic), and a threshold to draw if there is one."""

    title: str
    lines: Sequence[tuple[str, str, Mapping[str, str], str]]
    threshold: float | None = None
    region: str | None = None


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What the dashboard shows, by the names that metrics have as their dimensions."""

    load_balancer_suffix: str
    distribution_id: str
    cluster_name: str
    services: Mapping[str, str]
    """ECS services: their short names, and what ECS calls them."""
    database_identifier: str
    cache_node_ids: Sequence[str]
    state_machine_arn: str


class Dashboard(Construct):
    """A CloudWatch dashboard: users, services, database, cache and pipeline, a row each, with the alarms' thresholds.

    >>> Dashboard(self, "dashboard", settings=alarm_settings, target=target, watched=watched)  # doctest: +SKIP
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: AlarmSettings, target: AwsTarget, watched: Watched
    ) -> None:
        super().__init__(scope, id)
        rows = [_users(settings, watched), _services(settings, watched), *_data(settings, watched), _pipeline(watched)]
        aws.CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=target.prefix,
            dashboard_body=json.dumps({"widgets": list(widgets(rows, target.region))}),
        )


def widgets(rows: Iterable[Sequence[Graph]], region: str) -> Iterable[dict[str, Any]]:
    """The widgets of rows of graphs; those of a row share its width."""
    for number, row in enumerate(rows):
        width = COLUMNS // len(row)
        for place, graph in enumerate(row):
            yield {
                "type": "metric",
                "x": place * width,
                "y": number * _HEIGHT,
                "width": width,
                "height": _HEIGHT,
                "properties": _properties(graph, region),
            }


def _properties(graph: Graph, region: str) -> dict[str, Any]:
    metrics = [
        [namespace, metric, *(part for pair in dimensions.items() for part in pair), {"stat": statistic}]
        for namespace, metric, dimensions, statistic in graph.lines
    ]
    properties: dict[str, Any] = {
        "title": graph.title,
        "region": graph.region or region,
        "view": "timeSeries",
        "period": _PERIOD_SECONDS,
        "metrics": metrics,
    }
    if graph.threshold is not None:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": graph.threshold}]}
    return properties


def _users(settings: AlarmSettings, watched: Watched) -> list[Graph]:
    balancer, metrics = {"LoadBalancer": watched.load_balancer_suffix}, "AWS/ApplicationELB"
    cdn = {"DistributionId": watched.distribution_id, "Region": "Global"}
    return [
        Graph(
            title="Requests",
            lines=[(metrics, "RequestCount", balancer, "Sum")],
        ),
        Graph(
            title="Server errors",
            lines=[(metrics, f"HTTPCode_{of}_5XX_Count", balancer, "Sum") for of in ("Target", "ELB")],
        ),
        Graph(
            title="Latency (s)",
            lines=[(metrics, "TargetResponseTime", balancer, percentile) for percentile in ("p50", "p95", "p99")],
            threshold=settings.latency_p95_seconds,
        ),
        Graph(
            title="CloudFront: share of 5xx (%)",
            lines=[("AWS/CloudFront", "5xxErrorRate", cdn, "Average")],
            threshold=settings.server_error_percent,
            region=_EDGE_REGION,
        ),
    ]


def _services(settings: AlarmSettings, watched: Watched) -> list[Graph]:
    of = {name: {"ClusterName": watched.cluster_name, "ServiceName": ecs} for name, ecs in watched.services.items()}
    return [
        Graph(
            title=f"Services: {metric} (%)",
            lines=[("AWS/ECS", metric, dimensions, "Average") for dimensions in of.values()],
            threshold=threshold,
        )
        for metric, threshold in (
            ("CPUUtilization", settings.service_cpu_percent),
            ("MemoryUtilization", settings.service_memory_percent),
        )
    ]


def _data(settings: AlarmSettings, watched: Watched) -> list[list[Graph]]:
    database = {"DBInstanceIdentifier": watched.database_identifier}
    nodes = [{"CacheClusterId": node, "CacheNodeId": "0001"} for node in watched.cache_node_ids]

    def of_database(title: str, *metrics: str, threshold: float | None = None) -> Graph:
        lines = [("AWS/RDS", metric, database, "Average") for metric in metrics]
        return Graph(title=f"Database: {title}", lines=lines, threshold=threshold)

    def of_cache(title: str, metric: str, statistic: str, threshold: float | None = None) -> Graph:
        lines = [("AWS/ElastiCache", metric, node, statistic) for node in nodes]
        return Graph(title=f"Cache: {title}", lines=lines, threshold=threshold)

    return [
        [
            of_database("CPU (%)", "CPUUtilization", threshold=settings.database_cpu_percent),
            of_database("connections", "DatabaseConnections", threshold=settings.database_connections),
            of_database("free storage (bytes)", "FreeStorageSpace"),
            of_database("latency (s)", "ReadLatency", "WriteLatency"),
        ],
        [
            of_cache("CPU of the engine (%)", "EngineCPUUtilization", "Average", settings.cache_cpu_percent),
            of_cache("memory (%)", "DatabaseMemoryUsagePercentage", "Average", settings.cache_memory_percent),
            of_cache("evictions", "Evictions", "Sum", settings.cache_evictions),
            of_cache("hit rate (%)", "CacheHitRate", "Average"),
        ],
    ]


def _pipeline(watched: Watched) -> list[Graph]:
    machine = {"StateMachineArn": watched.state_machine_arn}
    return [
        Graph(
            title="Pipeline: runs",
            lines=[
                ("AWS/States", f"Executions{kind}", machine, "Sum")
                for kind in ("Started", "Succeeded", "Failed", "TimedOut")
            ],
        ),
        Graph(title="Pipeline: time of a run (ms)", lines=[("AWS/States", "ExecutionTime", machine, "Maximum")]),
    ]
