"""What reaches a service's container: variables, secrets, grants and ports of what it is connected to."""

from __future__ import annotations

import pytest

from adelie.compute.service import FargateService
from adelie.seam.terraform import TerraformStack
from adelie.values.policy import Statement
from tests.fakes.compute import ComputeStage, container
from tests.support import Synthesized, policy, synthesize

READ = Statement(sid="Read", actions=["s3:GetObject"], resources=["arn:aws:s3:::objects/*"])


@pytest.fixture(scope="module")
def connected() -> Synthesized:
    def build(stack: TerraformStack) -> None:
        stage = ComputeStage(stack)
        service = stage.service()
        database = stage.service("stands-for-a-database", listener_priority=11)
        database.security_group.allow_tcp_from(service.security_group, peer_id=service.peer_id, port=5432)
        service.grant_task("objects", READ)
        service.grant_execution(
            "jwt", Statement(sid="ReadSecret", actions=["secretsmanager:GetSecretValue"], resources=["arn:jwt"])
        )
        service.add_environment({"PGHOST": "${aws_db_instance.db.address}", "AAA": "1"})
        service.add_secrets({"JWT_SECRET": "arn:jwt", "ANOTHER": "arn:jwt:another::"})

    return synthesize(build)


def test_connections_reach_the_container_in_order(connected: Synthesized) -> None:
    only = container(connected, "backend-api")
    assert only["environment"] == [
        {"name": "AAA", "value": "1"},
        {"name": "PGHOST", "value": "${aws_db_instance.db.address}"},
    ]
    assert only["secrets"] == [
        {"name": "ANOTHER", "valueFrom": "arn:jwt:another::"},
        {"name": "JWT_SECRET", "valueFrom": "arn:jwt"},
    ]


def test_grants_go_to_the_role_they_are_for(connected: Synthesized) -> None:
    task = connected.only("aws_iam_role_policy", "task-objects")
    assert "task-role" in task["role"]
    assert policy(task["policy"])[0]["Resource"] == ["arn:aws:s3:::objects/*"]
    assert "execution-role" in connected.only("aws_iam_role_policy", "execution-jwt")["role"]


def test_the_first_task_waits_for_all_that_it_needs(connected: Synthesized) -> None:
    awaited = connected.only("aws_ecs_service", "service-backend-api")["depends_on"]
    every = {
        f"{resource_type}.{name}"
        for resource_type, name, body in connected.every()
        if (resource_type == "aws_iam_role_policy" and "service-backend-api" in name)
        or (resource_type.startswith("aws_vpc_security_group_") and "service-backend-api" in body["security_group_id"])
        or (resource_type == "aws_lb_listener_rule" and "backend-api" in name)
        or resource_type == "aws_ecs_cluster_capacity_providers"
    }
    assert sorted(awaited) == sorted(every)
    assert any("5432" in address for address in awaited)


def test_a_variable_is_set_once() -> None:
    messages: list[str] = []

    def build(stack: TerraformStack) -> None:
        service = ComputeStage(stack).service(environment={"PGHOST": "x"})
        service.add_secrets({"JWT_SECRET": "arn:jwt"})
        for add in (service.add_environment, service.add_secrets):
            for name in ("PGHOST", "JWT_SECRET"):
                with pytest.raises(ValueError, match="already") as refusal:
                    add({name: "y"})
                messages.append(str(refusal.value))

    synthesize(build)
    assert (
        messages
        == [
            "backend-api has PGHOST already; remove one of the two",
            "backend-api has JWT_SECRET already; remove one of the two",
        ]
        * 2
    )


def test_the_container_definition_does_not_depend_on_the_order_of_calls() -> None:
    def connect(names: tuple[str, ...]) -> Synthesized:
        def build(stack: TerraformStack) -> None:
            service: FargateService = ComputeStage(stack).service()
            for name in names:
                service.add_environment({name: "1"})

        return synthesize(build)

    definitions = [
        connect(names).only("aws_ecs_task_definition")["container_definitions"] for names in (("A", "B"), ("B", "A"))
    ]
    assert definitions[0] == definitions[1]
