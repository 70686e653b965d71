"""Every boundary of the compute settings, with its whole message."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from adelie.compute.job_settings import OneOffTaskSettings
from adelie.compute.schedules import CronExpression
from adelie.compute.service_settings import ScheduledCapacitySettings, ServiceSettings
from adelie.compute.settings import ClusterSettings, RepositorySettings
from adelie.compute.task_settings import TaskSettings
from catalogue.settings import Settings
from tests.fakes.compute import CLUSTER, SERVICE, TASK

HEALTH = {"path": "/health"}
NIGHT = {"schedule": "cron(0 22 * * ? *)", "min_capacity": 3, "max_capacity": 1}


def complaint(model: type[Settings], values: dict[str, Any]) -> tuple[str, str]:
    """(key, message) of the only error."""
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(values)
    (error,) = refusal.value.errors()
    key = error.get("ctx", {}).get("key", "")
    return ".".join(str(part) for part in (*error["loc"], key) if part != ""), error["msg"]


@pytest.mark.parametrize(
    ("model", "values", "key", "message"),
    [
        (
            TaskSettings,
            {**TASK, "cpu_units": 512, "memory_mib": 1500},
            "memory_mib",
            "must be 1024 to 4096 in steps of 1024 for 512 cpu_units, but is 1500; use 2048 or other cpu_units",
        ),
        (
            TaskSettings,
            {**TASK, "memory_mib": 4096},
            "memory_mib",
            "must be 512, 1024 or 2048 for 256 cpu_units, but is 4096; use 2048 or other cpu_units",
        ),
        (
            TaskSettings,
            {**TASK, "environment": {"JWT_SECRET": "x"}},
            "environment.JWT_SECRET",
            "must not be named like a secret, but is 'JWT_SECRET'; declare it under secrets",
        ),
        (
            TaskSettings,
            {**TASK, "writable_paths": ("/var/run", "/var-run")},
            "writable_paths.1",
            "must not name the same again, but is '/var-run'; remove one of them",
        ),
        (
            ServiceSettings,
            {**SERVICE, "min_capacity": 7},
            "min_capacity",
            "must not exceed max_capacity (6), but is 7; lower it or raise that",
        ),
        (
            ServiceSettings,
            {**SERVICE, "autoscaling": None},
            "max_capacity",
            "must be min_capacity (2) without autoscaling, but is 6; use 2 or remove `autoscaling: null`",
        ),
        (
            ServiceSettings,
            {**SERVICE, "autoscaling": {"scheduled": {"night": NIGHT}}},
            "autoscaling.scheduled.night.min_capacity",
            "must not exceed max_capacity (1), but is 3; lower it or raise that",
        ),
        (
            ServiceSettings,
            {**SERVICE, "health": {**HEALTH, "interval_seconds": 10, "timeout_seconds": 10}},
            "health.timeout_seconds",
            "must be less than interval_seconds (10), but is 10; use at most 9",
        ),
        (
            ClusterSettings,
            {**CLUSTER, "fargate_weight": 0, "fargate_spot_weight": 0},
            "fargate_weight",
            "must not be 0 together with fargate_spot_weight, but is 0; set one of them to 1",
        ),
        (
            OneOffTaskSettings,
            {**TASK, "image_of": "web", "when": "by-hand"},
            "command",
            "must say what to run, but is null; set it, for example [alembic, upgrade, head]",
        ),
        (
            ScheduledCapacitySettings,
            {**NIGHT, "schedule": "0 18 * * MON-FRI"},
            "schedule",
            "must be cron(minutes hours day-of-month month day-of-week year), but is '0 18 * * MON-FRI'; "
            "write for example cron(0 18 ? * MON-FRI *)",
        ),
        (
            ScheduledCapacitySettings,
            {**NIGHT, "schedule": "cron(0 18 * * MON-FRI *)"},
            "schedule",
            "must have ? in exactly one of day-of-month and day-of-week, but is 'cron(0 18 * * MON-FRI *)'; "
            "put ? in one of them",
        ),
        (
            ScheduledCapacitySettings,
            {**NIGHT, "schedule": "cron(0 6pm ? * MON-FRI *)"},
            "schedule",
            "must have a valid hours field, but is 'cron(0 6pm ? * MON-FRI *)'; replace '6pm'",
        ),
    ],
)
def test_a_bad_value_is_refused_with_one_sentence(
    model: type[Settings], values: dict[str, Any], key: str, message: str
) -> None:
    assert complaint(model, values) == (key, message)


@pytest.mark.parametrize(
    "name",
    ["DISCORD_WEBHOOK_URL", "DB_PASSWORD", "PASSWORD", "LLM_API_KEY", "GITHUB_TOKEN", "SECRET", "DB_CREDENTIALS"],
)
def test_a_secret_is_no_plain_variable(name: str) -> None:
    key, _ = complaint(TaskSettings, {**TASK, "environment": {name: "x"}})
    assert key == f"environment.{name}"


@pytest.mark.parametrize("name", ["LOG_LEVEL", "TOKENIZER", "KEYCLOAK_URL", "SECRETARY_NAME"])
def test_other_names_are(name: str) -> None:
    assert TaskSettings.model_validate({**TASK, "environment": {name: "x"}}).environment == {name: "x"}


@pytest.mark.parametrize(
    ("model", "values", "missing"),
    [
        (RepositorySettings, {}, {"force_delete"}),
        (ClusterSettings, {}, {"container_insights", "fargate_base", "fargate_weight", "fargate_spot_weight"}),
        (TaskSettings, {}, {"cpu_units", "memory_mib", "cpu_architecture", "log_retention_days"}),
        (
            ServiceSettings,
            TASK,
            {"port", "paths", "health", "min_capacity", "max_capacity"},
        ),
    ],
)
def test_what_costs_or_loses_something_has_no_default(
    model: type[Settings], values: dict[str, Any], missing: set[str]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(values)
    assert {str(error["loc"][0]) for error in refusal.value.errors() if error["type"] == "missing"} == missing


@pytest.mark.parametrize(
    "expression",
    ["cron(0 18 ? * MON-FRI *)", "cron(0/15 9-18 * * ? 2026)", "cron(30 2 L * ? *)", "cron(0 9 ? * 6#3 *)"],
)
def test_cron_expressions_of_the_scheduler_guide_are_taken(expression: str) -> None:
    assert TypeAdapter(CronExpression).validate_python(expression) == expression


def test_a_path_rule_takes_five_patterns() -> None:
    assert len(ServiceSettings.model_validate({**SERVICE, "paths": ("/a",) * 5}).paths) == 5
    _, message = complaint(ServiceSettings, {**SERVICE, "paths": ("/a",) * 6})
    assert message == "Tuple should have at most 5 items after validation, not 6"


@pytest.mark.parametrize("folder", [".", "backend", "services/chat", "a_b/c.d-e"])
def test_an_image_is_built_from_a_folder_of_the_application(folder: str) -> None:
    assert ServiceSettings.model_validate({**SERVICE, "build": folder}).build == folder


@pytest.mark.parametrize("folder", ["", "/etc", "..", "../x", "a/../../x", "a//b", "a/", ".git", "--flag", "a b"])
def test_no_image_is_built_from_a_folder_elsewhere(folder: str) -> None:
    key, message = complaint(ServiceSettings, {**SERVICE, "build": folder})
    assert key == "build"
    assert "pattern" in message
