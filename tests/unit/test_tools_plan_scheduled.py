"""Bounds that a scheduled action has set are no drift; anything else about the same target is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tools.command_line import app
from tools.terraform import plan_file, pull_request_comment

SERVICE = "service/adelie-staging-main/adelie-staging-api"
COMMANDS = app()


def target(before: tuple[int, int], *, service: str = SERVICE, **more: object) -> dict[str, Any]:
    """An update of a scalable target back to 1..2, as `terraform show -json` has it."""
    values: dict[str, Any] = {"resource_id": service, "service_namespace": "ecs"}
    return {
        "address": "aws_appautoscaling_target.api",
        "type": "aws_appautoscaling_target",
        "mode": "managed",
        "change": {
            "actions": ["update"],
            "before": {**values, "min_capacity": before[0], "max_capacity": before[1], **more},
            "after": {**values, "min_capacity": 1, "max_capacity": 2},
        },
    }


def night(least: str = "0", most: str = "0") -> dict[str, Any]:
    """A scheduled action that nothing changes."""
    values = {"resource_id": SERVICE, "scalable_target_action": [{"min_capacity": least, "max_capacity": most}]}
    return {
        "address": "aws_appautoscaling_scheduled_action.night",
        "type": "aws_appautoscaling_scheduled_action",
        "mode": "managed",
        "change": {"actions": ["no-op"], "before": values, "after": values},
    }


@pytest.fixture
def drift_of(tmp_path: Path) -> Any:  # a function
    def run(*changes: dict[str, Any]) -> tuple[int, str]:
        file = tmp_path / "staging.json"
        file.write_text(json.dumps({"format_version": "1.2", "resource_changes": list(changes)}))
        result = CliRunner().invoke(COMMANDS, ["pull-request", "drift", str(file)])
        return result.exit_code, result.output.strip()

    return run


def test_what_a_scheduled_action_has_set_is_no_drift(drift_of: Any) -> None:
    assert drift_of(target((0, 0)), night()) == (0, "")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([target((0, 0))], id="no scheduled action"),
        pytest.param([target((3, 9)), night()], id="other bounds"),
        pytest.param([target((0, 0), service="service/other"), night()], id="another service's action"),
        pytest.param([target((0, 0), role_arn="arn:x"), night()], id="another argument too"),
    ],
)
def test_anything_else_is_drift(drift_of: Any, changes: list[dict[str, Any]]) -> None:
    assert drift_of(*changes) == (2, "update: aws_appautoscaling_target.api")


def test_a_pull_request_says_that_a_deploy_resets_it(tmp_path: Path) -> None:
    file = tmp_path / "staging.json"
    file.write_text(json.dumps({"format_version": "1.2", "resource_changes": [target((0, 0)), night()]}))
    text = pull_request_comment.comment([plan_file.read(file)])
    assert "Nothing changes." in text
    assert "Set by a scheduled action; a deploy resets it until the next one:" in text
    assert "`min_capacity`: `0` → `1`" in text
