"""The settings of an environment's database and cache. Pure: no cdktf import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adelie import functions
from adelie.database.sizes import InstanceClass
from adelie.values.log_retention import LogRetentionDays
from adelie.values.windows import DailyWindow, WeeklyWindow, check_windows
from catalogue.model import Cache, Database
from catalogue.settings import EmulatorOnly, Inherited, Settings, reject

FUNCTION: Final = "database-role"
"""The name, behind the environment's prefix, of the function that a release calls before each migration."""
TIMEOUT_SECONDS: Final = 60
"""How long a run of it may take; it asks Secrets Manager twice and PostgreSQL a few dozen times."""
_CERTIFICATES: Final = Path(functions.__file__).with_name("database_role")
_NAME: Final = r"^[a-z][a-z0-9_]{0,60}$"
_SHORTEST_DATABASE_WINDOW_MINUTES: Final = 30  # RDS user guide: backup window, maintenance window.
_SHORTEST_CACHE_WINDOW_MINUTES: Final = 60  # ElastiCache API reference: SnapshotWindow, PreferredMaintenanceWindow.
_LEAST_GROWTH_PERCENT: Final = 10  # RDS user guide: how far the autoscaling threshold lies over the allocated storage.
_RESERVED: Final = ("pg_", "rds", "information_schema")
"""What names of roles and schemas can't begin with: PostgreSQL's own ("CREATE ROLE", "CREATE SCHEMA") and RDS's."""


class ApplicationRoleSettings(Settings):
    """The role that services and jobs have in the database; everything has a default."""

    username: Annotated[str, StringConstraints(pattern=_NAME)] = "application"
    """The role's name (default "application"); services log in as <username>_a and <username>_b by turns. Don't change
    it once the environment runs: a release migrates before it deploys, so the function would still make the old one."""
    schema_name: Annotated[str, StringConstraints(pattern=_NAME)] = "public"
    """The schema that the role may read and write (default "public"); it is made if it doesn't exist. A change works
    from the release after the one that brings it, for the same reason."""
    generation: Annotated[int, Field(ge=1)] = 1
    """Raise it by one to replace the password (default 1); docs/runbook.md, "Rotate a secret", has the rest."""

    @model_validator(mode="after")
    def _can_be_named_so(self) -> Self:
        for key, name in (("username", self.username), ("schema_name", self.schema_name)):
            if name.startswith(_RESERVED):
                reject(key, f"must not begin with {', '.join(_RESERVED)}", name, "use another name")
        return self

    @property
    def logins(self) -> tuple[str, str]:
        """Who logs in, by turns: what runs keeps its own password while the next one is handed out."""
        return f"{self.username}_a", f"{self.username}_b"

    @property
    def login(self) -> str:
        """Who logs in with the password of this generation."""
        return self.logins[(self.generation - 1) % 2]


def known_regions() -> list[str]:
    """The regions whose certificate authority of RDS is beside the function's code, by which it knows the server."""
    return sorted(file.stem for file in _CERTIFICATES.glob("*.pem"))


class DatabaseSettings(Database):
    """One PostgreSQL instance: its size, its safety net and when it may be worked on."""

    allow_major_upgrade: bool = False
    """Let a new engine_version upgrade the instance, with downtime and no way back (default false: it is refused)."""
    instance_class: InstanceClass
    """The instance's size, such as db.t4g.micro or db.m7g.large. The alarms on memory and connections follow from it,
    so a class whose memory isn't known (adelie/database/sizes.py) is refused."""
    username: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")] = "postgres"
    """The owner's user name (default "postgres", as RDS's own); a new name is a new, empty instance."""
    allocated_storage_gib: Annotated[int, Field(ge=20, le=65536)]
    """GiB of gp3 storage to begin with: 20 to 65536; it never shrinks."""
    max_storage_gib: Annotated[int, Field(ge=22, le=65536)]
    """GiB that storage may grow to by itself: at least 10 % more than allocated_storage_gib."""
    multi_az: bool
    """Keep a standby in a second zone that takes over by itself; doubles the price."""
    backup_retention_days: Annotated[int, Field(ge=0, le=35)]
    """Days that one can go back to any second of: 0 (no backups at all) to 35."""
    backup_window_kst: DailyWindow
    """When the daily backup is taken, in Korean time: "03:00-03:30", half an hour or more."""
    maintenance_window_kst: WeeklyWindow
    """When RDS may patch and restart, in Korean time: "sun:04:00-sun:04:30", half an hour or more."""
    deletion_protection: bool
    """Refuse to delete the instance until this is turned off in an apply of its own."""
    final_snapshot: bool
    """Take a snapshot when the instance is deleted. A second deletion fails while the first one's snapshot exists."""
    keep_automated_backups: bool
    """Keep the automated backups after the instance is deleted, until they are backup_retention_days old."""
    password_rotation_days: Annotated[int, Field(ge=1, le=1000)] | None
    """Days between RDS's rotations of the owner's password, 1 to 1000; null leaves RDS's own schedule of 7 days.

    Only a migration and the function that makes the application's role use it, and both read it when they start. What
    serves users logs in as the application (`application`), whose password changes only with its generation.
    """
    application: ApplicationRoleSettings = ApplicationRoleSettings()
    """The role that services and jobs have (default: "application", in the schema public)."""
    slow_statement_ms: Annotated[int, Field(ge=0)] = 1000
    """Statements that take this many milliseconds or more are logged (default 1000; 0 logs all of them)."""
    database_insights: Literal["none", "standard", "advanced"]
    """Load by statement, wait and user, kept 7 days (standard) or 465 (advanced, paid by the vCPU); "none" is for an
    emulator or an instance class without them."""
    enhanced_monitoring_seconds: Literal[0, 1, 5, 10, 15, 30, 60] = 60
    """Seconds between measurements of the operating system (default 60); 0 turns it off, which saves log storage."""
    log_retention_days: Annotated[LogRetentionDays, Inherited()]
    """Days that PostgreSQL's logs stay in CloudWatch Logs."""
    apply_immediately: bool = False
    """Change the instance at once, with a restart where one is needed (default false: in the maintenance window)."""
    ca_bundle_path: str | None = None
    """Where the images hold RDS's CA bundle (truststore.pki.rds.amazonaws.com/global/global-bundle.pem).

    Set, clients verify the server (PGSSLMODE=verify-full); omitted, they encrypt without verifying (require), because
    RDS's authority is its own and no system trusts it.
    """

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        least = -(-self.allocated_storage_gib * (100 + _LEAST_GROWTH_PERCENT) // 100)  # rounded up
        if self.max_storage_gib < least:
            reject(
                "max_storage_gib",
                f"must be {_LEAST_GROWTH_PERCENT} % or more over allocated_storage_gib ({self.allocated_storage_gib})",
                self.max_storage_gib,
                f"use {least} or more",
            )
        if self.username in (self.application.username, *self.application.logins):
            reject("application.username", "must not be the owner's", self.application.username, "use another name")
        check_windows(
            daily=("backup_window_kst", self.backup_window_kst),
            weekly=("maintenance_window_kst", self.maintenance_window_kst),
            shortest_minutes=_SHORTEST_DATABASE_WINDOW_MINUTES,
        )
        return self


class CacheSettings(Cache):
    """One cache: a primary with replicas, and when it may be worked on."""

    node_type: Annotated[str, StringConstraints(pattern=r"^cache\.[a-z0-9-]+\.[a-z0-9]+$")]
    """The size of each node, such as cache.t4g.micro or cache.m7g.large."""
    replicas: Annotated[int, Field(ge=0, le=5)]
    """Copies beside the primary, 0 to 5, each paid as a node."""
    automatic_failover: bool
    """Make a replica the primary when the primary fails; needs a replica."""
    multi_az: bool
    """Keep primary and replicas in different zones; needs automatic_failover."""
    maxmemory_policy: Annotated[
        Literal[
            "noeviction",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
        ]
        | None,
        EmulatorOnly(None),
    ]
    """What goes when memory is full. Queues and cache share it, so a volatile-* policy (only keys with a time to live)
    keeps queued work; null leaves the engine's own parameters, for an emulator without parameter groups."""
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)]
    """Days that daily snapshots are kept: 0 (none) to 35."""
    snapshot_window_kst: DailyWindow
    """When the daily snapshot is taken, in Korean time: "03:00-04:00", an hour or more."""
    maintenance_window_kst: WeeklyWindow
    """When ElastiCache may patch and fail over, in Korean time: "sun:04:30-sun:05:30", an hour or more."""
    final_snapshot: bool
    """Take a snapshot when the cache is deleted. A second deletion fails while the first one's snapshot exists."""
    log_retention_days: Annotated[LogRetentionDays, Inherited()]
    """Days that slow log and engine log stay in CloudWatch Logs."""
    iam_authentication: Annotated[bool, EmulatorOnly(False)] = True
    """Clients prove who they are with an IAM token (default true). False lets in whoever reaches the port, for an
    emulator without users."""
    apply_immediately: bool = False
    """Change the cache at once (default false: in the maintenance window). ElastiCache refuses a change of the logs
    that isn't immediate (user guide, "Log delivery"), so it must be true for such a deploy."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.automatic_failover and not self.replicas:
            reject("automatic_failover", "needs a replica", self.automatic_failover, "set replicas to 1 or more")
        if self.multi_az and not self.automatic_failover:
            reject("multi_az", "needs automatic_failover", self.multi_az, "set automatic_failover to true")
        check_windows(
            daily=("snapshot_window_kst", self.snapshot_window_kst),
            weekly=("maintenance_window_kst", self.maintenance_window_kst),
            shortest_minutes=_SHORTEST_CACHE_WINDOW_MINUTES,
        )
        return self
