"""Running a scheduled job now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stacks.environment import Environment
from tools.aws import check_account, client
from tools.command import ToolError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


def start(environment: Environment, job: str, *, force: bool) -> str:
    """Start an execution of the job's state machine and return its ARN. Raises ToolError.

    `force` runs it when it would end by itself too, as on a market holiday.
    """
    check_account(environment)
    names = environment.names
    machine = names.arn("states", f"stateMachine:{names.name('aws_sfn_state_machine', job)}")
    states: SFNClient = client(environment, "stepfunctions")
    try:
        return states.start_execution(stateMachineArn=machine, input=json.dumps({"force": force}))["executionArn"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "StateMachineDoesNotExist":
            raise
        raise ToolError(f"AWS has no state machine {machine}; deploy {environment.name} first.") from None
