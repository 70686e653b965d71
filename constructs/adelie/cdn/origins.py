"""Where CloudFront fetches from: the assets bucket and the load balancer."""

from __future__ import annotations

from typing import Final

from adelie.cdn.domain import alias_record
from adelie.cdn.settings import CdnSettings, DomainSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import AssetsBucket, PrivateLoadBalancer
from adelie.values.naming import AwsNames

# Elastic Load Balancing closes an idle connection after 60 seconds by default; CloudFront must do so first.
_KEEPALIVE_SECONDS: Final = 30
_HTTP_PORT: Final = 80
_HTTPS_PORT: Final = 443
_ORIGIN_TLS: Final = "TLSv1.2"  # the highest that the API names for origins
_VPC_ORIGIN_TIMEOUT: Final = "30m"  # AWS: up to 15 minutes, which is just what the provider waits by default


class AssetsOrigin(Construct):
    """The bucket as an origin: CloudFront signs each request (origin access control), so the bucket stays private."""

    origin_id: Final = "assets"

    def __init__(self, scope: Construct, id: str, *, names: AwsNames, bucket: AssetsBucket) -> None:
        super().__init__(scope, id)
        access = aws.CloudfrontOriginAccessControl(
            self,
            "access",
            name=names.name("aws_cloudfront_origin_access_control", "assets"),
            description=f"CloudFront reads the assets of {names.prefix}",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
        )
        self.block = aws.CloudfrontDistributionOrigin(
            origin_id=self.origin_id,
            domain_name=bucket.regional_domain_name,
            origin_access_control_id=access.id,
        )


class LoadBalancerOrigin(Construct):
    """The internal load balancer as an origin, through a CloudFront VPC origin: it is on no public network.

    With a domain CloudFront speaks TLS 1.2 to it, under the name `origin.<domain>`: it sends the origin's domain name
    as SNI and `Host` (the viewer's `Host` is not forwarded), and the certificate must be for that name. The name gets
    an alias record. Without a domain there is no certificate to have, and CloudFront speaks HTTP inside AWS's network.

    Facts (CloudFront developer guide: Restrict access with VPC origins; Use service-linked roles for CloudFront):
    Seoul, ap-northeast-2, has VPC origins in all its zones (excluded are single zones of Tokyo, N. Virginia,
    N. California and Canada Central). The VPC needs an internet gateway, which the traffic does not use, and a free
    address in the load balancer's subnets. 25 VPC origins an account, 50 distributions each. Becoming ready takes up to
    15 minutes. No gRPC, no Lambda@Edge on the origin side. Only distributions of this account can use it, so the
    load balancer's security group may admit the whole prefix list of CloudFront.
    """

    origin_id: Final = "load-balancer"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: CdnSettings,
        names: AwsNames,
        load_balancer: PrivateLoadBalancer,
        domain: DomainSettings | None,
    ) -> None:
        super().__init__(scope, id)
        self._timeout_seconds = settings.origin_read_timeout_seconds
        self._protocol = "https-only" if domain else "http-only"
        self._http_port = _HTTP_PORT if domain else load_balancer.port
        self._https_port = load_balancer.port if domain else _HTTPS_PORT
        private = settings.origin_access == "vpc_origin"
        self.block = aws.CloudfrontDistributionOrigin(
            origin_id=self.origin_id,
            domain_name=domain.origin_name if domain else load_balancer.dns_name,
            vpc_origin_config=self._privately(names, load_balancer) if private else None,
            custom_origin_config=None if private else self._by_name(),
        )
        if domain:
            alias_record(
                self,
                "record",
                settings=domain,
                name=domain.origin_name,
                record_type="A",
                target_name=load_balancer.dns_name,
                target_zone_id=load_balancer.zone_id,
            )

    def _privately(
        self, names: AwsNames, load_balancer: PrivateLoadBalancer
    ) -> aws.CloudfrontDistributionOriginVpcOriginConfig:
        vpc_origin = aws.CloudfrontVpcOrigin(
            self,
            "vpc-origin",
            vpc_origin_endpoint_config=[
                aws.CloudfrontVpcOriginVpcOriginEndpointConfig(
                    name=names.name("aws_cloudfront_vpc_origin", "load-balancer"),
                    arn=load_balancer.arn,
                    http_port=self._http_port,
                    https_port=self._https_port,
                    origin_protocol_policy=self._protocol,
                    origin_ssl_protocols=[
                        aws.CloudfrontVpcOriginVpcOriginEndpointConfigOriginSslProtocols(
                            items=[_ORIGIN_TLS], quantity=1
                        )
                    ],
                )
            ],
            timeouts=aws.CloudfrontVpcOriginTimeouts(
                create=_VPC_ORIGIN_TIMEOUT, update=_VPC_ORIGIN_TIMEOUT, delete=_VPC_ORIGIN_TIMEOUT
            ),
        )
        return aws.CloudfrontDistributionOriginVpcOriginConfig(
            vpc_origin_id=vpc_origin.id,
            origin_read_timeout=self._timeout_seconds,
            origin_keepalive_timeout=_KEEPALIVE_SECONDS,
        )

    def _by_name(self) -> aws.CloudfrontDistributionOriginCustomOriginConfig:
        return aws.CloudfrontDistributionOriginCustomOriginConfig(
            http_port=self._http_port,
            https_port=self._https_port,
            origin_protocol_policy=self._protocol,
            origin_ssl_protocols=[_ORIGIN_TLS],
            origin_read_timeout=self._timeout_seconds,
            origin_keepalive_timeout=_KEEPALIVE_SECONDS,
        )
