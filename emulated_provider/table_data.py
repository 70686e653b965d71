"""The table's entries for what holds data, and who may read it: KMS, S3, Secrets Manager, RDS, ElastiCache, IAM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulated_provider.entry import Entry, call, if_set
from emulated_provider.shapes import LOCAL
from emulated_provider.values import Json


def _bucket_part(put: str, get: str, delete: str | None, found: str, **parameters: Json) -> Entry:
    """One of a bucket's configurations, each with calls of its own."""
    return Entry(
        service="s3",
        create=call(f"put_{put}", Bucket="$bucket", **parameters),
        id="$bucket",
        read=(call(f"get_{get}", Bucket="$id"), found),
        delete=(call(f"delete_{delete}", Bucket="$id"),) if delete else (),
        answers={"bucket": LOCAL},
    )


def _empty_bucket(client: Any, values: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ANN401 -- a boto3 client
    """`force_destroy`: remove every version of every object."""
    if not values["force_destroy"]:
        return {}
    for page in client.get_paginator("list_object_versions").paginate(Bucket=values["id"]):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            client.delete_object(Bucket=values["id"], Key=version["Key"], VersionId=version["VersionId"])
    return {}


def _recovery(values: Mapping[str, Json]) -> Mapping[str, Json]:
    """Terraform's window of 0 days is AWS's deletion without recovery."""
    window = values.get("recovery_window_in_days")
    return {"window": window or None, "forced": True if window == 0 else None}


STORAGE: Final[Mapping[str, Entry]] = {
    "aws_kms_key": Entry(
        service="kms",
        create=call("create_key"),
        id="KeyMetadata.KeyId",
        then=(if_set("enable_key_rotation", KeyId="$id", RotationPeriodInDays="$rotation_period_in_days"),),
        read=(call("describe_key", KeyId="$id"), "KeyMetadata.[@][?KeyState!='PendingDeletion']|[0]"),
        more=(
            (call("get_key_policy", KeyId="$id", PolicyName="default"), "@"),
            (
                call("get_key_rotation_status", KeyId="$id"),
                "{Rotates: KeyRotationEnabled, RotationPeriodInDays: RotationPeriodInDays}",
            ),
        ),
        delete=(call("schedule_key_deletion", KeyId="$id", PendingWindowInDays="$deletion_window_in_days"),),
        names={"deletion_window_in_days": LOCAL, "enable_key_rotation": LOCAL},
        answers={"enable_key_rotation": "Rotates"},
    ),
    "aws_kms_alias": Entry(
        service="kms",
        create=call("create_alias"),
        id="$name",
        read=(call("list_aliases", KeyId="$target_key_id"), "Aliases[?AliasName=='$id']|[0]"),
        delete=(call("delete_alias", AliasName="$id"),),
        names={"name": "AliasName", "arn": "AliasArn"},
    ),
    "aws_s3_bucket": Entry(
        service="s3",
        create=call("create_bucket", CreateBucketConfiguration={"LocationConstraint": "$region"}),
        id="$bucket",
        then=(call("put_bucket_tagging", Bucket="$id", Tagging={"TagSet": "$tags_all"}),),
        read=(call("head_bucket", Bucket="$id"), "@"),
        before_delete=_empty_bucket,
        delete=(call("delete_bucket", Bucket="$id"),),
        names={"force_destroy": LOCAL},
        answers={"bucket": LOCAL},
        computed={
            "arn": "arn:aws:s3:::$id",
            "bucket_domain_name": "$id.s3.amazonaws.com",
            "bucket_regional_domain_name": "$id.s3.$region.amazonaws.com",
        },
    ),
    "aws_s3_bucket_versioning": _bucket_part(
        "bucket_versioning",
        "bucket_versioning",
        None,
        "Status && {VersioningConfiguration: @}",
        VersioningConfiguration="$versioning_configuration",
    ),
    "aws_s3_bucket_ownership_controls": _bucket_part(
        "bucket_ownership_controls",
        "bucket_ownership_controls",
        "bucket_ownership_controls",
        "OwnershipControls",
        OwnershipControls={"Rules": "$rule"},
    ),
    "aws_s3_bucket_public_access_block": Entry(
        service="s3",
        create=call("put_public_access_block", Bucket="$bucket"),
        into="PublicAccessBlockConfiguration",
        id="$bucket",
        read=(call("get_public_access_block", Bucket="$id"), "PublicAccessBlockConfiguration"),
        delete=(call("delete_public_access_block", Bucket="$id"),),
        answers={"bucket": LOCAL},
    ),
    "aws_s3_bucket_server_side_encryption_configuration": _bucket_part(
        "bucket_encryption",
        "bucket_encryption",
        "bucket_encryption",
        "ServerSideEncryptionConfiguration",
        ServerSideEncryptionConfiguration={"Rules": "$rule"},
    ),
    "aws_s3_bucket_lifecycle_configuration": _bucket_part(
        "bucket_lifecycle_configuration",
        "bucket_lifecycle_configuration",
        "bucket_lifecycle",
        "@",
        LifecycleConfiguration={"Rules": "$rule"},
    ),
    "aws_s3_bucket_logging": _bucket_part(
        "bucket_logging",
        "bucket_logging",
        None,
        "LoggingEnabled",
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "$target_bucket", "TargetPrefix": "$target_prefix"}},
    ),
    "aws_s3_bucket_policy": _bucket_part("bucket_policy", "bucket_policy", "bucket_policy", "@"),
    "aws_secretsmanager_secret": Entry(
        service="secretsmanager",
        create=call("create_secret"),
        id="ARN",
        read=(call("describe_secret", SecretId="$id"), "[@][?!DeletedDate]|[0]"),
        derive=_recovery,
        delete=(
            call("delete_secret", SecretId="$id", RecoveryWindowInDays="$window", ForceDeleteWithoutRecovery="$forced"),
        ),
        names={"recovery_window_in_days": LOCAL, "policy": LOCAL, "replica": LOCAL},
    ),
    "aws_secretsmanager_secret_version": Entry(
        service="secretsmanager",
        create=call("put_secret_value", SecretString="$secret_string_wo"),
        id="join('|', [ARN, VersionId])",
        read=(call("describe_secret", SecretId="$secret_id"), "VersionIdsToStages && @"),
        names={"secret_string_wo_version": LOCAL},
        answers={"secret_id": "ARN"},
    ),
    "aws_secretsmanager_secret_rotation": Entry(
        service="secretsmanager",
        create=call("rotate_secret"),
        id="ARN",
        read=(call("describe_secret", SecretId="$id"), "RotationRules && @"),
        delete=(call("cancel_rotate_secret", SecretId="$id"),),
        names={"rotate_immediately": "RotateImmediately"},
        answers={"secret_id": "ARN"},
    ),
}

_MASTER_SECRET: Final = {
    "master_user_secret": "MasterUserSecret",
}

DATABASES: Final[Mapping[str, Entry]] = {
    "aws_db_subnet_group": Entry(
        service="rds",
        create=call("create_db_subnet_group"),
        id="$name",
        read=(
            call("describe_db_subnet_groups", DBSubnetGroupName="$id"),
            "DBSubnetGroups[0].merge(@, {SubnetIds: Subnets[].SubnetIdentifier})",
        ),
        delete=(call("delete_db_subnet_group", DBSubnetGroupName="$id"),),
        names={
            "name": "DBSubnetGroupName",
            "description": "DBSubnetGroupDescription",
            "arn": "DBSubnetGroupArn",
        },
    ),
    "aws_db_parameter_group": Entry(
        service="rds",
        create=call("create_db_parameter_group"),
        id="$name",
        then=(if_set("modify_db_parameter_group", DBParameterGroupName="$id", Parameters="$parameter"),),
        read=(call("describe_db_parameter_groups", DBParameterGroupName="$id"), "DBParameterGroups[0]"),
        more=((call("describe_db_parameters", DBParameterGroupName="$id", Source="user"), "@"),),
        delete=(call("delete_db_parameter_group", DBParameterGroupName="$id"),),
        names={
            "name": "DBParameterGroupName",
            "family": "DBParameterGroupFamily",
            "arn": "DBParameterGroupArn",
            "parameter.name": "ParameterName",
            "parameter.value": "ParameterValue",
        },
    ),
    "aws_db_instance": Entry(
        service="rds",
        create=call("create_db_instance"),
        id="DBInstance.DBInstanceIdentifier",
        read=(
            call("describe_db_instances", DBInstanceIdentifier="$id"),
            "DBInstances[?DBInstanceStatus!='deleting']|[0]",
        ),
        delete=(
            call(
                "delete_db_instance",
                DBInstanceIdentifier="$id",
                SkipFinalSnapshot="$skip_final_snapshot",
                FinalDBSnapshotIdentifier="$final_snapshot_identifier",
                DeleteAutomatedBackups="$delete_automated_backups",
            ),
        ),
        names={
            "identifier": "DBInstanceIdentifier",
            "arn": "DBInstanceArn",
            "username": "MasterUsername",
            "instance_class": "DBInstanceClass",
            "db_name": "DBName",
            "parameter_group_name": "DBParameterGroupName",
            "backup_window": "PreferredBackupWindow",
            "maintenance_window": "PreferredMaintenanceWindow",
            "iam_database_authentication_enabled": "EnableIAMDatabaseAuthentication",
            "enabled_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
            "ca_cert_identifier": "CACertificateIdentifier",
            "performance_insights_enabled": "EnablePerformanceInsights",
            "performance_insights_kms_key_id": "PerformanceInsightsKMSKeyId",
            "skip_final_snapshot": LOCAL,
            "final_snapshot_identifier": LOCAL,
            "delete_automated_backups": LOCAL,
            "allow_major_version_upgrade": LOCAL,
            "apply_immediately": LOCAL,
        },
        answers={
            "address": "Endpoint.Address",
            "port": "Endpoint.Port",
            "hosted_zone_id": "Endpoint.HostedZoneId",
            "endpoint": LOCAL,
            "db_subnet_group_name": "DBSubnetGroup.DBSubnetGroupName",
            "parameter_group_name": "DBParameterGroups[0].DBParameterGroupName",
            "iam_database_authentication_enabled": "IAMDatabaseAuthenticationEnabled",
            "enabled_cloudwatch_logs_exports": "EnabledCloudwatchLogsExports",
            "performance_insights_enabled": "PerformanceInsightsEnabled",
            "manage_master_user_password": LOCAL,
            "master_user_secret_kms_key_id": LOCAL,
            "vpc_security_group_ids": LOCAL,
        },
        normalized=("engine_version",),
    ),
    "aws_elasticache_subnet_group": Entry(
        service="elasticache",
        create=call("create_cache_subnet_group"),
        id="$name",
        read=(
            call("describe_cache_subnet_groups", CacheSubnetGroupName="$id"),
            "CacheSubnetGroups[0].merge(@, {SubnetIds: Subnets[].SubnetIdentifier})",
        ),
        delete=(call("delete_cache_subnet_group", CacheSubnetGroupName="$id"),),
        names={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
    ),
    "aws_elasticache_parameter_group": Entry(
        service="elasticache",
        create=call("create_cache_parameter_group"),
        id="$name",
        then=(if_set("modify_cache_parameter_group", CacheParameterGroupName="$id", ParameterNameValues="$parameter"),),
        read=(call("describe_cache_parameter_groups", CacheParameterGroupName="$id"), "CacheParameterGroups[0]"),
        more=((call("describe_cache_parameters", CacheParameterGroupName="$id", Source="user"), "@"),),
        delete=(call("delete_cache_parameter_group", CacheParameterGroupName="$id"),),
        names={
            "name": "CacheParameterGroupName",
            "family": "CacheParameterGroupFamily",
            "parameter.name": "ParameterName",
            "parameter.value": "ParameterValue",
        },
    ),
    "aws_elasticache_user": Entry(
        service="elasticache",
        create=call("create_user"),
        id="$user_id",
        read=(call("describe_users", UserId="$id"), "Users[?Status!='deleting']|[0]"),
        delete=(call("delete_user", UserId="$id"),),
        answers={"authentication_mode": LOCAL},
    ),
    "aws_elasticache_user_group": Entry(
        service="elasticache",
        create=call("create_user_group"),
        id="$user_group_id",
        read=(call("describe_user_groups", UserGroupId="$id"), "UserGroups[?Status!='deleting']|[0]"),
        delete=(call("delete_user_group", UserGroupId="$id"),),
    ),
    "aws_elasticache_replication_group": Entry(
        service="elasticache",
        create=call("create_replication_group"),
        id="$replication_group_id",
        read=(
            call("describe_replication_groups", ReplicationGroupId="$id"),
            "ReplicationGroups[?Status!='deleting']|[0]",
        ),
        delete=(
            call(
                "delete_replication_group",
                ReplicationGroupId="$id",
                FinalSnapshotIdentifier="$final_snapshot_identifier",
            ),
        ),
        names={
            "description": "ReplicationGroupDescription",
            "node_type": "CacheNodeType",
            "parameter_group_name": "CacheParameterGroupName",
            "subnet_group_name": "CacheSubnetGroupName",
            "maintenance_window": "PreferredMaintenanceWindow",
            "log_delivery_configuration.destination": "DestinationDetails.CloudWatchLogsDetails.LogGroup",
            "final_snapshot_identifier": LOCAL,
            "apply_immediately": LOCAL,
        },
        answers={
            "description": "Description",
            "num_cache_clusters": LOCAL,
            "engine_version": LOCAL,
            "automatic_failover_enabled": "AutomaticFailover",
            "multi_az_enabled": "MultiAZ",
            "primary_endpoint_address": "NodeGroups[0].PrimaryEndpoint.Address",
            "reader_endpoint_address": "NodeGroups[0].ReaderEndpoint.Address",
            "port": "NodeGroups[0].PrimaryEndpoint.Port",
            "arn": "ARN",
        },
    ),
}

IDENTITY: Final[Mapping[str, Entry]] = {
    "aws_iam_role": Entry(
        service="iam",
        create=call("create_role"),
        id="$name",
        read=(call("get_role", RoleName="$id"), "Role"),
        delete=(call("delete_role", RoleName="$id"),),
        names={
            "name": "RoleName",
            "assume_role_policy": "AssumeRolePolicyDocument",
            "unique_id": "RoleId",
            "inline_policy": LOCAL,
            "managed_policy_arns": LOCAL,
        },
    ),
    "aws_iam_role_policy": Entry(
        service="iam",
        create=call("put_role_policy"),
        id="$role:$name",
        read=(call("get_role_policy", RoleName="$role", PolicyName="$name"), "@"),
        delete=(call("delete_role_policy", RoleName="$role", PolicyName="$name"),),
        names={"name": "PolicyName", "role": "RoleName", "policy": "PolicyDocument"},
    ),
    "aws_iam_role_policy_attachment": Entry(
        service="iam",
        create=call("attach_role_policy"),
        id="$role/$policy_arn",
        read=(
            call("list_attached_role_policies", RoleName="$role"),
            "AttachedPolicies[?PolicyArn=='$policy_arn']|[0]",
        ),
        delete=(call("detach_role_policy", RoleName="$role", PolicyArn="$policy_arn"),),
        names={"role": "RoleName"},
    ),
    "aws_iam_instance_profile": Entry(
        service="iam",
        create=call("create_instance_profile"),
        id="$name",
        then=(call("add_role_to_instance_profile", InstanceProfileName="$id", RoleName="$role"),),
        read=(
            call("get_instance_profile", InstanceProfileName="$id"),
            "InstanceProfile.merge(@, {RoleName: Roles[0].RoleName})",
        ),
        delete=(
            call("remove_role_from_instance_profile", InstanceProfileName="$id", RoleName="$role"),
            call("delete_instance_profile", InstanceProfileName="$id"),
        ),
        names={"name": "InstanceProfileName", "role": "RoleName", "unique_id": "InstanceProfileId"},
    ),
}

DATA: Final[Mapping[str, Entry]] = {**STORAGE, **DATABASES, **IDENTITY}
