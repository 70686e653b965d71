"""A client for an environment's AWS, whether its account is the right one, and what AWS says in one sentence."""

from __future__ import annotations

from typing import Any, Final, cast

import boto3
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

from stacks.environment import Environment
from tools.command import ToolError, one_line

ERRORS: Final = (BotoCoreError, ClientError)
"""What boto3 raises: a command that meets one ends with its `sentence`."""


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


def sentence(error: Exception) -> str:
    """The error as one sentence that says what to do."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials; sign in (`aws sso login`) and set AWS_PROFILE."
        case TokenRetrievalError() | UnauthorizedSSOTokenError():
            return "The AWS session has expired; sign in again with `aws sso login`."
        case ProfileNotFound():
            return f"{one_line(error)}; set AWS_PROFILE to a profile of ~/.aws/config."
        case EndpointConnectionError() | ConnectTimeoutError() | ReadTimeoutError():
            where = error.kwargs.get("endpoint_url", "AWS")
            return f"{where} does not answer; start the emulator, or check the network and AWS_ENDPOINT_URL."
        case ClientError():
            details = error.response.get("Error", {})
            why = one_line(details.get("Message", "no reason given"))
            return f"AWS refused {error.operation_name}: {details.get('Code', 'Error')} ({why})."
        case _:
            return " ".join(str(error).split())
