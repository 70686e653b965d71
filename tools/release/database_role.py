"""Calling the function that makes the application's role in the database."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from adelie.database.settings import FUNCTION, TIMEOUT_SECONDS
from stacks.environment import Environment
from tools.aws import client
from tools.command import ToolError

POLL_SECONDS: Final = 5
PATIENCE_SECONDS: Final = 5 * 60
"""How long to wait for a function that Lambda is placing in the VPC, which takes it a minute or two."""
_NOT_NOW: Final = ("ResourceConflictException", "ResourceNotReadyException")
"""What Lambda answers for a function in the state Pending or Inactive. One that nobody has called for weeks loses its
network interface; the call fails, and brings it back (Lambda developer guide, "Lambda function states")."""


def make_role(environment: Environment, tell: Callable[[str], None]) -> None:
    """Have the function create or correct the application's role; report what it changed.

    Raises ToolError with the function's own sentence, for a function that isn't there or doesn't become ready, and for
    a secret of another generation than the environment's: services would start with a login that doesn't exist yet.
    """
    answer = _invoke(environment)
    payload: Any = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        why = str(payload.get("errorMessage", "no reason given")).rstrip(".")
        raise ToolError(f"The application's role in the database was not created: {why}.")
    name, application, login = environment.name, environment.database.application, payload["login"]
    generation = payload["generation"]
    if generation != application.generation:
        step = generation + 1 if application.generation > generation else generation - 1
        fix = (
            f"run `make prepare ENV={name}`, which creates the new secret and changes no service"
            if application.generation == step
            else f"go one step at a time, to {step} first: two share a login, whose password containers are still using"
        )
        raise ToolError(
            f"The application's secret is of generation {generation} ({login}), but database.application.generation of "
            f"{name} is {application.generation} ({application.login}); {fix}."
        )
    changed = "; ".join(payload["changed"]) or "nothing to change"
    tell(f"The application's role {payload['role']}, login {login}: {changed}.")
    for other in payload.get("still_open", ()):  # an older function, which this release replaces, doesn't say it
        tell(
            f"Warning: {other} can still log in, because somebody is connected with it; once no container is, end the "
            f'sessions (docs/runbook.md, "Rotate a secret") and run this again.'
        )


def _invoke(environment: Environment) -> Any:  # noqa: ANN401 -- boto3's clients are created at run time
    name = environment.names.name("aws_lambda_function", FUNCTION)
    functions = client(environment, "lambda", patience_seconds=TIMEOUT_SECONDS + 15)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return functions.invoke(FunctionName=name, InvocationType="RequestResponse")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code == "ResourceNotFoundException":
                raise ToolError(
                    f"AWS has no function {name}; run `make prepare ENV={environment.name}` first."
                ) from None
            if code not in _NOT_NOW:
                raise
            if time.monotonic() >= deadline:
                raise ToolError(
                    f"The function {name} is not ready after {PATIENCE_SECONDS // 60} minutes; "
                    f"`aws lambda get-function-configuration --function-name {name}` says why."
                ) from None
        time.sleep(POLL_SECONDS)
