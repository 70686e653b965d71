"""What gaps.yaml says an emulator lacks, it still lacks: each gap is tried, and one that is mended fails here."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from emulated_provider import gaps
from tests.emulated.deployment import EMULATORS, emulated
from tools.emulated.emulators import Emulator
from tools.emulated.kinds import Kind

REGION = "ap-northeast-2"
Try = Callable[[Emulator], object]


def asking(service: str, operation: str, **parameters: object) -> Try:
    return lambda emulator: getattr(emulator.client(service, REGION), operation)(**parameters)


def access_logs(emulator: Emulator) -> None:
    s3, bucket = emulator.client("s3", REGION), "logged"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
    condition = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny | condition]}))
    logging = {"LoggingEnabled": {"TargetBucket": bucket, "TargetPrefix": ""}}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=logging)


def cancelled_rotation(emulator: Emulator) -> None:
    secrets = emulator.client("secretsmanager", REGION)
    secrets.create_secret(Name="rotated", SecretString="hush")
    secrets.cancel_rotate_secret(SecretId="rotated")


def backup_selection(emulator: Emulator) -> None:
    backup = emulator.client("backup", REGION)
    backup.create_backup_vault(BackupVaultName="data")
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "data"}]
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "data", "Rules": rules})["BackupPlanId"]
    role = "arn:aws:iam::000000000000:role/backup"
    backup.create_backup_selection(
        BackupPlanId=plan, BackupSelection={"SelectionName": "data", "IamRoleArn": role, "Resources": ["*"]}
    )


def managed_secret(emulator: Emulator) -> str:
    made = emulator.client("rds", REGION).create_db_instance(
        DBInstanceIdentifier="managed",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="postgres",
        ManageMasterUserPassword=True,
    )
    return made["DBInstance"]["MasterUserSecret"]["SecretArn"]


USER = {
    "UserId": "app",
    "UserName": "app",
    "Engine": "valkey",
    "AccessString": "on ~* &* +@all",
    "AuthenticationMode": {"Type": "iam"},
}
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
WEB_ACL = {"ResourceArn": "arn:aws:wafv2:us-east-1:000000000000:global/webacl/a/b", "LogDestinationConfigs": ["arn"]}

TRIES: dict[tuple[Kind, str], Try] = {
    (Kind.MINISTACK, "aws_appautoscaling_policy"): asking(
        "application-autoscaling", "describe_scaling_policies", ServiceNamespace="ecs"
    ),
    (Kind.MINISTACK, "aws_appautoscaling_scheduled_action"): asking(
        "application-autoscaling", "describe_scheduled_actions", ServiceNamespace="ecs"
    ),
    (Kind.MINISTACK, "aws_appautoscaling_target"): asking(
        "application-autoscaling", "describe_scalable_targets", ServiceNamespace="ecs"
    ),
    (Kind.MINISTACK, "aws_backup_vault_lock_configuration"): asking(
        "backup", "put_backup_vault_lock_configuration", BackupVaultName="data", MinRetentionDays=7
    ),
    (Kind.MINISTACK, "aws_db_instance"): managed_secret,
    (Kind.MINISTACK, "aws_elasticache_user"): asking("elasticache", "create_user", **USER),
    (Kind.MINISTACK, "aws_secretsmanager_secret_rotation"): cancelled_rotation,
    (Kind.MINISTACK, "aws_ssm_parameter"): asking("ssm", "get_parameter", Name=IMAGE),
    (Kind.MINISTACK, "aws_wafv2_web_acl_logging_configuration"): asking(
        "wafv2", "put_logging_configuration", LoggingConfiguration=WEB_ACL
    ),
    (Kind.MOTO, "aws_backup_selection"): backup_selection,
    (Kind.MOTO, "aws_cloudfront_cache_policy"): asking("cloudfront", "list_cache_policies"),
    (Kind.MOTO, "aws_cloudfront_response_headers_policy"): asking("cloudfront", "list_response_headers_policies"),
    (Kind.MOTO, "aws_cloudfront_vpc_origin"): asking("cloudfront", "list_vpc_origins"),
    (Kind.MOTO, "aws_elasticache_parameter_group"): asking("elasticache", "describe_cache_parameter_groups"),
    (Kind.MOTO, "aws_elasticache_subnet_group"): asking(
        "elasticache", "delete_cache_subnet_group", CacheSubnetGroupName="a"
    ),
    (Kind.MOTO, "aws_elasticache_user_group"): asking("elasticache", "describe_user_groups"),
    (Kind.MOTO, "aws_s3_bucket_logging"): access_logs,
    (Kind.MOTO, "aws_secretsmanager_secret_rotation"): cancelled_rotation,
}
"""What must go wrong as long as the gap is there; gaps of single arguments are watched in test_capabilities.py."""


@pytest.fixture(scope="module", params=EMULATORS)
def emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulator]:
    with emulated(request.param, tmp_path_factory.mktemp("gaps")) as started:
        yield started


@pytest.mark.xdist_group("gaps")
def test_every_gap_is_still_there(emulator: Emulator) -> None:
    claimed = {
        resource_type
        for resource_type, gap in gaps.load(emulator.kind).items()
        if gap.lacks or gap.undeletable or gap.stand_in or gap.found
    }
    assert {resource_type for kind, resource_type in TRIES if kind is emulator.kind} == claimed
    mended = [resource_type for resource_type in claimed if not _fails(TRIES[emulator.kind, resource_type], emulator)]
    assert mended == [], f"{emulator.kind.label} can do these now: remove their gaps"


def _fails(attempt: Try, emulator: Emulator) -> bool:
    try:
        attempt(emulator)
    except (ClientError, BotoCoreError, ResponseParserError, LookupError):
        return True
    return False
