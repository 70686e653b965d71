"""A client for an environment's AWS, and whether its account is the right one."""

from __future__ import annotations

from typing import Any, cast

import boto3
from botocore.config import Config
from localstack_client import config as localstack  # pyright: ignore[reportMissingTypeStubs]

from stacks.environment import Environment
from tools.command import ToolError


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
