"""How many tasks a service runs."""

from __future__ import annotations

from adelie.compute.service_settings import AutoscalingSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsNames

_NAMESPACE = "ecs"
_DIMENSION = "ecs:service:DesiredCount"


class ServiceAutoscaling(Construct):
    """Target tracking on CPU, memory and (if set) requests, and bounds on a schedule, for one ECS service."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: AutoscalingSettings,
        names: AwsNames,
        service: str,
        resource_id: str,
        min_capacity: int,
        max_capacity: int,
        request_count_label: str,
    ) -> None:
        """`request_count_label` is "<load balancer's ARN suffix>/<target group's ARN suffix>"."""
        super().__init__(scope, id)
        self._settings = settings
        self._names = names
        self._service = service
        # The policies take the target's id, not the service's, so that they are created after it.
        self._scalable = aws.AppautoscalingTarget(
            self,
            "target",
            service_namespace=_NAMESPACE,
            scalable_dimension=_DIMENSION,
            resource_id=resource_id,
            min_capacity=min_capacity,
            max_capacity=max_capacity,
        )
        self._resource_id = self._scalable.resource_id
        self._track("cpu", "ECSServiceAverageCPUUtilization", settings.target_cpu_percent)
        self._track("memory", "ECSServiceAverageMemoryUtilization", settings.target_memory_percent)
        if settings.target_requests_per_minute:
            self._track(
                "requests", "ALBRequestCountPerTarget", settings.target_requests_per_minute, request_count_label
            )
        for name in sorted(settings.scheduled):
            self._schedule(name)

    def _track(self, name: str, metric: str, value: int, label: str | None = None) -> None:
        aws.AppautoscalingPolicy(
            self,
            name,
            name=self._names.name("aws_appautoscaling_policy", self._service, name),
            policy_type="TargetTrackingScaling",
            service_namespace=_NAMESPACE,
            scalable_dimension=_DIMENSION,
            resource_id=self._resource_id,
            target_tracking_scaling_policy_configuration=aws.AppautoscalingPolicyTargetTrackingScalingPolicyConfiguration(
                target_value=value,
                scale_in_cooldown=self._settings.scale_in_cooldown_seconds,
                scale_out_cooldown=self._settings.scale_out_cooldown_seconds,
                predefined_metric_specification=(
                    aws.AppautoscalingPolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecification(
                        predefined_metric_type=metric, resource_label=label
                    )
                ),
            ),
        )

    def _schedule(self, name: str) -> None:
        action = self._settings.scheduled[name]
        aws.AppautoscalingScheduledAction(
            self,
            f"at-{name}",
            name=self._names.name("aws_appautoscaling_scheduled_action", self._service, name),
            service_namespace=_NAMESPACE,
            scalable_dimension=_DIMENSION,
            resource_id=self._resource_id,
            schedule=action.schedule,
            timezone=self._settings.time_zone,
            scalable_target_action=aws.AppautoscalingScheduledActionScalableTargetAction(
                min_capacity=str(action.min_capacity), max_capacity=str(action.max_capacity)
            ),
        )
