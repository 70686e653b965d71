"""What the edges keep, and for how long."""

from __future__ import annotations

from typing import Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsNames

# CloudFront developer guide: Use managed cache policies, Use managed origin request policies. The ids are AWS's own and
# the same in every account.
API_CACHE_POLICY_ID: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's CachingDisabled."""
API_ORIGIN_REQUEST_POLICY_ID: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's AllViewerExceptHostHeader: everything the viewer sent (Authorization and cookies too) but `Host`. With the
viewer's `Host`, CloudFront would ask the load balancer for a certificate for the domain, and it has one for its own."""

_YEAR_SECONDS: Final = 31_536_000


class CachePolicies(Construct):
    """The cache policies for assets and pages; the API uses AWS's own for no caching.

    Assets have a hash in their name, so an edge keeps one for a year unless S3 says less. A page is kept for
    `page_ttl_seconds` at most, whatever the origin says, so that a release is seen by then. The key of both is the path
    alone (with brotli and gzip apart): no cookie, header or query string reaches their origins.
    """

    def __init__(self, scope: Construct, id: str, *, page_ttl_seconds: int, names: AwsNames) -> None:
        super().__init__(scope, id)
        self.assets_id = self._policy("assets", _YEAR_SECONDS, names)
        self.pages_id = self._policy("pages", page_ttl_seconds, names)

    def _policy(self, name: str, ttl_seconds: int, names: AwsNames) -> str:
        policy = aws.CloudfrontCachePolicy(
            self,
            name,
            name=names.name("aws_cloudfront_cache_policy", name),
            comment=f"Keeps {name} of {names.prefix} for {ttl_seconds} seconds at most",
            min_ttl=0,
            default_ttl=ttl_seconds,
            max_ttl=ttl_seconds,
            parameters_in_cache_key_and_forwarded_to_origin=_path_only(),
        )
        return policy.id


def _path_only() -> aws.CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin:
    return aws.CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOrigin(
        enable_accept_encoding_brotli=True,
        enable_accept_encoding_gzip=True,
        cookies_config=aws.CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginCookiesConfig(
            cookie_behavior="none"
        ),
        headers_config=aws.CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginHeadersConfig(
            header_behavior="none"
        ),
        query_strings_config=aws.CloudfrontCachePolicyParametersInCacheKeyAndForwardedToOriginQueryStringsConfig(
            query_string_behavior="none"
        ),
    )
