"""What the commands share: the synthesized stacks, a client for an environment's AWS, and errors of one sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from localstack_client import config as localstack  # pyright: ignore[reportMissingTypeStubs]
from rich.console import Console

from stacks.environment import Environment
from stacks.loader import EnvironmentFileError

ROOT: Final = Path(__file__).resolve().parent.parent
OUT: Final = ROOT / "cdktf.out"

Json = Any
"""A value read from JSON: dict, list, str, int, float, bool or None."""


class ToolError(Exception):
    """Why a command cannot do its work; its text is one sentence with the fix."""


@dataclass(frozen=True)
class Resource:
    """One resource of a synthesized stack."""

    type: str
    name: str
    body: Mapping[str, Json]

    @property
    def address(self) -> str:
        """Terraform's address: `<type>.<name>`."""
        return f"{self.type}.{self.name}"

    @property
    def path(self) -> tuple[str, ...]:
        """The construct ids from the stack down to it, without the stack's own; empty if cdktf noted none."""
        path: str = self.body.get("//", {}).get("metadata", {}).get("path", "")
        return tuple(path.split("/")[1:])


def run(command: Callable[..., None]) -> None:
    """Run a command line; what it cannot do becomes one sentence on stderr and exit code 1."""
    app = typer.Typer(add_completion=False)
    app.command()(command)
    run_app(app)


def run_app(app: typer.Typer) -> None:
    """As `run`, for a command line of several commands."""
    try:
        app()
    except (ToolError, EnvironmentFileError, BotoCoreError, ClientError) as error:
        sys.exit(sentence(error))


def sentence(error: Exception) -> str:
    """The error as one sentence that says what to do."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials; sign in (`aws sso login`) and set AWS_PROFILE."
        case TokenRetrievalError() | UnauthorizedSSOTokenError():
            return "The AWS session has expired; sign in again with `aws sso login`."
        case ProfileNotFound():
            return f"{_one_line(error)}; set AWS_PROFILE to a profile of ~/.aws/config."
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            where = error.kwargs.get("endpoint_url", "AWS")
            return f"{where} does not answer; start the emulator, or check the network and AWS_ENDPOINT_URL."
        case ClientError():
            details = error.response.get("Error", {})
            why = _one_line(details.get("Message", "no reason given"))
            return f"AWS refused {error.operation_name}: {details.get('Code', 'Error')} ({why})."
        case _:
            return " ".join(str(error).split())


def console(*, stderr: bool = False) -> Console:
    """Where a command prints: colours on a terminal only, plain text in a pipe."""
    return Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=False)


def stack_file(name: str, out: Path = OUT) -> Path:
    """Where the environment's Terraform JSON is."""
    return out / "stacks" / name / "cdk.tf.json"


def stack_names(out: Path = OUT) -> list[str]:
    """The environments that are synthesized."""
    return sorted(file.parent.name for file in out.glob("stacks/*/cdk.tf.json"))


def read_stack(name: str, out: Path = OUT) -> dict[str, Json]:
    """The environment's Terraform JSON. Raises ToolError if it is not synthesized."""
    file = stack_file(name, out)
    if name not in stack_names(out):
        known = ", ".join(stack_names(out)) or "none"
        raise ToolError(f"{shown(file)} does not exist (synthesized: {known}); run `make synth`, or correct the name.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ToolError(f"{shown(file)}:{error.lineno}: the file is not JSON; run `make synth` again.") from None


def resources(stack: Mapping[str, Json]) -> Iterator[Resource]:
    """Every resource of a stack, in the order of the JSON."""
    by_type: Mapping[str, Mapping[str, Mapping[str, Json]]] = stack.get("resource", {})
    for resource_type, by_name in by_type.items():
        for name, body in by_name.items():
            yield Resource(resource_type, name, body)


def shown(file: Path) -> str:
    """The path as somebody at the repository's root would type it."""
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)


def client(environment: Environment, service: str, *, patience_seconds: int = 30) -> Any:  # noqa: ANN401 -- the caller states which client it is
    """A boto3 client for the environment: of the real AWS, or of its emulator's endpoint.

    It waits `patience_seconds` for an answer, and asks twice.
    """
    arguments: dict[str, Any] = {
        "region_name": environment.region,
        "config": Config(
            connect_timeout=5,
            read_timeout=patience_seconds,
            retries={"total_max_attempts": 2, "mode": "standard"},
        ),
    }
    if environment.emulator is not None:
        arguments["endpoint_url"] = localstack.get_service_endpoint(service)
        arguments["aws_access_key_id"] = environment.emulator.access_key
        arguments["aws_secret_access_key"] = environment.emulator.access_key
    return cast("Any", boto3).client(service, **arguments)


def check_account(environment: Environment) -> None:
    """Refuse to go on with another account's credentials. An emulated environment has no account to mix up.

    Raises ToolError.
    """
    if environment.emulator is not None:
        return
    account: str = client(environment, "sts").get_caller_identity()["Account"]
    if account != environment.account_id:
        raise ToolError(
            f"The credentials belong to account {account}, but {environment.name} lives in {environment.account_id}; "
            f"set AWS_PROFILE to a profile of that account."
        )


def _one_line(text: object) -> str:
    return " ".join(str(text).split()).rstrip(".")
