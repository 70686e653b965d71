"""Starting a scheduled job now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import ClientError

from stacks import loader
from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError, console, run

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


def start(environment: Environment, job: str | None = None, *, force: bool) -> str:
    """Start an execution of the job's state machine and return its ARN; the only job, if none is named.

    `force` runs it when it would end by itself too, as on a market holiday. Raises ToolError.
    """
    name = _chosen(environment, job)
    check_account(environment)
    target = environment.target
    machine = target.arn("states", f"stateMachine:{target.name('aws_sfn_state_machine', name)}")
    states: SFNClient = client(environment, "stepfunctions")
    try:
        return states.start_execution(stateMachineArn=machine, input=json.dumps({"force": force}))["executionArn"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "StateMachineDoesNotExist":
            raise
        raise ToolError(f"AWS has no state machine {machine}; deploy {environment.name} first.") from None


def _chosen(environment: Environment, job: str | None) -> str:
    known = ", ".join(environment.jobs) or "none"
    if job is None and len(environment.jobs) == 1:
        return next(iter(environment.jobs))
    if job is None:
        raise ToolError(f"{environment.name} has several jobs; say which one to start: {known}.")
    if job not in environment.jobs:
        raise ToolError(f"{environment.name} has no job {job}; its jobs are: {known}.")
    return job


def main(
    name: Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="An environment, such as prod.")],
    job: Annotated[str | None, typer.Argument(help="A job of the catalogue; not needed if there is one only.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run on a market holiday too.")] = False,
) -> None:
    """Run the scheduled job now."""
    console().print(start(loader.load(name), job, force=force), soft_wrap=True)


if __name__ == "__main__":
    run(main)
