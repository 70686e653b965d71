"""Which release an environment has: the last good one, as it was recorded, and what its services run."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import Json, ToolError
from tools.release.migrate import CLUSTER
from tools.release.release import Release
from tools.terraform.plan import UNBUILT

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
"""What a container registry takes as a tag (OCI distribution specification)."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_VERSION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*([./][A-Za-z0-9_][A-Za-z0-9_-]*)*")
"""A branch, tag or commit: narrower than git's own rule (git-check-ref-format), and no word of it means anything to a
shell, to git's command line or to GITHUB_OUTPUT."""
_NOBODY_MERGED: Final = re.compile(r"refs/(?!(heads|tags)/)")
"""Such as refs/pull/5/merge, which GitHub makes of whatever a fork proposes."""
_LINE: Final = re.compile(r"^[ \t]*application:[ \t]*(.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)


def parameter(environment: Environment) -> str:
    """The name of the SSM parameter that has the last good release, `{"tag": ..., "commit": ...}`.

    A release writes it and no Terraform does, so that it outlives a failed deploy; SSM itself keeps who wrote it, when,
    and what stood there before.
    """
    return f"/{environment.project}/{environment.name}/release"


def record(environment: Environment, release: Release) -> None:
    """Note the release as the last good one. Raises ToolError for what is no tag or no whole commit."""
    _check(release, "give the application's commit as --tag and `git rev-parse HEAD` as --commit")
    check_account(environment)
    client(environment, "ssm").put_parameter(
        Name=parameter(environment), Value=json.dumps(asdict(release)), Type="String", Overwrite=True
    )


def recorded(environment: Environment) -> Release | None:
    """The last good release; None if none was recorded. Raises ToolError if the parameter has something else."""
    check_account(environment)
    try:
        answer = client(environment, "ssm").get_parameter(Name=parameter(environment))
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
            raise
        return None
    fix = f"write {parameter(environment)} again: `adelie release record`"
    try:
        value: Json = json.loads(answer["Parameter"]["Value"])
        release = Release(tag=str(value["tag"]), commit=str(value["commit"]))
    except (ValueError, KeyError, TypeError):
        raise ToolError(
            f"{parameter(environment)} has no release but {answer['Parameter']['Value']!r}; {fix}."
        ) from None
    _check(release, fix)
    return release


def history(environment: Environment) -> list[str]:
    """Every release that was recorded, the newest first, one per line: when, tag, commit, who."""
    check_account(environment)
    pages = client(environment, "ssm").get_paginator("get_parameter_history").paginate(Name=parameter(environment))
    try:
        entries = [each for page in pages for each in page["Parameters"]]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
            raise
        return []
    return [_line(entry) for entry in reversed(entries)]


def _line(entry: Json) -> str:
    try:
        value: Json = json.loads(entry["Value"])
        release = f"{value['tag']}  {value['commit']}"
    except (ValueError, LookupError, TypeError):
        release = f"no release but {entry['Value']!r}"
    when = entry["LastModifiedDate"].astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{when}  {release}  {entry['LastModifiedUser'].rpartition(':')[2]}"


def previous(environment: Environment, warn: Callable[[str], None]) -> Release:
    """What a roll-back goes back to: the last good release, else what most services run; `NONE` before the first.

    Services that don't run it are named and don't prevent it: after a release that failed half-way they are what the
    next one is there to mend.
    """
    running = running_tags(environment)
    release = recorded(environment)
    if release is None:
        release = Release(majority(running))
        if release.tag:
            warn(f"no release is recorded in {parameter(environment)}: what most services run counts, {release.tag}")
    others = sorted(f"{name} runs {tag}" for name, tag in running.items() if tag != release.tag)
    if others:
        warn(f"{', '.join(others)}, not {release.tag}")
    return release


def majority(running: dict[str, str]) -> str:
    """The tag that most services run; of several, the first by name, so that everybody gets the same answer."""
    counts = Counter(running.values())
    return min(counts, key=lambda tag: (-counts[tag], tag), default="")


def running_tag(environment: Environment) -> str:
    """The tag to plan with if none is given: what most services run, so that a plan shows changes of the stack only."""
    return majority(running_tags(environment)) or UNBUILT


def running_tags(environment: Environment) -> dict[str, str]:
    """The tag that each service runs, or is rolling out; empty before the first deploy."""
    check_account(environment)
    ecs: ECSClient = client(environment, "ecs")
    return {name: tag_of(ecs, service) for name, service in services(ecs, environment).items()}


def services(ecs: ECSClient, environment: Environment) -> dict[str, ServiceTypeDef]:
    """The environment's services as ECS describes them, by the names in its files; without those that don't exist."""
    names = {environment.names.name("aws_ecs_service", name): name for name in environment.services}
    try:
        described = ecs.describe_services(
            cluster=environment.names.name("aws_ecs_cluster", CLUSTER), services=sorted(names)
        )["services"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ClusterNotFoundException":
            return {}
        raise
    active = [service for service in described if service.get("status") == "ACTIVE"]
    return {names[service.get("serviceName", "")]: service for service in active}


def tag_of(ecs: ECSClient, service: ServiceTypeDef) -> str:
    """The tag that a service's task definition has."""
    definition = ecs.describe_task_definition(taskDefinition=service.get("taskDefinition", ""))["taskDefinition"]
    containers = definition.get("containerDefinitions", [])
    return containers[0].get("image", "").rpartition(":")[2] if containers else ""


def application_ref(event: Json) -> str:
    """Which version of the application a workflow run builds, as actions/checkout takes it, out of GitHub's event.

    A run by hand has it as its input `ref`: any branch, tag or commit. A published release has it in its notes, as one
    line `application: v1.4.2`: a tag, or a whole commit such as the one that staging runs. It can't be a branch, which
    may have moved since somebody looked at it. Raises ToolError.
    """
    if "release" not in event:
        wanted = str(event.get("inputs", {}).get("ref", ""))
        if not _VERSION.fullmatch(wanted) or _NOBODY_MERGED.match(wanted):
            raise ToolError(
                f"The input ref is {wanted!r}, which is no branch, tag or commit; start the run with another."
            )
        return wanted
    found: set[str] = set(_LINE.findall(str(event["release"].get("body") or "").replace("\r", "")))
    by_hand = "release it by hand: `gh workflow run deploy-aws.yml -f environment=prod -f ref=<tag or commit>`"
    if len(found) != 1:
        count = "no line" if not found else f"{len(found)} different lines"
        raise ToolError(f"The release's notes have {count} `application: <tag or commit>`; {by_hand}.")
    wanted = found.pop().strip("`")
    if not _VERSION.fullmatch(wanted):
        raise ToolError(f"The release's notes say `application: {wanted}`, which is no tag or commit; {by_hand}.")
    return wanted if _COMMIT.fullmatch(wanted) else f"refs/tags/{wanted}"


def _check(release: Release, fix: str) -> None:
    if not _TAG.fullmatch(release.tag):
        raise ToolError(f"{release.tag!r} is no tag of an image; {fix}.")
    if not _COMMIT.fullmatch(release.commit):
        raise ToolError(f"{release.commit!r} is no whole commit; {fix}.")
