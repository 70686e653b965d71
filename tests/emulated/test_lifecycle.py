"""A deployment's whole life: applied once, unchanged by a second plan, gone when destroyed."""

from __future__ import annotations

from tests.emulated.deployment import Deployment


def test_a_second_plan_changes_nothing(deployment: Deployment) -> None:
    assert deployment.terraform.changes() == ""
