"""Alarms, dashboard, budget, backups: what they watch, whom they tell, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

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
from adelie.operations.dashboard import COLUMNS, Dashboard, Graph, Watched, widgets
from adelie.operations.settings import AlarmSettings, BackupSettings, BudgetSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.data import BackupSource
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from tests.support import TARGET, Synthesized, policy, references, synthesize

SETTINGS = AlarmSettings(database_freeable_memory_mib=2048, database_connections=810)
DATABASE_ARN = "arn:aws:rds:ap-northeast-2:111111111111:db:adelie-test-database"
BUCKET_ARN = "arn:aws:s3:::adelie-test-objects-111111111111"
SOURCES = [
    BackupSource(kind="database", arn=DATABASE_ARN, key=None),
    BackupSource(kind="bucket", arn=BUCKET_ARN, key=None),
]


def with_topic(build: Callable[[TerraformStack, AlarmTopic, CustomerKey], object], region: str = "") -> Synthesized:
    def everything(stack: TerraformStack) -> None:
        settings = EncryptionSettings(deletion_window_days=7)
        key = CustomerKey(stack, "key", settings=settings, target=TARGET, region=region or None)
        build(stack, AlarmTopic(stack, "alarms", target=TARGET, key=key, region=region or None), key)

    return synthesize(everything)


def alarm(stack: Synthesized, containing: str) -> dict[str, Any]:
    return stack.only("aws_cloudwatch_metric_alarm", containing)


@pytest.fixture(scope="module")
def watched() -> Synthesized:
    def build(stack: TerraformStack, topic: AlarmTopic, _: CustomerKey) -> None:
        common: dict[str, Any] = {"settings": SETTINGS, "target": TARGET, "topic": topic}
        LoadBalancerAlarms(stack, "lb", **common, arn_suffix="app/edge/1")
        ServiceAlarms(
            stack,
            "api",
            **common,
            name="api",
            cluster_name="main",
            service_name="adelie-test-api",
            load_balancer_suffix="app/edge/1",
            target_group_suffix="targetgroup/api/2",
        )
        DatabaseAlarms(stack, "database", **common, identifier="adelie-test-database", storage_gib=100)
        CacheAlarms(stack, "cache", **common, node_ids=["adelie-test-cache-001", "adelie-test-cache-002"])

    return with_topic(build)


def test_every_alarm_tells_when_it_begins_and_when_it_is_over(watched: Synthesized) -> None:
    alarms = watched.resources("aws_cloudwatch_metric_alarm")
    assert len(alarms) == 2 + 3 + 4 + 2 * 3
    for body in alarms.values():
        assert references(body["alarm_actions"]) == {"aws_sns_topic_policy.alarms_policy_955C0036"}
        assert body["ok_actions"] == body["alarm_actions"]
        assert body["alarm_name"].startswith("adelie-test-")


def test_the_share_of_server_errors_needs_enough_requests(watched: Synthesized) -> None:
    body = alarm(watched, "server-errors")
    share, *counts = body["metric_query"]
    assert share["return_data"] is True
    assert share["expression"].startswith("IF(FILL(requests, 0) + FILL(own_errors, 0) >= 20, 100 * (")
    metrics = {each["id"]: each["metric"]["metric_name"] for each in counts}
    assert metrics == {
        "requests": "RequestCount",
        "target_errors": "HTTPCode_Target_5XX_Count",
        "own_errors": "HTTPCode_ELB_5XX_Count",
    }
    assert all(query in share["expression"] for query in metrics)
    assert body["threshold"] == 5
    assert not {"metric_name", "namespace", "period", "statistic"} & body.keys()


def test_latency_is_a_percentile(watched: Synthesized) -> None:
    body = alarm(watched, "latency")
    assert (body["extended_statistic"], body["threshold"]) == ("p95", 2)
    assert "statistic" not in body


def test_the_database_is_measured_in_the_units_of_cloudwatch(watched: Synthesized) -> None:
    storage, memory = alarm(watched, "database_storage"), alarm(watched, "database_memory")
    assert storage["threshold"] == 100 * 1024**3 // 10
    assert memory["threshold"] == 2048 * 1024**2
    for body in (storage, memory):
        assert body["comparison_operator"] == "LessThanThreshold"
    assert alarm(watched, "database_connections")["threshold"] == 810


def test_a_database_that_sends_nothing_is_one_alarm(watched: Synthesized) -> None:
    silent = {
        name.split("_")[1]
        for name, body in watched.resources("aws_cloudwatch_metric_alarm").items()
        if name.startswith("database_") and body["treat_missing_data"] == "breaching"
    }
    assert silent == {"cpu"}


def test_each_node_of_the_cache_is_watched(watched: Synthesized) -> None:
    nodes = {
        body["dimensions"]["CacheClusterId"]
        for name, body in watched.resources("aws_cloudwatch_metric_alarm").items()
        if name.startswith("cache")
    }
    assert nodes == {"adelie-test-cache-001", "adelie-test-cache-002"}


def test_what_cloudfront_measures_is_watched_in_its_region() -> None:
    def build(stack: TerraformStack, topic: AlarmTopic, _: CustomerKey) -> None:
        common: dict[str, Any] = {"settings": SETTINGS, "target": TARGET, "topic": topic}
        CdnAlarms(stack, "cdn", **common, distribution_id="E1")
        CertificateAlarm(stack, "viewers", **common, name="viewers", certificate_arn="arn:aws:acm:us-east-1:1:c")

    stack = with_topic(build, "us-east-1")
    for kind in (
        "aws_cloudwatch_metric_alarm",
        "aws_sns_topic",
        "aws_sns_topic_policy",
        "aws_kms_key",
        "aws_kms_alias",
    ):
        assert {body["region"] for body in stack.resources(kind).values()} == {"us-east-1"}, kind
    share, *counts = alarm(stack, "cdn")["metric_query"]
    assert share["expression"] == "IF(FILL(requests, 0) >= 20, FILL(rate, 0), 0)"
    metrics = {each["id"]: (each["metric"]["metric_name"], each["metric"]["stat"]) for each in counts}
    assert metrics == {"requests": ("Requests", "Sum"), "rate": ("5xxErrorRate", "Average")}
    for each in counts:
        assert each["metric"]["dimensions"] == {"DistributionId": "E1", "Region": "Global"}
    assert alarm(stack, "viewers")["comparison_operator"] == "LessThanThreshold"
    assert "logs.us-east-1.amazonaws.com" in stack.only("aws_kms_key")["policy"]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=6))
def test_widgets_do_not_overlap_and_stay_on_the_grid(sizes: list[int]) -> None:
    rows = [[Graph(title="a", lines=[]) for _ in range(size)] for size in sizes]
    taken: set[tuple[int, int]] = set()
    for widget in widgets(rows, "ap-northeast-2"):
        across = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in across for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not cells & taken
        assert max(across) < COLUMNS
        taken |= cells


def test_the_dashboard_draws_the_alarms_thresholds() -> None:
    watched = Watched(
        load_balancer_suffix="app/edge/1",
        distribution_id="E1",
        cluster_name="main",
        services={"api": "adelie-test-api"},
        database_identifier="adelie-test-database",
        cache_node_ids=["adelie-test-cache-001"],
        state_machine_arn="arn:machine",
    )
    stack = synthesize(lambda stack: Dashboard(stack, "dashboard", settings=SETTINGS, target=TARGET, watched=watched))
    body = json.loads(stack.only("aws_cloudwatch_dashboard")["dashboard_body"])
    graphs = {widget["properties"]["title"]: widget["properties"] for widget in body["widgets"]}
    assert graphs["Database: connections"]["annotations"]["horizontal"][0]["value"] == 810
    assert graphs["CloudFront: share of 5xx (%)"]["region"] == "us-east-1"
    assert graphs["Database: CPU (%)"]["metrics"] == [
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", "adelie-test-database", {"stat": "Average"}]
    ]


def test_a_budget_tells_before_it_is_used_up() -> None:
    stack = with_topic(
        lambda stack, topic, _: Budget(
            stack, "budget", settings=BudgetSettings(monthly_limit_usd=300), target=TARGET, topic=topic
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
            target=TARGET,
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
    body = alarm(backup(BackupSettings(daily_retention_days=35)), "missing")
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
        other = CustomerKey(stack, "other", settings=EncryptionSettings(deletion_window_days=7), target=TARGET)
        BackupPlan(
            stack,
            "backup",
            settings=BackupSettings(daily_retention_days=35),
            target=TARGET,
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
