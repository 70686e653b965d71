"""The resources that really exist, reviewed: each check finds nothing wrong, and notices when something is."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from tests.emulated import review_network, review_workloads
from tests.emulated.conftest import EVERY
from tests.emulated.deployment import Deployment

Check = Callable[[Deployment], list[str]]

CHECKS: list[Check] = [
    review_network.admitted_from_anywhere,
    review_network.paths_to_the_data,
    review_network.attached_groups,
    review_network.routes,
    review_workloads.buckets,
    review_workloads.encryption,
    review_workloads.running_services,
    review_workloads.autoscaling,
    review_workloads.schedule,
    review_workloads.secret_readers,
    review_workloads.front_door,
    review_workloads.alarms,
    review_workloads.tags,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_review_finds_nothing(deployment: Deployment, check: Check) -> None:
    assert check(deployment) == []


Mutation = Callable[[Deployment], Callable[[], object]]
"""Spoils a deployment; what it returns makes it good again."""


def a_database_open_to_the_internet(deployment: Deployment) -> Callable[[], object]:
    ec2 = deployment.client("ec2")
    group = review_network.Network(deployment).groups["database"]["GroupId"]
    opening = {
        "GroupId": group,
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    }
    ec2.authorize_security_group_ingress(**opening)
    return lambda: ec2.revoke_security_group_ingress(**opening)


def a_frontend_that_reaches_the_database(deployment: Deployment) -> Callable[[], object]:
    ec2, groups = deployment.client("ec2"), review_network.Network(deployment).groups
    pair = {"GroupId": groups["frontend"]["GroupId"]}
    opening = {
        "GroupId": groups["database"]["GroupId"],
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}],
    }
    ec2.authorize_security_group_ingress(**opening)
    return lambda: ec2.revoke_security_group_ingress(**opening)


def a_database_with_a_way_out(deployment: Deployment) -> Callable[[], object]:
    ec2, network = deployment.client("ec2"), review_network.Network(deployment)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["RouteTables"]
    isolated = next(subnet for subnet, way in network.default_routes.items() if not way)
    nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    table = next(
        each["RouteTableId"]
        for each in tables
        if any(association.get("SubnetId") == isolated for association in each["Associations"])
    )
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    return lambda: ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")


def a_public_bucket(deployment: Deployment) -> Callable[[], object]:
    s3, bucket = deployment.client("s3"), deployment.outputs["objects_bucket"]
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(block, False))
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))

    def restore() -> None:
        s3.put_bucket_policy(Bucket=bucket, Policy=before)
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)

    return restore


def a_log_without_a_key(deployment: Deployment) -> Callable[[], object]:
    logs = deployment.client("logs")
    logs.create_log_group(logGroupName="plain")
    return lambda: logs.delete_log_group(logGroupName="plain")


def a_role_that_reads_too_much(deployment: Deployment) -> Callable[[], object]:
    iam, secrets = deployment.client("iam"), deployment.client("secretsmanager")
    role = f"{deployment.environment.project}-{deployment.environment.name}-frontend-task"
    secret = next(each["ARN"] for each in secrets.list_secrets()["SecretList"] if each["Name"].endswith("jwt-secret"))
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="curious", PolicyDocument=document)
    return lambda: iam.delete_role_policy(RoleName=role, PolicyName="curious")


def a_service_of_another_build(deployment: Deployment) -> Callable[[], object]:
    ecs, service = deployment.client("ecs"), review_network.services(deployment)[0]
    before = service["taskDefinition"]
    definition = ecs.describe_task_definition(taskDefinition=before)["taskDefinition"]
    containers = [{"name": "other", "image": "example.com/other:1", "memory": 128}]
    other = ecs.register_task_definition(
        family="other", containerDefinitions=containers, networkMode=definition["networkMode"]
    )["taskDefinition"]["taskDefinitionArn"]
    where = {"cluster": deployment.outputs["cluster_name"], "service": service["serviceName"]}
    ecs.update_service(**where, taskDefinition=other)

    def restore() -> None:
        ecs.update_service(**where, taskDefinition=before)
        ecs.deregister_task_definition(taskDefinition=other)

    return restore


WATCHED = "ExecutionsFailed"


def an_alarm_that_is_switched_off(deployment: Deployment) -> Callable[[], object]:
    cloudwatch = deployment.client("cloudwatch")
    (name,) = (
        each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"] if each.get("MetricName") == WATCHED
    )
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    return lambda: cloudwatch.enable_alarm_actions(AlarmNames=[name])


@contextmanager
def spoiled(deployment: Deployment, mutation: Mutation) -> Generator[None]:
    restore = mutation(deployment)
    try:
        yield
    finally:
        restore()


@pytest.mark.last
@pytest.mark.parametrize("deployment", [each for each in EVERY if str(each.id).startswith("localstack")], indirect=True)
@pytest.mark.parametrize(
    ("mutation", "check", "says"),
    [
        (a_database_open_to_the_internet, review_network.admitted_from_anywhere, "database admits the internet"),
        (a_database_open_to_the_internet, review_network.paths_to_the_data, "database takes internet at 5432"),
        (a_frontend_that_reaches_the_database, review_network.paths_to_the_data, "database takes frontend at 5432"),
        (a_database_with_a_way_out, review_network.routes, "goes out by nat-"),
        (a_public_bucket, review_workloads.buckets, "allows everybody s3:GetObject"),
        (a_log_without_a_key, review_workloads.encryption, "log groups: None"),
        (a_role_that_reads_too_much, review_workloads.secret_readers, "jwt-secret is read by"),
        (a_service_of_another_build, review_workloads.running_services, "runs {'1'}"),
        (an_alarm_that_is_switched_off, review_workloads.alarms, "nobody is notified of"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_review_notices(deployment: Deployment, mutation: Mutation, check: Check, says: str) -> None:
    with spoiled(deployment, mutation):
        assert any(says in finding for finding in check(deployment))
    assert check(deployment) == []
