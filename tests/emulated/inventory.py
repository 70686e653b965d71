"""What an emulated AWS holds, asked without Terraform: the names of everything that the stacks could leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jmespath  # pyright: ignore[reportMissingTypeStubs]
from botocore.exceptions import BotoCoreError, ClientError

from tests.emulated.emulated_aws import EmulatedAws

Listing = tuple[str, str, Mapping[str, Any], str]
"""The service, the operation with its parameters, and where in its answer the names are."""

LISTINGS: Final[Mapping[str, Listing]] = {
    "VPCs": ("ec2", "describe_vpcs", {}, "Vpcs[].VpcId"),
    "subnets": ("ec2", "describe_subnets", {}, "Subnets[].SubnetId"),
    "security groups": ("ec2", "describe_security_groups", {}, "SecurityGroups[].GroupId"),
    "route tables": ("ec2", "describe_route_tables", {}, "RouteTables[].RouteTableId"),
    "internet gateways": ("ec2", "describe_internet_gateways", {}, "InternetGateways[].InternetGatewayId"),
    "NAT gateways": ("ec2", "describe_nat_gateways", {}, "NatGateways[?State!='deleted'].NatGatewayId"),
    "addresses": ("ec2", "describe_addresses", {}, "Addresses[].AllocationId"),
    "endpoints": ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    "flow logs": ("ec2", "describe_flow_logs", {}, "FlowLogs[].FlowLogId"),
    "instances": (
        "ec2",
        "describe_instances",
        {},
        "Reservations[].Instances[]|[?State.Name!='terminated'].InstanceId",
    ),
    "roles": ("iam", "list_roles", {}, "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName"),
    "instance profiles": ("iam", "list_instance_profiles", {}, "InstanceProfiles[].InstanceProfileName"),
    "key aliases": ("kms", "list_aliases", {}, "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    "buckets": ("s3", "list_buckets", {}, "Buckets[].Name"),
    "secrets": ("secretsmanager", "list_secrets", {}, "SecretList[?!DeletedDate].Name"),
    "databases": ("rds", "describe_db_instances", {}, "DBInstances[].DBInstanceIdentifier"),
    "database subnet groups": ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups[].DBSubnetGroupName"),
    "caches": (
        "elasticache",
        "describe_replication_groups",
        {},
        "ReplicationGroups[?Status!='deleting'].ReplicationGroupId",
    ),
    "repositories": ("ecr", "describe_repositories", {}, "repositories[].repositoryName"),
    "task definitions": ("ecs", "list_task_definitions", {"status": "ACTIVE"}, "taskDefinitionArns"),
    "load balancers": ("elbv2", "describe_load_balancers", {}, "LoadBalancers[].LoadBalancerName"),
    "target groups": ("elbv2", "describe_target_groups", {}, "TargetGroups[].TargetGroupName"),
    "state machines": ("stepfunctions", "list_state_machines", {}, "stateMachines[].name"),
    "schedules": ("scheduler", "list_schedules", {}, "Schedules[].Name"),
    "schedule groups": ("scheduler", "list_schedule_groups", {}, "ScheduleGroups[?State!='DELETING'].Name"),
    "queues": ("sqs", "list_queues", {}, "QueueUrls"),
    "topics": ("sns", "list_topics", {}, "Topics[].TopicArn"),
    "log groups": ("logs", "describe_log_groups", {}, "logGroups[].logGroupName"),
    "alarms": ("cloudwatch", "describe_alarms", {}, "MetricAlarms[].AlarmName"),
    "distributions": ("cloudfront", "list_distributions", {}, "DistributionList.Items[].Id"),
    "origin access controls": (
        "cloudfront",
        "list_origin_access_controls",
        {},
        "OriginAccessControlList.Items[].Id",
    ),
}
EDGE_LISTINGS: Final[Mapping[str, Listing]] = {
    "certificates": ("acm", "list_certificates", {}, "CertificateSummaryList[].CertificateArn"),
    "web ACLs": ("wafv2", "list_web_acls", {"Scope": "CLOUDFRONT"}, "WebACLs[].Name"),
}
"""What lives in us-east-1."""


def inventory(aws: EmulatedAws) -> dict[str, list[str]]:
    """Every listing's names; one that the emulator doesn't have is empty."""
    clusters = aws.client("ecs")
    listed = clusters.describe_clusters(clusters=clusters.list_clusters()["clusterArns"])["clusters"]
    held = {"clusters": sorted(each["clusterArn"] for each in listed if each["status"] != "INACTIVE")}
    held |= {label: _names(aws, aws.region, listing) for label, listing in LISTINGS.items()}
    return held | {label: _names(aws, "us-east-1", listing) for label, listing in EDGE_LISTINGS.items()}


def _names(aws: EmulatedAws, region: str, listing: Listing) -> list[str]:
    service, operation, parameters, path = listing
    try:
        answer = getattr(aws.client(service, region), operation)(**parameters)
    except (ClientError, BotoCoreError):
        return []
    return sorted(jmespath.search(path, answer) or [])  # pyright: ignore[reportUnknownMemberType]
