"""What an entry of the table needs and can't say in data; `derive` and `before_delete` name these functions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from emulated_provider.values import Json

Values = Mapping[str, Json]
_OF_NOTIFICATION: Final = ("comparison_operator", "notification_type", "threshold", "threshold_type")


def recovery_window(values: Values) -> Values:
    """Terraform's window of 0 days is AWS's deletion without recovery."""
    window = values.get("recovery_window_in_days")
    return {"window": window or None, "forced": True if window == 0 else None}


def arn_suffix(values: Values) -> Values:
    """What CloudWatch calls a load balancer or a target group: the end of its ARN."""
    return {"suffix": str(values.get("id")).rpartition(":")[2].removeprefix("loadbalancer/")}


def load_balancer(values: Values) -> Values:
    """`internal` is a scheme in the API."""
    return {"scheme": "internal" if values.get("internal") else "internet-facing", **arn_suffix(values)}


def caller_reference(_values: Values) -> Values:
    """A text of its own for each request, as CloudFront wants one."""
    return {"caller_reference": uuid.uuid4().hex}


def zip_file(values: Values) -> Values:
    """The content of a file that stands beside the stack's JSON."""
    return {"zip": Path(str(values["folder"]), str(values["filename"])).read_bytes()}


def budget_notifications(values: Values) -> Values:
    """A budget's notifications, each with its subscribers beside it."""
    return {
        "subscribed": [
            {
                "notification": [{name: each[name] for name in _OF_NOTIFICATION}],
                "subscribers": [
                    {"subscription_type": "SNS", "address": arn} for arn in each["subscriber_sns_topic_arns"]
                ],
            }
            for each in values.get("notification") or ()
        ]
    }


def empty_bucket(client: Any, values: Values) -> Values:  # noqa: ANN401 -- a boto3 client
    """`force_destroy`: remove every version of every object."""
    if values["force_destroy"]:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=values["id"]):
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                client.delete_object(Bucket=values["id"], Key=version["Key"], VersionId=version["VersionId"])
    return {}


def disable_distribution(client: Any, values: Values) -> Values:  # noqa: ANN401 -- a boto3 client
    """AWS deletes a distribution only when it is disabled."""
    current = client.get_distribution_config(Id=values["id"])
    config = {**current["DistributionConfig"], "Enabled": False}
    disabled = client.update_distribution(Id=values["id"], IfMatch=current["ETag"], DistributionConfig=config)
    return {"etag": disabled["ETag"]}


DERIVE: Final[Mapping[str, Callable[[Values], Values]]] = {
    each.__name__: each
    for each in (recovery_window, arn_suffix, load_balancer, caller_reference, zip_file, budget_notifications)
}
BEFORE_DELETE: Final[Mapping[str, Callable[[Any, Values], Values]]] = {
    each.__name__: each for each in (empty_bucket, disable_distribution)
}
