"""Alarms: what they watch, whom they notify, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from adelie.database.rds import Database
from adelie.operations.alarms import (
    Alarms,
    cdn_alarms,
    database_alarms,
)
from adelie.operations.settings import AlarmSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.encryption import CustomerKey
from adelie.values.metric import Alarm
from tests.fakes.cdn import build_cdn, cdn_settings
from tests.fakes.collaborators import FakeNetwork
from tests.fakes.data import build_key, database_settings
from tests.fakes.operations import SETTINGS, alarm, everything, with_topic
from tests.support import NAMES, Synthesized, references, synthesize


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
        (topic,) = references(body["alarm_actions"])
        assert topic.startswith(topics[body.get("region")]), name
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

    with pytest.raises(ValueError, match="cdn-server-errors watches us-east-1, but notifies a topic of ap-northeast-2"):
        with_topic(build)
