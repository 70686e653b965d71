"""What alarms, dashboard, budget and backups are tested over: one of each thing that is watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adelie.cdn.distribution import Cdn
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
from adelie.operations.settings import AlarmSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.encryption import CustomerKey
from adelie.shared.settings import EncryptionSettings
from adelie.values.metric import Alarm, Metric
from tests.fakes.cdn import DOMAIN, build_cdn, cdn_settings
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.compute import ComputeStage
from tests.fakes.data import cache_settings, database_settings
from tests.support import NAMES, Synthesized, synthesize

SETTINGS = AlarmSettings()


SLOW_WRITES = Alarm(
    id="writes",
    name=("database", "writes"),
    description="Writes are slow",
    watches=Metric(
        namespace="AWS/RDS",
        name="WriteLatency",
        dimensions={"DBInstanceIdentifier": "adelie-test-database"},
        statistic="Average",
    ),
    threshold=0.05,
)


def with_topic(build: Callable[[TerraformStack, AlarmTopic, CustomerKey], object], region: str = "") -> Synthesized:
    def everything(stack: TerraformStack) -> None:
        settings = EncryptionSettings(deletion_window_days=7)
        key = CustomerKey(stack, "key", settings=settings, names=NAMES, region=region or None)
        build(stack, AlarmTopic(stack, "alarms", names=NAMES, key=key, region=region or None), key)

    return synthesize(everything)


def alarm(stack: Synthesized, name: str) -> dict[str, Any]:
    """The alarm of that name in CloudWatch."""
    named = {body["alarm_name"]: body for body in stack.resources("aws_cloudwatch_metric_alarm").values()}
    return named[f"adelie-test-{name}"]


@dataclass(frozen=True)
class Everything:
    """What is watched, and the alarms on it."""

    stage: ComputeStage
    services: Mapping[str, FargateService]
    jobs: Mapping[str, ScheduledJob]
    database: Database
    cache: Cache
    cdn: Cdn
    alarms: Mapping[str, Alarm]


def everything(stack: TerraformStack, jobs: Sequence[str] = ("ai-pipeline",)) -> Everything:
    """One of each, a cache with a replica, and a topic in each region."""
    stage = ComputeStage(stack)
    topic = AlarmTopic(stack, "alarms", names=NAMES, key=stage.key)
    edge_topic = AlarmTopic(stack, "edge-alarms", names=NAMES, key=stage.key, region="us-east-1")
    of_data: dict[str, Any] = {"names": NAMES, "key": stage.key, "network": FakeNetwork()}
    service = stage.service("api")
    database = Database(stack, "db", settings=database_settings(allocated_storage_gib=100), **of_data)
    cache = Cache(stack, "redis", settings=cache_settings(replicas=1), **of_data)
    cdn = build_cdn(stack, cdn_settings(), DOMAIN)
    assert cdn.certificate
    made: dict[str, Alarm] = {}
    for part, alarms in {
        "lb": load_balancer_alarms(stage.load_balancer, SETTINGS),
        "api": service_alarms(service, SETTINGS),
        "database": database_alarms(database, SETTINGS),
        "cache": cache_alarms(cache, SETTINGS),
    }.items():
        made.update(Alarms(stack, part, names=NAMES, topic=topic, alarms=alarms).by_arn)
    for part, alarms in {
        "edge": cdn_alarms(cdn, SETTINGS),
        "viewers": certificate_alarms(cdn.certificate, SETTINGS, name="viewers"),
    }.items():
        made.update(Alarms(stack, part, names=NAMES, topic=edge_topic, alarms=alarms).by_arn)
    scheduled = {name: stage.job(name) for name in jobs}
    for job in scheduled.values():
        made.update(job.alarms)
    return Everything(stage, {"api": service}, scheduled, database, cache, cdn, made)
