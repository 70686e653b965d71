"""Backups that outlive what they are copies of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adelie.operations.settings import BackupSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.bounded_role import bounded_role
from adelie.shared.data import BackupSource, holds_data
from adelie.shared.encryption import CustomerKey
from adelie.shared.metric_alarm import metric_alarms
from adelie.values.metric import Alarm, Metric
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy, policy_document

_WINDOW_MINUTES: Final = 60
"""Minutes in which a job begins; AWS Backup takes 60 or more."""
_COMPLETION_MINUTES: Final = 480
_HALF_A_DAY: Final = 43200
_DAY: Final = 86400


class BackupPlan(Construct):
    """A vault of AWS Backup, encrypted with the customer key, a plan, and alarms on jobs that fail or are missing.

    Copies each of `sources`, through a role that can read those and nothing else: of what the platform has, AWS Backup
    copies RDS and S3, and not ElastiCache (AWS Backup developer guide, "What is AWS Backup?"). Backups in the vault
    outlive the databases and buckets that they are of, and the roles of the workloads have no way to them. They are
    full copies on a schedule; going back to any minute is what RDS's own backups and the buckets' versions are for.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: BackupSettings,
        names: AwsNames,
        key: CustomerKey,
        topic: AlarmTopic,
        sources: Sequence[BackupSource],
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        vault = holds_data(
            aws.BackupVault(
                self, "vault", name=names.name("aws_backup_vault", "data"), kms_key_arn=key.arn, force_destroy=False
            )
        )
        if settings.lock_days is not None:
            aws.BackupVaultLockConfiguration(
                self, "lock", backup_vault_name=vault.name, min_retention_days=settings.lock_days
            )
        plan = aws.BackupPlan(
            self, "plan", name=names.name("aws_backup_plan", "data"), rule=_rules(settings, vault.name)
        )
        role, policy = self._role(sources, key)
        aws.BackupSelection(
            self,
            "selection",
            name=names.name("aws_backup_selection", "data"),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=[source.arn for source in sources],
            depends_on=[policy],
        )
        self._vault_name = vault.name
        self.alarms = metric_alarms(self, self._alarms(len(sources)), names=names, topic_arn=topic.arn)
        """The alarms on jobs that fail or are missing, by their ARNs."""

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of the vault's jobs (AWS Backup developer guide, "AWS Backup metrics with CloudWatch")."""
        dimensions = {"BackupVaultName": self._vault_name}
        return Metric(namespace="AWS/Backup", name=name, dimensions=dimensions, statistic=statistic)

    def _alarms(self, daily: int) -> list[Alarm]:
        return [
            *(
                Alarm(
                    id=f"{kind.lower()}-alarm",
                    name=("backup", kind.lower()),
                    description=f"A backup job has {kind.lower()}: docs/runbook.md, Backups",
                    watches=self.metric(f"NumberOfBackupJobs{kind}", "Sum"),
                    period_seconds=_HALF_A_DAY,
                )
                for kind in ("Failed", "Aborted", "Expired")
            ),
            # A job that was never begun is no failed one: a plan that does not run, a resource that it does not find.
            Alarm(
                id="missing-alarm",
                name=("backup", "missing"),
                description=f"Fewer than {daily} backups a day, for two days: docs/runbook.md, Backups",
                watches=self.metric("NumberOfBackupJobsCompleted", "Sum"),
                threshold=daily,
                comparison="LessThanThreshold",
                period_seconds=_DAY,
                periods=2,
                missing="breaching",
            ),
        ]

    def _role(self, sources: Sequence[BackupSource], key: CustomerKey) -> tuple[aws.IamRole, aws.IamRolePolicy]:
        databases = [source.arn for source in sources if source.kind == "database"]
        buckets = [source.arn for source in sources if source.kind == "bucket"]
        keys = (key, *(source.key for source in sources))
        key_arns = list(dict.fromkeys(customer_key.arn for customer_key in keys if customer_key))
        role = bounded_role(
            self,
            "role",
            names=self._names,
            name=self._names.name("aws_iam_role", "backup"),
            description="AWS Backup's copies of the database and the objects",
            trust=assume_role_policy("backup.amazonaws.com", source_account=self._names.account_id),
        )
        policy = aws.IamRolePolicy(
            self,
            "copies",
            name="copies",
            role=role.name,
            policy=policy_document(
                *(self._database_statements(databases) if databases else ()),
                *self._vault_statements(),
                *(self._bucket_statements(buckets) if buckets else ()),
                *_key_statements(key_arns, self._names.region),
            ),
        )
        return role, policy

    def _database_statements(self, database_arns: list[str]) -> tuple[Statement, ...]:
        """The part of AWSBackupServiceRolePolicyForBackup that is about RDS, for these databases."""
        snapshots = self._names.arn("rds", "snapshot:awsbackup:*")
        return (
            Statement(
                sid="CopyDatabase",
                actions=[
                    "rds:AddTagsToResource",
                    "rds:CreateDBSnapshot",
                    "rds:DescribeDBInstances",
                    "rds:ListTagsForResource",
                ],
                resources=[*database_arns, snapshots],
            ),
            Statement(
                sid="KeepSnapshots",
                actions=["rds:DeleteDBSnapshot", "rds:DescribeDBSnapshots", "rds:ModifyDBSnapshotAttribute"],
                resources=[*database_arns, snapshots],
            ),
        )

    def _vault_statements(self) -> tuple[Statement, ...]:
        """The part of it that is about the vault and what lies in it."""
        return (
            Statement(
                sid="FillVault",
                actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
                resources=[self._names.arn("backup", f"backup-vault:{self._names.prefix}-*")],
            ),
            Statement(
                sid="TagBackups",
                actions=["backup:TagResource"],
                resources=[self._names.arn("backup", "recovery-point:*")],
            ),
            # No resource level (service authorization reference).
            Statement(sid="FindTagged", actions=["tag:GetResources"], resources=["*"]),
        )

    def _bucket_statements(self, bucket_arns: list[str]) -> tuple[Statement, ...]:
        """AWSBackupServiceRolePolicyForS3Backup, for these buckets."""
        return (
            Statement(
                sid="ReadBucket",
                actions=[
                    "s3:GetBucketAcl",
                    "s3:GetBucketLocation",
                    "s3:GetBucketNotification",
                    "s3:GetBucketTagging",
                    "s3:GetBucketVersioning",
                    "s3:GetInventoryConfiguration",
                    "s3:ListBucket",
                    "s3:ListBucketVersions",
                    "s3:ListTagsForResource",
                    "s3:PutBucketNotification",
                    "s3:PutInventoryConfiguration",
                ],
                resources=bucket_arns,
            ),
            Statement(
                sid="ReadObjects",
                actions=[
                    "s3:GetObject",
                    "s3:GetObjectAcl",
                    "s3:GetObjectTagging",
                    "s3:GetObjectVersion",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                ],
                resources=[f"{arn}/*" for arn in bucket_arns],
            ),
            Statement(
                sid="FollowChanges",
                actions=[
                    "events:DeleteRule",
                    "events:DescribeRule",
                    "events:DisableRule",
                    "events:EnableRule",
                    "events:ListTargetsByRule",
                    "events:PutRule",
                    "events:PutTargets",
                    "events:RemoveTargets",
                ],
                resources=[self._names.arn("events", "rule/AwsBackupManagedRule*")],
            ),
            # No resource level (service authorization reference).
            Statement(
                sid="FindRulesAndSizes",
                actions=["cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"],
                resources=["*"],
            ),
        )


def _key_statements(key_arns: list[str], region: str) -> tuple[Statement, ...]:
    """Of the same two policies: objects are decrypted through S3, anything else by the service that has a grant."""
    return (
        Statement(
            sid="ReadEncrypted",
            actions=["kms:Decrypt"],
            resources=key_arns,
            conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
        ),
        Statement(sid="LookAtKey", actions=["kms:DescribeKey"], resources=key_arns),
        Statement(
            sid="LetServicesEncrypt",
            actions=["kms:CreateGrant"],
            resources=key_arns,
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def _rules(settings: BackupSettings, vault_name: str) -> list[aws.BackupPlanRule]:
    hour, minute = (int(part) for part in settings.daily_kst.split(":"))
    rules = [("daily", f"cron({minute} {hour} * * ? *)", settings.daily_retention_days)]
    if settings.monthly_retention_days is not None:
        rules.append(("monthly", f"cron({minute} {hour} 1 * ? *)", settings.monthly_retention_days))
    return [
        aws.BackupPlanRule(
            rule_name=name,
            target_vault_name=vault_name,
            schedule=schedule,
            schedule_expression_timezone="Asia/Seoul",
            start_window=_WINDOW_MINUTES,
            completion_window=_COMPLETION_MINUTES,
            lifecycle=aws.BackupPlanRuleLifecycle(delete_after=retention_days),
        )
        for name, schedule, retention_days in rules
    ]
