from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from stacks.environment import Environment
from tests.support import Synthesized
from tools.aws import client
from tools.command import ToolError, run
from tools.release import jobs

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

MACHINE = "adelie-staging-ai-pipeline"


@pytest.fixture
def staging(environments: Mapping[str, Environment]) -> Environment:
    """Staging, in the account that moto pretends to be."""
    return environments["staging"].model_copy(update={"account_id": "123456789012"})


@pytest.fixture
def states(staging: Environment) -> Iterator[SFNClient]:
    """Step Functions with the state machine that staging's stack creates."""
    with mock_aws():
        states: SFNClient = client(staging, "stepfunctions")
        definition = {"StartAt": "Run", "States": {"Run": {"Type": "Pass", "End": True}}}
        role = "arn:aws:iam::123456789012:role/runner"
        states.create_state_machine(name=MACHINE, definition=json.dumps(definition), roleArn=role)
        yield states


@pytest.mark.parametrize("force", [False, True])
def test_it_starts_the_job_and_says_whether_it_is_forced(force: bool, staging: Environment, states: SFNClient) -> None:
    execution = jobs.start(staging, force=force)
    assert execution.startswith(f"arn:aws:states:ap-northeast-2:123456789012:execution:{MACHINE}:")
    described = states.describe_execution(executionArn=execution)
    assert json.loads(described.get("input", "")) == {"force": force}


def test_the_command_prints_the_execution_on_one_line(
    staging: Environment, states: SFNClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(_: str) -> Environment:
        return staging

    monkeypatch.setattr(jobs.loader, "load", load)
    monkeypatch.setattr(sys, "argv", ["tool", "staging", "--force"])
    with pytest.raises(SystemExit) as exit_:
        run(jobs.main)
    machine = f"arn:aws:states:ap-northeast-2:123456789012:stateMachine:{MACHINE}"
    started = states.list_executions(stateMachineArn=machine)["executions"][0]["executionArn"]
    assert (exit_.value.code, capsys.readouterr().out) == (0, f"{started}\n")


def test_a_job_that_is_not_deployed_is_one_sentence(staging: Environment) -> None:
    with mock_aws(), pytest.raises(ToolError) as error:
        jobs.start(staging, force=False)
    assert str(error.value) == (
        f"AWS has no state machine arn:aws:states:ap-northeast-2:123456789012:stateMachine:{MACHINE}; "
        "deploy staging first."
    )


def test_another_account_is_refused(environments: Mapping[str, Environment]) -> None:
    with (
        mock_aws(),
        pytest.raises(ToolError, match=r"^The credentials belong to account 123456789012, but prod lives in"),
    ):
        jobs.start(environments["prod"], force=False)


def test_the_name_is_the_one_the_stack_gives_it(platforms: Mapping[str, Synthesized]) -> None:
    assert platforms["staging"].only("aws_sfn_state_machine")["name"] == MACHINE
