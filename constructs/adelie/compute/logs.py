"""Log groups of containers and jobs."""

from __future__ import annotations

from adelie import aws
from adelie.data import holds_data
from adelie.encryption import CustomerKey
from adelie.log_retention import LogRetentionDays
from adelie.terraform import Construct


def log_group(
    scope: Construct, id: str, *, name: str, retention_days: LogRetentionDays, key: CustomerKey
) -> aws.CloudwatchLogGroup:
    """A log group that forgets after `retention_days` and is encrypted with the customer key."""
    return holds_data(
        aws.CloudwatchLogGroup(scope, id, name=name, retention_in_days=retention_days, kms_key_id=key.arn)
    )
