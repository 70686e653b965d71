"""Migrating the database schema before an image is rolled out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError
from tools.release.database_role import make_role

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import (
        AwsVpcConfigurationTypeDef,
        ContainerDefinitionOutputTypeDef,
        TaskDefinitionTypeDef,
        TaskTypeDef,
    )

CLUSTER: Final = "main"
POLL_SECONDS: Final = 5
PATIENCE_SECONDS: Final = 30 * 60
"""Longer than any migration so far; the task goes on if this command stops waiting for it."""

_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_KEPT: Final = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
    "ephemeralStorage",
)
"""What of a described revision a new one is registered with; the rest is what ECS added."""


def migrate(environment: Environment, image_tag: str, tell: Callable[[str], None]) -> None:
    """Create the application's role, then run each task that comes before a release, with its image `image_tag`.

    The role comes first: what a migration makes is then the application's to read and write. A task's revision is
    registered for this run and taken back after it, so that the one Terraform knows stays the latest. Raises ToolError
    if the role can't be created, or if a task cannot start, fails, or takes longer than half an hour.
    """
    _check_tag(image_tag)
    check_account(environment)
    ecs: ECSClient = client(environment, "ecs")
    networks = {name: _network(environment, name) for name in environment.release_tasks}
    make_role(environment, tell)
    for name, network in networks.items():
        definition = _register(ecs, environment, name, image_tag)
        arn = definition.get("taskDefinitionArn", "")
        try:
            task = _start(ecs, environment, name, arn, network)
            tell(f"{task} runs {image_tag} of {definition.get('family')}.")
            ended = _wait(ecs, environment, name, task, tell)
        finally:
            ecs.deregister_task_definition(taskDefinition=arn)
        _judge(name, ended, definition)
        tell(f"{name} ended with exit code 0.")


def _check_tag(image_tag: str) -> None:
    if image_tag == "latest" or not _TAG.fullmatch(image_tag):
        raise ToolError(f"The image tag {image_tag!r} doesn't identify one build; give the commit's hash.")


def _register(ecs: ECSClient, environment: Environment, name: str, image_tag: str) -> TaskDefinitionTypeDef:
    family = environment.names.name("aws_ecs_task_definition", name)
    try:
        latest = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ClientException":
            raise
        raise ToolError(
            f"AWS has no task definition {family}; run `make prepare ENV={environment.name}` first."
        ) from None
    described = latest["taskDefinition"]
    arguments: dict[str, Any] = {key: value for key, value in described.items() if key in _KEPT and value}
    arguments["containerDefinitions"] = [
        {**container, "image": _retagged(container.get("image", ""), image_tag)}
        for container in described.get("containerDefinitions", [])
    ]
    if latest.get("tags"):
        arguments["tags"] = latest["tags"]
    return ecs.register_task_definition(**arguments)["taskDefinition"]


def _retagged(image: str, tag: str) -> str:
    """The image with another tag; the last colon counts only behind the last slash (a registry may have a port)."""
    repository, slash, name = image.partition("@")[0].rpartition("/")
    return f"{repository}{slash}{name.partition(':')[0]}:{tag}"


def _network(environment: Environment, name: str) -> AwsVpcConfigurationTypeDef:
    """The private subnets and the task's security group, found by the names the platform gives them."""
    ec2 = client(environment, "ec2")
    group_name = environment.names.name("aws_security_group", name)
    subnet_name = environment.names.name("aws_subnet", "private")
    groups: Sequence[dict[str, str]] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [group_name]}]
    )["SecurityGroups"]
    subnets: Sequence[dict[str, str]] = ec2.describe_subnets(
        Filters=[{"Name": "tag:Name", "Values": [f"{subnet_name}-*"]}]
    )["Subnets"]
    if not groups or not subnets:
        missing = f"security group {group_name}" if not groups else f"subnets {subnet_name}-*"
        raise ToolError(f"AWS has no {missing}; run `make prepare ENV={environment.name}` first.")
    return {
        "subnets": sorted(subnet["SubnetId"] for subnet in subnets),
        "securityGroups": [groups[0]["GroupId"]],
        "assignPublicIp": "DISABLED",
    }


def _start(
    ecs: ECSClient, environment: Environment, name: str, definition: str, network: AwsVpcConfigurationTypeDef
) -> str:
    answer = ecs.run_task(
        cluster=environment.names.name("aws_ecs_cluster", CLUSTER),
        taskDefinition=definition,
        capacityProviderStrategy=[{"capacityProvider": environment.tasks[name].capacity_provider, "weight": 1}],
        networkConfiguration={"awsvpcConfiguration": network},
        propagateTags="TASK_DEFINITION",
        startedBy="adelie-release-migrate",
        count=1,
    )
    if not answer["tasks"]:
        reasons = ", ".join(failure.get("reason", "no reason given") for failure in answer["failures"])
        raise ToolError(f"ECS did not start {name} ({reasons}); see the events of the cluster.")
    return answer["tasks"][0].get("taskArn", "")


def _wait(ecs: ECSClient, environment: Environment, name: str, task: str, tell: Callable[[str], None]) -> TaskTypeDef:
    deadline, last = time.monotonic() + PATIENCE_SECONDS, ""
    while time.monotonic() < deadline:
        described = ecs.describe_tasks(cluster=environment.names.name("aws_ecs_cluster", CLUSTER), tasks=[task])[
            "tasks"
        ]
        status = described[0].get("lastStatus", "UNKNOWN") if described else "UNKNOWN"
        if status != last:
            tell(status)
            last = status
        if described and status == "STOPPED":
            return described[0]
        time.sleep(POLL_SECONDS)
    raise ToolError(f"{name} has not ended after {PATIENCE_SECONDS // 60} minutes; look at {task}.")


def _judge(name: str, task: TaskTypeDef, definition: TaskDefinitionTypeDef) -> None:
    codes = {container.get("name", ""): container.get("exitCode") for container in task.get("containers", [])}
    failed = [container for container, code in codes.items() if code != 0]
    if codes and not failed:
        return
    reasons = [container.get("reason", "") for container in task.get("containers", [])]
    why = next((reason for reason in (*reasons, task.get("stoppedReason", "")) if reason), "no reason given")
    ends = ", ".join(f"{each}: {'no exit code' if codes[each] is None else codes[each]}" for each in failed)
    where = _logs(definition.get("containerDefinitions", []))
    raise ToolError(f"{name} failed ({ends or 'no container ran'}; {' '.join(why.split())}){where}.")


def _logs(containers: Sequence[ContainerDefinitionOutputTypeDef]) -> str:
    for container in containers:
        group = container.get("logConfiguration", {}).get("options", {}).get("awslogs-group")
        if group:
            return f"; read `aws logs tail {group} --since 1h`"
    return ""
