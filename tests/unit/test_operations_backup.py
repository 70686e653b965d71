"""Budget and backups: when they notify, what they keep, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.operations.backup import BackupPlan
from adelie.operations.budget import Budget
from adelie.operations.settings import BackupSettings, BudgetSettings
from adelie.seam.terraform import TerraformStack
from adelie.shared.alarm_topic import AlarmTopic
from adelie.shared.data import BackupSource
from adelie.shared.encryption import CustomerKey
from adelie.shared.settings import EncryptionSettings
from tests.fakes.operations import alarm, with_topic
from tests.support import NAMES, Synthesized, policy, references

DATABASE_ARN = "arn:aws:rds:ap-northeast-2:111111111111:db:adelie-test-database"


BUCKET_ARN = "arn:aws:s3:::adelie-test-objects-111111111111"


SOURCES = [
    BackupSource(kind="database", arn=DATABASE_ARN, key=None),
    BackupSource(kind="bucket", arn=BUCKET_ARN, key=None),
]


def test_a_budget_tells_before_it_is_used_up() -> None:
    stack = with_topic(
        lambda stack, topic, _: Budget(
            stack, "budget", settings=BudgetSettings(monthly_limit_usd=300), names=NAMES, topic=topic
        )
    )
    body = stack.only("aws_budgets_budget")
    assert (body["limit_amount"], body["limit_unit"], body["time_unit"]) == ("300", "USD", "MONTHLY")
    limits = [(each["notification_type"], each["threshold"]) for each in body["notification"]]
    assert limits == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    assert "budgets.amazonaws.com" in stack.only("aws_kms_key")["policy"]


def backup(settings: BackupSettings) -> Synthesized:
    return with_topic(
        lambda stack, topic, key: BackupPlan(
            stack,
            "backup",
            settings=settings,
            names=NAMES,
            key=key,
            topic=topic,
            sources=SOURCES,
        )
    )


def test_backups_are_daily_and_monthly_in_a_locked_vault() -> None:
    stack = backup(BackupSettings(daily_retention_days=35, monthly_retention_days=400, lock_days=7))
    daily, monthly = stack.only("aws_backup_plan")["rule"]
    assert (daily["schedule"], daily["lifecycle"]) == ("cron(0 5 * * ? *)", {"delete_after": 35})
    assert (monthly["schedule"], monthly["lifecycle"]) == ("cron(0 5 1 * ? *)", {"delete_after": 400})
    assert daily["schedule_expression_timezone"] == "Asia/Seoul"
    assert references(stack.only("aws_backup_vault")["kms_key_arn"]) == {"aws_kms_key.key_F64E54E4"}
    assert stack.only("aws_backup_vault_lock_configuration")["min_retention_days"] == 7
    assert stack.only("aws_backup_selection")["resources"] == [DATABASE_ARN, BUCKET_ARN]


def test_a_backup_that_was_never_tried_is_an_alarm_too() -> None:
    body = alarm(backup(BackupSettings(daily_retention_days=35)), "backup-missing")
    assert body["metric_name"] == "NumberOfBackupJobsCompleted"
    assert (body["comparison_operator"], body["threshold"]) == ("LessThanThreshold", len(SOURCES))
    assert (body["period"], body["evaluation_periods"]) == (86400, 2)
    assert body["treat_missing_data"] == "breaching"


def test_the_backup_role_reads_no_other_data() -> None:
    stack = backup(BackupSettings(daily_retention_days=35))
    assert stack.resources("aws_backup_vault_lock_configuration") == {}
    for statement in policy(stack.only("aws_iam_role_policy")["policy"]):
        for action in statement["Action"]:
            if action.startswith("s3:GetObject"):
                assert statement["Resource"] == [f"{BUCKET_ARN}/*"]
            assert action != "backup:DeleteRecoveryPoint"


def test_the_backup_role_may_use_the_key_of_each_thing_that_it_copies() -> None:
    def build(stack: TerraformStack, topic: AlarmTopic, key: CustomerKey) -> None:
        other = CustomerKey(stack, "other", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
        BackupPlan(
            stack,
            "backup",
            settings=BackupSettings(daily_retention_days=35),
            names=NAMES,
            key=key,
            topic=topic,
            sources=[BackupSource(kind="bucket", arn=BUCKET_ARN, key=each) for each in (key, other)],
        )

    statements = policy(with_topic(build).only("aws_iam_role_policy")["policy"])
    for sid in ("ReadEncrypted", "LetServicesEncrypt"):
        (keys,) = (statement["Resource"] for statement in statements if statement["Sid"] == sid)
        assert [arn.partition("_F6")[0].partition("_key_")[0] for arn in keys] == [
            "${aws_kms_key.key",
            "${aws_kms_key.other",
        ]
    assert not [each for each in statements if any(action.startswith("rds:") for action in each["Action"])]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"daily_retention_days": 35, "monthly_retention_days": 35}, "must be more than daily_retention_days"),
        ({"daily_retention_days": 7, "lock_days": 8}, "must not be more than daily_retention_days"),
        ({"daily_retention_days": 7, "daily_kst": "25:00"}, "daily_kst"),
    ],
)
def test_settings_that_do_not_fit_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        BackupSettings(**values)
