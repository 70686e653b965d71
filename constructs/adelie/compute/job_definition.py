"""The state machine of a scheduled job, in the Amazon States Language. Pure: no cdktf import."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

BACKOFF_RATE: Final = 2
"""By how much the wait before each further attempt grows."""

FORCED: Final = "true"
NOT_FORCED: Final = "false"

_CALL_RETRY: Final[dict[str, Any]] = {
    "ErrorEquals": ["States.ALL"],
    "IntervalSeconds": 2,
    "MaxAttempts": 3,
    "BackoffRate": BACKOFF_RATE,
}
"""For calls of AWS APIs, which fail for seconds, not minutes."""


@dataclass(frozen=True, kw_only=True)
class JobDefinition:
    """What the state machine needs to know of the job, its task, and where its failures go."""

    name: str
    cluster_arn: str
    task_definition_arn: str
    task_family: str
    subnet_ids: Sequence[str]
    security_group_id: str
    capacity_provider: str
    queue_url: str
    force_variable: str
    timeout_seconds: int
    max_attempts: int
    retry_interval_seconds: int

    def to_json(self) -> str:
        """The state machine's definition.

        It reads whether the run is forced, ends if another run is on, runs the task (each attempt stopped after
        `timeout_seconds`, failed ones repeated), and sends what failed in the end to the queue.
        """
        return json.dumps(
            {
                "Comment": f"Runs {self.name}; with the input {{force: true}} also when it would not run by itself",
                "StartAt": "IsForced",
                "TimeoutSeconds": self.longest_run_seconds,
                "States": {**self._read_input(), **self._end_if_running(), **self._run(), **self._fail()},
            }
        )

    @property
    def longest_run_seconds(self) -> int:
        """All attempts with the waits between them, and ten minutes for starts and for reporting."""
        waits = (self.retry_interval_seconds * BACKOFF_RATE**attempt for attempt in range(self.max_attempts - 1))
        return self.max_attempts * self.timeout_seconds + sum(waits) + 600

    def _read_input(self) -> dict[str, Any]:
        is_forced = {"Variable": "$.force", "BooleanEquals": True}
        return {
            "IsForced": {
                "Type": "Choice",
                "Choices": [{"And": [{"Variable": "$.force", "IsPresent": True}, is_forced], "Next": "Forced"}],
                "Default": "NotForced",
            },
            "Forced": {"Type": "Pass", "Result": {"force": FORCED}, "Next": "FindRuns"},
            "NotForced": {"Type": "Pass", "Result": {"force": NOT_FORCED}, "Next": "FindRuns"},
        }

    def _end_if_running(self) -> dict[str, Any]:
        """Of two starts at once the older one runs. Best effort: the list is eventually consistent, so both may run."""
        return {
            "FindRuns": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:listExecutions",
                "Parameters": {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING", "MaxResults": 2},
                "ResultPath": "$.runs",
                "Retry": [_CALL_RETRY],
                "Catch": [_catch("States.ALL", "ReportFailure")],
                "Next": "IsAlone",
            },
            "IsAlone": {
                "Type": "Choice",
                # The newest comes first: a second one that is not this one has started before.
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.runs.Executions[1]", "IsPresent": True},
                            {
                                "Not": {
                                    "Variable": "$.runs.Executions[1].ExecutionArn",
                                    "StringEqualsPath": "$$.Execution.Id",
                                }
                            },
                        ],
                        "Next": "AlreadyRunning",
                    }
                ],
                "Default": "Run",
            },
            "AlreadyRunning": {"Type": "Succeed", "Comment": "Another run is on; this one does nothing"},
        }

    def _run(self) -> dict[str, Any]:
        return {
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::ecs:runTask.sync",
                "TimeoutSeconds": self.timeout_seconds,
                "Parameters": self._run_task_parameters(),
                "Retry": [
                    # A job that took too long once would only do so again.
                    {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 0},
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": self.retry_interval_seconds,
                        "MaxAttempts": self.max_attempts - 1,
                        "BackoffRate": BACKOFF_RATE,
                    },
                ],
                "Catch": [_catch("States.Timeout", "FindTimedOut"), _catch("States.ALL", "ReportFailure")],
                "ResultPath": None,
                "End": True,
            },
            **self._stop_timed_out(),
        }

    def _run_task_parameters(self) -> dict[str, Any]:
        force = {"Name": self.force_variable, "Value.$": "$.force"}
        return {
            "Cluster": self.cluster_arn,
            "TaskDefinition": self.task_definition_arn,
            "CapacityProviderStrategy": [{"CapacityProvider": self.capacity_provider, "Weight": 1}],
            "PropagateTags": "TASK_DEFINITION",
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": list(self.subnet_ids),
                    "SecurityGroups": [self.security_group_id],
                    "AssignPublicIp": "DISABLED",
                }
            },
            "Overrides": {"ContainerOverrides": [{"Name": self.name, "Environment": [force]}]},
        }

    def _stop_timed_out(self) -> dict[str, Any]:
        """Step Functions promises to stop a task when its execution is stopped, not when the state times out."""
        not_stopped = [_catch("States.ALL", "ReportFailure", result_path="$.notStopped")]
        return {
            "FindTimedOut": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:ecs:listTasks",
                "Parameters": {"Cluster": self.cluster_arn, "Family": self.task_family},
                "ResultPath": "$.tasks",
                "Retry": [_CALL_RETRY],
                "Catch": not_stopped,
                "Next": "StopTimedOut",
            },
            "StopTimedOut": {
                "Type": "Map",
                "ItemsPath": "$.tasks.TaskArns",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Stop",
                    "States": {
                        "Stop": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:ecs:stopTask",
                            "Parameters": {
                                "Cluster": self.cluster_arn,
                                "Task.$": "$",
                                "Reason": f"{self.name} took longer than {self.timeout_seconds} seconds",
                            },
                            "Retry": [_CALL_RETRY],
                            "End": True,
                        }
                    },
                },
                "ResultPath": None,
                "Catch": not_stopped,
                "Next": "ReportFailure",
            },
        }

    def _fail(self) -> dict[str, Any]:
        return {
            "ReportFailure": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {
                    "QueueUrl": self.queue_url,
                    "MessageBody": {
                        "job": self.name,
                        "execution.$": "$$.Execution.Id",
                        "startedAt.$": "$$.Execution.StartTime",
                        "failure.$": "$.failure",
                    },
                },
                "Retry": [_CALL_RETRY],
                "Catch": [_catch("States.ALL", "Failed", result_path="$.notReported")],
                "ResultPath": None,
                "Next": "Failed",
            },
            "Failed": {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"},
        }


def _catch(error: str, next_state: str, *, result_path: str = "$.failure") -> dict[str, Any]:
    return {"ErrorEquals": [error], "ResultPath": result_path, "Next": next_state}
