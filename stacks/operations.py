"""What runs beside the platform so that people can run it: alarms, a dashboard, a budget, backups, Discord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adelie.cdn.distribution import Cdn
from adelie.cdn.domain import EDGE_REGION, Certificate
from adelie.compute.cluster import Cluster
from adelie.compute.load_balancer import LoadBalancer
from adelie.compute.scheduled_job import ScheduledJob
from adelie.compute.service import FargateService
from adelie.database.cache import Cache
from adelie.database.rds import Database
from adelie.operations.alarms import (
    CacheAlarms,
    CdnAlarms,
    CertificateAlarm,
    DatabaseAlarms,
    LoadBalancerAlarms,
    ServiceAlarms,
)
from adelie.operations.backup import BackupPlan
from adelie.operations.budget import Budget
from adelie.operations.dashboard import Dashboard, Watched
from adelie.operations.discord import DiscordNotifier
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.data import BackupSource
from adelie.shared.encryption import CustomerKey
from adelie.storage.secret import Secret
from stacks.environment import Environment


class Operations(Construct):
    """Everything of the platform that is watched, and everybody who is told.

    Two topics: an alarm tells only one of its own region, and CloudFront's metrics and certificate are in us-east-1.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        key: CustomerKey,
        topic: AlarmTopic,
        webhook: Secret,
        backup_sources: Sequence[BackupSource],
        database: Database,
        cache: Cache,
        cluster: Cluster,
        load_balancer: LoadBalancer,
        origin_certificate: Certificate | None,
        services: Mapping[str, FargateService],
        pipeline: ScheduledJob,
        cdn: Cdn,
    ) -> None:
        super().__init__(scope, id)
        self._environment = environment
        self._target = environment.target
        self._settings = environment.alarms
        self._topic = topic
        self._edge_topic = self._topic_at_the_edge()

        self._tell(key, webhook)
        self._watch_services(cluster, load_balancer, services)
        self._watch_data(database, cache)
        self._watch_edge(cdn, origin_certificate)
        watched = Watched(
            load_balancer_suffix=load_balancer.arn_suffix,
            distribution_id=cdn.distribution_id,
            cluster_name=cluster.name,
            services={name: service.service_name for name, service in services.items()},
            database_identifier=database.identifier,
            cache_node_ids=cache.node_ids,
            state_machine_arn=pipeline.state_machine_arn,
        )
        Dashboard(self, "dashboard", settings=self._settings, target=self._target, watched=watched)
        if environment.budget:
            Budget(self, "budget", settings=environment.budget, target=self._target, topic=topic)
        self._backup(key, backup_sources)

    def _topic_at_the_edge(self) -> AlarmTopic:
        settings, target = self._environment.encryption, self._target
        key = CustomerKey(self, "edge-key", settings=settings, target=target, region=EDGE_REGION)
        return AlarmTopic(self, "edge-alarms", target=target, key=key, region=EDGE_REGION)

    def _tell(self, key: CustomerKey, webhook: Secret) -> None:
        topics = {"alarms": self._topic, "edge-alarms": self._edge_topic}
        DiscordNotifier(
            self,
            "discord",
            settings=self._environment.notifier,
            target=self._target,
            key=key,
            secret=webhook,
            topics=topics,
        )
        for topic in topics.values():
            topic.tell_by_email(self._settings.emails)

    def _watch_services(
        self, cluster: Cluster, load_balancer: LoadBalancer, services: Mapping[str, FargateService]
    ) -> None:
        LoadBalancerAlarms(
            self,
            "load-balancer",
            settings=self._settings,
            target=self._target,
            topic=self._topic,
            arn_suffix=load_balancer.arn_suffix,
        )
        for name, service in services.items():
            ServiceAlarms(
                self,
                f"service-{name}",
                settings=self._settings,
                target=self._target,
                topic=self._topic,
                name=name,
                cluster_name=cluster.name,
                service_name=service.service_name,
                load_balancer_suffix=load_balancer.arn_suffix,
                target_group_suffix=service.target_group_suffix,
            )

    def _watch_data(self, database: Database, cache: Cache) -> None:
        DatabaseAlarms(
            self,
            "database",
            settings=self._settings,
            target=self._target,
            topic=self._topic,
            identifier=database.identifier,
            storage_gib=self._environment.database.allocated_storage_gib,
        )
        CacheAlarms(
            self,
            "cache",
            settings=self._settings,
            target=self._target,
            topic=self._topic,
            node_ids=cache.node_ids,
        )

    def _watch_edge(self, cdn: Cdn, origin_certificate: Certificate | None) -> None:
        CdnAlarms(
            self,
            "cdn",
            settings=self._settings,
            target=self._target,
            topic=self._edge_topic,
            distribution_id=cdn.distribution_id,
        )
        for name, topic, arn in (
            ("origin", self._topic, origin_certificate.arn if origin_certificate else None),
            ("viewers", self._edge_topic, cdn.certificate_arn),
        ):
            if arn:
                CertificateAlarm(
                    self,
                    f"certificate-{name}",
                    settings=self._settings,
                    target=self._target,
                    topic=topic,
                    name=name,
                    certificate_arn=arn,
                )

    def _backup(self, key: CustomerKey, sources: Sequence[BackupSource]) -> None:
        if self._environment.backup is None:
            return
        BackupPlan(
            self,
            "backup",
            settings=self._environment.backup,
            target=self._target,
            key=key,
            topic=self._topic,
            sources=sources,
        )
