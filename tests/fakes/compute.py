"""What a service or a job runs on, over fakes, and settings that are just enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adelie.compute.cluster import Cluster
from adelie.compute.job_settings import ScheduledJobSettings
from adelie.compute.load_balancer import LoadBalancer
from adelie.compute.repository import Repository
from adelie.compute.scheduled_job import ScheduledJob
from adelie.compute.service import FargateService
from adelie.compute.service_settings import ServiceSettings
from adelie.compute.settings import ClusterSettings, LoadBalancerSettings, RepositorySettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.encryption import CustomerKey
from adelie.shared.settings import EncryptionSettings
from tests.fakes.collaborators import FakeCertificate, FakeLogs, FakeNetwork
from tests.support import NAMES, Synthesized

IMAGE_TAG = "${var.image_tag}"

TASK = {"cpu_units": 256, "memory_mib": 512, "cpu_architecture": "ARM64", "log_retention_days": 30}

SERVICE = {
    **TASK,
    "port": 8000,
    "paths": ("/api/*",),
    "listener_priority": 10,
    "health": {"path": "/api/v1/health"},
    "min_capacity": 2,
    "max_capacity": 6,
}

TOPIC = "arn:aws:sns:ap-northeast-2:111111111111:alarms"
SCHEDULE = {**TASK, "schedule": "0 18 * * MON-FRI", "variable_prefix": "PIPELINE"}

CLUSTER = {"container_insights": "enabled", "fargate_base": 1, "fargate_weight": 1, "fargate_spot_weight": 3}


class ComputeStage:
    """Everything that a service or job needs."""

    def __init__(
        self,
        stack: TerraformStack,
        *,
        certificate_arn: str | None = None,
        cluster: Mapping[str, Any] = CLUSTER,
        load_balancer: Mapping[str, Any] | None = None,
    ) -> None:
        self.stack = stack
        self.network = FakeNetwork()
        self.key = CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
        self.cluster = Cluster(
            stack, "cluster", settings=ClusterSettings.model_validate(cluster), names=NAMES, key=self.key
        )
        self.load_balancer = LoadBalancer(
            stack,
            "load-balancer",
            settings=LoadBalancerSettings.model_validate(load_balancer or {"deletion_protection": True}),
            names=NAMES,
            network=self.network,
            logs=FakeLogs(),
            certificate=FakeCertificate(certificate_arn) if certificate_arn else None,
        )

    def repository(self, name: str) -> Repository:
        settings = RepositorySettings(force_delete=False)
        return Repository(self.stack, f"repository-{name}", settings=settings, names=NAMES, key=self.key, name=name)

    def service(self, name: str = "backend-api", **changes: object) -> FargateService:
        return FargateService(
            self.stack,
            f"service-{name}",
            name=name,
            settings=ServiceSettings.model_validate({**SERVICE, **changes}),
            names=NAMES,
            key=self.key,
            network=self.network,
            cluster=self.cluster,
            load_balancer=self.load_balancer,
            repository=self.repository(name),
            image_tag=IMAGE_TAG,
        )

    def job(self, name: str = "ai-pipeline", **changes: object) -> ScheduledJob:
        return ScheduledJob(
            self.stack,
            name,
            name=name,
            settings=ScheduledJobSettings.model_validate({**SCHEDULE, **changes}),
            names=NAMES,
            key=self.key,
            network=self.network,
            cluster=self.cluster,
            repository=self.repository(name),
            image_tag=IMAGE_TAG,
            alarm_topic_arn=TOPIC,
        )


def container(result: Synthesized, containing: str = "") -> dict[str, Any]:
    (only,) = json.loads(result.only("aws_ecs_task_definition", containing)["container_definitions"])
    return only
