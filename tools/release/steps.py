"""The steps of a release to AWS that no other module has: wake, wait, invalidate, unlock, login."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from stacks.environment import Environment, S3State
from stacks.providers import state_key
from tools.aws import check_account, client, sentence
from tools.command import Json, ToolError, one_line
from tools.release import records
from tools.release.database_role import make_role
from tools.release.migrate import CLUSTER
from tools.synthesized import read_stack, resources
from tools.terraform.runner import Terraform

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

Tell = Callable[[str], None]
Sleep = Callable[[float], None]

PATIENCE_SECONDS: Final = 15 * 60
POLL_SECONDS: Final = 10
FORGETTING_SECONDS: Final = 10 * 60
"""As long as AWS's own waiter has patience with an invalidation (boto3, InvalidationCompleted: 30 times 20 s)."""
_RUNNER: Final = "runner@"
"""How Terraform calls who holds a lock (`<user>@<host>`) on a runner that GitHub hosts: its user is `runner`."""


def wake(environment: Environment, tell: Tell) -> None:
    """Give each service the bounds of its settings again where a schedule has lowered them, as at night.

    A release can't be seen to be healthy where nothing runs. The next scheduled action lowers the bounds again. The new
    number of tasks comes a little later, and `wait` waits for it. A service that isn't there yet is none to wake.
    """
    check_account(environment)
    scaling = client(environment, "application-autoscaling")
    for name, settings in environment.services.items():
        if settings.autoscaling is None or not settings.autoscaling.scheduled:
            continue
        resource = _resource(environment, name)
        live, wanted = _bounds(scaling, resource), (settings.min_capacity, settings.max_capacity)
        if live is None or live[0] >= wanted[0]:
            continue
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=resource,
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=wanted[0],
            MaxCapacity=wanted[1],
        )
        tell(f"{name}: woken, {wanted[0]} to {wanted[1]} tasks until its next schedule.")


def _resource(environment: Environment, name: str) -> str:
    """Application Auto Scaling's id of a service."""
    names = environment.names
    return f"service/{names.name('aws_ecs_cluster', CLUSTER)}/{names.name('aws_ecs_service', name)}"


def _bounds(scaling: Any, resource: str) -> tuple[int, int] | None:  # noqa: ANN401 -- boto3's client
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"]
    return (targets[0].get("MinCapacity", 0), targets[0].get("MaxCapacity", 0)) if targets else None


def wait(environment: Environment, tag: str, tell: Tell, *, sleep: Sleep = time.sleep) -> None:
    """Wait until every service runs the tag and nothing else, in as many healthy tasks as it should, for 15 minutes.

    As many as it should are those that ECS means to run, and no fewer than its scalable target says: a release that
    raises that has ECS start tasks only afterwards. Healthy is what the load balancer says, which is what a request
    meets. Raises ToolError at once for a service that runs another tag or whose roll-out ECS has given up.
    """
    check_account(environment)
    ecs: ECSClient = client(environment, "ecs")
    reported: dict[str, str] = {}
    for _ in range(PATIENCE_SECONDS // POLL_SECONDS):
        services = records.services(ecs, environment)
        if absent := set(environment.services) - set(services):
            raise ToolError(f"ECS has no service {', '.join(sorted(absent))}; deploy {environment.name} first.")
        states = {
            name: _roll_out(ecs, service, tag) or _tasks(environment, name, service)
            for name, service in services.items()
        }
        for name, state in states.items():
            if reported.get(name) != state:
                tell(f"{name}: {state or 'steady'}")
        reported = states
        if not any(states.values()):
            return
        sleep(POLL_SECONDS)
    late = ", ".join(f"{name} ({state})" for name, state in reported.items() if state)
    raise ToolError(f"Not steady after {PATIENCE_SECONDS // 60} minutes: {late}; roll back, and read their events.")


def _roll_out(ecs: ECSClient, service: ServiceTypeDef, tag: str) -> str:
    """What of the roll-out is still to happen; empty for nothing. Raises ToolError for what won't."""
    name, running = service.get("serviceName", ""), records.tag_of(ecs, service)
    events = [event.get("message", "") for event in service.get("events", [])]
    deployments = service.get("deployments", [])
    failed = [each for each in deployments if each.get("rolloutState") == "FAILED"]
    if failed:
        why = failed[0].get("rolloutStateReason") or (events[0] if events else "no reason given")
        raise ToolError(f"The roll-out of {name} failed ({why}); ECS went back to what ran before.")
    if running != tag:
        raise ToolError(f"{name} runs {running}, not {tag}; ECS went back, or nobody deployed {tag}.")
    return f"{len(deployments)} deployments" if len(deployments) > 1 else ""


def _tasks(environment: Environment, name: str, service: ServiceTypeDef) -> str:
    """Which tasks are still missing; empty for none."""
    bounds = _bounds(client(environment, "application-autoscaling"), _resource(environment, name))
    wanted = max(service.get("desiredCount", 0), bounds[0] if bounds else 0)
    if (running := service.get("runningCount", 0)) < wanted:
        return f"{running} of {wanted} tasks"
    balancing = client(environment, "elbv2")
    for group in (each.get("targetGroupArn") for each in service.get("loadBalancers", [])):
        targets = balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        healthy = sum(target["TargetHealth"]["State"] == "healthy" for target in targets)
        if healthy < wanted:
            return f"{healthy} of {wanted} tasks healthy"
    return ""


def invalidate(environment: Environment, tell: Tell, *, sleep: Sleep = time.sleep) -> None:
    """Have CloudFront forget every page, and wait until it has, so that no page of the release before is served.

    Pages are kept by their path alone: no query and no header of a health check gets past an edge's copy. If CloudFront
    refuses, or takes longer than ten minutes, that is a warning: an edge keeps a page for `cdn.page_ttl_seconds` at
    most, so after that time none from before is left either, and the release goes on.
    """
    check_account(environment)
    cloudfront = client(environment, "cloudfront")
    distribution = _distribution(cloudfront, environment)
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(time.time_ns())}
    why = f"it has not after {FORGETTING_SECONDS // 60} minutes"
    try:
        created = cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
        invalidation = created["Invalidation"]["Id"]
        tell(f"CloudFront ({distribution}) is asked to forget its pages: invalidation {invalidation}.")
        for _ in range(FORGETTING_SECONDS // POLL_SECONDS):
            current = cloudfront.get_invalidation(DistributionId=distribution, Id=invalidation)
            if current["Invalidation"]["Status"] == "Completed":
                tell("It has.")
                return
            sleep(POLL_SECONDS)
    except (BotoCoreError, ClientError) as error:
        why = one_line(sentence(error))
    seconds = environment.cdn.page_ttl_seconds
    tell(f"Warning: CloudFront does not forget its pages ({why}); waiting {seconds} s, after which none is left.")
    sleep(seconds)


def _distribution(cloudfront: Any, environment: Environment) -> str:  # noqa: ANN401 -- boto3's client
    """The distribution of the environment, found by the name that it has as its comment."""
    pages = cloudfront.get_paginator("list_distributions").paginate()
    every = [each for page in pages for each in page["DistributionList"].get("Items", ())]
    mine = [each["Id"] for each in every if environment.names.prefix in each["Comment"].split()]
    if len(mine) != 1:
        raise ToolError(f"CloudFront has {len(mine)} distributions of {environment.names.prefix}; deploy it first.")
    return mine[0]


def unlock(environment: Environment, tell: Tell) -> None:
    """Remove the lock of Terraform's state that a killed step of this workflow has left, or nothing.

    GitHub kills a step ten seconds after it is cancelled, too soon for Terraform to give its lock back, and the next
    deploy or roll-back would fail because of it. Only one run of the workflow deploys an environment at a time, so a
    lock of a runner is nobody's any more. Raises ToolError for a lock of anybody else: somebody deploys by hand.
    """
    if not isinstance(environment.state, S3State):
        raise ToolError(f"The state of {environment.name} is a file of somebody's working copy; nothing locks it here.")
    check_account(environment)
    s3, key = client(environment, "s3"), f"{state_key(environment, environment.name)}.tflock"
    try:
        lock: Json = json.loads(s3.get_object(Bucket=environment.state.bucket, Key=key)["Body"].read())
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchKey":
            raise
        return
    who = str(lock.get("Who", "somebody"))
    if not who.startswith(_RUNNER):
        raise ToolError(f"{who} has locked the state of {environment.name}; go on when they are done.")
    s3.delete_object(Bucket=environment.state.bucket, Key=key)
    tell(f"The lock that {who} left in {lock.get('Created', 'the past')} is gone.")


def login(environment: Environment, terraform: Terraform, tell: Tell) -> None:
    """Before a roll-back deploys: give the application's secret the login of this code, and have the database know it.

    A release that raised `database.application.generation` has left the next login in the secret. Going back means the
    one before with a new password, because the old one is nowhere any more; the deploy alone would start containers
    that the database refuses. Where the generation is the same, nothing is changed and nobody called. Raises ToolError.
    """
    check_account(environment)
    logins = [
        each.address
        for each in resources(read_stack(environment.name))
        if each.type == "aws_secretsmanager_secret_version" and each.path[0] == "database"
    ]
    terraform.init()
    if terraform.apply(targets=logins):
        make_role(environment, tell)
    else:
        tell(f"The application's login stays {environment.database.application.login}.")
