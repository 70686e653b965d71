"""The steps of a release: what it wakes, waits for, has CloudFront forget, and the lock that it takes away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from stacks.environment import Environment, S3State
from tests.sample_environment import environment
from tests.support import Synthesized
from tools.aws import client
from tools.command import ToolError
from tools.permissions import identity
from tools.release import records, steps

__all__ = ["environment"]
Rollout = dict[str, Any]
CHAT = "service/adelie-prod-main/adelie-prod-chat"


class Aws:
    """AWS as a release sees it: what each call of describe_services answers, one after the other, and the rest."""

    def __init__(self, *answers: Rollout, tag: str = "new", healthy: tuple[int, ...] = (3,), least: int = 2) -> None:
        self._answers, self._tag, self._healthy, self._least = list(answers), tag, list(healthy), least

    def describe_services(self, **asked: Any) -> dict[str, Any]:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        common: dict[str, Any] = {"status": "ACTIVE", "taskDefinition": "arn", "runningCount": 3, "desiredCount": 3}
        deployments = [{"rolloutState": "COMPLETED"}]
        groups = [{"targetGroupArn": "group"}]
        services = [
            {"serviceName": name, "deployments": deployments, "loadBalancers": groups, **common, **answer}
            for name in asked["services"]
        ]
        return {"services": services}

    def describe_task_definition(self, **_: object) -> dict[str, Any]:
        return {"taskDefinition": {"containerDefinitions": [{"image": f"registry/adelie-prod-x:{self._tag}"}]}}

    def describe_scalable_targets(self, **_: object) -> dict[str, Any]:
        return {"ScalableTargets": [{"MinCapacity": self._least, "MaxCapacity": 9}]}

    def describe_target_health(self, **_: object) -> dict[str, Any]:
        healthy = self._healthy.pop(0) if len(self._healthy) > 1 else self._healthy[0]
        states = ["healthy"] * healthy + ["initial"] * (3 - healthy) + ["draining"]
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}


def using(monkeypatch: pytest.MonkeyPatch, aws: object) -> None:
    def fake(_environment: Environment, _service: str) -> object:
        return aws

    def any_account(_environment: Environment) -> None:
        return None

    for module in (steps, records):
        monkeypatch.setattr(module, "client", fake)
        monkeypatch.setattr(module, "check_account", any_account)


def waited(environment: Environment, tag: str = "new") -> tuple[list[str], list[float]]:
    said, slept = list[str](), list[float]()
    steps.wait(environment, tag, said.append, sleep=slept.append)
    return said, slept


def test_a_release_waits_until_only_the_new_tasks_run_healthy(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting: Rollout = {"deployments": [{"rolloutState": "IN_PROGRESS"}, {"rolloutState": "COMPLETED"}]}
    using(monkeypatch, Aws(starting, {"runningCount": 1}, {}, healthy=(1, 3, 3)))
    said, slept = waited(environment)
    chat = [each.partition(": ")[2] for each in said if each.startswith("chat")]
    assert chat == ["2 deployments", "1 of 3 tasks", "1 of 3 tasks healthy", "steady"]
    assert len(slept) == 3


def test_a_service_that_is_just_being_scaled_up_is_not_steady(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At night ECS means to run none, until Application Auto Scaling has passed the new bounds on."""
    asleep, woken, up = ({"runningCount": n, "desiredCount": m} for n, m in ((0, 0), (0, 2), (2, 2)))
    using(monkeypatch, Aws(asleep, woken, up))
    said, _ = waited(environment)
    assert [each for each in said if each.startswith("chat")] == ["chat: 0 of 2 tasks", "chat: steady"]


def test_a_service_that_is_meant_to_run_nothing_is_steady(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, Aws({"runningCount": 0, "desiredCount": 0}, healthy=(0,), least=0))
    assert waited(environment)[1] == []


def test_a_roll_out_that_ecs_gave_up_is_refused_at_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "tasks failed container health checks"
    using(monkeypatch, Aws({"deployments": [{"rolloutState": "FAILED", "rolloutStateReason": why}]}))
    with pytest.raises(ToolError, match=f"adelie-prod-chat failed \\({why}\\)"):
        waited(environment)


def test_another_tag_is_refused(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, Aws({}, tag="old"))
    with pytest.raises(ToolError, match="runs old, not new"):
        waited(environment)


def test_patience_has_an_end(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, Aws({}, healthy=(2,)))
    with pytest.raises(ToolError, match=r"Not steady after 15 minutes: .*2 of 3 tasks healthy.*roll back"):
        waited(environment)


def test_the_tag_that_runs_is_that_of_the_task_definition(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, Aws({}, tag="4f2c1e9"))
    assert records.running_tags(environment) == dict.fromkeys(environment.services, "4f2c1e9")


def scaled(environment: Environment, resource: str, least: int, most: int) -> None:
    client(environment, "ecs").create_cluster(clusterName="adelie-prod-main")
    ecs = client(environment, "ecs")
    ecs.register_task_definition(family="x", containerDefinitions=[{"name": "x", "image": "x", "memory": 8}])
    ecs.create_service(cluster="adelie-prod-main", serviceName=resource.rpartition("/")[2], taskDefinition="x")
    client(environment, "application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=resource,
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=least,
        MaxCapacity=most,
    )


def bounds(environment: Environment) -> tuple[int, int]:
    scaling = client(environment, "application-autoscaling")
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    return found["MinCapacity"], found["MaxCapacity"]


def test_what_a_schedule_has_put_to_sleep_is_woken(environment: Environment) -> None:
    said: list[str] = []
    scaled(environment, CHAT, 0, 0)
    steps.wake(environment, said.append)
    assert bounds(environment) == (2, 4)
    assert said == ["chat: woken, 2 to 4 tasks until its next schedule."]


def test_what_has_no_schedule_is_terraforms_to_scale(environment: Environment) -> None:
    scaled(environment, "service/adelie-prod-main/adelie-prod-web", 1, 1)
    steps.wake(environment, lambda _: None)
    assert bounds(environment) == (1, 1)


def test_what_is_awake_keeps_its_bounds(environment: Environment) -> None:
    said: list[str] = []
    scaled(environment, CHAT, 3, 9)
    steps.wake(environment, said.append)
    assert bounds(environment) == (3, 9)
    assert said == []


def distribution(environment: Environment, comment: str) -> str:
    origin = {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    behavior: dict[str, Any] = {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0}
    behavior |= {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
    config: dict[str, Any] = {"CallerReference": comment, "Comment": comment, "Enabled": True}
    config |= {"DefaultCacheBehavior": behavior, "Origins": {"Quantity": 1, "Items": [origin]}}
    return client(environment, "cloudfront").create_distribution(DistributionConfig=config)["Distribution"]["Id"]


class Edge:
    """CloudFront with moto behind it: an invalidation goes through these states, or is refused."""

    def __init__(self, real: Any, *states: str) -> None:
        self._real, self._states = real, list(states)
        self.invalidated: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_invalidation(self, **asked: Any) -> Any:
        if not self._states:
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "CreateInvalidation")
        self.invalidated.append(asked["DistributionId"])
        return self._real.create_invalidation(**asked)

    def get_invalidation(self, **_: object) -> dict[str, Any]:
        return {"Invalidation": {"Status": self._states.pop(0) if len(self._states) > 1 else self._states[0]}}


def forgotten(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, *states: str
) -> tuple[Edge, list[str], list[float]]:
    edge, said, slept = Edge(client(environment, "cloudfront"), *states), list[str](), list[float]()
    using(monkeypatch, edge)
    steps.invalidate(environment, said.append, sleep=slept.append)
    return edge, said, slept


def test_a_release_waits_until_the_edges_have_forgotten(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = distribution(environment, "Front door of adelie-prod")
    distribution(environment, "Front door of adelie-prod-other")
    edge, said, slept = forgotten(environment, monkeypatch, "InProgress", "InProgress", "Completed")
    assert edge.invalidated == [mine]
    assert slept == [steps.POLL_SECONDS] * 2
    assert said[-1] == "It has."


@pytest.mark.parametrize(
    ("states", "why"), [((), "Throttling"), (("InProgress",), "it has not after 10 minutes")], ids=["refused", "late"]
)
def test_an_invalidation_that_fails_costs_the_time_that_a_page_is_kept(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, states: tuple[str, ...], why: str
) -> None:
    distribution(environment, "Front door of adelie-prod")
    _, said, slept = forgotten(environment, monkeypatch, *states)
    assert slept[-1] == environment.cdn.page_ttl_seconds
    assert said[-1].startswith("Warning: ")
    assert why in said[-1]


LOCK = "adelie/prod.tfstate.tflock"


def locked(environment: Environment, who: str | None) -> Any:
    assert isinstance(environment.state, S3State)
    s3, bucket = client(environment, "s3"), environment.state.bucket
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": environment.region})
    if who:
        s3.put_object(Bucket=bucket, Key=LOCK, Body=json.dumps({"ID": "1", "Who": who, "Created": "2026-11-24"}))
    return lambda: [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_the_lock_of_a_killed_step_is_taken_away(environment: Environment) -> None:
    left, said = locked(environment, "runner@runnervm1"), list[str]()
    steps.unlock(environment, said.append)
    assert left() == []
    assert said == ["The lock that runner@runnervm1 left in 2026-11-24 is gone."]


def test_nobody_elses_lock_is_taken_away(environment: Environment) -> None:
    left = locked(environment, "mina@laptop")
    with pytest.raises(ToolError, match="mina@laptop has locked the state of prod; go on when they are done"):
        steps.unlock(environment, lambda _: None)
    assert left() == [LOCK]


def test_no_lock_is_nothing_to_do(environment: Environment) -> None:
    said: list[str] = []
    locked(environment, None)
    steps.unlock(environment, said.append)
    assert said == []


def test_a_workflow_takes_the_role_that_the_bootstrap_stack_makes(environments: Mapping[str, Environment]) -> None:
    said = identity.outputs(environments["prod"], identity.Kind.APPLY)
    assert said == "role=arn:aws:iam::222222222222:role/adelie-bootstrap-prod-apply\nregion=ap-northeast-2"
    with pytest.raises(ToolError, match="emulated"):
        identity.outputs(environments["localstack"], identity.Kind.PLAN)


@pytest.mark.parametrize(("changed", "called"), [(1, True), (0, False)])
def test_a_roll_back_makes_the_login_only_if_the_secret_changes(
    changed: int,
    called: bool,
    environments: Mapping[str, Environment],
    platforms: Mapping[str, Synthesized],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the generation that it goes back to, Terraform makes a new password, which the database has to learn."""
    terraform, make_role = Mock(), Mock()
    terraform.apply.return_value = changed
    monkeypatch.setattr(steps, "make_role", make_role)
    monkeypatch.setattr(steps, "read_stack", {"prod": platforms["prod"].document}.__getitem__)
    using(monkeypatch, Aws())
    prod = environments["prod"]
    steps.login(prod, terraform, list[str]().append)
    ((target,),) = terraform.apply.call_args.kwargs.values()
    assert target.startswith("aws_secretsmanager_secret_version.database_application_"), "and no other secret's"
    assert make_role.called == called
