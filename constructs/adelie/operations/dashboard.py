"""One page that shows the state of an environment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.metric import Alarm, Metric
from adelie.values.naming import AwsNames

if TYPE_CHECKING:
    from adelie.cdn.distribution import Cdn
    from adelie.compute.load_balancer import LoadBalancer
    from adelie.compute.scheduled_job import ScheduledJob
    from adelie.compute.service import FargateService
    from adelie.database.cache import Cache
    from adelie.database.rds import Database

COLUMNS: Final = 24
"""Width of CloudWatch's grid (CloudWatch API reference, "Dashboard body structure and syntax")."""
MOST_ALARMS: Final = 100
"""How many alarms one widget takes (there too)."""
_HEIGHT: Final = 6
_PERIOD_SECONDS: Final = 300


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One graph: a line for each metric, all of one region."""

    title: str
    lines: Sequence[Metric]


class Dashboard(Construct):
    """A CloudWatch dashboard: users, services, database, cache and jobs, a row each; below them all alarms' states.

    An alarm of `alarms` (by ARN) has its threshold drawn into each graph that has a line of its metric.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: AwsNames,
        load_balancer: LoadBalancer,
        cdn: Cdn,
        services: Mapping[str, FargateService],
        database: Database,
        cache: Cache,
        jobs: Mapping[str, ScheduledJob],
        alarms: Mapping[str, Alarm],
    ) -> None:
        super().__init__(scope, id)
        rows = [
            _users(load_balancer, cdn),
            _services(services),
            _database(database),
            _cache(cache),
            *(_job("Pipeline" if len(jobs) == 1 else name, job) for name, job in jobs.items()),
        ]
        aws.CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=names.prefix,
            dashboard_body=json.dumps({"widgets": list(widgets(rows, names.region, alarms))}),
        )


def widgets(rows: Sequence[Sequence[Graph]], region: str, alarms: Mapping[str, Alarm]) -> Iterator[dict[str, Any]]:
    """The widgets of rows of graphs, where those of a row share its width, and then the states of the alarms.

    Those that ring come first.
    """
    for number, row in enumerate(rows):
        width = COLUMNS // len(row)
        for place, graph in enumerate(row):
            yield {
                "type": "metric",
                "x": place * width,
                "y": number * _HEIGHT,
                "width": width,
                "height": _HEIGHT,
                "properties": _properties(graph, region, alarms.values()),
            }
    arns = list(alarms)
    for number, first in enumerate(range(0, len(arns), MOST_ALARMS), start=len(rows)):
        yield {
            "type": "alarm",
            "x": 0,
            "y": number * _HEIGHT,
            "width": COLUMNS,
            "height": _HEIGHT,
            "properties": {
                "title": "Alarms",
                "sortBy": "stateUpdatedTimestamp",
                "alarms": arns[first : first + MOST_ALARMS],
            },
        }


def _properties(graph: Graph, region: str, alarms: Iterable[Alarm]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": graph.title,
        "region": next((line.region for line in graph.lines if line.region), region),
        "view": "timeSeries",
        "period": _PERIOD_SECONDS,
        "metrics": [_line(metric) for metric in graph.lines],
    }
    thresholds = _thresholds(graph, alarms)
    if thresholds:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": value} for value in thresholds]}
    return properties


def _line(metric: Metric) -> list[Any]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions, {"stat": metric.statistic}]


def _thresholds(graph: Graph, alarms: Iterable[Alarm]) -> list[float]:
    """What the alarms on the graph's metrics begin at, each number once; 0 is the graph's axis anyway."""
    of_graph = (alarm.threshold for alarm in alarms if alarm.drawn_with in graph.lines)
    return [threshold for threshold in dict.fromkeys(of_graph) if threshold]


def _users(load_balancer: LoadBalancer, cdn: Cdn) -> list[Graph]:
    errors = ("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
    percentiles = ("p50", "p95", "p99")
    return [
        Graph(title="Requests", lines=[load_balancer.metric("RequestCount", "Sum")]),
        Graph(title="Server errors", lines=[load_balancer.metric(name, "Sum") for name in errors]),
        Graph(
            title="Latency (s)",
            lines=[load_balancer.metric("TargetResponseTime", percentile) for percentile in percentiles],
        ),
        Graph(title="CloudFront: share of 5xx (%)", lines=[cdn.metric("5xxErrorRate", "Average")]),
    ]


def _services(services: Mapping[str, FargateService]) -> list[Graph]:
    return [
        Graph(title=f"Services: {name} (%)", lines=[service.metric(name, "Average") for service in services.values()])
        for name in ("CPUUtilization", "MemoryUtilization")
    ]


def _database(database: Database) -> list[Graph]:
    return [
        Graph(title=f"Database: {title}", lines=[database.metric(name, "Average") for name in names])
        for title, names in (
            ("CPU (%)", ["CPUUtilization"]),
            ("connections", ["DatabaseConnections"]),
            ("free storage (bytes)", ["FreeStorageSpace"]),
            ("latency (s)", ["ReadLatency", "WriteLatency"]),
        )
    ]


def _cache(cache: Cache) -> list[Graph]:
    return [
        Graph(title=f"Cache: {title}", lines=[node.metric(name, statistic) for node in cache.nodes])
        for title, name, statistic in (
            ("CPU of the engine (%)", "EngineCPUUtilization", "Average"),
            ("memory (%)", "DatabaseMemoryUsagePercentage", "Average"),
            ("evictions", "Evictions", "Sum"),
            ("hit rate (%)", "CacheHitRate", "Average"),
        )
    ]


def _job(heading: str, job: ScheduledJob) -> list[Graph]:
    ends = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut")
    return [
        Graph(title=f"{heading}: runs", lines=[job.metric(name, "Sum") for name in ends]),
        Graph(title=f"{heading}: time of a run (ms)", lines=[job.metric("ExecutionTime", "Maximum")]),
    ]
