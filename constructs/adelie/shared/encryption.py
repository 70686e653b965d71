"""The customer key of an environment, and how others may use it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.settings import EncryptionSettings
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document

PUBLISHERS: Final = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
"""The AWS services that publish to the environment's topics."""


class CustomerKey(Construct):
    """One symmetric KMS key with an alias, rotated, for the data and logs of the environment.

    The key policy lets IAM policies of this account decide, and CloudWatch Logs (for this region's log groups) and what
    publishes to encrypted topics (alarms, budgets) use the key for this account only. In another `region` than the
    stack's if given: a key works only in its own region.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: EncryptionSettings, names: AwsNames, region: str | None = None
    ) -> None:
        super().__init__(scope, id)
        names = replace(names, region=region or names.region)
        key = holds_data(
            aws.KmsKey(
                self,
                "key",
                description=f"Data and logs of {names.prefix}",
                enable_key_rotation=True,
                rotation_period_in_days=settings.rotation_period_days,
                deletion_window_in_days=settings.deletion_window_days,
                policy=_key_policy(names),
                region=region,
            )
        )
        aws.KmsAlias(self, "alias", name=f"alias/{names.prefix}", target_key_id=key.key_id, region=region)
        self.arn = key.arn

    def decrypt_statement(self, sid: str, *, via_service: str) -> Statement:
        """Let a role decrypt with the key, only through `via_service` ("s3.<region>.amazonaws.com")."""
        return self._use(sid, ["kms:Decrypt"], via_service)

    def encrypt_decrypt_statement(self, sid: str, *, via_service: str) -> Statement:
        """Let a role write and read with the key, only through `via_service`."""
        return self._use(sid, ["kms:Decrypt", "kms:GenerateDataKey"], via_service)

    def _use(self, sid: str, actions: list[str], via_service: str) -> Statement:
        return Statement(
            sid=sid,
            actions=actions,
            resources=[self.arn],
            conditions={"StringEquals": {"kms:ViaService": via_service}},
        )


def _key_policy(names: AwsNames) -> str:
    iam_decides = Statement(
        sid="AccountAdministersThroughIam",
        actions=["kms:*"],
        resources=["*"],
        principals={"AWS": [names.arn("iam", "root", region="")]},
    )
    log_groups = Statement(
        sid="CloudWatchLogs",
        actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        resources=["*"],
        principals={"Service": [f"logs.{names.region}.amazonaws.com"]},
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", "log-group:*")}},
    )
    publishers = Statement(
        sid="Publishers",
        actions=["kms:Decrypt", "kms:GenerateDataKey*"],
        resources=["*"],
        principals={"Service": list(PUBLISHERS)},
        conditions={"StringEquals": {"aws:SourceAccount": names.account_id}},
    )
    return policy_document(iam_decides, log_groups, publishers)
