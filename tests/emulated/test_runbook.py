"""Every `aws` command of docs/runbook.md, run against prod in an emulated AWS, in the order in which it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.emulated import aws_cli
from tests.emulated.conftest import EVERY
from tests.emulated.deployment import Deployment
from tests.support import Synthesized
from tools.command import ROOT
from tools.release import records

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
COMMANDS = aws_cli.commands(RUNBOOK)
PROD_BY_MINISTACK = [each for each in EVERY if each.id == "prod-ministack"]
PROD_BY_MOTO = [each for each in EVERY if each.id == "prod-moto"]
STATE_BUCKET = "adelie-terraform-state-222222222222"


def test_every_command_is_one_that_the_api_takes() -> None:
    assert len(COMMANDS) > 20
    everywhere = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md")))
    for command in aws_cli.commands(everywhere):
        if not command.startswith("aws s3 "):  # of the command line alone, not of the API
            aws_cli.parse(re.sub(r"<[^>]*>", "x", command))


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("aws rds restore-it --x 1", "rds has no restore-it"),
        ("aws rds describe-events --sauce a", "describe-events has no --sauce"),
    ],
)
def test_a_command_that_the_api_does_not_take_is_noticed(command: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        aws_cli.parse(command)


def test_every_alarm_says_where_to_read_and_the_runbook_has_it(platforms: Mapping[str, Synthesized]) -> None:
    headings = set(re.findall(r"^#+ (.*)$", RUNBOOK, re.MULTILINE))
    alarms = platforms["prod"].resources("aws_cloudwatch_metric_alarm").values()
    pointed = {match[1] for each in alarms if (match := re.search(r"runbook\.md, (.*)$", each["alarm_description"]))}
    assert len(pointed) >= 7
    assert pointed <= headings


@pytest.mark.last
@pytest.mark.parametrize("deployment", PROD_BY_MINISTACK, indirect=True)
def test_commands_do_what_they_are_there_for(deployment: Deployment) -> None:
    _prepare(deployment)
    placeholders = _placeholders(deployment)
    for command in COMMANDS:
        if not command.startswith("aws rds"):
            aws_cli.run(command, deployment, placeholders)
    objects, s3 = deployment.outputs["objects_bucket"], deployment.client("s3")
    assert s3.get_object(Bucket=objects, Key="reports/a.json")["Body"].read() == b"{}"
    _undo(deployment)


@pytest.mark.last
@pytest.mark.parametrize("deployment", PROD_BY_MOTO, indirect=True)
def test_the_database_is_restored_under_its_own_name(deployment: Deployment) -> None:
    """By moto: MiniStack knows no point-in-time restore, and keeps an instance's name."""
    rds = deployment.client("rds")
    (database,) = rds.describe_db_instances()["DBInstances"]
    placeholders = {"the group of describe-db-instances": database["VpcSecurityGroups"][0]["VpcSecurityGroupId"]}
    for command in COMMANDS:
        if command.startswith("aws rds"):
            aws_cli.run(command, deployment, placeholders)
    names = {each["DBInstanceIdentifier"] for each in rds.describe_db_instances()["DBInstances"]}
    assert names == {"adelie-prod-database", "adelie-prod-database-broken"}
    rds.delete_db_snapshot(DBSnapshotIdentifier="adelie-prod-before-restore")
    _swap_back(deployment)


def _swap_back(deployment: Deployment) -> None:
    rds, name = deployment.client("rds"), "adelie-prod-database"
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    back = rds.modify_db_instance(
        DBInstanceIdentifier=f"{name}-broken", NewDBInstanceIdentifier=name, ApplyImmediately=True
    )
    # moto may leave the restored instance's secret behind.
    secrets, kept = deployment.client("secretsmanager"), back["DBInstance"]["MasterUserSecret"]["SecretArn"]
    for secret in secrets.list_secrets()["SecretList"]:
        if secret["Name"].startswith("rds!") and secret["ARN"] != kept:
            secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def _prepare(deployment: Deployment) -> None:
    """What a day in prod leaves behind: an object that was deleted, a state with versions, a release."""
    deployment.client("ssm").put_parameter(Name=records.parameter(deployment.environment), Value="{}", Type="String")
    s3 = deployment.client("s3")
    s3.create_bucket(
        Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": deployment.environment.region}
    )
    s3.put_bucket_versioning(Bucket=STATE_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=STATE_BUCKET, Key="adelie/prod.tfstate", Body=b"{}")
    s3.put_object(Bucket=deployment.outputs["objects_bucket"], Key="reports/a.json", Body=b"{}")
    s3.delete_object(Bucket=deployment.outputs["objects_bucket"], Key="reports/a.json")


def _placeholders(deployment: Deployment) -> dict[str, str]:
    s3, objects = deployment.client("s3"), deployment.outputs["objects_bucket"]
    markers = s3.list_object_versions(Bucket=objects, Prefix="reports/")["DeleteMarkers"]
    (secret,) = (
        each["ARN"]
        for each in deployment.client("secretsmanager").list_secrets()["SecretList"]
        if each["Name"].startswith("rds!")
    )
    states = s3.list_object_versions(Bucket=STATE_BUCKET)["Versions"]
    return {
        "the marker's": markers[0]["VersionId"],
        "the good one": states[0]["VersionId"],
        "MasterUserSecret of describe-db-instances": secret,
    }


def _undo(deployment: Deployment) -> None:
    """As it was, for those who look after this."""
    deployment.client("ssm").delete_parameter(Name=records.parameter(deployment.environment))
    s3 = deployment.client("s3")
    for bucket in (STATE_BUCKET, deployment.outputs["objects_bucket"]):
        for version in s3.list_object_versions(Bucket=bucket).get("Versions", []):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=STATE_BUCKET)
    deployment.client("ecs").update_service(
        cluster="adelie-prod-main",
        service="adelie-prod-backend-api",
        desiredCount=deployment.environment.services["backend-api"].min_capacity,
    )


@pytest.mark.last
@pytest.mark.parametrize("deployment", [each for each in EVERY if each.id == "localstack-ministack"], indirect=True)
def test_a_renamed_construct_keeps_its_database(deployment: Deployment) -> None:
    """`move_from_id` makes a `moved` block of this form; with it Terraform renames, without it it would replace."""
    text = json.dumps(deployment.stack.document)
    (old,) = deployment.stack.resources("aws_db_instance")
    renamed = json.loads(text.replace(f"aws_db_instance.{old}", "aws_db_instance.postgres"))
    renamed["resource"]["aws_db_instance"] = {"postgres": renamed["resource"]["aws_db_instance"][old]}
    moved = [{"from": f"aws_db_instance.{old}", "to": "aws_db_instance.postgres"}]
    file = Path(deployment.terraform.folder) / "cdk.tf.json"
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(json.dumps({**renamed, "moved": moved}), encoding="utf-8")
        changes = deployment.terraform.changes()
        assert "has moved to aws_db_instance.postgres" in changes
        assert "0 to destroy" in changes
        file.write_text(json.dumps(renamed), encoding="utf-8")
        assert f"# aws_db_instance.{old} will be destroyed" in deployment.terraform.changes()
    finally:
        file.write_text(before, encoding="utf-8")
