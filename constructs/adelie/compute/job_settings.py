"""What scheduled jobs and one-off tasks can be told. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from adelie.compute.schedules import CronExpression, TimeZone
from adelie.compute.settings import CapacityProvider
from adelie.compute.task_settings import BuiltTaskSettings, EnvironmentVariable, TaskSettings
from catalogue.settings import reject


class ScheduledJobSettings(BuiltTaskSettings):
    """A container that runs by the clock, and ends."""

    schedule: CronExpression
    """When it runs: cron(minutes hours day-of-month month day-of-week year), such as cron(0 18 ? * MON-FRI *)."""
    time_zone: TimeZone = "Asia/Seoul"
    """The time zone of `schedule` (default Asia/Seoul)."""
    enabled: bool = True
    """Whether it runs by the clock (default true); false leaves the start by hand."""
    timeout_seconds: Annotated[int, Field(ge=60, le=86400)] = 3600
    """Seconds after which an attempt is stopped (default 3600: a run of the pipeline is killed after 60 minutes)."""
    max_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    """How often a failing run is tried in all (default 3); one that was stopped for its time is not tried again."""
    retry_interval_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """Seconds before the second attempt, doubled for each further one (default 60)."""
    capacity_provider: CapacityProvider = "FARGATE"
    """Where it runs (default FARGATE); FARGATE_SPOT is cheaper, and may interrupt it with two minutes' notice."""
    force_variable: EnvironmentVariable = "PIPELINE_FORCE"
    """The variable that is "true" in a run started with {"force": true}, and "false" else (default PIPELINE_FORCE)."""


class OneOffTaskSettings(TaskSettings):
    """A command to run once, in the image of a service."""

    capacity_provider: CapacityProvider = "FARGATE"
    """Where it runs (default FARGATE, because nobody wants a migration interrupted)."""

    @model_validator(mode="after")
    def _says_what_to_run(self) -> Self:
        if self.command is None:
            reject("command", "must say what to run", None, "set it, for example [alembic, upgrade, head]")
        return self
