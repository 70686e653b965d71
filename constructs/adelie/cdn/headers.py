"""The security headers of every response."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adelie.cdn.settings import CdnSettings, CspDirective, HstsSettings
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsNames

DEFAULT_CSP: Final[Mapping[CspDirective, tuple[str, ...]]] = MappingProxyType(
    {
        "default-src": ("'self'",),
        "script-src": ("'self'",),
        "style-src": ("'self'",),
        "img-src": ("'self'", "data:"),  # Vite writes assets under 4 KiB into the bundle as data: URLs
        "font-src": ("'self'", "data:"),
        "connect-src": ("'self'",),
        "object-src": ("'none'",),
        "base-uri": ("'self'",),
        "frame-ancestors": ("'none'",),
        "form-action": ("'self'",),
    }
)
"""A page of Vite's may load from its own origin only; nobody may frame it."""

_REMOVED: Final = ("Server", "X-Powered-By")


class SecurityHeaders(Construct):
    """A response headers policy that sets the security headers, whatever the origin sends, and hides the server's name.

    Strict-Transport-Security, Content-Security-Policy, X-Frame-Options: DENY, X-Content-Type-Options: nosniff,
    Referrer-Policy: strict-origin-when-cross-origin and Permissions-Policy; `Server` and `X-Powered-By` are removed.
    """

    def __init__(self, scope: Construct, id: str, *, settings: CdnSettings, names: AwsNames) -> None:
        super().__init__(scope, id)
        policy = aws.CloudfrontResponseHeadersPolicy(
            self,
            "policy",
            name=names.name("aws_cloudfront_response_headers_policy", "security"),
            comment=f"Security headers of {names.prefix}",
            security_headers_config=_security_headers(settings),
            custom_headers_config=_permissions_policy(settings.denied_browser_features),
            remove_headers_config=aws.CloudfrontResponseHeadersPolicyRemoveHeadersConfig(
                items=[aws.CloudfrontResponseHeadersPolicyRemoveHeadersConfigItems(header=name) for name in _REMOVED]
            ),
        )
        self.policy_id = policy.id


def content_security_policy(overrides: Mapping[CspDirective, tuple[str, ...]]) -> str:
    """The header's text: the default policy with some directives replaced, in the default's order.

    >>> content_security_policy({"connect-src": ("'self'", "https://sentry.io")}).split("; ")[5]
    "connect-src 'self' https://sentry.io"
    """
    directives = {**DEFAULT_CSP, **overrides}
    return "; ".join(" ".join((directive, *sources)) for directive, sources in directives.items())


def _security_headers(settings: CdnSettings) -> aws.CloudfrontResponseHeadersPolicySecurityHeadersConfig:
    return aws.CloudfrontResponseHeadersPolicySecurityHeadersConfig(
        strict_transport_security=_hsts(settings.hsts),
        content_security_policy=aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigContentSecurityPolicy(
            content_security_policy=content_security_policy(settings.content_security_policy), override=True
        ),
        frame_options=aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigFrameOptions(
            frame_option="DENY", override=True
        ),
        content_type_options=aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigContentTypeOptions(override=True),
        referrer_policy=aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigReferrerPolicy(
            referrer_policy="strict-origin-when-cross-origin", override=True
        ),
    )


def _hsts(
    settings: HstsSettings,
) -> aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity:
    return aws.CloudfrontResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurity(
        access_control_max_age_sec=settings.max_age_seconds,
        include_subdomains=settings.include_subdomains,
        preload=settings.preload,
        override=True,
    )


def _permissions_policy(denied: tuple[str, ...]) -> aws.CloudfrontResponseHeadersPolicyCustomHeadersConfig | None:
    if not denied:
        return None
    header = aws.CloudfrontResponseHeadersPolicyCustomHeadersConfigItems(
        header="Permissions-Policy", value=", ".join(f"{feature}=()" for feature in denied), override=True
    )
    return aws.CloudfrontResponseHeadersPolicyCustomHeadersConfig(items=[header])
