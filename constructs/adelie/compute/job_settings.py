"""Settings of scheduled jobs and one-off tasks, besides what the catalogue says of them. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adelie.compute.settings import CapacityProvider
from adelie.compute.task_settings import TaskSettings
from catalogue.model import Job, Task


class ScheduledJobSettings(TaskSettings, Job):
    """A job as a Fargate task that runs by the clock, and ends."""

    enabled: bool = True
    """Whether it runs by the clock (default true); false leaves the start by hand."""
    max_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    """How often a failing run is tried in all (default 3); one that was stopped for its time is not tried again."""
    retry_interval_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds before the second attempt, doubled for each further one (default 60)."""
    capacity_provider: CapacityProvider = "FARGATE"
    """Where it runs (default FARGATE); FARGATE_SPOT is cheaper, and may interrupt it with two minutes' notice."""


class OneOffTaskSettings(TaskSettings, Task):
    """A task to run once, in the image of a service."""

    capacity_provider: CapacityProvider = "FARGATE"
    """Where it runs (default FARGATE, because nobody wants a migration interrupted)."""
