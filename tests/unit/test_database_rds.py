"""PostgreSQL on RDS: what its settings refuse, what it is, and what connecting to it gives."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from adelie.database.rds import Database
from adelie.database.settings import DatabaseSettings
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeNetwork, FakeWorkload, given, granted
from tests.fakes.data import build_key, database_settings, opened_ports, refusal
from tests.support import NAMES, Synthesized, policy, references, synthesize


def build(stack: TerraformStack, **overrides: Any) -> Database:
    return Database(
        stack,
        "database",
        settings=database_settings(**overrides),
        names=NAMES,
        key=build_key(stack),
        network=FakeNetwork(),
    )


def database(**overrides: Any) -> Synthesized:
    return synthesize(lambda stack: build(stack, **overrides))


@pytest.fixture(scope="module")
def maximal() -> Synthesized:
    def connected(stack: TerraformStack) -> None:
        postgres = build(stack)
        postgres.connect(FakeWorkload(stack, "backend-api"))
        postgres.connect_owner(FakeWorkload(stack, "migration"))
        postgres.allow_from(FakeWorkload(stack, "bastion"))

    return synthesize(connected)


@pytest.fixture(scope="module")
def instance(maximal: Synthesized) -> dict[str, Any]:
    return maximal.only("aws_db_instance")


@pytest.fixture(scope="module")
def minimal() -> Synthesized:
    return database(
        engine_version="17",
        instance_class="db.t4g.micro",
        allocated_storage_gib=20,
        max_storage_gib=22,
        multi_az=False,
        backup_retention_days=0,
        deletion_protection=False,
        final_snapshot=False,
        keep_automated_backups=False,
        password_rotation_days=None,
        database_insights="none",
        enhanced_monitoring_seconds=0,
        log_retention_days=1,
    )


@pytest.mark.parametrize(
    ("overrides", "key", "message"),
    [
        (
            {"allocated_storage_gib": 100, "max_storage_gib": 109},
            "max_storage_gib",
            "must be 10 % or more over allocated_storage_gib (100), but is 109; use 110 or more",
        ),
        (
            {"backup_window_kst": "04:00-04:30"},
            "backup_window_kst",
            "must not overlap maintenance_window_kst (sun:04:00-sun:04:30), but is '04:00-04:30'; move one of them",
        ),
        (
            {"maintenance_window_kst": "sun:04:00-sun:04:29"},
            "maintenance_window_kst",
            "must last 30 minutes or more, but is 'sun:04:00-sun:04:29'; it lasts 29: end it later",
        ),
        (
            {"username": "app_a", "application": {"username": "app"}},
            "application.username",
            "must not be the owner's, but is 'app'; use another name",
        ),
        (
            {"application": {"schema_name": "pg_mine"}},
            "schema_name",
            "must not begin with pg_, rds, information_schema, but is 'pg_mine'; use another name",
        ),
        ({"engine_version": "16"}, "engine_version", "Input should be '17' or '18'"),
        ({"backup_retention_days": 36}, "backup_retention_days", "Input should be less than or equal to 35"),
        ({"allocated_storage_gib": 19}, "allocated_storage_gib", "Input should be greater than or equal to 20"),
        (
            {"instance_class": "t4g.micro"},
            "instance_class",
            r"String should match pattern '^db\.[a-z0-9-]+\.[a-z0-9]+$'",
        ),
        (
            {"instance_class": "db.m7g.lrage"},
            "instance_class",
            "must be a class whose memory is known, for the alarms, but is 'db.m7g.lrage'; "
            "use db.m7g.large, or add the class to adelie/database/sizes.py",
        ),
    ],
)
def test_what_cannot_be_is_refused(overrides: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        database_settings(**overrides)
    assert refusal(error) == (key, message)


@pytest.mark.parametrize(("allocated", "most"), [(20, 22), (100, 110), (21, 24)])
def test_storage_may_grow_by_ten_percent(allocated: int, most: int) -> None:
    assert database_settings(allocated_storage_gib=allocated, max_storage_gib=most).max_storage_gib == most


def test_what_can_lose_data_or_costs_money_is_stated() -> None:
    required = {name for name, field in DatabaseSettings.model_fields.items() if field.is_required()}
    assert {
        "instance_class",
        "allocated_storage_gib",
        "max_storage_gib",
        "multi_az",
        "backup_retention_days",
        "deletion_protection",
        "final_snapshot",
        "keep_automated_backups",
        "database_insights",
        "log_retention_days",
    } <= required


def test_the_instance_is_private_and_encrypted(maximal: Synthesized, instance: dict[str, Any]) -> None:
    assert instance["publicly_accessible"] is False
    assert instance["storage_encrypted"] is True
    for attribute in ("kms_key_id", "performance_insights_kms_key_id", "master_user_secret_kms_key_id"):
        assert references(instance[attribute]) == {f"aws_kms_key.{next(iter(maximal.resources('aws_kms_key')))}"}
    assert maximal.only("aws_db_subnet_group")["subnet_ids"] == list(FakeNetwork().isolated_subnet_ids)
    assert references(instance["db_subnet_group_name"]) == {
        f"aws_db_subnet_group.{next(iter(maximal.resources('aws_db_subnet_group')))}"
    }


def test_the_password_is_rds_own(instance: dict[str, Any]) -> None:
    assert instance["manage_master_user_password"] is True
    assert not instance.keys() & {"password", "password_wo"}
    assert instance["iam_database_authentication_enabled"] is True


def test_it_is_backed_up_and_hard_to_lose(instance: dict[str, Any]) -> None:
    assert instance["backup_retention_period"] == 14
    assert instance["delete_automated_backups"] is False
    assert instance["deletion_protection"] is True
    assert instance["skip_final_snapshot"] is False
    assert instance["final_snapshot_identifier"] == "adelie-test-database-final"
    assert instance["copy_tags_to_snapshot"] is True
    assert instance["multi_az"] is True


def test_windows_reach_aws_in_utc(instance: dict[str, Any]) -> None:
    assert instance["backup_window"] == "18:00-18:30"
    assert instance["maintenance_window"] == "sat:19:00-sat:19:30"


def test_storage_grows_by_itself(instance: dict[str, Any]) -> None:
    assert (instance["storage_type"], instance["allocated_storage"], instance["max_allocated_storage"]) == (
        "gp3",
        100,
        500,
    )


@pytest.mark.parametrize(("version", "log_connections"), [("17", "1"), ("18", "authorization")])
def test_parameters_force_tls_and_log_what_matters(version: str, log_connections: str) -> None:
    stack = database(engine_version=version)
    group = stack.only("aws_db_parameter_group")
    assert group["family"] == f"postgres{version}"
    assert group["name"] == f"adelie-test-database-postgres{version}"
    assert group["lifecycle"]["create_before_destroy"] is True
    assert {parameter["name"]: parameter["value"] for parameter in group["parameter"]} == {
        "rds.force_ssl": "1",
        "log_connections": log_connections,
        "log_disconnections": "1",
        "log_statement": "ddl",
        "log_min_duration_statement": "1000",
    }
    assert stack.only("aws_db_instance")["engine_version"] == version


def test_log_groups_are_there_first(maximal: Synthesized, instance: dict[str, Any]) -> None:
    groups = maximal.resources("aws_cloudwatch_log_group")
    assert {group["name"] for group in groups.values()} == {
        "/aws/lambda/adelie-test-database-role",
        *(f"/aws/rds/instance/adelie-test-database/{export}" for export in instance["enabled_cloudwatch_logs_exports"]),
    }
    assert all(group["kms_key_id"] and group["retention_in_days"] == 365 for group in groups.values())
    exported = {f"aws_cloudwatch_log_group.{name}" for name, group in groups.items() if "/rds/" in group["name"]}
    assert set(instance["depends_on"]) >= exported


def test_the_monitoring_role_can_write_before_the_instance_asks_it_to(instance: dict[str, Any]) -> None:
    assert any(needed.startswith("aws_iam_role_policy_attachment.") for needed in instance["depends_on"])


def test_advanced_insights_keep_fifteen_months(instance: dict[str, Any]) -> None:
    assert instance["performance_insights_enabled"] is True
    assert instance["database_insights_mode"] == "advanced"
    assert instance["performance_insights_retention_period"] == 465


def test_standard_insights_keep_a_week() -> None:
    instance = database(database_insights="standard").only("aws_db_instance")
    assert (instance["database_insights_mode"], instance["performance_insights_retention_period"]) == ("standard", 7)


def test_enhanced_monitoring_has_a_role_that_only_rds_of_this_account_takes(
    maximal: Synthesized, instance: dict[str, Any]
) -> None:
    assert instance["monitoring_interval"] == 60
    (trust,) = policy(maximal.only("aws_iam_role", "monitoring")["assume_role_policy"])
    assert trust["Principal"] == {"Service": ["monitoring.rds.amazonaws.com"]}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": NAMES.account_id}}
    assert (
        maximal.only("aws_iam_role_policy_attachment")["policy_arn"]
        == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    )


def test_the_password_rotates_when_stated_and_not_at_once(maximal: Synthesized) -> None:
    rotation = maximal.only("aws_secretsmanager_secret_rotation")
    assert rotation["rotation_rules"]["automatically_after_days"] == 90
    assert rotation["rotate_immediately"] is False
    assert rotation["secret_id"].endswith(".master_user_secret[0].secret_arn}")


def test_the_smallest_database_leaves_out_what_it_is_told_to(minimal: Synthesized) -> None:
    instance = minimal.only("aws_db_instance")
    assert instance["performance_insights_enabled"] is False
    assert instance["monitoring_interval"] == 0
    assert instance["skip_final_snapshot"] is True
    assert instance["delete_automated_backups"] is True
    assert not instance.keys() & {
        "database_insights_mode",
        "performance_insights_retention_period",
        "monitoring_role_arn",
        "final_snapshot_identifier",
    }
    assert [name for name in minimal.resources("aws_iam_role") if "monitoring" in name] == []
    assert not minimal.resources("aws_secretsmanager_secret_rotation")
    assert opened_ports(minimal) == {(5432, 5432, "TCP 5432 from database-role")}


def test_connecting_opens_the_one_port(maximal: Synthesized) -> None:
    assert opened_ports(maximal) == {
        (5432, 5432, "TCP 5432 from backend-api"),
        (5432, 5432, "TCP 5432 from bastion"),
        (5432, 5432, "TCP 5432 from database-role"),
        (5432, 5432, "TCP 5432 from migration"),
    }


@pytest.mark.parametrize(
    ("peer", "secret"),
    [
        ("backend-api", r"\$\{aws_secretsmanager_secret_version\.database_application_password_value_\w+\.arn\}"),
        ("migration", r"\$\{aws_db_instance\.database_instance_\w+\.master_user_secret\[0\]\.secret_arn\}"),
    ],
)
def test_only_a_migration_is_the_owner(peer: str, secret: str, maximal: Synthesized) -> None:
    grants = granted(maximal, peer, "execution")
    assert set(grants) == {"database-password"}
    read, decrypt = grants["database-password"]
    (arn,) = read["Resource"]
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    assert re.fullmatch(secret, arn)
    assert decrypt["Action"] == ["kms:Decrypt"]
    assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.ap-northeast-2.amazonaws.com"}}
    assert granted(maximal, peer, "task") == {}, "the code itself reads no password again"
    assert given(maximal, peer, "secret") == {"PGUSER": f"{arn}:username::", "PGPASSWORD": f"{arn}:password::"}


@pytest.mark.parametrize("peer", ["backend-api", "migration"])
def test_connecting_sets_libpqs_variables(peer: str, maximal: Synthesized) -> None:
    (name,) = maximal.resources("aws_db_instance")
    assert given(maximal, peer, "environment") == {
        "PGHOST": f"${{aws_db_instance.{name}.address}}",
        "PGPORT": "5432",
        "PGDATABASE": "app",
        "PGSSLMODE": "require",
    }


def test_a_mere_peer_gets_the_port_and_nothing_else(maximal: Synthesized) -> None:
    for role in ("execution", "task"):
        assert granted(maximal, "bastion", role) == {}
    assert given(maximal, "bastion", "environment") == {}


def test_with_a_ca_bundle_clients_verify_the_server() -> None:
    stack = synthesize(
        lambda stack: build(stack, ca_bundle_path="/etc/ssl/rds.pem").connect(FakeWorkload(stack, "backend-api"))
    )
    variables = given(stack, "backend-api", "environment")
    assert variables["PGSSLMODE"] == "verify-full"
    assert variables["PGSSLROOTCERT"] == "/etc/ssl/rds.pem"
