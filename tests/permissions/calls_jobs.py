"""The scheduled job: who starts it, and what its state machine does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.permissions.account import Account
from tests.permissions.call import Call, another, elsewhere
from tests.permissions.calls_common import send_to, taken


def schedules(account: Account) -> Iterator[Call]:
    """EventBridge Scheduler, with a session of the schedule's own role."""
    for name, schedule in account.platform.resources("aws_scheduler_schedule").items():
        target = account.arns.resolved(schedule["target"])
        group = account.arns.resolved(schedule["group_name"])
        yield taken(
            account,
            target["role_arn"],
            by="scheduler.amazonaws.com",
            source_arn=account.arn("scheduler", f"schedule-group/{group}"),
            source="EventBridge Scheduler user guide, Confused deputy prevention",
        )
        yield Call(
            what=f"the schedule {name} starts its state machine",
            who=target["role_arn"],
            does="states:StartExecution",
            on=target["arn"],
            source="EventBridge Scheduler user guide, Setting up EventBridge Scheduler: the execution role",
            near_misses={
                "another state machine": {"on": another(target["arn"])},
                "another account's": {"on": elsewhere(target["arn"])},
                "it stops a run": {"does": "states:StopExecution", "on": f"{_execution(target['arn'])}:run"},
            },
        )
        if "kms_key_arn" in schedule:
            # No kms:ViaService: the guide's CloudTrail event has the role as the caller, and no service behind it.
            yield Call(
                what=f"the schedule {name} decrypts its payload",
                who=target["role_arn"],
                does="kms:Decrypt",
                on=account.arns.resolved(schedule["kms_key_arn"]),
                context={
                    "kms:EncryptionContext:aws:scheduler:schedule:arn": account.arn(
                        "scheduler", f"schedule/{group}/{schedule['name']}"
                    )
                },
                source="EventBridge Scheduler user guide, Encryption at rest: the CloudTrail event example",
                near_misses={"another key": {"on": account.arn("kms", "key/another")}},
            )
        yield from send_to(
            account,
            target["dead_letter_config"]["arn"],
            what=f"the schedule {name} gives up",
            who=target["role_arn"],
            source="EventBridge Scheduler user guide, Configuring a dead-letter queue",
        )


def state_machines(account: Account) -> Iterator[Call]:
    """Step Functions, with a session of the state machine's own role: what the states of its definition call."""
    for name, machine in account.platform.resources("aws_sfn_state_machine").items():
        arn, role = account.arns.of("aws_sfn_state_machine", name), account.arns.resolved(machine["role_arn"])
        states = list(_tasks_of(account.arns.document(machine["definition"])["States"]))
        yield taken(
            account,
            role,
            by="states.amazonaws.com",
            source_arn=arn,
            source="Step Functions developer guide, Preventing cross-service confused deputy issue",
        )
        for state in states:
            yield from _of_state(account, name, role, arn, state)
        yield Call(
            what=f"{name} delivers its history",
            who=role,
            does=[
                *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            on="*",
            source="Step Functions developer guide, Using CloudWatch Logs to log execution history",
            near_misses={
                "it reads logs": {"does": "logs:FilterLogEvents", "on": account.arn("logs", "log-group:any")},
                "a container does": {"who": account.task_roles()[0]},
            },
        )
        yield Call(
            what=f"{name} sends its traces",
            who=role,
            does=[
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
            ],
            on="*",
            source="Step Functions developer guide, IAM policies for X-Ray",
            near_misses={"a container does": {"who": account.task_roles()[0]}},
        )


def _tasks_of(states: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every state that calls something, those inside a map too."""
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        if state["Type"] == "Map":
            yield from _tasks_of(state["ItemProcessor"]["States"])


def _of_state(account: Account, name: str, role: str, machine: str, state: dict[str, Any]) -> Iterator[Call]:
    resource, parameters = state["Resource"], state["Parameters"]
    if resource == "arn:aws:states:::ecs:runTask.sync":
        yield from _run_task(account, name, role, parameters["Cluster"], parameters["TaskDefinition"])
    elif resource == "arn:aws:states:::aws-sdk:sfn:listExecutions":
        yield Call(
            what=f"{name} looks for other runs",
            who=role,
            does="states:ListExecutions",
            on=machine,
            source="Step Functions, service authorization reference: ListExecutions",
            near_misses={"of another state machine": {"on": another(machine)}},
        )
    elif resource == "arn:aws:states:::aws-sdk:ecs:listTasks":
        cluster = parameters["Cluster"]
        yield Call(
            what=f"{name} finds the task that ran out of time",
            who=role,
            does="ecs:ListTasks",
            on="*",
            context={"ecs:cluster": cluster},
            source="Amazon ECS, service authorization reference: ListTasks",
            near_misses={"in another cluster": {"context": {"ecs:cluster": another(cluster)}}},
        )
    elif resource == "arn:aws:states:::aws-sdk:ecs:stopTask":
        yield _on_task(account, name, role, parameters["Cluster"], does="ecs:StopTask", words="stops the task")
    elif resource == "arn:aws:states:::sqs:sendMessage":
        url = parameters["QueueUrl"].split("/")
        queue = account.arn("sqs", url[-1])
        yield from send_to(
            account, queue, what=f"{name} reports a failure", who=role, source="Step Functions, IAM policies for SQS"
        )
    else:
        raise LookupError(f"tests/permissions/calls_jobs.py doesn't know what a state with {resource} calls; add it")


def _run_task(account: Account, name: str, role: str, cluster: str, definition: str) -> Iterator[Call]:
    source = "Step Functions developer guide, IAM policies for running Amazon ECS or Fargate tasks"
    yield Call(
        what=f"{name} runs its task",
        who=role,
        does="ecs:RunTask",
        on=definition,
        context={"ecs:cluster": cluster},
        source=source,
        near_misses={
            "in another cluster": {"context": {"ecs:cluster": another(cluster)}},
            "in no cluster that is known": {"context": {"ecs:cluster": ""}},
            "another task": {"on": another(definition)},
            "another account's": {"on": elsewhere(definition)},
        },
    )
    task = next(body for arn, body in account.each("aws_ecs_task_definition") if arn == definition)
    for kind in ("execution_role_arn", "task_role_arn"):
        yield Call(
            what=f"{name} hands on the {kind} of its task",
            who=role,
            does="iam:PassRole",
            on=task[kind],
            context={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            source=source,
            near_misses={
                "to a function": {"context": {"iam:PassedToService": "lambda.amazonaws.com"}},
                "its own role": {"on": role},
                "the role that deploys": {"on": account.pipeline_role("apply")},
            },
        )
    yield _on_task(account, name, role, cluster, does="ecs:DescribeTasks", words="follows its task")
    yield _on_task(account, name, role, cluster, does="ecs:StopTask", words="stops its task when the run is stopped")
    yield Call(
        what=f"{name} tags its task as it starts it",
        who=role,
        does="ecs:TagResource",
        on=_task(account, cluster),
        context={"ecs:CreateAction": "RunTask"},
        source="Amazon ECS developer guide, Grant permission to tag resources on creation",
        near_misses={
            "later": {"context": {"ecs:CreateAction": ""}},
            "another cluster's": {"on": _task(account, another(cluster))},
        },
    )
    yield Call(
        what=f"{name} hears that its task has ended",
        who=role,
        does=["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        on=account.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule"),
        source=source,
        near_misses={
            "another rule": {"on": account.arn("events", "rule/another")},
            "another account's": {"on": elsewhere(account.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule"))},
        },
    )


def _on_task(account: Account, name: str, role: str, cluster: str, *, does: str, words: str) -> Call:
    return Call(
        what=f"{name} {words}",
        who=role,
        does=does,
        on=_task(account, cluster),
        context={"ecs:cluster": cluster},
        source="Amazon ECS, service authorization reference: condition key ecs:cluster",
        near_misses={
            "another cluster's": {"on": _task(account, another(cluster)), "context": {"ecs:cluster": another(cluster)}},
            "another account's": {"on": elsewhere(_task(account, cluster))},
        },
    )


def _task(account: Account, cluster: str) -> str:
    return account.arn("ecs", f"task/{cluster.rpartition('/')[2]}/0123456789abcdef0123456789abcdef")


def _execution(state_machine: str) -> str:
    return state_machine.replace(":stateMachine:", ":execution:")
