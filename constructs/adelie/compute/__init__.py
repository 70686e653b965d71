"""The compute family: image repositories, the ECS cluster, the load balancer, services, scheduled and one-off tasks."""

from adelie.compute.cluster import CapacityShare, Cluster, ClusterSettings
from adelie.compute.load_balancer import LoadBalancer, LoadBalancerSettings
from adelie.compute.one_off_task import OneOffTask, OneOffTaskSettings
from adelie.compute.repository import Repository, RepositorySettings
from adelie.compute.scheduled_job import ScheduledJob, ScheduledJobSettings
from adelie.compute.service import FargateService, target_group_name
from adelie.compute.service_settings import (
    ROLL_OUT_PERCENT,
    AutoscalingSettings,
    HealthCheckSettings,
    ScheduledCapacitySettings,
    ServiceSettings,
)
from adelie.compute.task import FargateTask
from adelie.compute.task_settings import TaskSettings

__all__ = [
    "ROLL_OUT_PERCENT",
    "AutoscalingSettings",
    "CapacityShare",
    "Cluster",
    "ClusterSettings",
    "FargateService",
    "FargateTask",
    "HealthCheckSettings",
    "LoadBalancer",
    "LoadBalancerSettings",
    "OneOffTask",
    "OneOffTaskSettings",
    "Repository",
    "RepositorySettings",
    "ScheduledCapacitySettings",
    "ScheduledJob",
    "ScheduledJobSettings",
    "ServiceSettings",
    "TaskSettings",
    "target_group_name",
]
