"""What CloudWatch measures. Each construct says its namespace and dimensions once. Pure: no cdktf import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of CloudWatch with one statistic: what an alarm watches, and what a graph draws.

    >>> Metric(namespace="AWS/SQS", name="NumberOfMessagesSent", dimensions={"QueueName": "q"}, statistic="Sum").name
    'NumberOfMessagesSent'
    """

    namespace: str
    """The service that measures it, such as AWS/RDS."""
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    """Sum, Average, Minimum, Maximum, or a percentile such as p95."""
    region: str | None = None
    """The region that has it; None is the stack's own."""


class Measured(Protocol):
    """Something that CloudWatch measures."""

    def metric(self, name: str, statistic: str) -> Metric:
        """One metric of it, by the name and with a statistic that the service's user guide lists."""
        ...


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """A number that CloudWatch calculates from metrics of one region (user guide, "Using math expressions")."""

    label: str
    expression: str
    metrics: Mapping[str, Metric]
    """What the expression calculates with, by the name that it has there."""
    drawn_with: str | None = None
    """Which of `metrics` has the same unit, so that a threshold can be drawn into its graph; None if none has."""

    @property
    def region(self) -> str | None:
        """The region of its metrics."""
        return next(iter(self.metrics.values())).region


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """When a metric is worth a notification.

    It begins when `periods` periods in a row compare to the threshold as `comparison` says.
    """

    id: str
    """Its construct id."""
    name: Sequence[str]
    """Its name in CloudWatch, after the environment's prefix."""
    description: str
    """What happened, and the heading in docs/runbook.md that says what to do."""
    watches: Metric | Calculation
    threshold: float = 0
    """In the metric's unit."""
    comparison: Comparison = "GreaterThanThreshold"
    period_seconds: int = 300
    periods: int = 1
    missing: Literal["notBreaching", "breaching", "missing"] = "notBreaching"
    """What no data means; the default fits a service that sends nothing while nothing happens."""
    notify_when_over: bool = True
    """Whether its end is notified too."""

    @property
    def region(self) -> str | None:
        """Where it must be: an alarm watches only metrics of its own region, and notifies only topics of it."""
        return self.watches.region

    @property
    def drawn_with(self) -> Metric | None:
        """The metric into whose graph the threshold can be drawn."""
        if isinstance(self.watches, Metric):
            return self.watches
        return self.watches.metrics[self.watches.drawn_with] if self.watches.drawn_with else None
