"""Certificates, and the names they are for."""

from __future__ import annotations

from typing import Final

from adelie.cdn.settings import DomainSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct, TerraformResourceLifecycle
from adelie.values.metric import Metric

EDGE_REGION: Final = "us-east-1"
"""Where CloudFront takes its certificate, its web ACL and its log deliveries from."""

_VALIDATION_TTL_SECONDS: Final = 300


class Certificate(Construct):
    """A certificate of ACM for one name, validated by a DNS record, and renewed by ACM as long as that record exists.

    Its `arn` is known once the certificate is issued, so what uses it waits for that. It is for exactly one name:
    the validation record belongs to the name and the account, not to the region, so two certificates for the same name
    in two regions would fight over one record. Here CloudFront's is for the domain, the load balancer's for
    `domain.origin_name`; neither is a wildcard.
    """

    def __init__(self, scope: Construct, id: str, *, settings: DomainSettings, name: str, region: str) -> None:
        super().__init__(scope, id)
        self._region = region
        certificate = aws.AcmCertificate(
            self,
            "certificate",
            domain_name=name,
            validation_method="DNS",
            region=region,
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),  # it is in use when it is replaced
        )
        proof = certificate.domain_validation_options.get(0)
        record = aws.Route53Record(
            self,
            "validation",
            zone_id=settings.hosted_zone_id,
            name=proof.resource_record_name,
            type=proof.resource_record_type,
            records=[proof.resource_record_value],
            ttl=_VALIDATION_TTL_SECONDS,
            # A replaced certificate for the same name has the same record, and is created first.
            allow_overwrite=True,
        )
        issued = aws.AcmCertificateValidation(
            self,
            "issued",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            region=region,
        )
        self.arn = issued.certificate_arn

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of it: DaysToExpiry (ACM user guide, "Supported CloudWatch metrics")."""
        return Metric(
            namespace="AWS/CertificateManager",
            name=name,
            dimensions={"CertificateArn": self.arn},
            statistic=statistic,
            region=self._region,
        )


def alias_record(
    scope: Construct,
    id: str,
    *,
    settings: DomainSettings,
    name: str,
    record_type: str,
    target_name: str,
    target_zone_id: str,
) -> None:
    """A Route 53 alias of `name` to an AWS resource; Route 53 doesn't check the resource's health."""
    aws.Route53Record(
        scope,
        id,
        zone_id=settings.hosted_zone_id,
        name=name,
        type=record_type,
        alias=aws.Route53RecordAlias(name=target_name, zone_id=target_zone_id, evaluate_target_health=False),
    )
