"""Alarms, dashboard, budget, backups: what they watch, whom they tell, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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
from adelie.operations.backup import BackupPlan
from adelie.operations.budget import Budget
from adelie.operations.dashboard import COLUMNS, Dashboard, Graph, widgets
from adelie.operations.settings import AlarmSettings, BackupSettings, BudgetSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.data import BackupSource
from adelie.shared.encryption import CustomerKey
from adelie.shared.settings import EncryptionSettings
from adelie.values.metric import Alarm, Metric
from tests.fakes.cdn import DOMAIN, build_cdn, cdn_settings
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.compute import ComputeStage
from tests.fakes.data import build_key, cache_settings, database_settings
from tests.support import NAMES, Synthesized, policy, references, synthesize

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
DATABASE_ARN = "arn:aws:rds:ap-northeast-2:111111111111:db:adelie-test-database"
BUCKET_ARN = "arn:aws:s3:::adelie-test-objects-111111111111"
SOURCES = [
    BackupSource(kind="database", arn=DATABASE_ARN, key=None),
    BackupSource(kind="bucket", arn=BUCKET_ARN, key=None),
]


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


@pytest.fixture(scope="module")
def watched() -> Synthesized:
    return synthesize(everything)


def test_every_alarm_tells_when_it_begins_and_when_it_is_over(watched: Synthesized) -> None:
    topics = {
        None: "aws_sns_topic_policy.alarms_policy_955C0036",
        "us-east-1": "aws_sns_topic_policy.edge-alarms_policy",
    }
    for name, body in watched.resources("aws_cloudwatch_metric_alarm").items():
        if body.get("namespace") in {"AWS/States", "AWS/SQS"}:
            continue  # a failed run isn't undone by the next: tests/unit/test_compute_jobs.py
        (told,) = references(body["alarm_actions"])
        assert told.startswith(topics[body.get("region")]), name
        assert body["ok_actions"] == body["alarm_actions"]
        assert body["alarm_name"].startswith("adelie-test-")


def test_each_thing_has_its_alarms(watched: Synthesized) -> None:
    """By what is watched, so that an alarm may be added without a change here, but none may be lost."""
    watched_metrics = {
        (query["metric"]["namespace"], query["metric"]["metric_name"])
        for body in watched.resources("aws_cloudwatch_metric_alarm").values()
        for query in body.get("metric_query", [{"metric": body}])
        if "metric" in query
    }
    assert watched_metrics >= {
        ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
        ("AWS/ApplicationELB", "TargetResponseTime"),
        ("AWS/ApplicationELB", "UnHealthyHostCount"),
        ("AWS/CertificateManager", "DaysToExpiry"),
        ("AWS/CloudFront", "5xxErrorRate"),
        ("AWS/ECS", "CPUUtilization"),
        ("AWS/ECS", "MemoryUtilization"),
        ("AWS/ElastiCache", "DatabaseMemoryUsagePercentage"),
        ("AWS/ElastiCache", "EngineCPUUtilization"),
        ("AWS/ElastiCache", "Evictions"),
        ("AWS/RDS", "CPUUtilization"),
        ("AWS/RDS", "DatabaseConnections"),
        ("AWS/RDS", "FreeStorageSpace"),
        ("AWS/RDS", "FreeableMemory"),
        ("AWS/States", "ExecutionsFailed"),
    }


def test_an_alarm_names_what_it_watches_as_cloudwatch_does(watched: Synthesized) -> None:
    def dimensions(name: str) -> dict[str, str]:
        return {kind: value.split(".")[0] for kind, value in alarm(watched, name)["dimensions"].items()}

    assert dimensions("load-balancer-latency") == {"LoadBalancer": "${aws_lb"}
    assert dimensions("api-unhealthy") == {"LoadBalancer": "${aws_lb", "TargetGroup": "${aws_lb_target_group"}
    assert dimensions("api-high-cpu") == {
        "ClusterName": "${aws_ecs_cluster_capacity_providers",
        "ServiceName": "${aws_ecs_service",
    }
    assert dimensions("database-cpu") == {"DBInstanceIdentifier": "adelie-test-database"}
    assert dimensions("cache-cpu-2") == {"CacheClusterId": "adelie-test-cache-002", "CacheNodeId": "0001"}
    assert dimensions("certificate-viewers") == {"CertificateArn": "${aws_acm_certificate_validation"}


def test_the_share_of_server_errors_needs_enough_requests(watched: Synthesized) -> None:
    body = alarm(watched, "load-balancer-server-errors")
    share, *counts = body["metric_query"]
    assert share["return_data"] is True
    assert share["expression"].startswith("IF(FILL(requests, 0) + FILL(own_errors, 0) >= 20, 100 * (")
    metrics = {each["id"]: each["metric"]["metric_name"] for each in counts}
    assert metrics == {
        "requests": "RequestCount",
        "target_errors": "HTTPCode_Target_5XX_Count",
        "own_errors": "HTTPCode_ELB_5XX_Count",
    }
    assert {each["metric"]["period"] for each in counts} == {300}
    assert all(query in share["expression"] for query in metrics)
    assert body["threshold"] == 5
    assert not {"metric_name", "namespace", "period", "statistic"} & body.keys()


def test_latency_is_a_percentile(watched: Synthesized) -> None:
    body = alarm(watched, "load-balancer-latency")
    assert (body["extended_statistic"], body["threshold"]) == ("p95", 2)
    assert "statistic" not in body


def test_the_database_is_measured_in_the_units_of_cloudwatch(watched: Synthesized) -> None:
    storage, memory = alarm(watched, "database-storage"), alarm(watched, "database-memory")
    assert storage["threshold"] == 100 * 1024**3 // 10
    assert memory["threshold"] == 2048 * 1024**2
    for body in (storage, memory):
        assert body["comparison_operator"] == "LessThanThreshold"
    connections = alarm(watched, "database-connections")
    assert (connections["threshold"], connections["comparison_operator"]) == (748, "GreaterThanThreshold")


@pytest.mark.parametrize(
    ("instance_class", "settings", "memory_mib", "connections"),
    [
        ("db.m7g.large", {}, 2048, 748),
        ("db.m7g.xlarge", {}, 4096, 1530),
        ("db.t4g.micro", {"database_freeable_memory_percent": 6.25}, 64, 64),
        ("db.m7g.large", {"database_connections_percent": 50}, 2048, 416),
        ("db.r7g.16xlarge", {}, 128 * 1024, 4500),
    ],
)
def test_two_thresholds_of_the_database_follow_from_its_class(
    instance_class: str, settings: dict[str, Any], memory_mib: int, connections: int
) -> None:
    made: dict[str, Alarm] = {}

    def build(stack: TerraformStack) -> None:
        database = Database(
            stack,
            "db",
            settings=database_settings(instance_class=instance_class),
            names=NAMES,
            key=build_key(stack),
            network=FakeNetwork(),
        )
        made.update({each.id: each for each in database_alarms(database, AlarmSettings.model_validate(settings))})

    synthesize(build)
    assert made["memory"].threshold == memory_mib * 1024**2
    assert made["connections"].threshold == connections


def test_a_database_that_sends_nothing_is_one_alarm(watched: Synthesized) -> None:
    silent = {
        body["metric_name"]
        for body in watched.resources("aws_cloudwatch_metric_alarm").values()
        if body.get("namespace") == "AWS/RDS" and body["treat_missing_data"] == "breaching"
    }
    assert silent == {"CPUUtilization"}


def test_each_node_of_the_cache_is_watched(watched: Synthesized) -> None:
    nodes = {
        body["dimensions"]["CacheClusterId"]
        for body in watched.resources("aws_cloudwatch_metric_alarm").values()
        if body.get("namespace") == "AWS/ElastiCache"
    }
    assert nodes == {"adelie-test-cache-001", "adelie-test-cache-002"}


def test_what_cloudfront_measures_is_watched_in_its_region(watched: Synthesized) -> None:
    body = alarm(watched, "cdn-server-errors")
    share, *counts = body["metric_query"]
    assert share["expression"] == "IF(FILL(requests, 0) >= 20, FILL(rate, 0), 0)"
    metrics = {each["id"]: (each["metric"]["metric_name"], each["metric"]["stat"]) for each in counts}
    assert metrics == {"requests": ("Requests", "Sum"), "rate": ("5xxErrorRate", "Average")}
    for each in counts:
        assert each["metric"]["dimensions"]["DistributionId"].startswith("${aws_cloudfront_distribution.")
        assert each["metric"]["dimensions"]["Region"] == "Global"
    viewers = alarm(watched, "certificate-viewers")
    assert viewers["comparison_operator"] == "LessThanThreshold"
    assert (body["region"], viewers["region"]) == ("us-east-1", "us-east-1")


def test_a_topic_in_another_region_is_there_with_its_key() -> None:
    def build(*_: object) -> None:
        """Nothing but the topic and its key."""

    stack = with_topic(build, "us-east-1")
    for kind in ("aws_sns_topic", "aws_sns_topic_policy", "aws_kms_key", "aws_kms_alias"):
        assert {body["region"] for body in stack.resources(kind).values()} == {"us-east-1"}, kind
    assert "logs.us-east-1.amazonaws.com" in stack.only("aws_kms_key")["policy"]


def test_an_alarm_that_its_topic_would_not_hear_is_refused() -> None:
    def build(stack: TerraformStack, topic: AlarmTopic, _: CustomerKey) -> None:
        alarms = cdn_alarms(build_cdn(stack, cdn_settings()), SETTINGS)
        Alarms(stack, "edge", names=NAMES, topic=topic, alarms=alarms)

    with pytest.raises(ValueError, match="cdn-server-errors watches us-east-1, and tells a topic of ap-northeast-2"):
        with_topic(build)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6), st.integers(0, 201))
def test_widgets_do_not_overlap_and_stay_on_the_grid(sizes: list[int], alarms: int) -> None:
    rows = [[Graph(title="a", lines=[]) for _ in range(size)] for size in sizes]
    by_arn = {f"arn:{number}": SLOW_WRITES for number in range(alarms)}
    taken: set[tuple[int, int]] = set()
    for widget in widgets(rows, "ap-northeast-2", by_arn):
        across = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in across for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not cells & taken
        assert max(across) < COLUMNS
        taken |= cells


@pytest.mark.parametrize(("alarms", "parts"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1])])
def test_every_alarms_state_is_shown_in_widgets_that_cloudwatch_takes(alarms: int, parts: list[int]) -> None:
    by_arn = {f"arn:{number}": SLOW_WRITES for number in range(alarms)}
    shown = [widget["properties"]["alarms"] for widget in widgets([], "ap-northeast-2", by_arn)]
    assert [len(part) for part in shown] == parts
    assert [arn for part in shown for arn in part] == list(by_arn)


def dashboard(jobs: Sequence[str] = ("ai-pipeline",), alarms: Sequence[Alarm] = ()) -> list[dict[str, Any]]:
    """The widgets of a dashboard over one of each, with `alarms` beside those that there are."""

    def build(stack: TerraformStack) -> None:
        made = everything(stack, jobs)
        Dashboard(
            stack,
            "dashboard",
            names=NAMES,
            load_balancer=made.stage.load_balancer,
            cdn=made.cdn,
            services=made.services,
            database=made.database,
            cache=made.cache,
            jobs=made.jobs,
            alarms={**made.alarms, **{f"arn:{added.id}": added for added in alarms}},
        )

    return json.loads(synthesize(build).only("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]


@pytest.fixture(scope="module")
def graphs() -> dict[str, dict[str, Any]]:
    return {widget["properties"]["title"]: widget["properties"] for widget in dashboard() if widget["type"] == "metric"}


def thresholds(graph: Mapping[str, Any]) -> list[float]:
    return [line["value"] for line in graph.get("annotations", {}).get("horizontal", [])]


def test_the_dashboard_draws_the_alarms_thresholds(graphs: Mapping[str, Any]) -> None:
    drawn = {
        "Latency (s)": [2],
        "CloudFront: share of 5xx (%)": [5],
        "Services: CPUUtilization (%)": [90],
        "Services: MemoryUtilization (%)": [90],
        "Database: CPU (%)": [90],
        "Database: connections": [748],
        "Database: free storage (bytes)": [100 * 1024**3 // 10],
        "Cache: CPU of the engine (%)": [90],
        "Cache: memory (%)": [80],
        "Cache: evictions": [100],
        "Pipeline: runs": [],  # 0 is the axis
    }
    assert {title: thresholds(graphs[title]) for title in drawn} == drawn
    assert graphs["Database: connections"]["annotations"]["horizontal"] == [{"label": "alarm", "value": 748}]


def test_an_alarm_that_is_added_is_drawn_by_itself() -> None:
    shown = {widget["properties"]["title"]: widget["properties"] for widget in dashboard(alarms=[SLOW_WRITES])}
    assert thresholds(shown["Database: latency (s)"]) == [0.05]
    assert "arn:writes" in shown["Alarms"]["alarms"]


def test_the_dashboard_draws_each_metric_where_it_is(graphs: Mapping[str, Any]) -> None:
    assert graphs["CloudFront: share of 5xx (%)"]["region"] == "us-east-1"
    assert graphs["Database: CPU (%)"]["region"] == "ap-northeast-2"
    assert graphs["Database: CPU (%)"]["metrics"] == [
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", "adelie-test-database", {"stat": "Average"}]
    ]
    nodes = [line[3] for line in graphs["Cache: hit rate (%)"]["metrics"]]
    assert nodes == ["adelie-test-cache-001", "adelie-test-cache-002"]


def test_each_job_has_a_row_of_its_own(graphs: Mapping[str, Any]) -> None:
    assert {"Pipeline: runs", "Pipeline: time of a run (ms)"} <= graphs.keys()
    titles = [widget["properties"]["title"] for widget in dashboard(jobs=("nightly", "weekly"))]
    for name in ("nightly", "weekly"):
        assert {f"{name}: runs", f"{name}: time of a run (ms)"} <= set(titles)


def test_a_budget_tells_before_it_is_used_up() -> None:
    stack = with_topic(
        lambda stack, topic, _: Budget(
            stack, "budget", settings=BudgetSettings(monthly_limit_usd=300), names=NAMES, topic=topic
        )
    )
    body = stack.only("aws_budgets_budget")
    assert (body["limit_amount"], body["limit_unit"], body["time_unit"]) == ("300", "USD", "MONTHLY")
    told = [(each["notification_type"], each["threshold"]) for each in body["notification"]]
    assert told == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    assert "budgets.amazonaws.com" in stack.only("aws_kms_key")["policy"]


def backup(settings: BackupSettings) -> Synthesized:
    return with_topic(
        lambda stack, topic, key: BackupPlan(
            stack,
            "backup",
            settings=settings,
            names=NAMES,
            key=key,
            topic=topic,
            sources=SOURCES,
        )
    )


def test_backups_are_daily_and_monthly_in_a_locked_vault() -> None:
    stack = backup(BackupSettings(daily_retention_days=35, monthly_retention_days=400, lock_days=7))
    daily, monthly = stack.only("aws_backup_plan")["rule"]
    assert (daily["schedule"], daily["lifecycle"]) == ("cron(0 5 * * ? *)", {"delete_after": 35})
    assert (monthly["schedule"], monthly["lifecycle"]) == ("cron(0 5 1 * ? *)", {"delete_after": 400})
    assert daily["schedule_expression_timezone"] == "Asia/Seoul"
    assert references(stack.only("aws_backup_vault")["kms_key_arn"]) == {"aws_kms_key.key_F64E54E4"}
    assert stack.only("aws_backup_vault_lock_configuration")["min_retention_days"] == 7
    assert stack.only("aws_backup_selection")["resources"] == [DATABASE_ARN, BUCKET_ARN]


def test_a_backup_that_was_never_tried_is_an_alarm_too() -> None:
    body = alarm(backup(BackupSettings(daily_retention_days=35)), "backup-missing")
    assert body["metric_name"] == "NumberOfBackupJobsCompleted"
    assert (body["comparison_operator"], body["threshold"]) == ("LessThanThreshold", len(SOURCES))
    assert (body["period"], body["evaluation_periods"]) == (86400, 2)
    assert body["treat_missing_data"] == "breaching"


def test_the_backup_role_reads_no_other_data() -> None:
    stack = backup(BackupSettings(daily_retention_days=35))
    assert stack.resources("aws_backup_vault_lock_configuration") == {}
    for statement in policy(stack.only("aws_iam_role_policy")["policy"]):
        for action in statement["Action"]:
            if action.startswith("s3:GetObject"):
                assert statement["Resource"] == [f"{BUCKET_ARN}/*"]
            assert action != "backup:DeleteRecoveryPoint"


def test_the_backup_role_may_use_the_key_of_each_thing_that_it_copies() -> None:
    def build(stack: TerraformStack, topic: AlarmTopic, key: CustomerKey) -> None:
        other = CustomerKey(stack, "other", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
        BackupPlan(
            stack,
            "backup",
            settings=BackupSettings(daily_retention_days=35),
            names=NAMES,
            key=key,
            topic=topic,
            sources=[BackupSource(kind="bucket", arn=BUCKET_ARN, key=each) for each in (key, other)],
        )

    statements = policy(with_topic(build).only("aws_iam_role_policy")["policy"])
    for sid in ("ReadEncrypted", "LetServicesEncrypt"):
        (keys,) = (statement["Resource"] for statement in statements if statement["Sid"] == sid)
        assert [arn.partition("_F6")[0].partition("_key_")[0] for arn in keys] == [
            "${aws_kms_key.key",
            "${aws_kms_key.other",
        ]
    assert not [each for each in statements if any(action.startswith("rds:") for action in each["Action"])]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"daily_retention_days": 35, "monthly_retention_days": 35}, "must be more than daily_retention_days"),
        ({"daily_retention_days": 7, "lock_days": 8}, "must not be more than daily_retention_days"),
        ({"daily_retention_days": 7, "daily_kst": "25:00"}, "daily_kst"),
    ],
)
def test_settings_that_do_not_fit_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        BackupSettings(**values)
