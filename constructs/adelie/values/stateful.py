"""Which resource types hold data. Pure: no cdktf import."""

from __future__ import annotations

from typing import Final

STATEFUL: Final = frozenset(
    {
        "aws_backup_vault",
        "aws_cloudwatch_log_group",
        "aws_db_instance",
        "aws_ecr_repository",
        "aws_elasticache_replication_group",
        "aws_kms_key",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_sqs_queue",
    }
)
"""Types whose loss is a loss of data: a plan that destroys one shows it in bold, and a test knows their addresses."""
