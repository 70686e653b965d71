"""`python -m tools.release <step> prod ...`: the steps of a release beside Terraform's and the migration."""

from __future__ import annotations

import mimetypes
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from botocore.exceptions import ClientError

from stacks import loader
from stacks.environment import Environment
from stacks.platform import PIPELINE
from tools._common import ToolError, check_account, client, console, run_app
from tools.migrate import CLUSTER

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

Tell = Callable[[str], None]

PATIENCE_SECONDS: Final = 15 * 60
POLL_SECONDS: Final = 10
_PLATFORMS: Final = {"ARM64": "linux/arm64", "X86_64": "linux/amd64"}
_YEAR: Final = "public, max-age=31536000, immutable"
"""For files whose names change with their content, as Vite's in assets/ do."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


def build(environment: Environment, tag: str, contexts: Mapping[str, Path], tell: Tell) -> None:
    """Build and push the image of each repository that has none with the tag yet; a tag is never pushed twice.

    Raises ToolError for a repository without a folder, for a folder without a Dockerfile, and if Docker can't.
    """
    wanted = [*environment.services, PIPELINE]
    missing = [name for name in wanted if not (contexts.get(name, Path()) / "Dockerfile").is_file()]
    if missing or set(contexts) - set(wanted):
        raise ToolError(
            f"Each of {', '.join(wanted)} needs --context <name>=<folder with a Dockerfile>; wrong or missing: "
            f"{', '.join(missing) or ', '.join(sorted(set(contexts) - set(wanted)))}."
        )
    check_account(environment)
    ecr = client(environment, "ecr")
    registry = f"{environment.account_id}.dkr.ecr.{environment.region}.amazonaws.com"
    todo = [name for name in wanted if not _is_pushed(ecr, environment, name, tag)]
    for name in set(wanted) - set(todo):
        tell(f"{name}:{tag} is there already.")
    if todo:
        _log_in(ecr, registry)
    for name in todo:
        architecture = (environment.services.get(name) or environment.pipeline).cpu_architecture
        image = f"{registry}/{environment.target.name('aws_ecr_repository', name)}:{tag}"
        tell(f"{name}: building {image}")
        _docker(
            "buildx", "build", "--platform", _PLATFORMS[architecture], "--push", "--tag", image, str(contexts[name])
        )


def _is_pushed(ecr: Any, environment: Environment, name: str, tag: str) -> bool:  # noqa: ANN401 -- boto3's client
    repository = environment.target.name("aws_ecr_repository", name)
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "ImageNotFoundException":
            return False
        if code == "RepositoryNotFoundException":
            raise ToolError(
                f"AWS has no repository {repository}; make it first: docs/deploy.md, Before the first deploy."
            ) from None
        raise
    return True


def _log_in(ecr: Any, registry: str) -> None:  # noqa: ANN401 -- boto3's client
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    _docker("login", "--username", "AWS", "--password-stdin", registry, given=b64decode(token).partition(b":")[2])


def _docker(*arguments: str, given: bytes | None = None) -> None:
    try:
        done = subprocess.run(["docker", *arguments], input=given, check=False)
    except FileNotFoundError:
        raise ToolError("Docker is not installed; images can only be built where it is.") from None
    if done.returncode:
        raise ToolError(f"docker {arguments[0]} failed (exit code {done.returncode}); its own words are above.")


def running_tags(environment: Environment) -> dict[str, str]:
    """The tag that each service runs, or is rolling out; empty before the first deploy."""
    check_account(environment)
    ecs: ECSClient = client(environment, "ecs")
    return {name: _tag_of(ecs, service) for name, service in _services(ecs, environment).items()}


def _services(ecs: ECSClient, environment: Environment) -> dict[str, ServiceTypeDef]:
    names = {environment.target.name("aws_ecs_service", name): name for name in environment.services}
    try:
        found = ecs.describe_services(
            cluster=environment.target.name("aws_ecs_cluster", CLUSTER), services=sorted(names)
        )["services"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ClusterNotFoundException":
            return {}
        raise
    active = [service for service in found if service.get("status") == "ACTIVE"]
    return {names[service.get("serviceName", "")]: service for service in active}


def _tag_of(ecs: ECSClient, service: ServiceTypeDef) -> str:
    definition = ecs.describe_task_definition(taskDefinition=service.get("taskDefinition", ""))["taskDefinition"]
    containers = definition.get("containerDefinitions", [])
    return containers[0].get("image", "").rpartition(":")[2] if containers else ""


def wait(environment: Environment, tag: str, tell: Tell, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until every service runs the tag and nothing else, for a quarter of an hour.

    Raises ToolError at once for a service that runs another tag or whose roll-out ECS has given up.
    """
    check_account(environment)
    ecs: ECSClient = client(environment, "ecs")
    said: dict[str, str] = {}
    for _ in range(PATIENCE_SECONDS // POLL_SECONDS):
        states = {name: _state(ecs, service, tag) for name, service in _services(ecs, environment).items()}
        if absent := set(environment.services) - set(states):
            raise ToolError(f"ECS has no service {', '.join(sorted(absent))}; deploy {environment.name} first.")
        for name, state in states.items():
            if said.get(name) != state:
                tell(f"{name}: {state or 'steady'}")
        said = states
        if not any(states.values()):
            return
        sleep(POLL_SECONDS)
    late = ", ".join(f"{name} ({state})" for name, state in said.items() if state)
    raise ToolError(f"Not steady after {PATIENCE_SECONDS // 60} minutes: {late}; roll back, and read their events.")


def _state(ecs: ECSClient, service: ServiceTypeDef, tag: str) -> str:
    """What is still to happen; empty for nothing. Raises ToolError for what won't."""
    name, running = service.get("serviceName", ""), _tag_of(ecs, service)
    events = [event.get("message", "") for event in service.get("events", [])]
    deployments = service.get("deployments", [])
    failed = [each for each in deployments if each.get("rolloutState") == "FAILED"]
    if failed:
        why = failed[0].get("rolloutStateReason") or (events[0] if events else "no reason given")
        raise ToolError(f"The roll-out of {name} failed ({why}); ECS went back to what ran before.")
    if running != tag:
        raise ToolError(f"{name} runs {running}, not {tag}; ECS went back, or nobody deployed {tag}.")
    if len(deployments) > 1:
        return f"{len(deployments)} deployments"
    counts = service.get("runningCount", 0), service.get("desiredCount", 0)
    return "" if counts[0] >= counts[1] else f"{counts[0]} of {counts[1]} tasks"


def upload(environment: Environment, folder: Path, tell: Tell) -> int:
    """Put the frontend's built assets into their bucket, under assets/; how many files that were.

    Nothing is deleted: pages that are open, or cached, still ask for the files of the release before.
    Raises ToolError if the folder has no file.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []
    if not files:
        raise ToolError(f"{folder} has no file; build the frontend first, and name its folder assets.")
    check_account(environment)
    s3, bucket = client(environment, "s3"), environment.target.bucket_name("assets")
    for file in files:
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        key = f"assets/{file.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes(), ContentType=kind, CacheControl=_YEAR)
    tell(f"{len(files)} files are in {bucket}.")
    return len(files)


def invalidate(environment: Environment, tell: Tell) -> str:
    """Have CloudFront forget every page, which takes it some minutes; the invalidation's id."""
    check_account(environment)
    cloudfront = client(environment, "cloudfront")
    distribution = _distribution(cloudfront, environment)
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(time.time_ns())}
    made = cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]
    tell(f"CloudFront ({distribution}) forgets the pages in the next minutes: invalidation {made['Id']}.")
    return made["Id"]


def _distribution(cloudfront: Any, environment: Environment) -> str:  # noqa: ANN401 -- boto3's client
    """The distribution of the environment, found by the name that it has as its comment."""
    pages = cloudfront.get_paginator("list_distributions").paginate()
    every = [each for page in pages for each in page["DistributionList"].get("Items", ())]
    mine = [each["Id"] for each in every if environment.target.prefix in each["Comment"].split()]
    if len(mine) != 1:
        raise ToolError(f"CloudFront has {len(mine)} distributions of {environment.target.prefix}; deploy it first.")
    return mine[0]


def _print(text: str) -> None:
    console().print(text, soft_wrap=True)


Name = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")]
Tag = Annotated[str, typer.Option(help="The images' tag: the commit they are built from.")]


@app.command("images")
def images_command(
    name: Name,
    tag: Tag,
    context: Annotated[list[str], typer.Option(help="<repository>=<folder with its Dockerfile>, for each.")],
) -> None:
    """Build and push what is missing."""
    contexts = {key: Path(folder) for key, _, folder in (each.partition("=") for each in context)}
    build(loader.load(name), tag, contexts, _print)


@app.command("previous")
def previous_command(name: Name) -> None:
    """Print the tag that runs now: what a roll-back goes back to; nothing before the first deploy."""
    tags = sorted(set(running_tags(loader.load(name)).values()))
    if len(tags) > 1:
        raise ToolError(f"The services run different tags ({', '.join(tags)}); deploy one of them first.")
    typer.echo(tags[0] if tags else "")


@app.command("wait")
def wait_command(name: Name, tag: Tag) -> None:
    """Wait until every service runs the tag."""
    wait(loader.load(name), tag, _print)


@app.command("assets")
def assets_command(
    name: Name, folder: Annotated[Path, typer.Argument(help="The built assets, such as dist/assets.")]
) -> None:
    """Upload the frontend's assets."""
    upload(loader.load(name), folder, _print)


@app.command("invalidate")
def invalidate_command(name: Name) -> None:
    """Have CloudFront forget the pages."""
    invalidate(loader.load(name), _print)


if __name__ == "__main__":
    run_app(app)
