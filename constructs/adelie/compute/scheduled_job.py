"""Jobs that run on a schedule, and by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from adelie.compute.cluster import Cluster
from adelie.compute.job_definition import JobDefinition
from adelie.compute.job_settings import ScheduledJobSettings
from adelie.compute.logs import log_group
from adelie.compute.repository import Repository
from adelie.compute.schedules import cron_expression
from adelie.compute.task import FargateTask
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.bounded_role import bounded_role
from adelie.shared.collaborators import PrivateNetwork, Workload
from adelie.shared.dead_letters import DeadLetterQueue
from adelie.shared.encryption import CustomerKey
from adelie.values.metric import Alarm, Metric
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy, policy_document
from catalogue.model import job_variable
from catalogue.uses import START

START_RETRIES: Final = 10
START_RETRY_SECONDS: Final = 3600
"""How often, and for how long, a start that Step Functions does not take is repeated before it goes to the queue."""


class ScheduledJob(FargateTask):
    """A Fargate task that a state machine runs on a schedule, or by hand with one command: a `Workload`.

    EventBridge Scheduler starts the state machine; that runs the task, stops it after its time, repeats it when it
    fails, and in the end sends the failure to a queue. Alarms report a failed run, a timed-out run and any message
    in the queue (which is also where starts go that never succeeded). The Scheduler could run the task itself, but it
    repeats only the call, not the run, and ECS stops no task for its time.

    By hand, also on a market holiday (`start_command`):

        aws stepfunctions start-execution --state-machine-arn <state_machine_arn> --input '{"force": true}'

    A run that finds another one on ends at once, as a success. The job should be safe to repeat all the same.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        settings: ScheduledJobSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
        cluster: Cluster,
        repository: Repository,
        image_tag: str,
        alarm_topic_arn: str,
    ) -> None:
        super().__init__(
            scope,
            id,
            name=name,
            settings=settings,
            names=names,
            key=key,
            network=network,
            repository=repository,
            image_tag=image_tag,
        )
        self._failures = DeadLetterQueue(
            self, "failures", name=name, names=names, key=key, alarm_topic_arn=alarm_topic_arn
        )
        self._start_variable = job_variable(name, settings, START)
        definition = self._definition(settings, network, cluster)
        self.state_machine_arn = self._state_machine(settings, definition, cluster, key).arn
        self._schedule(settings)
        self._failures.alarm_on_runs(
            failed=self.metric("ExecutionsFailed", "Sum"), timed_out=self.metric("ExecutionsTimedOut", "Sum")
        )

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """The alarms on the runs and on the failure queue, by their ARNs."""
        return self._failures.alarms

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of the runs (Step Functions developer guide, "Monitoring Step Functions metrics")."""
        dimensions = {"StateMachineArn": self.state_machine_arn}
        return Metric(namespace="AWS/States", name=name, dimensions=dimensions, statistic=statistic)

    @property
    def start_command(self) -> str:
        """The command that starts a run by hand, also when it would not run by itself."""
        return (
            f"aws stepfunctions start-execution --state-machine-arn {self.state_machine_arn} "
            """--input '{"force": true}'"""
        )

    def grant_start(self, workload: Workload) -> None:
        """Let a workload start the job."""
        workload.grant_task(
            f"start-{self.peer_id}",
            Statement(sid="StartJob", actions=["states:StartExecution"], resources=[self.state_machine_arn]),
        )

    def connect(self, workload: Workload) -> None:
        """Let a workload start the job, and tell it in `<PREFIX>_STATE_MACHINE_ARN` which state machine to start."""
        self.grant_start(workload)
        workload.add_environment({self._start_variable: self.state_machine_arn})

    def _definition(self, settings: ScheduledJobSettings, network: PrivateNetwork, cluster: Cluster) -> JobDefinition:
        return JobDefinition(
            name=self._name,
            cluster_arn=cluster.arn,
            task_definition_arn=self.task_definition_arn,
            task_family=self.family,
            subnet_ids=network.private_subnet_ids,
            security_group_id=self.security_group.security_group_id,
            capacity_provider=settings.capacity_provider,
            queue_url=self._failures.url,
            force_variable=job_variable(self._name, settings, "FORCE"),
            timeout_seconds=settings.timeout_seconds,
            max_attempts=settings.max_attempts,
            retry_interval_seconds=settings.retry_interval_seconds,
        )

    def _state_machine(
        self, settings: ScheduledJobSettings, definition: JobDefinition, cluster: Cluster, key: CustomerKey
    ) -> aws.SfnStateMachine:
        machine_name = self._names.name("aws_sfn_state_machine", self._name)
        history = log_group(
            self,
            "history",
            # Below /aws/vendedlogs/, so that it does not fill up the region's resource policy for log delivery.
            name=f"/aws/vendedlogs/states/{machine_name}",
            retention_days=settings.log_retention_days,
            key=key,
        )
        role = self._service_role("runner", "states.amazonaws.com")
        policy = aws.IamRolePolicy(
            self,
            "runner-policy",
            name="run-task",
            role=role.name,
            policy=policy_document(
                *self._run_task_statements(cluster),
                *self._runner_statements(machine_name),
                *self._failures.send_statements(),
            ),
        )
        return aws.SfnStateMachine(
            self,
            "state-machine",
            name=machine_name,
            type="STANDARD",
            role_arn=role.arn,
            definition=definition.to_json(),
            logging_configuration=aws.SfnStateMachineLoggingConfiguration(
                level="ALL", include_execution_data=True, log_destination=f"{history.arn}:*"
            ),
            tracing_configuration=aws.SfnStateMachineTracingConfiguration(enabled=True),
            # Creating it fails unless its role may already deliver logs.
            depends_on=[policy],
        )

    def _run_task_statements(self, cluster: Cluster) -> tuple[Statement, ...]:
        on_cluster = {"ArnEquals": {"ecs:cluster": cluster.arn}}
        tasks = self._names.arn("ecs", f"task/{cluster.name}/*")
        return (
            Statement(
                sid="RunTask",
                actions=["ecs:RunTask"],
                resources=[self._names.arn("ecs", f"task-definition/{self.family}:*")],
                conditions=on_cluster,
            ),
            Statement(
                sid="FollowAndStopTask",
                actions=["ecs:DescribeTasks", "ecs:StopTask"],
                resources=[tasks],
                conditions=on_cluster,
            ),
            # Listing tasks has no resource level for Fargate, only the cluster's condition.
            Statement(sid="FindTasks", actions=["ecs:ListTasks"], resources=["*"], conditions=on_cluster),
            Statement(
                sid="TagTaskAtItsStart",
                actions=["ecs:TagResource"],
                resources=[tasks],
                conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
            ),
            Statement(
                sid="PassTaskRoles",
                actions=["iam:PassRole"],
                resources=[self.execution_role_arn, self.task_role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            ),
            # How Step Functions learns that a task ended (developer guide, "IAM policies for Amazon ECS").
            Statement(
                sid="ListenForTaskEvents",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[self._names.arn("events", "rule/StepFunctionsGetEventsForECSTaskRule")],
            ),
        )

    def _runner_statements(self, machine_name: str) -> tuple[Statement, ...]:
        return (
            Statement(
                sid="FindOtherRuns",
                actions=["states:ListExecutions"],
                resources=[self._names.arn("states", f"stateMachine:{machine_name}")],
            ),
            # Neither log delivery nor X-Ray has a resource level (Step Functions developer guide, "CloudWatch Logs").
            Statement(
                sid="DeliverHistory",
                actions=[
                    "logs:CreateLogDelivery",
                    "logs:DeleteLogDelivery",
                    "logs:DescribeLogGroups",
                    "logs:DescribeResourcePolicies",
                    "logs:GetLogDelivery",
                    "logs:ListLogDeliveries",
                    "logs:PutResourcePolicy",
                    "logs:UpdateLogDelivery",
                ],
                resources=["*"],
            ),
            Statement(
                sid="Trace",
                actions=[
                    "xray:GetSamplingRules",
                    "xray:GetSamplingTargets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                ],
                resources=["*"],
            ),
        )

    def _schedule(self, settings: ScheduledJobSettings) -> None:
        role = self._service_role("scheduler", "scheduler.amazonaws.com")
        aws.IamRolePolicy(
            self,
            "scheduler-policy",
            name="start-job",
            role=role.name,
            policy=policy_document(
                Statement(sid="StartJob", actions=["states:StartExecution"], resources=[self.state_machine_arn]),
                *self._failures.send_statements(),
            ),
        )
        group = aws.SchedulerScheduleGroup(
            self, "schedules", name=self._names.name("aws_scheduler_schedule_group", self._name)
        )
        aws.SchedulerSchedule(
            self,
            "schedule",
            name=self._names.name("aws_scheduler_schedule", self._name),
            group_name=group.name,
            state="ENABLED" if settings.enabled else "DISABLED",
            schedule_expression=cron_expression(settings.schedule),
            schedule_expression_timezone=settings.time_zone,
            flexible_time_window=aws.SchedulerScheduleFlexibleTimeWindow(mode="OFF"),
            # Without the customer key, which would encrypt the payload only, and that holds nothing: {"force": false}.
            # Scheduler decrypts it with a session of the role itself, so that a `kms:ViaService` in the role's policy
            # would stop every start (EventBridge Scheduler user guide, "Encryption at rest").
            target=aws.SchedulerScheduleTarget(
                arn=self.state_machine_arn,
                role_arn=role.arn,
                input=json.dumps({"force": False}),
                retry_policy=aws.SchedulerScheduleTargetRetryPolicy(
                    maximum_retry_attempts=START_RETRIES, maximum_event_age_in_seconds=START_RETRY_SECONDS
                ),
                dead_letter_config=aws.SchedulerScheduleTargetDeadLetterConfig(arn=self._failures.arn),
            ),
        )

    def _service_role(self, kind: str, service: str) -> aws.IamRole:
        return bounded_role(
            self,
            f"{kind}-role",
            names=self._names,
            name=self._names.name("aws_iam_role", self._name, kind),
            trust=assume_role_policy(service, source_account=self._names.account_id),
        )
