"""A deployment's life: complete, unchanged by a second plan, its outputs those of what exists, gone when destroyed."""

from __future__ import annotations

import pytest

from tests.emulated.deployment import Deployment
from tests.emulated.inventory import inventory
from tools.terraform.runner import TerraformError


def test_every_resource_of_the_stack_is_in_the_state(deployment: Deployment) -> None:
    described = {f"{kind}.{name}" for kind, name, _ in deployment.stack.every()}
    assert described <= set(deployment.state)


def test_a_second_plan_changes_nothing(deployment: Deployment) -> None:
    assert deployment.terraform.changes() == ""


def test_outputs_name_what_exists(deployment: Deployment) -> None:
    outputs, held = deployment.outputs, inventory(deployment.aws)
    load_balancers = deployment.client("elbv2").describe_load_balancers()["LoadBalancers"]
    database = deployment.client("rds").describe_db_instances()["DBInstances"][0]
    distribution = deployment.client("cloudfront").get_distribution(Id=outputs["cdn_distribution_id"])["Distribution"]
    assert {outputs["objects_bucket"], outputs["assets_bucket"]} < set(held["buckets"])
    assert outputs["alarm_topic_arn"] in held["topics"]
    assert outputs["load_balancer_dns_name"] == load_balancers[0]["DNSName"]
    assert outputs["database_endpoint"] == database["Endpoint"]["Address"]
    assert any(arn.endswith(f"/{outputs['cluster_name']}") for arn in held["clusters"])
    if deployment.environment.domain:
        assert outputs["cdn_domain_name"] == deployment.environment.domain.name
    else:
        assert outputs["cdn_domain_name"] == distribution["DomainName"]
    if deployment.environment.bastion:
        assert outputs["bastion_instance_id"] in held["instances"]


@pytest.mark.destroys
def test_destroying_leaves_nothing(deployment: Deployment) -> None:
    databases = deployment.client("rds")
    settings = deployment.environment.database
    if deployment.environment.prevent_destroy:
        with pytest.raises(TerraformError, match="prevent_destroy"):
            deployment.destroy()
        deployment.allow_destroying()
    if settings.deletion_protection:
        with pytest.raises(TerraformError, match=r"(?i)deletion.?protection|protected DB"):
            deployment.destroy()
        identifier = databases.describe_db_instances()["DBInstances"][0]["DBInstanceIdentifier"]
        databases.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True)
    deployment.destroy()
    assert deployment.terraform.resources() == []
    assert inventory(deployment.aws) == deployment.before
    snapshots = databases.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert len(snapshots) == settings.final_snapshot
