from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from stacks import loader
from stacks.environment import Environment
from tests.support import Synthesized
from tools.aws import client
from tools.command import ToolError
from tools.command_line import main
from tools.release import jobs, workloads

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

JOB = "nightly"
MACHINE = "adelie-staging-nightly"


def with_jobs(environment: Environment, *names: str) -> Environment:
    """The environment with jobs of these names and no other."""
    like = next(iter(environment.jobs.values()))
    return environment.model_copy(update={"jobs": dict.fromkeys(names, like)})


@pytest.fixture
def staging(environments: Mapping[str, Environment]) -> Environment:
    """Staging with one job, in the account that moto pretends to be."""
    return with_jobs(environments["staging"], JOB).model_copy(update={"account_id": "123456789012"})


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
    execution = jobs.start(staging, JOB, force=force)
    assert execution.startswith(f"arn:aws:states:ap-northeast-2:123456789012:execution:{MACHINE}:")
    described = states.describe_execution(executionArn=execution)
    assert json.loads(described.get("input", "")) == {"force": force}


def test_the_command_prints_the_execution_on_one_line(
    staging: Environment, states: SFNClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(_: str) -> Environment:
        return staging

    monkeypatch.setattr(loader, "load", load)
    with pytest.raises(SystemExit) as exit_:
        main(["job", "run", "staging", "--force"])
    machine = f"arn:aws:states:ap-northeast-2:123456789012:stateMachine:{MACHINE}"
    started = states.list_executions(stateMachineArn=machine)["executions"][0]["executionArn"]
    assert (exit_.value.code, capsys.readouterr().out) == (0, f"{started}\n")


def test_a_job_that_is_not_deployed_is_one_sentence(staging: Environment) -> None:
    with mock_aws(), pytest.raises(ToolError) as error:
        jobs.start(staging, JOB, force=False)
    assert str(error.value) == (
        f"AWS has no state machine arn:aws:states:ap-northeast-2:123456789012:stateMachine:{MACHINE}; "
        "deploy staging first."
    )


def test_another_account_is_refused(environments: Mapping[str, Environment]) -> None:
    with (
        mock_aws(),
        pytest.raises(ToolError, match=r"^The credentials belong to account 123456789012, but prod lives in"),
    ):
        jobs.start(environments["prod"], JOB, force=False)


def test_the_names_are_those_the_stack_gives_them(
    platforms: Mapping[str, Synthesized], environments: Mapping[str, Environment]
) -> None:
    machines = {each["name"] for each in platforms["staging"].resources("aws_sfn_state_machine").values()}
    assert machines == {f"adelie-staging-{job}" for job in environments["staging"].jobs}


@pytest.mark.parametrize(
    ("names", "asked", "said"),
    [
        ([], None, "staging has 0 jobs; say which one, its jobs are: none."),
        (["a", "b"], None, "staging has 2 jobs; say which one, its jobs are: a, b."),
        (["a", "b"], "c", "staging has no job 'c'; its jobs are: a, b."),
        (["a"], "c", "staging has no job 'c'; its jobs are: a."),
    ],
)
def test_a_job_that_nobody_has_or_that_could_be_several_is_one_sentence(
    names: list[str], asked: str | None, said: str, staging: Environment
) -> None:
    with pytest.raises(ToolError) as error:
        workloads.job_named(with_jobs(staging, *names), asked)
    assert str(error.value) == said


def test_one_of_several_jobs_is_run_by_its_name(staging: Environment) -> None:
    assert workloads.job_named(with_jobs(staging, "a", "b"), "b") == "b"
