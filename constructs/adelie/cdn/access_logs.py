"""The log of every request to the CDN."""

from __future__ import annotations

from typing import Final

from adelie.cdn.domain import EDGE_REGION
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import AccessLogBucket
from adelie.values.naming import AwsNames

_PREFIX: Final = "cloudfront"


class AccessLogs(Construct):
    """CloudFront's standard logging (v2) of a distribution: JSON lines under `cloudfront/` in the log bucket.

    The first version needs a bucket with access control lists, which an owner-enforced bucket refuses. The delivery is
    set up in us-east-1; the bucket may be in any region.
    """

    def __init__(
        self, scope: Construct, id: str, *, names: AwsNames, distribution_arn: str, logs: AccessLogBucket
    ) -> None:
        super().__init__(scope, id)
        source = aws.CloudwatchLogDeliverySource(
            self,
            "source",
            name=names.name("aws_cloudwatch_log_delivery_source", "cdn"),
            log_type="ACCESS_LOGS",
            resource_arn=distribution_arn,
            region=EDGE_REGION,
        )
        destination = aws.CloudwatchLogDeliveryDestination(
            self,
            "destination",
            name=names.name("aws_cloudwatch_log_delivery_destination", "cdn"),
            output_format="json",
            delivery_destination_configuration=[
                aws.CloudwatchLogDeliveryDestinationDeliveryDestinationConfiguration(
                    destination_resource_arn=f"{logs.arn}/{_PREFIX}"
                )
            ],
            region=EDGE_REGION,
        )
        aws.CloudwatchLogDelivery(
            self,
            "delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            region=EDGE_REGION,
        )
