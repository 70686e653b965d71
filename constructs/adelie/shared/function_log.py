"""What every Lambda function of ours writes: a log with the customer key, and traces."""

from __future__ import annotations

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import holds_data
from adelie.shared.encryption import CustomerKey
from adelie.values.policy import Statement


def function_log(
    scope: Construct, *, function_name: str, retention_days: int, key: CustomerKey
) -> aws.CloudwatchLogGroup:
    """The log group of a function, as `scope`'s child `log`. Lambda would create it without encryption or expiry."""
    return holds_data(
        aws.CloudwatchLogGroup(
            scope,
            "log",
            name=f"/aws/lambda/{function_name}",
            retention_in_days=retention_days,
            kms_key_id=key.arn,
        )
    )


def report_statements(log: aws.CloudwatchLogGroup) -> tuple[Statement, ...]:
    """What a function's role needs to write to its log and to send traces to X-Ray."""
    return (
        Statement(sid="WriteLog", actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[f"{log.arn}:*"]),
        # No resource level (service authorization reference).
        Statement(sid="Trace", actions=["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources=["*"]),
    )
