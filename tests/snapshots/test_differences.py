"""What staging and prod are meant to differ in, by name; everything else about them is the same composition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.support import Synthesized

ONLY_IN_PROD: Final = {
    "aws_backup_plan": "staging can be created again",
    "aws_backup_selection": "staging can be created again",
    "aws_backup_vault": "staging can be created again",
    "aws_backup_vault_lock_configuration": "staging can be created again",
    "aws_wafv2_web_acl": "the firewall costs money",
    "aws_wafv2_web_acl_logging_configuration": "the firewall's log",
}
"""Resource types that staging does without, and why."""
ONLY_IN_STAGING: Final = {
    "aws_appautoscaling_scheduled_action": "staging sleeps at night",
}


def types(stack: Synthesized) -> set[str]:
    return {kind for kind, _, _ in stack.every()}


def test_only_the_named_resource_types_are_in_one_of_the_two(platforms: Mapping[str, Synthesized]) -> None:
    prod, staging = types(platforms["prod"]), types(platforms["staging"])
    assert prod - staging == set(ONLY_IN_PROD)
    assert staging - prod == set(ONLY_IN_STAGING)


def test_prod_survives_the_loss_of_a_zone(platforms: Mapping[str, Synthesized]) -> None:
    prod = platforms["prod"]
    zones = {subnet["availability_zone"] for subnet in prod.resources("aws_subnet").values()}
    assert len(zones) >= 2
    assert len(prod.resources("aws_nat_gateway")) == len(zones)
    assert prod.only("aws_db_instance")["multi_az"] is True
    cache = prod.only("aws_elasticache_replication_group")
    assert cache["multi_az_enabled"] is True
    assert cache["automatic_failover_enabled"] is True
    assert all(target["min_capacity"] >= 2 for target in prod.resources("aws_appautoscaling_target").values())


def test_prod_is_protected_and_staging_is_disposable(platforms: Mapping[str, Synthesized]) -> None:
    for name, protected in (("prod", True), ("staging", False)):
        stack = platforms[name]
        database = stack.only("aws_db_instance")
        assert database["deletion_protection"] is protected
        assert database["skip_final_snapshot"] is not protected
        assert stack.only("aws_lb")["enable_deletion_protection"] is protected
        for bucket in stack.resources("aws_s3_bucket").values():
            assert bucket["force_destroy"] is not protected
        for repository in stack.resources("aws_ecr_repository").values():
            assert repository["force_delete"] is not protected


def test_staging_is_spot_heavy(platforms: Mapping[str, Synthesized]) -> None:
    for service in platforms["staging"].resources("aws_ecs_service").values():
        weights = {share["capacity_provider"]: share["weight"] for share in service["capacity_provider_strategy"]}
        assert weights["FARGATE_SPOT"] > weights["FARGATE"]
