from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from stacks.environment import Environment
from tests.support import Synthesized
from tools.aws import client
from tools.command import ToolError
from tools.release import migrate

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient

FAMILY = "adelie-staging-migration"
CLUSTER = "adelie-staging-main"
REPOSITORY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/adelie-staging-backend-api"


class ScriptedEcs:
    """moto's ECS, whose tasks go through what a test says: moto never ends one, and runs no container."""

    def __init__(self, real: ECSClient, states: Sequence[Mapping[str, Any]]) -> None:
        self.real = real
        self.states = list(states)
        self.started: list[Mapping[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def run_task(self, **arguments: Any) -> Any:
        self.started.append(arguments)
        return self.real.run_task(**arguments)

    def describe_tasks(self, **arguments: Any) -> Any:
        task: dict[str, Any] = dict(self.real.describe_tasks(**arguments)["tasks"][0])
        return {"tasks": [{**task, **self.states.pop(0)}]}


def _stopped(exit_code: int | None, **more: Any) -> dict[str, Any]:
    container = {"name": "migration"} | ({} if exit_code is None else {"exitCode": exit_code})
    return {"lastStatus": "STOPPED", "containers": [{**container, **more.pop("container", {})}], **more}


@pytest.fixture
def staging(environments: Mapping[str, Environment]) -> Environment:
    """Staging, in the account that moto pretends to be."""
    return environments["staging"].model_copy(update={"account_id": "123456789012"})


@pytest.fixture
def network(staging: Environment) -> Iterator[dict[str, Any]]:
    """What staging's stack creates of the network: subnets, and the migration's security group."""
    with mock_aws():
        ec2 = client(staging, "ec2")
        vpc = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        subnets: dict[str, str] = {}
        for index, name in enumerate(("private-a", "private-c", "isolated-a", "public-a")):
            tags = [{"Key": "Name", "Value": f"adelie-staging-{name}"}]
            subnets[name] = ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"10.30.{index}.0/24",
                TagSpecifications=[{"ResourceType": "subnet", "Tags": tags}],
            )["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName=FAMILY, Description="Tasks of migration", VpcId=vpc)["GroupId"]
        yield {"subnets": subnets, "group": group}


@pytest.fixture
def deployed(staging: Environment, network: dict[str, Any]) -> dict[str, Any]:
    """What else there is of the migration: the cluster and the task definition."""
    ecs: ECSClient = client(staging, "ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    options = {"awslogs-group": "/ecs/adelie-staging/migration", "awslogs-region": "ap-northeast-2"}
    definition = ecs.register_task_definition(
        family=FAMILY,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        executionRoleArn="arn:aws:iam::123456789012:role/execution",
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        containerDefinitions=[
            {
                "name": "migration",
                "image": f"{REPOSITORY}:old",
                "command": ["alembic", "upgrade", "head"],
                "memory": 1024,
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
        tags=[{"key": "Project", "value": "adelie"}],
    )["taskDefinition"]
    return {**network, "arn": definition.get("taskDefinitionArn")}


def _run(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, states: Sequence[Mapping[str, Any]], tag: str = "4f2c1e9"
) -> tuple[ScriptedEcs, list[str]]:
    """Migrate with tasks that go through `states`; an error is raised as it is."""
    ecs, messages = ScriptedEcs(client(environment, "ecs"), states), list[str]()

    def scripted(of: Environment, service: str) -> Any:
        return ecs if service == "ecs" else client(of, service)

    def role(of: Environment, tell: Callable[[str], None]) -> None:
        assert not ecs.started, "the role is made before the migration runs"
        tell(f"The role of {of.name} is created.")

    monkeypatch.setattr(migrate, "client", scripted)
    monkeypatch.setattr(migrate, "make_role", role)
    monkeypatch.setattr(migrate, "POLL_SECONDS", 0)
    migrate.migrate(environment, tag, messages.append)
    return ecs, messages


def _failure(environment: Environment, monkeypatch: pytest.MonkeyPatch, *states: Mapping[str, Any]) -> str:
    with pytest.raises(ToolError) as error:
        _run(environment, monkeypatch, states)
    return str(error.value)


def test_it_runs_the_new_image_where_the_migration_belongs(
    staging: Environment, deployed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ecs, _ = _run(staging, monkeypatch, [_stopped(0)])
    (started,) = ecs.started
    ran = ecs.real.describe_task_definition(taskDefinition=started["taskDefinition"])["taskDefinition"]
    (container,) = ran.get("containerDefinitions", [])
    subnets = sorted([deployed["subnets"]["private-a"], deployed["subnets"]["private-c"]])
    assert container.get("image") == f"{REPOSITORY}:4f2c1e9"
    assert container.get("command") == ["alembic", "upgrade", "head"]
    assert ran.get("taskRoleArn") == "arn:aws:iam::123456789012:role/task"
    assert started["cluster"] == CLUSTER
    assert started["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": subnets,
            "securityGroups": [deployed["group"]],
            "assignPublicIp": "DISABLED",
        }
    }
    assert started["capacityProviderStrategy"] == [
        {"capacityProvider": staging.tasks["migration"].capacity_provider, "weight": 1}
    ]


def test_it_tells_each_step_once_and_the_end(
    staging: Environment, deployed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pending, running = {"lastStatus": "PENDING"}, {"lastStatus": "RUNNING"}
    _, messages = _run(staging, monkeypatch, [pending, pending, running, _stopped(0)])
    assert messages[0] == "The role of staging is created."
    assert messages[1].endswith(f"runs 4f2c1e9 of {FAMILY}.")
    assert messages[2:] == ["PENDING", "RUNNING", "STOPPED", "migration ended with exit code 0."]
    assert deployed


@pytest.mark.usefixtures("deployed")
def test_without_the_role_nothing_is_migrated(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ToolError("The application's role in the database was not made: no.")

    monkeypatch.setattr(migrate, "make_role", refused)
    with pytest.raises(ToolError, match="was not made"):
        migrate.migrate(staging, "4f2c1e9", print)
    ecs: ECSClient = client(staging, "ecs")
    assert ecs.list_tasks(cluster=CLUSTER)["taskArns"] == []
    assert len(ecs.list_task_definitions(familyPrefix=FAMILY)["taskDefinitionArns"]) == 1


@pytest.mark.parametrize("exit_code", [0, 1])
def test_terraforms_revision_stays_the_latest(
    exit_code: int, staging: Environment, deployed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if exit_code:
        _failure(staging, monkeypatch, _stopped(exit_code))
    else:
        _run(staging, monkeypatch, [_stopped(exit_code)])
    ecs: ECSClient = client(staging, "ecs")
    active = ecs.list_task_definitions(familyPrefix=FAMILY, status="ACTIVE")["taskDefinitionArns"]
    assert active == [deployed["arn"]]


@pytest.mark.usefixtures("deployed")
def test_an_exit_code_other_than_0_fails_and_says_where_the_log_is(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = _failure(staging, monkeypatch, _stopped(3, stoppedReason="Essential container in task exited"))
    assert failure == (
        "migration failed (migration: 3; Essential container in task exited); "
        "read `aws logs tail /ecs/adelie-staging/migration --since 1h`."
    )


@pytest.mark.usefixtures("deployed")
def test_an_image_that_cannot_be_pulled_fails_with_the_reason(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = {"reason": "CannotPullContainerError: 4f2c1e9:\nnot found"}
    assert _failure(staging, monkeypatch, _stopped(None, container=reason)) == (
        "migration failed (migration: no exit code; CannotPullContainerError: 4f2c1e9: not found); "
        "read `aws logs tail /ecs/adelie-staging/migration --since 1h`."
    )


@pytest.mark.usefixtures("deployed")
def test_a_task_that_never_ends_is_one_sentence(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "PATIENCE_SECONDS", 0)
    assert _failure(staging, monkeypatch).startswith("migration has not ended after 0 minutes; look at arn:aws:ecs:")


@pytest.mark.parametrize("tag", ["latest", "", "has space", "a/b", "x" * 129])
def test_a_tag_that_names_no_build_is_refused_before_aws_is_asked(tag: str, staging: Environment) -> None:
    with pytest.raises(ToolError) as error:
        migrate.migrate(staging, tag, print)
    assert str(error.value) == f"The image tag {tag!r} doesn't identify one build; give the commit's hash."


def test_an_environment_that_is_not_deployed_is_one_sentence(
    staging: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws():
        assert _failure(staging, monkeypatch) == (
            f"AWS has no security group {FAMILY}; run `make prepare ENV=staging` first."
        )


def test_another_account_is_refused(environments: Mapping[str, Environment], monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        failure = _failure(environments["prod"], monkeypatch)
    assert failure.startswith("The credentials belong to account 123456789012, but prod lives in ")


@pytest.mark.usefixtures("network")
def test_a_missing_task_definition_is_one_sentence(staging: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _failure(staging, monkeypatch) == (
        f"AWS has no task definition {FAMILY}; run `make prepare ENV=staging` first."
    )


def test_the_names_are_the_ones_the_stack_gives(platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms["staging"]
    families = {body["family"] for body in stack.resources("aws_ecs_task_definition").values()}
    groups = {body["name"] for body in stack.resources("aws_security_group").values()}
    subnets = {body["tags"]["Name"] for body in stack.resources("aws_subnet").values()}
    assert FAMILY in families & groups
    assert stack.only("aws_ecs_cluster")["name"] == CLUSTER
    assert "adelie-staging-private-a" in subnets
    definition = next(body for body in stack.resources("aws_ecs_task_definition").values() if body["family"] == FAMILY)
    assert json.loads(definition["container_definitions"])[0]["image"].endswith(":${var.image_tag}")
