"""Run the scheduled job `ai-pipeline` now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer
from botocore.exceptions import ClientError

from stacks import loader
from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError, console, run

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

PIPELINE: Final = "ai-pipeline"


def start(environment: Environment, *, force: bool) -> str:
    """Start an execution of the job's state machine and return its ARN. Raises ToolError.

    `force` runs it on a market holiday too.
    """
    check_account(environment)
    target = environment.target
    machine = target.arn("states", f"stateMachine:{target.name('aws_sfn_state_machine', PIPELINE)}")
    states: SFNClient = client(environment, "stepfunctions")
    try:
        return states.start_execution(stateMachineArn=machine, input=json.dumps({"force": force}))["executionArn"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "StateMachineDoesNotExist":
            raise
        raise ToolError(f"AWS has no state machine {machine}; deploy {environment.name} first.") from None


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    force: Annotated[bool, typer.Option("--force", help="Run on a market holiday too.")] = False,
) -> None:
    """Run the scheduled job now."""
    console().print(start(loader.load(name), force=force), soft_wrap=True)


if __name__ == "__main__":
    run(main)
