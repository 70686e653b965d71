"""The settings of an environment's CDN. Pure: no cdktf import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from adelie.values.log_retention import LogRetentionDays
from catalogue.settings import EmulatorOnly, Inherited, Settings, reject

ORIGIN_LABEL: Final = "origin"

CspDirective = Literal[
    "default-src",
    "script-src",
    "style-src",
    "img-src",
    "font-src",
    "connect-src",
    "media-src",
    "worker-src",
    "manifest-src",
    "frame-src",
    "object-src",
    "base-uri",
    "frame-ancestors",
    "form-action",
]
"""The directives of a Content-Security-Policy that say where something may come from."""

CspSource = Annotated[str, Field(pattern=r"^[^\s;,]+$")]
"""One source of a directive: `'self'`, `data:`, `https://api.example.com`."""

_UNSAFE_SCRIPT_SOURCES: Final = frozenset({"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"})

OptionalRuleGroup = Literal["AWSManagedRulesAnonymousIpList", "AWSManagedRulesSQLiRuleSet"]
"""AWS managed rule groups that an environment adds: anonymizing addresses (VPNs, Tor, hosting), SQL injection."""

ManagedRuleGroup = Literal[
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesAnonymousIpList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
]
"""Every AWS managed rule group that the web ACL can have, in the order it asks them: cheap and decisive first."""

CONTENT_RULE_GROUPS: Final[frozenset[ManagedRuleGroup]] = frozenset(
    {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"}
)
"""The groups that judge what a request says; the others know addresses, and inputs that no user sends."""


class DomainSettings(Settings):
    """The environment's own domain, in a Route 53 zone that exists already."""

    # ACM takes 64 characters as a certificate's first name (API reference: RequestCertificate), and the load balancer's
    # name is seven longer than the domain.
    name: Annotated[
        str,
        Field(max_length=57, pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$"),
    ]
    """The full domain name viewers use, in lower case: `adelie.example.com`. At most 57 characters, so that ACM takes
    `origin.<name>` too, which the load balancer's certificate is for."""
    hosted_zone_id: Annotated[str, Field(max_length=32, pattern=r"^Z[A-Z0-9]+$")]
    """The Route 53 hosted zone that the records go into, `Z` and capitals and digits (it is not looked up)."""

    @property
    def origin_name(self) -> str:
        """What CloudFront calls the load balancer: the name in the load balancer's certificate."""
        return f"{ORIGIN_LABEL}.{self.name}"


class HstsSettings(Settings):
    """Strict-Transport-Security: how strictly browsers use HTTPS only."""

    max_age_seconds: Annotated[int, Field(ge=300, le=63_072_000)] = 31_536_000
    """Seconds a browser remembers it (default one year, the least that preload lists take; at most two years)."""
    include_subdomains: bool = True
    """Whether the domain's subdomains are HTTPS only too (default: yes)."""
    preload: bool = False
    """Consent to being built into browsers (hstspreload.org), which takes months to undo (default: no)."""

    @model_validator(mode="after")
    def _preload_is_for_all_and_for_long(self) -> Self:
        if self.preload and not self.include_subdomains:
            reject("include_subdomains", "must be true for preload", False, "set it, or turn preload off")
        if self.preload and self.max_age_seconds < 31_536_000:  # noqa: PLR2004 -- one year, hstspreload.org
            reject(
                "max_age_seconds",
                "must be at least 31536000 (one year) for preload",
                self.max_age_seconds,
                "raise it, or turn preload off",
            )
        return self


class WebAclSettings(Settings):
    """The web application firewall: about 5 USD a month, 1 a rule and 0.60 a million requests (AWS WAF pricing).

    Always on are the rate limit and three groups of AWS managed rules: addresses of bad reputation, known bad inputs
    (Log4j among them), and the common rule set (OWASP).
    """

    rate_limit_requests: Annotated[int, Field(ge=10, le=2_000_000_000)]
    """Requests that one address may make in 5 minutes before it is blocked. A school or a mobile carrier can be one
    address; WAF takes 10 to 2,000,000,000."""
    content_rules: Literal["count", "block"]
    """What the rule groups that judge what a request says, the common rule set and SQL injection, do with what they
    match: a chat about code looks like an attack to them. `count` logs it and lets it through: begin with it, read two
    weeks of the log (docs/runbook.md, The firewall), then `block` (AWS WAF developer guide, "Testing and tuning your
    AWS WAF protections"). Everything else blocks from the first day."""
    optional_rule_groups: tuple[OptionalRuleGroup, ...]
    """Further AWS managed rule groups to ask; an empty list for none."""
    counted_rules: Mapping[ManagedRuleGroup, tuple[Annotated[str, Field(pattern=r"^\w{1,128}$")], ...]] = Field(
        default_factory=dict[ManagedRuleGroup, tuple[str, ...]]
    )
    """Rules, by group, that only count what they match instead of blocking it (default: none). `SizeRestrictions_BODY`
    of the common rule set, for one, blocks bodies over 8 KB."""
    log_retention_days: Annotated[LogRetentionDays, Inherited()]
    """Days that the log of blocked and counted requests is kept."""

    @property
    def rule_groups(self) -> tuple[ManagedRuleGroup, ...]:
        """The groups in use, in the order they are asked."""
        optional = self.optional_rule_groups
        return (
            "AWSManagedRulesAmazonIpReputationList",
            *(group for group in optional if group == "AWSManagedRulesAnonymousIpList"),
            "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesCommonRuleSet",
            *(group for group in optional if group == "AWSManagedRulesSQLiRuleSet"),
        )

    @model_validator(mode="after")
    def _optional_rule_groups_once(self) -> Self:
        if len(set(self.optional_rule_groups)) != len(self.optional_rule_groups):
            reject("optional_rule_groups", "must name a group once", self.optional_rule_groups, "drop the second")
        return self

    @model_validator(mode="after")
    def _counted_rules_are_of_groups_in_use(self) -> Self:
        for group in self.counted_rules:
            if group not in self.rule_groups:
                reject(
                    "counted_rules",
                    "must name rule groups in use",
                    group,
                    "add it to optional_rule_groups, or drop it here",
                )
        return self


class CdnSettings(Settings):
    """CloudFront in front of the assets bucket and the load balancer."""

    price_class: Literal["PriceClass_200", "PriceClass_All"] = "PriceClass_200"
    """Which edge locations serve (default PriceClass_200: Korea and all but South America and Oceania; the cheaper
    PriceClass_100 has none in Korea)."""
    minimum_tls: Literal["TLSv1.2_2021", "TLSv1.3_2025"] = "TLSv1.2_2021"
    """CloudFront's security policy towards viewers of the custom domain (default TLSv1.2_2021: TLS 1.2 and 1.3).
    Without a domain the certificate is CloudFront's own, and AWS fixes the policy."""
    page_ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 60
    """Seconds that an edge may keep a page, and so how late a new release is seen (default 60)."""
    origin_access: Annotated[Literal["vpc_origin", "custom_origin"], EmulatorOnly("custom_origin")] = "vpc_origin"
    """How CloudFront reaches the load balancer: privately (default), or by its DNS name, which only an emulator without
    VPC origins should need: on AWS an internal load balancer does not answer that way."""
    origin_read_timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 60
    """Seconds that CloudFront waits for the load balancer's answer (default 60; AWS's quota, unless raised, is 120)."""
    allowed_countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    """The only countries served, in ISO 3166-1 letters such as KR (default: every country)."""
    hsts: HstsSettings = HstsSettings()
    """Strict-Transport-Security (default: one year, subdomains too, not preloaded)."""
    content_security_policy: Mapping[CspDirective, Annotated[tuple[CspSource, ...], Field(min_length=1)]] = Field(
        default_factory=dict[CspDirective, tuple[str, ...]]
    )
    """Directives that replace those of the default policy, one by one (default: none). The default lets a page load
    from its own origin only, plus `data:` images and fonts, and lets nobody frame it."""
    denied_browser_features: tuple[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")], ...] = (
        "camera",
        "geolocation",
        "microphone",
        "payment",
        "usb",
    )
    """Browser features that no page may use (Permissions-Policy; default: the five that spy or pay)."""
    web_acl: WebAclSettings | None
    """The web application firewall; null for none. It costs money, so it has no default."""
    access_logs: Annotated[bool, EmulatorOnly(False)] = True
    """Whether every request is logged to the log bucket (default: yes; an emulator may not have log deliveries)."""
    wait_for_deployment: bool = True
    """Whether `apply` waits, for some minutes, until all edges have a change (default: yes)."""

    @model_validator(mode="after")
    def _scripts_are_named(self) -> Self:
        sources = self.content_security_policy.get("script-src", ())
        if unsafe := sorted(_UNSAFE_SCRIPT_SOURCES.intersection(sources)):
            reject(
                "content_security_policy.script-src",
                "must name where scripts come from",
                unsafe[0],
                "use 'self', a host, a hash or a nonce",
            )
        return self
