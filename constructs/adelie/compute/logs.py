"""Log groups of containers and jobs."""

from __future__ import annotations

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.values.log_retention import LogRetentionDays


def log_group(
    scope: Construct, id: str, *, name: str, retention_days: LogRetentionDays, key: CustomerKey
) -> aws.CloudwatchLogGroup:
    """A log group that forgets after `retention_days` and is encrypted with the customer key."""
    return holds_data(
        aws.CloudwatchLogGroup(scope, id, name=name, retention_in_days=retention_days, kms_key_id=key.arn)
    )
