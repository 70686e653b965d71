"""Settings of a service, besides what the catalogue says of it. Pure: no cdktf import."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from adelie.compute.schedules import CronExpression
from adelie.compute.task_settings import TaskSettings
from adelie.values.naming import AwsNames
from catalogue.model import Service
from catalogue.schedule import TimeZone
from catalogue.settings import EmulatorOnly, Settings, reject

ROLL_OUT_PERCENT: Final = 200
"""Tasks that a service may have during a roll-out, in percent of what it has otherwise: the new ones start first."""

Percent = Annotated[int, Field(ge=10, le=95)]
"""A load that leaves room below it and above it."""

TaskCount = Annotated[int, Field(ge=0, le=1000)]
"""A number of tasks (ECS quota: 5000 a service; 1000 is more than this platform means to pay for)."""

ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
"""Lower-case letters, digits and single hyphens."""


class ScheduledCapacitySettings(Settings):
    """New bounds for a service's number of tasks, from a certain time on."""

    schedule: CronExpression
    """When: cron(minutes hours day-of-month month day-of-week year), in the time zone of `autoscaling`."""
    min_capacity: TaskCount
    """The fewest tasks from then on."""
    max_capacity: TaskCount
    """The most tasks from then on."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        _check_bounds(self.min_capacity, self.max_capacity)
        return self


class AutoscalingSettings(Settings):
    """What moves a service's number of tasks between `min_capacity` and `max_capacity`."""

    target_cpu_percent: Percent = 60
    """Average CPU load to hold (default 60: a start takes a minute or two, in which the load can grow by half)."""
    target_memory_percent: Percent = 75
    """Average memory use to hold (default 75)."""
    target_requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    """Requests per task and minute to hold (ALBRequestCountPerTarget); omitted, requests do not count."""
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 300
    """Seconds between two steps down (default 300, so that a short lull costs no capacity)."""
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """Seconds between two steps up (default 60)."""
    scheduled: Mapping[ActionName, ScheduledCapacitySettings] = Field(
        default_factory=dict[str, ScheduledCapacitySettings]
    )
    """Bounds by the clock, by name, such as `night` and `morning` (default none). A deploy resets the bounds to
    `min_capacity` and `max_capacity` until the next of them."""
    time_zone: TimeZone = "Asia/Seoul"
    """The time zone of the schedules (default Asia/Seoul)."""


class ServiceSettings(TaskSettings, Service):
    """A service on Fargate behind the load balancer, in as many tasks as needed."""

    listener_priority: Annotated[int, Field(ge=1, le=50000)] | None = None
    """In which order the load balancer matches paths: lower first. Omitted, it follows from the paths: what says more
    of the path is asked first."""
    min_capacity: TaskCount
    """The fewest tasks, and as many as it starts with. Two or more survive the loss of a zone."""
    max_capacity: TaskCount
    """The most tasks: the limit of what a burst can cost."""
    autoscaling: AutoscalingSettings | None = AutoscalingSettings()
    """What moves the number of tasks (default: CPU and memory); null keeps it at `min_capacity`."""
    health_check_grace_period_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """Seconds that a new task may fail its health checks (default 60)."""
    deregistration_delay_seconds: Annotated[int, Field(ge=0, le=3600)] = 30
    """Seconds that requests in flight have before their task is stopped (default 30)."""
    execute_command: bool = False
    """Whether ECS Exec may open a shell in the containers (default false). Its agent writes to the container, so its
    directories become writable volumes; AWS does not support that, though it works (aws/containers-roadmap 1359)."""
    wait_for_steady_state: Annotated[bool, EmulatorOnly(False)] = True
    """Whether a deploy waits until all tasks are healthy, and fails if they are not (default true; an emulator's may
    never be)."""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        _check_bounds(self.min_capacity, self.max_capacity)
        if self.autoscaling is None and self.max_capacity != self.min_capacity:
            reject(
                "max_capacity",
                f"must be min_capacity ({self.min_capacity}) without autoscaling",
                self.max_capacity,
                f"use {self.min_capacity} or remove `autoscaling: null`",
            )
        return self


def target_group_name(names: AwsNames, service: str, port: int) -> str:
    """What a service's target group is called. Raises InvalidNameError if that is longer than 32 characters.

    With the port: another port is another group, which must stand beside the old one until the listener's rule moved.
    """
    return names.short_name("aws_lb_target_group", service, str(port))


def listener_priority(name: str, settings: ServiceSettings) -> int:
    """Where a service's paths stand among those of the load balancer, from 1 (asked first) to 50000.

    The stated one; else what says more of the path comes first: each character before the first `*` or `?` of the
    shortest pattern is worth 1000. The rest comes from the name, so that a new service changes no other one's number.
    """
    if settings.listener_priority is not None:
        return settings.listener_priority
    stated = min(len(re.split(r"[*?]", path, maxsplit=1)[0]) for path in settings.paths)
    return 1000 * (50 - min(stated, 49)) - zlib.crc32(name.encode()) % 1000


def _check_bounds(min_capacity: int, max_capacity: int) -> None:
    if min_capacity > max_capacity:
        reject("min_capacity", f"must not exceed max_capacity ({max_capacity})", min_capacity, "lower it or raise that")
