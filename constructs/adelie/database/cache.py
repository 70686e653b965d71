"""Valkey or Redis on ElastiCache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adelie.database.settings import CacheSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResourceLifecycle
from adelie.shared.collaborators import Peer, PrivateNetwork, Workload
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.shared.security_group import SecurityGroup
from adelie.values.metric import Metric
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement
from adelie.values.windows import daily_window_in_utc, weekly_window_in_utc

_PORT: Final = 6379
_LOG_TYPES: Final = ("slow-log", "engine-log")

_APPLICATION_ACCESS: Final = "on ~* &* +@all -@dangerous +info"
"""Every key and channel, every command but those that can empty, stop, reconfigure or spy on the server; with INFO,
which queue libraries ask for its version."""

_DISABLED: Final = "off -@all"


@dataclass(frozen=True, kw_only=True)
class CacheNode:
    """One node of the replication group."""

    number: int
    """From 1: the primary at first, then its replicas."""
    id: str
    """As ElastiCache names the nodes of a replication group."""

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of the node (ElastiCache user guide, "Metrics for Valkey and Redis OSS")."""
        dimensions = {"CacheClusterId": self.id, "CacheNodeId": "0001"}
        return Metric(namespace="AWS/ElastiCache", name=name, dimensions=dimensions, statistic=statistic)


class Cache(Construct):
    """A Valkey or Redis replication group without a password: clients sign in with the IAM role they run under.

    It lives in the isolated subnets, is encrypted with the customer key and speaks TLS only. Its one user, `app`, has
    every key but no command that could empty or reconfigure the server; a token is what AWS signs for the client's
    role, for 15 minutes (ElastiCache user guide: Authenticating with IAM), so that no secret exists to leak.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: CacheSettings,
        names: AwsNames,
        key: CustomerKey,
        network: PrivateNetwork,
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self._names = names
        self._key = key
        self.port = _PORT
        self.identifier = names.name("aws_elasticache_replication_group", "cache")

        self._security_group = self._closed_security_group(network)
        self._user = self._application_user() if settings.iam_authentication else None
        self._group = holds_data(self._replication_group(network))
        self.nodes = tuple(
            CacheNode(number=number, id=f"{self.identifier}-{number:03}") for number in range(1, settings.replicas + 2)
        )
        """The primary and its replicas."""
        self.endpoint_address = self._group.primary_endpoint_address

    def allow_from(self, peer: Peer) -> None:
        """Open the cache's port, and nothing else, from `peer`."""
        self._security_group.allow_tcp_from(peer.security_group, peer_id=peer.peer_id, port=self.port)

    def connect(self, workload: Workload) -> None:
        """Open the port, let `workload` sign in as the cache's user, and give it the address and how to sign in.

        REDIS_HOST, REDIS_PORT and REDIS_TLS; and for the token REDIS_AUTH=iam, REDIS_USERNAME and REDIS_CLUSTER_NAME.
        A connection lives 12 hours at most: a client must sign a new token to open the next one.
        """
        self.allow_from(workload)
        environment = {"REDIS_HOST": self.endpoint_address, "REDIS_PORT": str(self.port), "REDIS_TLS": "true"}
        if self._user:
            workload.grant_task(
                "cache-connect",
                Statement(
                    sid="ConnectToCache",
                    actions=["elasticache:Connect"],
                    resources=[self._group.arn, self._user.arn],
                ),
            )
            environment |= {
                "REDIS_AUTH": "iam",
                "REDIS_USERNAME": self._user.user_name,
                "REDIS_CLUSTER_NAME": self.identifier,
            }
        workload.add_environment(environment)

    def _closed_security_group(self, network: PrivateNetwork) -> SecurityGroup:
        return SecurityGroup(
            self,
            "security-group",
            names=self._names,
            name="cache",
            description="Cache: from what connects to it",
            vpc_id=network.vpc_id,
        )

    def _application_user(self) -> aws.ElasticacheUser:
        name = self._names.name("aws_elasticache_user", "app")
        return aws.ElasticacheUser(
            self,
            "user",
            user_id=name,
            user_name=name,  # IAM wants both the same
            engine=self._settings.engine,
            access_string=_APPLICATION_ACCESS,
            authentication_mode=aws.ElasticacheUserAuthenticationMode(type="iam"),
        )

    def _user_group(self, user: aws.ElasticacheUser) -> aws.ElasticacheUserGroup:
        user_ids = [user.user_id]
        if self._settings.engine == "redis":
            # Redis's groups must have a user called "default", that of clients before they sign in: it may do nothing.
            default = aws.ElasticacheUser(
                self,
                "default-user",
                user_id=self._names.name("aws_elasticache_user", "default"),
                user_name="default",
                engine="redis",
                access_string=_DISABLED,
                authentication_mode=aws.ElasticacheUserAuthenticationMode(type="no-password-required"),
            )
            user_ids.insert(0, default.user_id)
        return aws.ElasticacheUserGroup(
            self,
            "user-group",
            user_group_id=self._names.name("aws_elasticache_user_group", "cache"),
            engine=self._settings.engine,
            user_ids=user_ids,
        )

    def _replication_group(self, network: PrivateNetwork) -> aws.ElasticacheReplicationGroup:
        settings = self._settings
        parameters = self._parameter_group()
        return aws.ElasticacheReplicationGroup(
            self,
            "group",
            replication_group_id=self.identifier,
            description=f"Cache and queues of {self._names.prefix}",
            engine=settings.engine,
            engine_version=settings.engine_version,
            auto_minor_version_upgrade="true",
            apply_immediately=settings.apply_immediately,
            node_type=settings.node_type,
            num_cache_clusters=1 + settings.replicas,
            automatic_failover_enabled=settings.automatic_failover,
            multi_az_enabled=settings.multi_az,
            parameter_group_name=parameters.name if parameters else None,
            port=self.port,
            subnet_group_name=self._subnet_group(network).name,
            security_group_ids=[self._security_group.security_group_id],
            at_rest_encryption_enabled="true",
            kms_key_id=self._key.arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=[self._user_group(self._user).user_group_id] if self._user else None,
            snapshot_retention_limit=settings.snapshot_retention_days,
            snapshot_window=daily_window_in_utc(settings.snapshot_window_kst),
            maintenance_window=weekly_window_in_utc(settings.maintenance_window_kst),
            final_snapshot_identifier=f"{self.identifier}-final" if settings.final_snapshot else None,
            log_delivery_configuration=self._log_delivery(),
        )

    def _subnet_group(self, network: PrivateNetwork) -> aws.ElasticacheSubnetGroup:
        return aws.ElasticacheSubnetGroup(
            self,
            "subnets",
            name=self._names.name("aws_elasticache_subnet_group", "cache"),
            description="Isolated subnets: no route out of the VPC",
            subnet_ids=list(network.isolated_subnet_ids),
        )

    def _parameter_group(self) -> aws.ElasticacheParameterGroup | None:
        policy = self._settings.maxmemory_policy
        if policy is None:
            return None
        family = f"{self._settings.engine}{self._settings.engine_version.split('.')[0]}"
        return aws.ElasticacheParameterGroup(
            self,
            "parameters",
            # With the family in its name, so that a major upgrade can make the new group while the old one is in use.
            name=self._names.name("aws_elasticache_parameter_group", "cache", family),
            description="What goes when memory is full",
            family=family,
            parameter=[aws.ElasticacheParameterGroupParameter(name="maxmemory-policy", value=policy)],
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _log_delivery(self) -> list[aws.ElasticacheReplicationGroupLogDeliveryConfiguration]:
        return [
            aws.ElasticacheReplicationGroupLogDeliveryConfiguration(
                destination=self._log_group(log_type).name,
                destination_type="cloudwatch-logs",
                log_format="json",
                log_type=log_type,
            )
            for log_type in _LOG_TYPES
        ]

    def _log_group(self, log_type: str) -> aws.CloudwatchLogGroup:
        return holds_data(
            aws.CloudwatchLogGroup(
                self,
                log_type,
                name=f"/aws/elasticache/{self.identifier}/{log_type}",
                retention_in_days=self._settings.log_retention_days,
                kms_key_id=self._key.arn,
            )
        )
