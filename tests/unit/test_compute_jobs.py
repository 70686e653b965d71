"""The scheduled job, its state machine, and one-off tasks."""

import json
from typing import Any

import pytest

from adelie.compute.job_definition import JobDefinition
from adelie.compute.job_settings import OneOffTaskSettings
from adelie.compute.one_off_task import OneOffTask
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeWorkload, given, granted
from tests.fakes.compute import IMAGE_TAG, TASK, TOPIC, ComputeStage
from tests.support import NAMES, Synthesized, policy, synthesize

MACHINE = JobDefinition(
    name="ai-pipeline",
    cluster_arn="arn:cluster",
    task_definition_arn="arn:task:7",
    task_family="adelie-test-ai-pipeline",
    subnet_ids=["subnet-a"],
    security_group_id="sg-1",
    capacity_provider="FARGATE",
    queue_url="https://queue",
    force_variable="PIPELINE_FORCE",
    timeout_seconds=3600,
    max_attempts=3,
    retry_interval_seconds=60,
)


@pytest.fixture(scope="module")
def result() -> Synthesized:
    return synthesize(lambda stack: ComputeStage(stack).job())


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    return json.loads(MACHINE.to_json())["States"]


def statements(result: Synthesized, containing: str) -> dict[str, dict[str, Any]]:
    return {found["Sid"]: found for found in policy(result.only("aws_iam_role_policy", containing)["policy"])}


def test_every_state_is_reached_and_every_next_exists(states: dict[str, Any]) -> None:
    def following(state: dict[str, Any]) -> set[str]:
        edges = {state.get("Next"), state.get("Default")}
        edges |= {branch["Next"] for branch in (*state.get("Choices", []), *state.get("Catch", []))}
        return {edge for edge in edges if edge}

    reached, to_visit = set[str](), {json.loads(MACHINE.to_json())["StartAt"]}
    while to_visit:
        name = to_visit.pop()
        reached.add(name)
        to_visit |= following(states[name]) - reached
    assert reached == set(states)


def test_an_attempt_is_stopped_after_an_hour_and_not_repeated(states: dict[str, Any]) -> None:
    run = states["Run"]
    assert run["Resource"] == "arn:aws:states:::ecs:runTask.sync"
    assert run["TimeoutSeconds"] == 3600
    assert run["Retry"][0] == {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0}
    assert run["Catch"][0]["Next"] == "FindTimedOut"
    assert states["FindTimedOut"]["Parameters"] == {"Cluster": "arn:cluster", "Family": "adelie-test-ai-pipeline"}
    stop = states["StopTimedOut"]["ItemProcessor"]["States"]["Stop"]
    assert stop["Resource"] == "arn:aws:states:::aws-sdk:ecs:stopTask"
    assert stop["Parameters"]["Task.$"] == "$"


def test_a_failed_attempt_is_repeated_with_a_growing_wait(states: dict[str, Any]) -> None:
    assert states["Run"]["Retry"][1] == {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 60,
        "MaxAttempts": 2,
        "BackoffRate": 2,
    }


def test_the_machine_outlasts_all_its_attempts() -> None:
    # Three hours, 60 + 120 seconds of waiting, ten minutes for the rest.
    assert json.loads(MACHINE.to_json())["TimeoutSeconds"] == 3 * 3600 + 180 + 600


def test_what_fails_in_the_end_is_reported_and_fails(states: dict[str, Any]) -> None:
    report = states["ReportFailure"]
    assert report["Resource"] == "arn:aws:states:::sqs:sendMessage"
    assert report["Parameters"]["QueueUrl"] == "https://queue"
    assert report["Parameters"]["MessageBody"]["failure.$"] == "$.failure"
    assert report["Next"] == "Failed"
    assert report["Catch"][0]["Next"] == "Failed"
    assert states["Failed"]["Type"] == "Fail"


@pytest.mark.parametrize(("branch", "value"), [("Forced", "true"), ("NotForced", "false")])
def test_force_becomes_a_variable(states: dict[str, Any], branch: str, value: str) -> None:
    assert states[branch]["Result"] == {"force": value}
    (override,) = states["Run"]["Parameters"]["Overrides"]["ContainerOverrides"]
    assert override == {"Name": "ai-pipeline", "Environment": [{"Name": "PIPELINE_FORCE", "Value.$": "$.force"}]}


def test_only_a_present_true_forces(states: dict[str, Any]) -> None:
    (choice,) = states["IsForced"]["Choices"]
    assert choice["And"] == [
        {"Variable": "$.force", "IsPresent": True},
        {"Variable": "$.force", "BooleanEquals": True},
    ]
    assert (choice["Next"], states["IsForced"]["Default"]) == ("Forced", "NotForced")


def test_a_second_run_at_once_does_nothing(states: dict[str, Any]) -> None:
    assert states["FindRuns"]["Parameters"]["StatusFilter"] == "RUNNING"
    (choice,) = states["IsAlone"]["Choices"]
    another_is_on, this_is_the_newer = choice["And"]
    assert another_is_on == {"Variable": "$.runs.Executions[1]", "IsPresent": True}
    # Step Functions lists the newest first: if this run is the second of two, it is the one that goes on.
    assert this_is_the_newer == {
        "Not": {"Variable": "$.runs.Executions[1].ExecutionArn", "StringEqualsPath": "$$.Execution.Id"}
    }
    assert (choice["Next"], states["IsAlone"]["Default"]) == ("AlreadyRunning", "Run")
    assert states["AlreadyRunning"]["Type"] == "Succeed"


def test_the_task_runs_privately(states: dict[str, Any]) -> None:
    parameters = states["Run"]["Parameters"]
    assert parameters["NetworkConfiguration"]["AwsvpcConfiguration"] == {
        "Subnets": ["subnet-a"],
        "SecurityGroups": ["sg-1"],
        "AssignPublicIp": "DISABLED",
    }
    assert parameters["CapacityProviderStrategy"] == [{"CapacityProvider": "FARGATE", "Weight": 1}]
    assert parameters["TaskDefinition"] == "arn:task:7"


def test_the_state_machine_is_logged_and_traced(result: Synthesized) -> None:
    machine = result.only("aws_sfn_state_machine")
    assert (machine["name"], machine["type"]) == ("adelie-test-ai-pipeline", "STANDARD")
    assert machine["logging_configuration"]["include_execution_data"] is True
    assert machine["tracing_configuration"] == {"enabled": True}
    assert machine["depends_on"] == [
        f"aws_iam_role_policy.{next(name for name in result.resources('aws_iam_role_policy') if 'runner' in name)}"
    ]
    history = result.only("aws_cloudwatch_log_group", "history")
    assert history["name"] == "/aws/vendedlogs/states/adelie-test-ai-pipeline"


def test_it_runs_by_the_clock_of_seoul(result: Synthesized) -> None:
    schedule = result.only("aws_scheduler_schedule")
    assert schedule["schedule_expression"] == "cron(0 18 ? * MON-FRI *)"
    assert schedule["schedule_expression_timezone"] == "Asia/Seoul"
    assert schedule["flexible_time_window"] == {"mode": "OFF"}
    assert schedule["state"] == "ENABLED"
    assert "kms_key_arn" not in schedule  # tests/permissions says what it would take
    assert schedule["group_name"].startswith("${aws_scheduler_schedule_group.")
    assert schedule["target"]["arn"].startswith("${aws_sfn_state_machine.")
    assert schedule["target"]["input"] == '{"force": false}'
    assert schedule["target"]["dead_letter_config"]["arn"].startswith("${aws_sqs_queue.")
    assert schedule["target"]["retry_policy"] == {
        "maximum_event_age_in_seconds": 3600,
        "maximum_retry_attempts": 10,
    }


def test_the_failure_queue_is_encrypted_and_takes_tls_only(result: Synthesized) -> None:
    queue = result.only("aws_sqs_queue")
    assert queue["name"] == "adelie-test-ai-pipeline-failures"
    assert queue["kms_master_key_id"].startswith("${aws_kms_key.")
    assert queue["message_retention_seconds"] == 1209600
    (refusal,) = policy(result.only("aws_sqs_queue_policy")["policy"])
    assert (refusal["Effect"], refusal["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_alarms_tell_of_failure_timeout_and_backlog(result: Synthesized) -> None:
    alarms = result.resources("aws_cloudwatch_metric_alarm").values()
    assert {alarm["metric_name"] for alarm in alarms} == {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ApproximateNumberOfMessagesVisible",
    }
    for alarm in alarms:
        assert alarm["alarm_actions"] == [TOPIC]
        assert (alarm["comparison_operator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
        assert alarm["treat_missing_data"] == "notBreaching"


def test_the_state_machine_may_run_this_task_only(result: Synthesized) -> None:
    allowed = statements(result, "runner-policy")
    family = "arn:aws:ecs:ap-northeast-2:111111111111:task-definition/adelie-test-ai-pipeline:*"
    assert allowed["RunTask"]["Resource"] == [family]
    assert set(allowed["RunTask"]["Condition"]["ArnEquals"]) == {"ecs:cluster"}
    task = result.only("aws_ecs_task_definition")
    assert allowed["PassTaskRoles"]["Resource"] == [task["execution_role_arn"], task["task_role_arn"]]
    assert allowed["PassTaskRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    assert allowed["ListenForTaskEvents"]["Resource"] == [
        "arn:aws:events:ap-northeast-2:111111111111:rule/StepFunctionsGetEventsForECSTaskRule"
    ]
    assert allowed["ReportFailure"]["Resource"][0].startswith("${aws_sqs_queue.")
    assert allowed["EncryptFailure"]["Condition"] == {
        "StringEquals": {"kms:ViaService": "sqs.ap-northeast-2.amazonaws.com"}
    }
    everywhere = {sid for sid, found in allowed.items() if found["Resource"] == ["*"]}
    assert everywhere == {"FindTasks", "DeliverHistory", "Trace"}


def test_the_scheduler_may_start_this_job_only(result: Synthesized) -> None:
    allowed = statements(result, "scheduler-policy")
    assert set(allowed) == {"StartJob", "ReportFailure", "EncryptFailure"}
    assert allowed["StartJob"]["Resource"][0].startswith("${aws_sfn_state_machine.")
    assert all("*" not in resource for found in allowed.values() for resource in found["Resource"])


def test_connecting_lets_a_service_start_it() -> None:
    commands: list[str] = []

    def build(stack: TerraformStack) -> None:
        pipeline = ComputeStage(stack).job()
        pipeline.connect(FakeWorkload(stack, "backend-api"))
        commands.append(pipeline.start_command)

    result = synthesize(build)
    (machine,) = result.resources("aws_sfn_state_machine")
    arn = f"${{aws_sfn_state_machine.{machine}.arn}}"
    assert given(result, "backend-api", "environment") == {"PIPELINE_STATE_MACHINE_ARN": arn}
    assert given(result, "backend-api", "secret") == {}
    assert granted(result, "backend-api", "task").keys() == {"start-ai-pipeline"}
    (statement,) = granted(result, "backend-api", "task")["start-ai-pipeline"]
    assert statement["Action"] == ["states:StartExecution"]
    assert statement["Resource"] == [arn]
    assert granted(result, "backend-api", "execution") == {}
    assert commands[0].startswith("aws stepfunctions start-execution --state-machine-arn ")
    assert commands[0].endswith("""--input '{"force": true}'""")


def test_every_setting_of_the_job_arrives() -> None:
    changed = synthesize(
        lambda stack: ComputeStage(stack).job(
            enabled=False,
            time_zone="UTC",
            timeout_seconds=600,
            max_attempts=1,
            capacity_provider="FARGATE_SPOT",
            variable_prefix="NIGHT",
        )
    )
    schedule = changed.only("aws_scheduler_schedule")
    assert (schedule["state"], schedule["schedule_expression_timezone"]) == ("DISABLED", "UTC")
    run = json.loads(changed.only("aws_sfn_state_machine")["definition"])["States"]["Run"]
    assert run["TimeoutSeconds"] == 600
    assert run["Retry"][1]["MaxAttempts"] == 0
    assert run["Parameters"]["CapacityProviderStrategy"][0]["CapacityProvider"] == "FARGATE_SPOT"
    assert run["Parameters"]["Overrides"]["ContainerOverrides"][0]["Environment"][0]["Name"] == "NIGHT_FORCE"


def test_a_job_has_no_listener(result: Synthesized) -> None:
    (container,) = json.loads(result.only("aws_ecs_task_definition")["container_definitions"])
    assert "portMappings" not in container
    ingress = result.resources("aws_vpc_security_group_ingress_rule")
    assert not [name for name in ingress if "ai-pipeline" in name]


def test_a_one_off_task_is_defined_but_not_run() -> None:
    commands: list[str] = []

    def build(stack: TerraformStack) -> None:
        stage = ComputeStage(stack)
        task = OneOffTask(
            stack,
            "migration",
            name="migration",
            settings=OneOffTaskSettings.model_validate(
                {**TASK, "image_of": "backend-api", "when": "by-hand", "command": ("alembic", "upgrade", "head")}
            ),
            names=NAMES,
            key=stage.key,
            network=stage.network,
            cluster=stage.cluster,
            repository=stage.repository("backend-api"),
            image_tag=IMAGE_TAG,
        )
        task.add_environment({"PGHOST": "db"})
        commands.append(task.run_command)

    result = synthesize(build)
    (container,) = json.loads(result.only("aws_ecs_task_definition")["container_definitions"])
    assert container["command"] == ["alembic", "upgrade", "head"]
    assert container["environment"] == [{"name": "PGHOST", "value": "db"}]
    assert "aws_ecr_repository.repository-backend-api" in container["image"]
    assert "aws_ecs_service" not in result.document["resource"]
    (command,) = commands
    assert "--task-definition adelie-test-migration --capacity-provider-strategy capacityProvider=FARGATE," in command
    assert "subnets=[subnet-private-a,subnet-private-c]" in command
    assert command.endswith("assignPublicIp=DISABLED}'")
