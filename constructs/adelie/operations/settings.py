"""When to notify somebody, what is copied, and what a month may cost. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from adelie.values.log_retention import LogRetentionDays
from catalogue.settings import Inherited, Settings, reject

Percent = Annotated[float, Field(gt=0, le=100)]


class AlarmSettings(Settings):
    """Thresholds of the alarms; those of the database are shares of what its instance class and its storage give.

    "AWS" below is the CloudWatch user guide's list "Recommended alarms".
    """

    emails: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")], ...] = ()
    """Addresses that are notified by e-mail too (default none); each confirms once, by a link that SNS sends."""
    server_error_percent: Percent = 5
    """Share of requests that end in a 5xx, in five minutes (default 5; AWS has 5 for API Gateway, and none for load
    balancers)."""
    server_error_least_requests: Annotated[int, Field(ge=1)] = 20
    """Requests in five minutes below which the share says nothing, at the load balancer and at the CDN (default 20: one
    error is then the threshold)."""
    latency_p95_seconds: Annotated[float, Field(gt=0)] = 2
    """Time in which 95 of 100 requests have their first byte (default 2; AWS leaves it to the application)."""
    unhealthy_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    """Minutes in which a service has an unhealthy target all the time (default 5; AWS has 5 of 5 for most)."""
    service_cpu_percent: Percent = 90
    """CPU of a service's tasks on average, for 15 minutes (default 90, as AWS): autoscaling has not helped."""
    service_memory_percent: Percent = 90
    """Memory of a service's tasks on average, for 15 minutes (default 90, as AWS)."""
    database_cpu_percent: Percent = 90
    """CPU of PostgreSQL for 15 minutes (default 90, as AWS)."""
    database_freeable_memory_percent: Percent = 25
    """Share of the instance class's memory that is left to PostgreSQL (default 25, as AWS: about a quarter)."""
    database_free_storage_percent: Percent = 10
    """Share of the allocated storage that is free (default 10, as AWS). RDS enlarges it at 10 as well, up to
    `database.max_storage_gib`: an alarm that stays says that this limit is reached."""
    database_connections_percent: Percent = 90
    """Open connections, as a share of what PostgreSQL takes with the instance class's memory (default 90, as AWS). How
    many it takes is estimated, because AWS doesn't say it: adelie/database/sizes.py."""
    cache_cpu_percent: Percent = 90
    """CPU of the cache's engine, which is one thread (default 90, as AWS)."""
    cache_memory_percent: Percent = 80
    """Memory of a cache node that holds data (default 80; ElastiCache reserves a quarter by default)."""
    cache_evictions: Annotated[int, Field(ge=0)] = 100
    """Keys in five minutes that a node threw away for want of memory (default 100; AWS has no number)."""
    certificate_days: Annotated[int, Field(ge=1, le=60)] = 30
    """Days before a certificate expires (default 30): ACM renews earlier, so it could not (ACM user guide, "Managed
    certificate renewal")."""


class BackupSettings(Settings):
    """What is kept of the database and the objects, in a vault of its own."""

    daily_kst: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "05:00"
    """When, in Korean time (default 05:00). RDS takes no other backup within an hour before its own window or while it
    lasts (AWS Backup developer guide, "Amazon RDS backups")."""
    daily_retention_days: Annotated[int, Field(ge=1)]
    """Days that a daily backup is kept."""
    monthly_retention_days: Annotated[int, Field(ge=1)] | None = None
    """Days that the backup of each month's first day is kept; omitted, there is none. It begins with that day's daily
    one, and AWS Backup makes one backup of the two, kept for the longer time (AWS Backup developer guide, "Backup plan
    options and configuration")."""
    lock_days: Annotated[int, Field(ge=1)] | None = None
    """Shortest retention that the vault takes, and keeps to for everybody without the right to lift the lock
    (governance mode); omitted, the vault isn't locked."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.monthly_retention_days is not None and self.monthly_retention_days <= self.daily_retention_days:
            reject(
                "monthly_retention_days",
                f"must be more than daily_retention_days ({self.daily_retention_days})",
                self.monthly_retention_days,
                "raise it, or omit it",
            )
        if self.lock_days is not None and self.lock_days > self.daily_retention_days:
            reject(
                "lock_days",
                f"must not be more than daily_retention_days ({self.daily_retention_days})",
                self.lock_days,
                "lower it: the vault would refuse every daily backup",
            )
        return self


BudgetPercent = Annotated[int, Field(ge=1, le=1000)]


class BudgetSettings(Settings):
    """A monthly budget of the environment's account."""

    monthly_limit_usd: Annotated[int, Field(ge=1)]
    """US dollars per month."""
    actual_percents: Annotated[tuple[BudgetPercent, ...], Field(min_length=1, max_length=5)] = (80, 100)
    """Percentages of the limit: spending that reaches one is notified (default 80 and 100)."""
    forecast_percent: BudgetPercent = 100
    """Percentage of the limit: a forecast for the month that reaches it is notified (default 100). A forecast needs
    some weeks of data."""


class NotifierSettings(Settings):
    """The function that notifies Discord."""

    webhook: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    """The secret of the catalogue that holds the channel's address, such as discord-webhook-url."""

    log_retention_days: Annotated[LogRetentionDays, Inherited()]
    """Days that its log is kept."""
    reserved_concurrency: Annotated[int, Field(ge=1, le=10)] | None = None
    """How many may run at once; omitted, as many as the account has left. A new account has 10 in all, and Lambda
    refuses to reserve of those (Lambda developer guide, "Reserved concurrency")."""
