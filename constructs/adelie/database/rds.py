"""PostgreSQL on RDS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adelie.database.application_role import ApplicationRole
from adelie.database.settings import DatabaseSettings
from adelie.database.sizes import max_connections, memory_mib
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResourceLifecycle
from adelie.shared.bounded_role import bounded_role
from adelie.shared.collaborators import Peer, PrivateNetwork, Workload
from adelie.shared.data import BackupSource, holds_data
from adelie.shared.encryption import CustomerKey
from adelie.shared.security_group import SecurityGroup
from adelie.values.metric import Metric
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy
from adelie.values.windows import daily_window_in_utc, weekly_window_in_utc

_PORT: Final = 5432
_LOG_EXPORTS: Final = ("postgresql", "upgrade")

_LOG_CONNECTIONS: Final[Mapping[str, str]] = MappingProxyType({"17": "1", "18": "authorization"})
"""One record for each established connection: a switch up to PostgreSQL 17, a list of stages since 18."""

_INSIGHTS_RETENTION_DAYS: Final[Mapping[str, int]] = MappingProxyType({"standard": 7, "advanced": 465})
"""RDS user guide, Database Insights: 7 days come with the standard mode, the advanced mode needs 465."""


class Database(Construct):
    """A PostgreSQL instance that only what connects to it can reach, and whose passwords nobody has to know.

    It lives in the isolated subnets, is encrypted with the customer key (storage, insights, logs, passwords) and speaks
    TLS only. It has two kinds of user. RDS makes the owner's password and keeps it in Secrets Manager; migrations are
    the owner. Services and jobs have a role of their own, which reads and writes the application's tables and no more
    (`ApplicationRole`). Neither password is in a state or a file. IAM tokens are switched on but unused: no role of the
    database has rds_iam, and no IAM role may connect with one.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: DatabaseSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self._names = names
        self._key = key
        self.port = _PORT
        self.allocated_storage_gib = settings.allocated_storage_gib
        self.memory_mib = memory_mib(settings.instance_class)
        self.max_connections = max_connections(settings.instance_class)
        """An estimate."""
        self.identifier = names.name("aws_db_instance", "database")

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
            names=names,
            key=key,
            network=network,
            owner_secret_arn=self._secret_arn,
            server=self._server(),
            log_retention_days=settings.log_retention_days,
        )
        self.allow_from(self._application)

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of the instance (RDS user guide, "Amazon CloudWatch metrics for Amazon RDS")."""
        dimensions = {"DBInstanceIdentifier": self.identifier}
        return Metric(namespace="AWS/RDS", name=name, dimensions=dimensions, statistic=statistic)

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
                "DecryptDatabasePassword", via_service=f"secretsmanager.{self._names.region}.amazonaws.com"
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

    def _closed_security_group(self, network: PrivateNetwork) -> SecurityGroup:
        return SecurityGroup(
            self,
            "security-group",
            names=self._names,
            name="database",
            description="PostgreSQL: from what connects to it",
            vpc_id=network.vpc_id,
        )

    def _postgres(self, network: PrivateNetwork) -> aws.DbInstance:
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

    def _subnet_group(self, network: PrivateNetwork) -> aws.DbSubnetGroup:
        return aws.DbSubnetGroup(
            self,
            "subnets",
            name=self._names.name("aws_db_subnet_group", "database"),
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
            name=self._names.name("aws_db_parameter_group", "database", family),
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
        # Before the instance: RDS would create them without encryption or expiry.
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
        monitoring = bounded_role(
            self,
            "monitoring-role",
            names=self._names,
            name=self._names.name("aws_iam_role", "database-monitoring"),
            description="Lets RDS write the operating system's measurements to CloudWatch Logs",
            trust=assume_role_policy("monitoring.rds.amazonaws.com", source_account=self._names.account_id),
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
