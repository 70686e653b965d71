"""PostgreSQL on RDS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adelie import aws
from adelie.data import BackupSource, holds_data
from adelie.database.application_role import ApplicationRole, ApplicationRoleSettings
from adelie.log_retention import LogRetentionDays
from adelie.policy import Statement, assume_role_policy
from adelie.role import role
from adelie.security_group import SecurityGroup
from adelie.settings import Settings, reject
from adelie.terraform import Construct, TerraformResourceLifecycle
from adelie.windows import DailyWindow, WeeklyWindow, check_windows, daily_window_in_utc, weekly_window_in_utc

if TYPE_CHECKING:
    from adelie.encryption import CustomerKey
    from adelie.naming import AwsTarget
    from adelie.network import Network
    from adelie.workload import Peer, Workload

_PORT: Final = 5432
_LOG_EXPORTS: Final = ("postgresql", "upgrade")
_SHORTEST_WINDOW_MINUTES: Final = 30  # RDS user guide: backup window, maintenance window.
_LEAST_GROWTH_PERCENT: Final = 10  # RDS user guide: how far the autoscaling threshold lies over the allocated storage.

_LOG_CONNECTIONS: Final[Mapping[str, str]] = MappingProxyType({"17": "1", "18": "authorization"})
"""One record for each established connection: a switch up to PostgreSQL 17, a list of stages since 18."""

_INSIGHTS_RETENTION_DAYS: Final[Mapping[str, int]] = MappingProxyType({"standard": 7, "advanced": 465})
"""RDS user guide, Database Insights: 7 days come with the standard mode, the advanced mode needs 465."""


class DatabaseSettings(Settings):
    """One PostgreSQL instance: its size, its safety net and when it may be worked on."""

    engine_version: Literal["17", "18"]
    """PostgreSQL's major version; minor versions are applied by RDS in the maintenance window."""
    allow_major_upgrade: bool = False
    """Let a new engine_version upgrade the instance, with downtime and no way back (default false: it is refused)."""
    instance_class: Annotated[str, StringConstraints(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$")]
    """The instance's size, such as db.t4g.micro or db.m7g.large."""
    database_name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    """The database that is created in the instance; a new name is a new, empty instance."""
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
    log_retention_days: LogRetentionDays
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
            shortest_minutes=_SHORTEST_WINDOW_MINUTES,
        )
        return self


class Database(Construct):
    """A PostgreSQL instance that only what connects to it can reach, and whose passwords nobody has to know.

    It lives in the isolated subnets, is encrypted with the customer key (storage, insights, logs, passwords) and speaks
    TLS only. It has two kinds of user. RDS makes the owner's password and keeps it in Secrets Manager; migrations are
    the owner. Services and jobs have a role of their own, which reads and writes the application's tables and no more
    (`ApplicationRole`). Neither password stands in a state or a file. IAM tokens are switched on but lead nowhere: no
    role of the database has rds_iam, and no role of IAM may connect with one.

    >>> database = Database(
    ...     self, "database", settings=settings, target=target, key=key, network=network
    ... )  # doctest: +SKIP
    >>> database.connect(backend_api)  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: DatabaseSettings,
        target: AwsTarget,
        key: CustomerKey,
        network: Network,
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self._target = target
        self._key = key
        self.port = _PORT
        self.identifier = target.name("aws_db_instance", "database")

        self._security_group = self._closed_security_group(network)
        self._instance = self._postgres(network)
        self.arn = self._instance.arn
        holds_data(self._instance, backup=BackupSource(kind="database", arn=self.arn, key=key))
        self._secret_arn = self._instance.master_user_secret.get(0).secret_arn
        self.endpoint_address = self._instance.address
        self._rotation()
        self._application = ApplicationRole(
            self,
            "application",
            settings=settings.application,
            target=target,
            key=key,
            network=network,
            owner_secret_arn=self._secret_arn,
            server=self._server(),
            log_retention_days=settings.log_retention_days,
        )
        self.allow_from(self._application)

    def allow_from(self, peer: Peer) -> None:
        """Open PostgreSQL's port, and nothing else, from `peer`."""
        self._security_group.allow_tcp_from(peer.security_group, peer_id=peer.peer_id, port=self.port)

    def connect(self, workload: Workload) -> None:
        """Open the port, and give `workload` libpq's variables for the application's role.

        PGHOST, PGPORT, PGDATABASE, PGSSLMODE (and PGSSLROOTCERT with a CA bundle) are plain; PGUSER and PGPASSWORD are
        taken from one secret by ECS when the container starts, which the code itself can't read.
        """
        self._connect(workload, self._application.secret.arn, self._application.secret.read_statements())

    def connect_owner(self, workload: Workload) -> None:
        """As `connect`, for the owner: a migration, which makes and alters tables, and nothing that serves users."""
        read_password = (
            Statement(
                sid="ReadDatabasePassword",
                actions=["secretsmanager:GetSecretValue"],
                resources=[self._secret_arn],
            ),
            self._key.decrypt_statement(
                "DecryptDatabasePassword", via_service=f"secretsmanager.{self._target.region}.amazonaws.com"
            ),
        )
        self._connect(workload, self._secret_arn, read_password)

    def _connect(self, workload: Workload, secret_arn: str, read: tuple[Statement, ...]) -> None:
        self.allow_from(workload)
        workload.grant_execution("database-password", *read)
        workload.add_environment({**self._server(), **self._verification()})
        workload.add_secrets({"PGUSER": f"{secret_arn}:username::", "PGPASSWORD": f"{secret_arn}:password::"})

    def _server(self) -> Mapping[str, str]:
        return {
            "PGHOST": self.endpoint_address,
            "PGPORT": str(self.port),
            "PGDATABASE": self._settings.database_name,
        }

    def _verification(self) -> Mapping[str, str]:
        bundle = self._settings.ca_bundle_path
        return {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": bundle} if bundle else {"PGSSLMODE": "require"}

    def _closed_security_group(self, network: Network) -> SecurityGroup:
        return SecurityGroup(
            self,
            "security-group",
            target=self._target,
            name="database",
            description="PostgreSQL: from what connects to it",
            vpc_id=network.vpc_id,
        )

    def _postgres(self, network: Network) -> aws.DbInstance:
        settings, key_arn = self._settings, self._key.arn
        insights = settings.database_insights != "none"
        monitoring, monitoring_policy = (
            self._monitoring_role() if settings.enhanced_monitoring_seconds else (None, None)
        )
        return aws.DbInstance(
            self,
            "instance",
            identifier=self.identifier,
            engine="postgres",
            engine_version=settings.engine_version,
            allow_major_version_upgrade=settings.allow_major_upgrade,
            auto_minor_version_upgrade=True,
            apply_immediately=settings.apply_immediately,
            instance_class=settings.instance_class,
            parameter_group_name=self._parameter_group().name,
            db_name=settings.database_name,
            username=settings.username,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=key_arn,
            iam_database_authentication_enabled=True,
            port=self.port,
            multi_az=settings.multi_az,
            publicly_accessible=False,
            db_subnet_group_name=self._subnet_group(network).name,
            vpc_security_group_ids=[self._security_group.security_group_id],
            ca_cert_identifier="rds-ca-rsa2048-g1",
            storage_type="gp3",
            allocated_storage=settings.allocated_storage_gib,
            max_allocated_storage=settings.max_storage_gib,
            storage_encrypted=True,
            kms_key_id=key_arn,
            backup_retention_period=settings.backup_retention_days,
            backup_window=daily_window_in_utc(settings.backup_window_kst),
            maintenance_window=weekly_window_in_utc(settings.maintenance_window_kst),
            delete_automated_backups=not settings.keep_automated_backups,
            deletion_protection=settings.deletion_protection,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=f"{self.identifier}-final" if settings.final_snapshot else None,
            copy_tags_to_snapshot=True,
            performance_insights_enabled=insights,
            performance_insights_kms_key_id=key_arn if insights else None,
            performance_insights_retention_period=_INSIGHTS_RETENTION_DAYS.get(settings.database_insights),
            database_insights_mode=settings.database_insights if insights else None,
            monitoring_interval=settings.enhanced_monitoring_seconds,
            monitoring_role_arn=monitoring.arn if monitoring else None,
            enabled_cloudwatch_logs_exports=list(_LOG_EXPORTS),
            depends_on=[*self._log_groups(), *([monitoring_policy] if monitoring_policy else [])],
        )

    def _subnet_group(self, network: Network) -> aws.DbSubnetGroup:
        return aws.DbSubnetGroup(
            self,
            "subnets",
            name=self._target.name("aws_db_subnet_group", "database"),
            description="Isolated subnets: no route out of the VPC",
            subnet_ids=list(network.isolated_subnet_ids),
        )

    def _parameter_group(self) -> aws.DbParameterGroup:
        version = self._settings.engine_version
        family = f"postgres{version}"
        logged = {
            "log_connections": _LOG_CONNECTIONS[version],
            "log_disconnections": "1",
            "log_statement": "ddl",
            "log_min_duration_statement": str(self._settings.slow_statement_ms),
        }
        return aws.DbParameterGroup(
            self,
            "parameters",
            # With the family in its name, so that a major upgrade can make the new group while the old one is in use.
            name=self._target.name("aws_db_parameter_group", "database", family),
            description=f"TLS only, and what {family} logs",
            family=family,
            parameter=[
                aws.DbParameterGroupParameter(name="rds.force_ssl", value="1", apply_method="pending-reboot"),
                *(
                    aws.DbParameterGroupParameter(name=name, value=value, apply_method="immediate")
                    for name, value in logged.items()
                ),
            ],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _log_groups(self) -> list[aws.CloudwatchLogGroup]:
        # Before the instance: RDS would make them itself, unencrypted and for ever.
        return [
            holds_data(
                aws.CloudwatchLogGroup(
                    self,
                    f"log-{export}",
                    name=f"/aws/rds/instance/{self.identifier}/{export}",
                    retention_in_days=self._settings.log_retention_days,
                    kms_key_id=self._key.arn,
                )
            )
            for export in _LOG_EXPORTS
        ]

    def _monitoring_role(self) -> tuple[aws.IamRole, aws.IamRolePolicyAttachment]:
        monitoring = role(
            self,
            "monitoring-role",
            target=self._target,
            name=self._target.name("aws_iam_role", "database-monitoring"),
            description="Lets RDS write the operating system's measurements to CloudWatch Logs",
            trust=assume_role_policy("monitoring.rds.amazonaws.com", source_account=self._target.account_id),
        )
        policy = aws.IamRolePolicyAttachment(
            self,
            "monitoring-policy",
            role=monitoring.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        )
        return monitoring, policy

    def _rotation(self) -> None:
        days = self._settings.password_rotation_days
        if days is None:
            return
        aws.SecretsmanagerSecretRotation(
            self,
            "password-rotation",
            secret_id=self._secret_arn,
            rotate_immediately=False,
            rotation_rules=aws.SecretsmanagerSecretRotationRotationRules(automatically_after_days=days),
        )
