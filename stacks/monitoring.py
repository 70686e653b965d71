"""What runs besides the platform so that people can operate it: alarms, a dashboard, a budget, backups, Discord."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from adelie.cdn.distribution import Cdn
from adelie.cdn.domain import EDGE_REGION
from adelie.compute.load_balancer import LoadBalancer
from adelie.compute.scheduled_job import ScheduledJob
from adelie.compute.service import FargateService
from adelie.database.cache import Cache
from adelie.database.rds import Database
from adelie.operations.alarms import (
    Alarms,
    cache_alarms,
    cdn_alarms,
    certificate_alarms,
    database_alarms,
    load_balancer_alarms,
    service_alarms,
)
from adelie.operations.backup import BackupPlan
from adelie.operations.budget import Budget
from adelie.operations.dashboard import Dashboard
from adelie.operations.discord import DiscordNotifier
from adelie.operations.settings import AlarmSettings, BackupSettings, BudgetSettings, NotifierSettings
from adelie.seam.terraform import Construct
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.data import BackupSource
from adelie.shared.encryption import CustomerKey
from adelie.shared.settings import EncryptionSettings
from adelie.storage.secret import Secret
from adelie.values.metric import Alarm
from adelie.values.naming import AwsNames


class MonitoringSettings(Protocol):
    """The part of an environment that is read here."""

    @property
    def alarms(self) -> AlarmSettings:
        """When people are notified."""
        ...

    @property
    def notifier(self) -> NotifierSettings:
        """How Discord is notified."""
        ...

    @property
    def budget(self) -> BudgetSettings | None:
        """What a month may cost; None leaves the budget out."""
        ...

    @property
    def backup(self) -> BackupSettings | None:
        """What AWS Backup keeps; None leaves its copies out."""
        ...

    @property
    def encryption(self) -> EncryptionSettings:
        """The customer keys."""
        ...


class Monitoring(Construct):
    """Who is notified, what a month may cost, the backups; and with `watch`, what is watched.

    Two topics: an alarm notifies only one of its own region, and CloudFront's metrics and certificate are in us-east-1.
    Its construct id is "operations", what this was called at first: another id would be other alarms and backups.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: MonitoringSettings,
        names: AwsNames,
        key: CustomerKey,
        topic: AlarmTopic,
        webhook: Secret,
        backup_sources: Sequence[BackupSource],
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings.alarms
        self._names = names
        self._topic = topic
        self._edge_topic = self._topic_at_the_edge(settings.encryption)
        self._alarms: dict[str, Alarm] = {}

        self._tell(settings.notifier, key, webhook)
        if settings.budget:
            Budget(self, "budget", settings=settings.budget, names=names, topic=topic)
        if settings.backup:
            backup = BackupPlan(
                self,
                "backup",
                settings=settings.backup,
                names=names,
                key=key,
                topic=topic,
                sources=backup_sources,
            )
            self._alarms.update(backup.alarms)

    def watch(
        self,
        *,
        load_balancer: LoadBalancer,
        cdn: Cdn,
        services: Mapping[str, FargateService],
        jobs: Mapping[str, ScheduledJob],
        database: Database,
        cache: Cache,
    ) -> None:
        """Make the alarms on all of these, and the dashboard, which shows all other alarms too."""
        self._alarm("load-balancer", load_balancer_alarms(load_balancer, self._settings))
        for name, service in services.items():
            self._alarm(f"service-{name}", service_alarms(service, self._settings))
        self._alarm("database", database_alarms(database, self._settings))
        self._alarm("cache", cache_alarms(cache, self._settings))
        self._alarm("cdn", cdn_alarms(cdn, self._settings))
        for name, certificate in (("origin", load_balancer.certificate), ("viewers", cdn.certificate)):
            if certificate:
                self._alarm(f"certificate-{name}", certificate_alarms(certificate, self._settings, name=name))
        for job in jobs.values():
            self._alarms.update(job.alarms)
        Dashboard(
            self,
            "dashboard",
            names=self._names,
            load_balancer=load_balancer,
            cdn=cdn,
            services=services,
            database=database,
            cache=cache,
            jobs=jobs,
            alarms=self._alarms,
        )

    def _alarm(self, id: str, alarms: Sequence[Alarm]) -> None:
        """Create alarms on one thing; they notify the topic of the region that its metrics are in."""
        at_the_edge = any(alarm.region == EDGE_REGION for alarm in alarms)
        topic = self._edge_topic if at_the_edge else self._topic
        self._alarms.update(Alarms(self, id, names=self._names, topic=topic, alarms=alarms).by_arn)

    def _topic_at_the_edge(self, settings: EncryptionSettings) -> AlarmTopic:
        key = CustomerKey(self, "edge-key", settings=settings, names=self._names, region=EDGE_REGION)
        return AlarmTopic(self, "edge-alarms", names=self._names, key=key, region=EDGE_REGION)

    def _tell(self, settings: NotifierSettings, key: CustomerKey, webhook: Secret) -> None:
        topics = {"alarms": self._topic, "edge-alarms": self._edge_topic}
        notifier = DiscordNotifier(
            self, "discord", settings=settings, names=self._names, key=key, secret=webhook, topics=topics
        )
        self._alarms.update(notifier.alarms)
        for topic in topics.values():
            topic.tell_by_email(self._settings.emails)
