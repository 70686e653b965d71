"""Which AWS calls make, show and remove each resource type. How to read an entry: entry.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulated_provider.entry import Entry, Lookup, Part, call
from emulated_provider.table_data import DATA
from emulated_provider.table_edge import EDGE
from emulated_provider.table_network import NETWORK
from emulated_provider.table_workloads import WORKLOADS

ENTRIES: Final[Mapping[str, Entry]] = {**NETWORK, **DATA, **WORKLOADS, **EDGE}

LOOKUPS: Final[Mapping[str, Lookup]] = {
    "aws_ec2_managed_prefix_list": Lookup(
        service="ec2",
        read=(
            call("describe_managed_prefix_lists", Filters=[{"Name": "prefix-list-name", "Values": ["$name"]}]),
            "PrefixLists[0]",
        ),
        names={"id": "PrefixListId", "name": "PrefixListName", "arn": "PrefixListArn"},
    ),
    "aws_ssm_parameter": Lookup(
        service="ssm",
        read=(call("get_parameter", Name="$name"), "Parameter"),
        names={"insecure_value": "Value", "arn": "ARN"},
        computed={"id": "$name"},
    ),
    "aws_secretsmanager_random_password": Lookup(
        service="secretsmanager",
        read=(
            call("get_random_password", PasswordLength="$password_length", ExcludePunctuation="$exclude_punctuation"),
            "@",
        ),
    ),
}

TAGS: Final[Mapping[str, Part]] = {
    "acm": (call("list_tags_for_certificate", CertificateArn="$arn"), "Tags"),
    "cloudfront": (call("list_tags_for_resource", Resource="$arn"), "Tags.Items"),
    "cloudwatch": (call("list_tags_for_resource", ResourceARN="$arn"), "Tags"),
    "ecr": (call("list_tags_for_resource", resourceArn="$arn"), "tags"),
    "ecs": (call("list_tags_for_resource", resourceArn="$arn"), "tags"),
    "elasticache": (call("list_tags_for_resource", ResourceName="$arn"), "TagList"),
    "elbv2": (call("describe_tags", ResourceArns=["$arn"]), "TagDescriptions[0].Tags"),
    "iam": (call("list_role_tags", RoleName="$name"), "Tags"),
    "kms": (call("list_resource_tags", KeyId="$id"), "Tags"),
    "logs": (call("list_tags_for_resource", resourceArn="$arn"), "tags"),
    "rds": (call("list_tags_for_resource", ResourceName="$arn"), "TagList"),
    "s3": (call("get_bucket_tagging", Bucket="$bucket"), "TagSet"),
    "scheduler": (call("list_tags_for_resource", ResourceArn="$arn"), "Tags"),
    "sns": (call("list_tags_for_resource", ResourceArn="$arn"), "Tags"),
    "sqs": (call("list_queue_tags", QueueUrl="$id"), "Tags"),
    "stepfunctions": (call("list_tags_for_resource", resourceArn="$arn"), "tags"),
    "wafv2": (call("list_tags_for_resource", ResourceARN="$arn"), "TagInfoForResource.TagList"),
}
"""Where a service shows tags that a resource's description doesn't have."""

BOTO3_NAMES: Final = {
    "appautoscaling": "application-autoscaling",
    "sfn": "stepfunctions",
}
"""boto3's names of services where the AWS provider's `endpoints` block has others."""
