"""What AWS Backup does for the copies of the database and the objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.permissions.account import Account, managed_policies
from tests.permissions.call import SOMEBODY, Call, Instead, another, elsewhere
from tests.permissions.calls_common import taken, through

RDS_OF_BACKUP: Final = (
    "rds:AddTagsToResource",
    "rds:CreateDBSnapshot",
    "rds:DescribeDBInstances",
    "rds:ListTagsForResource",
)
"""Of AWSBackupServiceRolePolicyForBackup, what is about instances; the rest of its rds: statement is about clusters."""


def backups(account: Account) -> Iterator[Call]:
    """AWS Backup, with the role of the selection: what AWS's managed policies allow, for what is selected."""
    for body in account.bodies("aws_backup_selection"):
        role = body["iam_role_arn"]
        yield taken(
            account,
            role,
            by="backup.amazonaws.com",
            source_arn=account.arn("backup", "backup-plan:any"),
            # AWS has no page on it; it is how the National Archives trust it (terraform-aws-immutable-aws-backup).
            source="IAM user guide, The confused deputy problem",
        )
        for arn in body["resources"]:
            yield from _copy_bucket(account, role, arn) if arn.startswith("arn:aws:s3:") else _copy(account, role, arn)
        yield from _fill_vault(account, role)


def _copy(account: Account, role: str, database: str) -> Iterator[Call]:
    source = "AWS Backup developer guide, AWS managed policies: AWSBackupServiceRolePolicyForBackup"
    snapshot = account.arn("rds", "snapshot:awsbackup:job-0123456789abcdef")
    for on in (database, snapshot):
        yield Call(
            what=f"a backup of {database} is taken",
            who=role,
            does=[each for each in RDS_OF_BACKUP if on == database or each != "rds:DescribeDBInstances"],
            on=on,
            source=source,
            near_misses={"another": {"on": another(database)}, "another account's": {"on": elsewhere(on)}},
        )
    yield Call(
        what="an old backup is looked for and deleted",
        who=role,
        does=["rds:DescribeDBSnapshots", "rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute"],
        on=snapshot,
        source=source,
        near_misses={
            "a snapshot that somebody took": {"on": account.arn("rds", "snapshot:before-the-change")},
            "another account's": {"on": elsewhere(snapshot)},
        },
    )


def _copy_bucket(account: Account, role: str, bucket: str) -> Iterator[Call]:
    source = "AWS Backup developer guide, AWS managed policies: AWSBackupServiceRolePolicyForS3Backup"
    for statement in managed_policies()["arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup"]["Statement"]:
        listed = statement["Action"]
        actions: list[str] = [listed] if isinstance(listed, str) else listed
        on = {
            "arn:aws:s3:::*": bucket,
            "arn:aws:s3:::*/*": f"{bucket}/any/key",
            "arn:aws:events:*:*:rule/AwsBackupManagedRule*": account.arn("events", "rule/AwsBackupManagedRule-1"),
            "arn:aws:backup:*:*:recovery-point:*": account.arn("backup", "recovery-point:any"),
            "*": "*",
        }[statement["Resource"] if isinstance(statement["Resource"], str) else statement["Resource"][0]]
        what = f"a backup of {bucket} is taken: {statement['Sid']}"
        if statement["Sid"] == "KmsPermissions":
            yield through(
                account,
                account.key_of_bucket(bucket),
                service="s3",
                what=what,
                who=role,
                does=["kms:Decrypt"],
                encryption_context={"aws:s3:arn": f"{bucket}/any/key"},
                source=source,
            )
            continue
        misses: dict[str, Instead] = {"another account's role": {"who": SOMEBODY}}
        if on != "*":
            misses["another account's"] = {"on": elsewhere(on)}
            misses |= (
                {other: {"on": on.replace(bucket, other)} for other in account.buckets_beside(bucket)}
                if bucket in on
                else {}
            )
        yield Call(what=what, who=role, does=actions, on=on, source=source, near_misses=misses)


def _fill_vault(account: Account, role: str) -> Iterator[Call]:
    source = "AWS Backup developer guide, AWS managed policies: AWSBackupServiceRolePolicyForBackup"
    for body in account.bodies("aws_backup_vault"):
        vault, key = account.arn("backup", f"backup-vault:{body['name']}"), body["kms_key_arn"]
        yield Call(
            what="a backup goes into the vault",
            who=role,
            does=["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"],
            on=vault,
            source=source,
            near_misses={
                "another vault": {"on": account.arn("backup", "backup-vault:another")},
                "another account's": {"on": elsewhere(vault)},
                "it deletes the vault": {"does": "backup:DeleteBackupVault"},
            },
        )
        yield Call(
            what="a backup is encrypted by the service that holds it",
            who=role,
            does="kms:CreateGrant",
            on=key,
            context={"kms:GrantIsForAWSResource": "true"},
            source=source,
            near_misses={
                "for somebody who is no service": {"context": {"kms:GrantIsForAWSResource": "false"}},
                "another key": {"on": another(key)},
            },
        )
        yield Call(
            what="a backup looks at its key",
            who=role,
            does="kms:DescribeKey",
            on=key,
            source=source,
            near_misses={"another key": {"on": another(key)}, "it disables it": {"does": "kms:DisableKey"}},
        )
        yield Call(
            what="a backup is found by its tags",
            who=role,
            does="tag:GetResources",
            on="*",
            source=source,
            near_misses={"it tags": {"does": "tag:TagResources"}},
        )
