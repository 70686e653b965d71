"""The ECS cluster."""

from __future__ import annotations

from dataclasses import dataclass

from adelie.compute.logs import log_group
from adelie.compute.settings import CapacityProvider, ClusterSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.encryption import CustomerKey
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement


@dataclass(frozen=True, kw_only=True)
class CapacityShare:
    """One capacity provider's part in a strategy."""

    provider: CapacityProvider
    base: int
    weight: int


class Cluster(Construct):
    """An ECS cluster on Fargate, with a default strategy over its capacity providers.

    ECS Exec sessions of its services are encrypted with the customer key and recorded in a log group.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: ClusterSettings, names: AwsNames, key: CustomerKey
    ) -> None:
        super().__init__(scope, id)
        self._key = key
        self._names = names
        exec_log = log_group(
            self,
            "exec-log",
            name=f"/ecs/{names.prefix}/exec",
            retention_days=settings.exec_log_retention_days,
            key=key,
        )
        self._exec_log_arn = exec_log.arn
        cluster = aws.EcsCluster(
            self,
            "cluster",
            name=names.name("aws_ecs_cluster", "main"),
            setting=[aws.EcsClusterSetting(name="containerInsights", value=settings.container_insights)],
            configuration=_record_exec_sessions(exec_log.name, key),
        )
        self.capacity_shares = _capacity_shares(settings)
        providers = self._capacity_providers(cluster.name)
        self.arn = cluster.arn
        # Through the providers, so that what names the cluster waits until it has capacity.
        self.name = providers.cluster_name
        self.capacity_providers = providers

    def exec_statements(self) -> tuple[Statement, ...]:
        """What a task role needs for ECS Exec sessions that this cluster encrypts and records."""
        return (
            # The message channels of Session Manager have no resource level.
            Statement(
                sid="OpenExecChannels",
                actions=[
                    "ssmmessages:CreateControlChannel",
                    "ssmmessages:CreateDataChannel",
                    "ssmmessages:OpenControlChannel",
                    "ssmmessages:OpenDataChannel",
                ],
                resources=["*"],
            ),
            # No resource level (CloudWatch Logs, service authorization reference).
            Statement(sid="FindExecLog", actions=["logs:DescribeLogGroups"], resources=["*"]),
            Statement(
                sid="RecordExecSession",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[f"{self._exec_log_arn}:*"],
            ),
            # The agent in the container calls KMS itself, so kms:ViaService would never match.
            Statement(sid="DecryptExecSession", actions=["kms:Decrypt"], resources=[self._key.arn]),
        )

    def _capacity_providers(self, cluster_name: str) -> aws.EcsClusterCapacityProviders:
        return aws.EcsClusterCapacityProviders(
            self,
            "capacity",
            cluster_name=cluster_name,
            # Both, even where the weight of Spot is 0: a scheduled job chooses for itself.
            capacity_providers=["FARGATE", "FARGATE_SPOT"],
            default_capacity_provider_strategy=[
                aws.EcsClusterCapacityProvidersDefaultCapacityProviderStrategy(
                    capacity_provider=share.provider, base=share.base, weight=share.weight
                )
                for share in self.capacity_shares
            ],
        )


def _record_exec_sessions(log_group_name: str, key: CustomerKey) -> aws.EcsClusterConfiguration:
    return aws.EcsClusterConfiguration(
        execute_command_configuration=aws.EcsClusterConfigurationExecuteCommandConfiguration(
            kms_key_id=key.arn,
            logging="OVERRIDE",
            log_configuration=aws.EcsClusterConfigurationExecuteCommandConfigurationLogConfiguration(
                cloud_watch_encryption_enabled=True,
                cloud_watch_log_group_name=log_group_name,
            ),
        )
    )


def _capacity_shares(settings: ClusterSettings) -> tuple[CapacityShare, ...]:
    """The strategy; only one provider may have a base (ECS API reference: CapacityProviderStrategyItem)."""
    fargate = CapacityShare(provider="FARGATE", base=settings.fargate_base, weight=settings.fargate_weight)
    spot = CapacityShare(provider="FARGATE_SPOT", base=0, weight=settings.fargate_spot_weight)
    return tuple(share for share in (fargate, spot) if share.base or share.weight)
