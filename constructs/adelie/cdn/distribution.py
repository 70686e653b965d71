"""CloudFront in front of the assets and the application."""

from __future__ import annotations

from typing import Final, TypedDict

from adelie.cdn.access_logs import AccessLogs
from adelie.cdn.cache import API_CACHE_POLICY_ID, API_ORIGIN_REQUEST_POLICY_ID, CachePolicies
from adelie.cdn.domain import EDGE_REGION, Certificate, alias_record
from adelie.cdn.headers import SecurityHeaders
from adelie.cdn.origins import AssetsOrigin, LoadBalancerOrigin
from adelie.cdn.settings import CdnSettings, DomainSettings
from adelie.cdn.web_acl import WebAcl
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import AccessLogBucket, AssetsBucket, PrivateLoadBalancer
from adelie.values.metric import Metric
from adelie.values.naming import AwsNames

_READ: Final = ("GET", "HEAD", "OPTIONS")
_CACHED: Final = ("GET", "HEAD")
_ALL: Final = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")

# CloudFront keeps these for ten seconds by default, even where caching is off (developer guide: How
# CloudFront caches HTTP 4xx and 5xx status codes): an API's 404 or 503 would outlive its cause.
_ALWAYS_CACHED_ERRORS: Final = (404, 414, 500, 501, 502, 503, 504)


class _Shared(TypedDict):
    """What all behaviours have in common."""

    compress: bool
    cached_methods: list[str]
    response_headers_policy_id: str


class Cdn(Construct):
    """The front door: one CloudFront distribution, and the only way to the load balancer and the assets bucket.

    - `/assets/*` comes from the bucket and is kept for a year; the names have hashes.
    - `/api/*` goes to the load balancer, with everything the viewer sent but `Host`; nothing is kept, and plain HTTP is
      refused rather than redirected, because the first request would already have sent its secrets in the clear.
    - Everything else goes to the load balancer (the frontend) and is kept for `page_ttl_seconds`.

    Every response has the security headers. HTTP/3, IPv6, brotli and gzip are on. No error is kept or replaced: the
    paths of the single-page application are nginx's to answer, and an API's error must reach its caller. There is no
    default root object, because nginx answers `/` too. With a domain it gets a certificate in us-east-1 and A and AAAA
    records; with a web ACL, AWS WAF. This asks the bucket to let the distribution read it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: CdnSettings,
        names: AwsNames,
        assets: AssetsBucket,
        load_balancer: PrivateLoadBalancer,
        logs: AccessLogBucket,
        domain: DomainSettings | None,
    ) -> None:
        super().__init__(scope, id)
        self._settings = settings
        self.certificate: Certificate | None = None
        """The viewers' certificate, in us-east-1; None without a domain."""
        self._assets_origin = AssetsOrigin(self, "assets", names=names, bucket=assets)
        self._application_origin = LoadBalancerOrigin(
            self, "load-balancer", settings=settings, names=names, load_balancer=load_balancer, domain=domain
        )
        self._cache = CachePolicies(self, "cache", page_ttl_seconds=settings.page_ttl_seconds, names=names)
        self._headers = SecurityHeaders(self, "headers", settings=settings, names=names)

        distribution = self._distribution(names, domain)
        self.distribution_id = distribution.id
        self.distribution_arn = distribution.arn
        self.domain_name = domain.name if domain else distribution.domain_name

        assets.allow_cloudfront(self.distribution_arn)
        if domain:
            self._records(domain, distribution)
        if settings.access_logs:
            AccessLogs(self, "access-logs", names=names, distribution_arn=self.distribution_arn, logs=logs)

    def metric(self, name: str, statistic: str) -> Metric:
        """What is measured of the distribution, in us-east-1.

        Each of CloudFront's metrics has one statistic that means something (CloudFront developer guide, "Types of
        metrics for CloudFront").
        """
        return Metric(
            namespace="AWS/CloudFront",
            name=name,
            dimensions={"DistributionId": self.distribution_id, "Region": "Global"},
            statistic=statistic,
            region=EDGE_REGION,
        )

    def _distribution(self, names: AwsNames, domain: DomainSettings | None) -> aws.CloudfrontDistribution:
        settings = self._settings
        return aws.CloudfrontDistribution(
            self,
            "distribution",
            comment=f"Front door of {names.prefix}",
            enabled=True,
            aliases=[domain.name] if domain else None,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=settings.price_class,
            web_acl_id=self._web_acl_arn(names),
            origin=[self._assets_origin.block, self._application_origin.block],
            ordered_cache_behavior=[self._assets_behavior(), self._api_behavior()],
            default_cache_behavior=self._pages_behavior(),
            custom_error_response=[
                aws.CloudfrontDistributionCustomErrorResponse(error_code=code, error_caching_min_ttl=0)
                for code in _ALWAYS_CACHED_ERRORS
            ],
            viewer_certificate=self._viewer_certificate(domain),
            restrictions=self._restrictions(),
            wait_for_deployment=settings.wait_for_deployment,
        )

    def _web_acl_arn(self, names: AwsNames) -> str | None:
        if self._settings.web_acl is None:
            return None
        return WebAcl(self, "web-acl", settings=self._settings.web_acl, names=names).arn

    def _assets_behavior(self) -> aws.CloudfrontDistributionOrderedCacheBehavior:
        return aws.CloudfrontDistributionOrderedCacheBehavior(
            path_pattern="/assets/*",
            target_origin_id=AssetsOrigin.origin_id,
            cache_policy_id=self._cache.assets_id,
            viewer_protocol_policy="redirect-to-https",
            allowed_methods=list(_READ),
            **self._shared(),
        )

    def _api_behavior(self) -> aws.CloudfrontDistributionOrderedCacheBehavior:
        return aws.CloudfrontDistributionOrderedCacheBehavior(
            path_pattern="/api/*",
            target_origin_id=LoadBalancerOrigin.origin_id,
            cache_policy_id=API_CACHE_POLICY_ID,
            origin_request_policy_id=API_ORIGIN_REQUEST_POLICY_ID,
            viewer_protocol_policy="https-only",
            allowed_methods=list(_ALL),
            **self._shared(),
        )

    def _pages_behavior(self) -> aws.CloudfrontDistributionDefaultCacheBehavior:
        return aws.CloudfrontDistributionDefaultCacheBehavior(
            target_origin_id=LoadBalancerOrigin.origin_id,
            cache_policy_id=self._cache.pages_id,
            viewer_protocol_policy="redirect-to-https",
            allowed_methods=list(_READ),
            **self._shared(),
        )

    def _shared(self) -> _Shared:
        return {
            "compress": True,
            "cached_methods": list(_CACHED),
            "response_headers_policy_id": self._headers.policy_id,
        }

    def _viewer_certificate(self, domain: DomainSettings | None) -> aws.CloudfrontDistributionViewerCertificate:
        if domain is None:
            return aws.CloudfrontDistributionViewerCertificate(cloudfront_default_certificate=True)
        certificate = Certificate(self, "certificate", settings=domain, name=domain.name, region=EDGE_REGION)
        self.certificate = certificate
        return aws.CloudfrontDistributionViewerCertificate(
            acm_certificate_arn=certificate.arn,
            minimum_protocol_version=self._settings.minimum_tls,
            ssl_support_method="sni-only",
        )

    def _restrictions(self) -> aws.CloudfrontDistributionRestrictions:
        countries = list(self._settings.allowed_countries)
        return aws.CloudfrontDistributionRestrictions(
            geo_restriction=aws.CloudfrontDistributionRestrictionsGeoRestriction(
                restriction_type="whitelist" if countries else "none", locations=countries
            )
        )

    def _records(self, domain: DomainSettings, distribution: aws.CloudfrontDistribution) -> None:
        for record_type in ("A", "AAAA"):
            alias_record(
                self,
                f"record-{record_type.lower()}",
                settings=domain,
                name=domain.name,
                record_type=record_type,
                target_name=distribution.domain_name,
                target_zone_id=distribution.hosted_zone_id,
            )
