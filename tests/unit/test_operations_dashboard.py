"""The dashboard: which graphs and thresholds it draws, and where."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adelie.operations.dashboard import COLUMNS, Dashboard, Graph, widgets
from adelie.seam.terraform import TerraformStack
from adelie.values.metric import Alarm
from tests.fakes.operations import SLOW_WRITES, everything
from tests.support import NAMES, synthesize


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


def test_an_alarm_that_is_added_is_drawn_by_itself(graphs: Mapping[str, Any]) -> None:
    shown = {widget["properties"]["title"]: widget["properties"] for widget in dashboard(alarms=[SLOW_WRITES])}
    graph = "Database: latency (s)"
    assert sorted(thresholds(shown[graph])) == sorted([*thresholds(graphs[graph]), 0.05])
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
