"""The CDN over fakes, and its settings."""

from __future__ import annotations

from typing import Any

from adelie.cdn.distribution import Cdn
from adelie.cdn.settings import CdnSettings, DomainSettings, WebAclSettings
from adelie.seam.terraform import TerraformStack
from tests.fakes.collaborators import FakeBucket, FakeLoadBalancer, FakeLogs
from tests.support import NAMES

DOMAIN = DomainSettings(name="adelie.example.com", hosted_zone_id="Z0123456789ABC")


def cdn_settings(**overrides: Any) -> CdnSettings:
    """The fewest settings there can be, in the shape that the environment loader gives."""
    return CdnSettings.model_validate({"web_acl": None, **overrides})


def web_acl_settings(**overrides: Any) -> WebAclSettings:
    """A web ACL that blocks, without options."""
    return WebAclSettings.model_validate(
        {
            "rate_limit_requests": 2_000,
            "content_rules": "block",
            "optional_rule_groups": (),
            "log_retention_days": 365,
            **overrides,
        }
    )


def everything_set() -> CdnSettings:
    """All that can be set, each otherwise than by default."""
    return cdn_settings(
        price_class="PriceClass_All",
        minimum_tls="TLSv1.3_2025",
        page_ttl_seconds=300,
        origin_read_timeout_seconds=120,
        allowed_countries=("KR", "US"),
        hsts={"max_age_seconds": 63_072_000, "preload": True},
        content_security_policy={"connect-src": ("'self'", "https://sentry.example")},
        denied_browser_features=(),
        web_acl=web_acl_settings(),
    )


def build_cdn(
    stack: TerraformStack,
    settings: CdnSettings,
    domain: DomainSettings | None = None,
    assets: FakeBucket | None = None,
) -> Cdn:
    """The CDN under the id "cdn", over fakes."""
    return Cdn(
        stack,
        "cdn",
        settings=settings,
        names=NAMES,
        assets=assets or FakeBucket(),
        load_balancer=FakeLoadBalancer(port=443 if domain else 80),
        logs=FakeLogs(),
        domain=domain,
    )
