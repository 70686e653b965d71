"""Every resource type of the stacks: what it holds at rest and how that is encrypted, or that it holds nothing.

A type that is in neither `ENCRYPTED` nor `CONFIGURATION` fails test_encryption.py. A type whose data is lost with its
resource is in `adelie.values.stateful.STATEFUL` as well; `REPLACEABLE` says why the others aren't.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support import Synthesized, references

Check = Callable[[dict[str, Any]], object]


def _always(_: dict[str, Any]) -> bool:
    """For a service that always encrypts everything itself."""
    return True


ENCRYPTED: Final[Mapping[str, Check]] = {
    "aws_backup_vault": lambda vault: vault["kms_key_arn"],
    "aws_cloudwatch_log_group": lambda group: group.get("kms_key_id") or group.get("region") == "us-east-1",
    "aws_db_instance": lambda database: (
        database["storage_encrypted"]
        and database["kms_key_id"]
        and (not database["performance_insights_enabled"] or database["performance_insights_kms_key_id"])
    ),
    "aws_ecr_repository": lambda repository: repository["encryption_configuration"][0]["encryption_type"] == "KMS",
    # The disks of its tasks Fargate encrypts itself (AWS containers blog, "Introducing server-side encryption ...").
    "aws_ecs_cluster": lambda cluster: cluster["configuration"]["execute_command_configuration"]["kms_key_id"],
    "aws_elasticache_replication_group": lambda cache: (
        cache["at_rest_encryption_enabled"] in {True, "true"}
        and cache["kms_key_id"]
        and cache["transit_encryption_enabled"]
    ),
    "aws_instance": lambda instance: instance["root_block_device"]["encrypted"],
    "aws_kms_key": lambda key: key["enable_key_rotation"],
    # Lambda encrypts code and variables (AWS Lambda developer guide, "Data encryption at rest").
    "aws_lambda_function": _always,
    # By a resource of its own: see test_every_bucket_is_encrypted_versioned_and_owned.
    "aws_s3_bucket": _always,
    # EventBridge Scheduler encrypts what it keeps with a key of AWS's own ("Encryption at rest").
    "aws_scheduler_schedule": _always,
    "aws_secretsmanager_secret": lambda secret: secret["kms_key_id"],
    "aws_secretsmanager_secret_version": lambda version: references(version["secret_id"]),  # with its secret's key
    # Step Functions encrypts definition and history ("Data at rest encryption in Step Functions").
    "aws_sfn_state_machine": _always,
    "aws_sns_topic": lambda topic: topic["kms_master_key_id"],
    "aws_sqs_queue": lambda queue: queue["kms_master_key_id"],
}
"""What holds data at rest, for however long, and what must be true of each resource."""

REPLACEABLE: Final = {
    "aws_ecs_cluster": "its tasks keep nothing",
    "aws_instance": "the bastion is rebuilt from its image",
    "aws_lambda_function": "its code is in this repository",
    "aws_scheduler_schedule": "its payload is in this repository",
    "aws_secretsmanager_secret_version": "a new one is generated; the secret keeps the old ones",
    "aws_sfn_state_machine": "its history is in a log group",
    "aws_sns_topic": "messages are passed on at once",
}
"""What holds data and isn't stateful: why nothing is lost with it."""

COPIED: Final = frozenset({"aws_db_instance", "aws_s3_bucket"})
"""What AWS Backup copies of the stateful types (buckets where they say that they hold data)."""

NOT_COPIED: Final = {
    "aws_backup_vault": "it has the copies",
    "aws_cloudwatch_log_group": "AWS Backup doesn't copy logs; what matters in them has become an alarm by then",
    "aws_ecr_repository": "images are built again out of a commit",
    "aws_elasticache_replication_group": "what it keeps is made again out of the database; it has snapshots of its own",
    "aws_kms_key": "a deleted key waits for days, and its material can't be read",
    "aws_secretsmanager_secret": "a deleted secret waits for days; values are generated, or people have them",
    "aws_sqs_queue": "its messages are runs that failed, which are in the execution history too",
}
"""What is stateful and isn't copied: why that is enough."""

CONFIGURATION: Final = frozenset(
    {
        "aws_acm_certificate",
        "aws_acm_certificate_validation",
        "aws_appautoscaling_policy",
        "aws_appautoscaling_scheduled_action",
        "aws_appautoscaling_target",
        "aws_backup_plan",
        "aws_backup_selection",
        "aws_backup_vault_lock_configuration",
        "aws_budgets_budget",
        "aws_cloudfront_cache_policy",
        "aws_cloudfront_distribution",
        "aws_cloudfront_origin_access_control",
        "aws_cloudfront_response_headers_policy",
        "aws_cloudfront_vpc_origin",
        "aws_cloudwatch_dashboard",
        "aws_cloudwatch_log_delivery",
        "aws_cloudwatch_log_delivery_destination",
        "aws_cloudwatch_log_delivery_source",
        "aws_cloudwatch_metric_alarm",
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_default_security_group",
        "aws_ecr_lifecycle_policy",
        "aws_ecs_cluster_capacity_providers",
        "aws_ecs_service",
        "aws_ecs_task_definition",
        "aws_eip",
        "aws_elasticache_parameter_group",
        "aws_elasticache_subnet_group",
        "aws_elasticache_user",
        "aws_elasticache_user_group",
        "aws_flow_log",
        "aws_iam_instance_profile",
        "aws_iam_policy",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_iam_role_policy_attachment",
        "aws_internet_gateway",
        "aws_kms_alias",
        "aws_lambda_permission",
        "aws_lb",
        "aws_lb_listener",
        "aws_lb_listener_rule",
        "aws_lb_target_group",
        "aws_nat_gateway",
        "aws_route",
        "aws_route53_record",
        "aws_route_table",
        "aws_route_table_association",
        "aws_s3_bucket_lifecycle_configuration",
        "aws_s3_bucket_logging",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
        "aws_scheduler_schedule_group",
        "aws_secretsmanager_secret_rotation",
        "aws_security_group",
        "aws_sns_topic_policy",
        "aws_sns_topic_subscription",
        "aws_sqs_queue_policy",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_endpoint",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
        "aws_wafv2_web_acl",
        "aws_wafv2_web_acl_logging_configuration",
    }
)
"""What holds nothing: it says how something else is, or passes on what it doesn't keep."""


def unclassified(stack: Synthesized) -> list[str]:
    """One sentence for each resource type that nobody has classified, and for each module, which nobody sees into."""
    modules = [
        f"module.{name} hides its resources from every contract: write them out."
        for name in stack.document.get("module", {})
    ]
    return modules + [
        f"{kind} isn't classified: add it to ENCRYPTED (with what must be true of it) or CONFIGURATION in "
        "tests/contracts/at_rest.py, and to STATEFUL in constructs/adelie/values/stateful.py if data is lost with it."
        for kind in sorted({kind for kind, _, _ in stack.every()} - ENCRYPTED.keys() - CONFIGURATION)
    ]


def not_encrypted(stack: Synthesized) -> list[str]:
    """The address of each resource that holds data and isn't encrypted."""
    return [
        f"{kind}.{name}"
        for kind, name, body in stack.every()
        if kind in ENCRYPTED and not _passes(ENCRYPTED[kind], body)
    ]


def _passes(check: Check, body: dict[str, Any]) -> bool:
    try:
        return bool(check(body))
    except (KeyError, IndexError):  # what it asks for isn't stated at all
        return False
