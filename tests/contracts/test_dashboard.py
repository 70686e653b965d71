"""Every alarm of every environment is on its dashboard."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tests.environments import PLATFORMS
from tests.support import Synthesized, references


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_dashboard_shows_the_state_of_every_alarm(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    widgets = json.loads(stack.only("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
    shown = references([widget for widget in widgets if widget["type"] == "alarm"])
    assert shown == {f"aws_cloudwatch_metric_alarm.{alarm}" for alarm in stack.resources("aws_cloudwatch_metric_alarm")}


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_graph_has_metrics_of_one_region(name: str, platforms: Mapping[str, Synthesized]) -> None:
    """CloudFront's are in us-east-1 alone: elsewhere their graph would be empty, without a word."""
    widgets = json.loads(platforms[name].only("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
    for widget in widgets:
        properties = widget["properties"]
        namespaces = {line[0] for line in properties.get("metrics", [])}
        if "AWS/CloudFront" in namespaces:
            assert namespaces == {"AWS/CloudFront"}, properties["title"]
            assert properties["region"] == "us-east-1", properties["title"]
