"""Services behind the load balancer."""

from __future__ import annotations

from typing import Final

from adelie.compute.autoscaling import ServiceAutoscaling
from adelie.compute.cluster import Cluster
from adelie.compute.load_balancer import LoadBalancer
from adelie.compute.repository import Repository
from adelie.compute.service_settings import ROLL_OUT_PERCENT, ServiceSettings, listener_priority, target_group_name
from adelie.compute.task import FargateTask
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResource, TerraformResourceLifecycle
from adelie.shared.collaborators import PrivateNetwork
from adelie.shared.encryption import CustomerKey
from adelie.values.metric import Metric
from adelie.values.naming import AwsNames

EXEC_AGENT_PATHS: Final = ("/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm")
"""Where the agent of ECS Exec writes (aws/containers-roadmap issue 1359; AWS documents no list)."""


class FargateService(FargateTask):
    """A Fargate service behind the load balancer, in private subnets: a `Workload`.

    A roll-out starts the new tasks before it stops the old, and goes back by itself if they do not get healthy. The
    first task starts once its roles, its security-group rules and its path on the load balancer exist.

    Raises InvalidNameError for a name that is too long, ValueError for a listener priority that is taken.
    """

    _service: aws.EcsService | None = None

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        settings: ServiceSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
        cluster: Cluster,
        load_balancer: LoadBalancer,
        repository: Repository,
        image_tag: str,
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
            container_port=settings.port,
            agent_paths=EXEC_AGENT_PATHS if settings.execute_command else (),
        )
        if settings.execute_command:
            self.grant_task("exec", *cluster.exec_statements())
        target_group = self._target_group(settings, network)
        suffix = target_group.arn_suffix
        self._receive_from(load_balancer, settings, target_group)
        self._wait_for(cluster.capacity_providers)
        self._service = self._run(settings, network, cluster, target_group)
        self._dimensions = {"ClusterName": cluster.name, "ServiceName": self._service.name}
        self._target_dimensions = {"LoadBalancer": load_balancer.arn_suffix, "TargetGroup": suffix}
        if settings.autoscaling:
            ServiceAutoscaling(
                self,
                "autoscaling",
                settings=settings.autoscaling,
                names=names,
                service=name,
                resource_id=f"service/{cluster.name}/{self._service.name}",
                min_capacity=settings.min_capacity,
                max_capacity=settings.max_capacity,
                request_count_label=f"{load_balancer.arn_suffix}/{suffix}",
            )

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of its tasks, such as CPUUtilization (ECS developer guide, "CloudWatch metrics")."""
        return Metric(namespace="AWS/ECS", name=name, dimensions=self._dimensions, statistic=statistic)

    def target_metric(self, name: str, statistic: str) -> Metric:
        """What the load balancer measures of its tasks, such as UnHealthyHostCount."""
        dimensions = self._target_dimensions
        return Metric(namespace="AWS/ApplicationELB", name=name, dimensions=dimensions, statistic=statistic)

    def _wait_for(self, resource: TerraformResource) -> None:
        super()._wait_for(resource)
        if self._service is not None:
            self._service.depends_on = self._prerequisites

    def _target_group(self, settings: ServiceSettings, network: PrivateNetwork) -> aws.LbTargetGroup:
        check = settings.health
        return aws.LbTargetGroup(
            self,
            "target-group",
            name=target_group_name(self._names, self._name, settings.port),
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
            vpc_id=network.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=settings.port,
            deregistration_delay=str(settings.deregistration_delay_seconds),
            load_balancing_algorithm_type="least_outstanding_requests",
            health_check=aws.LbTargetGroupHealthCheck(
                enabled=True,
                protocol="HTTP",
                path=check.path,
                matcher=check.success_codes,
                interval=check.interval_seconds,
                timeout=check.timeout_seconds,
                healthy_threshold=check.healthy_threshold,
                unhealthy_threshold=check.unhealthy_threshold,
            ),
        )

    def _receive_from(
        self, load_balancer: LoadBalancer, settings: ServiceSettings, target_group: aws.LbTargetGroup
    ) -> None:
        rule = load_balancer.forward(
            self._name,
            path_patterns=settings.paths,
            priority=listener_priority(self._name, settings),
            target_group_arn=target_group.arn,
        )
        self._wait_for(rule)
        self.security_group.allow_tcp_from(
            load_balancer.security_group, peer_id=load_balancer.peer_id, port=settings.port
        )

    def _run(
        self, settings: ServiceSettings, network: PrivateNetwork, cluster: Cluster, target_group: aws.LbTargetGroup
    ) -> aws.EcsService:
        service = aws.EcsService(
            self,
            "service",
            name=self._names.name("aws_ecs_service", self._name),
            cluster=cluster.arn,
            task_definition=self.task_definition_arn,
            desired_count=settings.min_capacity,
            # Autoscaling owns the count from the first deploy on.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["desired_count"]) if settings.autoscaling else None,
            capacity_provider_strategy=[
                aws.EcsServiceCapacityProviderStrategy(
                    capacity_provider=share.provider, base=share.base, weight=share.weight
                )
                for share in cluster.capacity_shares
            ],
            # Else another mix of capacity would replace the service, and stop it meanwhile.
            force_new_deployment=True,
            network_configuration=aws.EcsServiceNetworkConfiguration(
                subnets=list(network.private_subnet_ids),
                security_groups=[self.security_group.security_group_id],
                assign_public_ip=False,
            ),
            load_balancer=[
                aws.EcsServiceLoadBalancer(
                    target_group_arn=target_group.arn,
                    container_name=self._name,
                    container_port=settings.port,
                )
            ],
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=ROLL_OUT_PERCENT,
            deployment_circuit_breaker=aws.EcsServiceDeploymentCircuitBreaker(enable=True, rollback=True),
            availability_zone_rebalancing="ENABLED",
            health_check_grace_period_seconds=settings.health_check_grace_period_seconds,
            enable_execute_command=settings.execute_command,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=settings.wait_for_steady_state,
        )
        service.depends_on = self._prerequisites
        return service
