"""A container as a Fargate task: what services, scheduled jobs and one-off tasks have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from adelie.compute.logs import log_group
from adelie.compute.repository import Repository
from adelie.compute.task_settings import TaskSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResource
from adelie.shared.bounded_role import bounded_role
from adelie.shared.collaborators import PrivateNetwork
from adelie.shared.encryption import CustomerKey
from adelie.shared.security_group import SecurityGroup
from adelie.values.literal import literal
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, assume_role_policy, policy_document
from catalogue.model import volume_name

LOG_BUFFER: Final = "25m"
"""How much output may wait for CloudWatch Logs; beyond it, output is dropped so that the container doesn't wait (ECS
developer guide, "awslogs": max-buffer-size)."""


class FargateTask(Construct):
    """A task definition of one container, with its log group, security group and two roles: a `Workload`.

    The container starts from the image `image_tag` of `repository` with a read-only root file system, an init process
    and no privileges. The execution role (ECS starting the container) may pull from this one repository and write to
    this one log group; the task role (the code) has no permission. Connections add what the code needs, and where to
    find it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        settings: TaskSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
        repository: Repository,
        image_tag: str,
        container_port: int | None = None,
        agent_paths: tuple[str, ...] = (),
    ) -> None:
        super().__init__(scope, id)
        self._name = name
        self._settings = settings
        self._names = names
        self._image = f"{repository.url}:{image_tag}"
        self._container_port = container_port
        self._writable_paths = (*settings.writable_paths, *agent_paths)
        self._environment = {name: literal(value) for name, value in settings.environment.items()}
        self._secrets: dict[str, str] = {}
        self._prerequisites: list[str] = []

        self._log_group = log_group(
            self,
            "log",
            name=f"/ecs/{names.prefix}/{name}",
            retention_days=settings.log_retention_days,
            key=key,
        )
        self._security_group = self._closed_security_group(network)
        self._execution_role = self._role("execution")
        self._task_role = self._role("task")
        self.execution_role_arn = self._execution_role.arn
        self.task_role_arn = self._task_role.arn
        self.family = names.name("aws_ecs_task_definition", name)
        self._task_definition = self._define_task()
        self.task_definition_arn = self._task_definition.arn
        self.grant_execution("start", *repository.pull_statements(), self._write_log())

    @property
    def peer_id(self) -> str:
        """The service's, job's or task's name; also the name of its container."""
        return self._name

    @property
    def security_group(self) -> SecurityGroup:
        """The security group of its network interfaces: closed but for HTTPS out, until something connects."""
        return self._security_group

    def add_environment(self, variables: Mapping[str, str]) -> None:
        """Put plain environment variables into the container. Raises ValueError if one is set already."""
        self._refuse_known(variables)
        self._environment.update(variables)
        self._render_container()

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        """Put secrets into the container, variable to `valueFrom`. Raises ValueError if one is set already."""
        self._refuse_known(secrets)
        self._secrets.update(secrets)
        self._render_container()

    def grant_task(self, grant_id: str, *statements: Statement) -> None:
        """Allow the code what the statements say."""
        self._grant("task", self._task_role, grant_id, statements)

    def grant_execution(self, grant_id: str, *statements: Statement) -> None:
        """Allow ECS what it needs to start the container."""
        self._grant("execution", self._execution_role, grant_id, statements)

    def _wait_for(self, resource: TerraformResource) -> None:
        """Remember what must exist before a first task starts; a service waits for all of it."""
        self._prerequisites.append(f"{resource.terraform_resource_type}.{resource.friendly_unique_id}")

    def _grant(self, kind: str, role: aws.IamRole, grant_id: str, statements: tuple[Statement, ...]) -> None:
        self._wait_for(
            aws.IamRolePolicy(
                self, f"{kind}-{grant_id}", name=grant_id, role=role.name, policy=policy_document(*statements)
            )
        )

    def _refuse_known(self, names: Mapping[str, str]) -> None:
        for name in names:
            if name in self._environment or name in self._secrets:
                raise ValueError(f"{self._name} has {name} already; remove one of the two")

    def _closed_security_group(self, network: PrivateNetwork) -> SecurityGroup:
        group = SecurityGroup(
            self,
            "security-group",
            names=self._names,
            name=self._name,
            description=f"Tasks of {self._name}",
            vpc_id=network.vpc_id,
        )
        group.on_rule = self._wait_for
        group.allow_https_to_internet()
        return group

    def _role(self, kind: str) -> aws.IamRole:
        return bounded_role(
            self,
            f"{kind}-role",
            names=self._names,
            name=self._names.name("aws_iam_role", self._name, kind),
            trust=assume_role_policy("ecs-tasks.amazonaws.com", source_account=self._names.account_id),
        )

    def _write_log(self) -> Statement:
        return Statement(
            sid="WriteLog",
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[f"{self._log_group.arn}:*"],
        )

    def _define_task(self) -> aws.EcsTaskDefinition:
        settings = self._settings
        return aws.EcsTaskDefinition(
            self,
            "definition",
            family=self.family,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(settings.cpu_units),
            memory=str(settings.memory_mib),
            runtime_platform=aws.EcsTaskDefinitionRuntimePlatform(
                cpu_architecture=settings.cpu_architecture, operating_system_family="LINUX"
            ),
            ephemeral_storage=aws.EcsTaskDefinitionEphemeralStorage(size_in_gib=settings.ephemeral_storage_gib)
            if settings.ephemeral_storage_gib
            else None,
            execution_role_arn=self.execution_role_arn,
            task_role_arn=self.task_role_arn,
            volume=[aws.EcsTaskDefinitionVolume(name=volume_name(path)) for path in self._writable_paths],
            # An inactive revision starts no task: a roll-back, or a job's retry during a roll-out, needs the old one.
            skip_destroy=True,
            container_definitions=self._container_definitions(),
        )

    def _render_container(self) -> None:
        self._task_definition.container_definitions = self._container_definitions()

    def _container_definitions(self) -> str:
        return json.dumps([self._container()], sort_keys=True)

    def _container(self) -> dict[str, Any]:
        settings = self._settings
        container: dict[str, Any] = {
            "name": self._name,
            "image": self._image,
            "essential": True,
            "environment": _named(self._environment, "value"),
            "secrets": _named(self._secrets, "valueFrom"),
            "readonlyRootFilesystem": True,
            "privileged": False,
            "linuxParameters": self._linux_parameters(),
            "mountPoints": [
                {"containerPath": path, "readOnly": False, "sourceVolume": volume_name(path)}
                for path in self._writable_paths
            ],
            "stopTimeout": settings.stop_timeout_seconds,
            "logConfiguration": self._log_configuration(),
        }
        if settings.command:
            container["command"] = [literal(word) for word in settings.command]
        if settings.user:
            container["user"] = settings.user
        if self._container_port:
            container["portMappings"] = [
                {"containerPort": self._container_port, "hostPort": self._container_port, "protocol": "tcp"}
            ]
        return container

    def _linux_parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {"initProcessEnabled": True}
        if self._settings.linux_capabilities == "none":
            parameters["capabilities"] = {"add": [], "drop": ["ALL"]}
        return parameters

    def _log_configuration(self) -> dict[str, Any]:
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self._log_group.name,
                "awslogs-region": self._names.region,
                "awslogs-stream-prefix": self._name,
                "max-buffer-size": LOG_BUFFER,
                "mode": "non-blocking",
            },
        }


def _named(values: Mapping[str, str], value_key: str) -> list[dict[str, str]]:
    """Variables as a container definition has them, in the order of their names."""
    return [{"name": name, value_key: values[name]} for name in sorted(values)]
