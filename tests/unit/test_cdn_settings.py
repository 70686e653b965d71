"""What an environment may say about its CDN, and the sentence it gets when it may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.cdn.settings import DomainSettings, HstsSettings
from catalogue.settings import Settings
from tests.fakes.cdn import cdn_settings, web_acl_settings


def refusal(settings: type[Settings], **values: Any) -> str:
    """The sentence that refuses the values."""
    with pytest.raises(ValidationError) as refused:
        settings.model_validate(values)
    return refused.value.errors()[0]["msg"]


def cdn_refusal(**overrides: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        cdn_settings(**overrides)
    return refused.value.errors()[0]["msg"]


def web_acl_refusal(**overrides: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        web_acl_settings(**overrides)
    return refused.value.errors()[0]["msg"]


ZONE = "Z0123456789ABC"


@pytest.mark.parametrize("name", ["example.com", "adelie.example.co.kr", "a-1.example.com", "a" * 45 + ".example.com"])
def test_a_domain_is_a_full_name(name: str) -> None:
    assert DomainSettings(name=name, hosted_zone_id=ZONE).origin_name == f"origin.{name}"


@pytest.mark.parametrize(
    "name", ["example", "Example.com", "-a.example.com", "a-.example.com", "*.example.com", "example.com.", "a..com"]
)
def test_a_domain_that_is_no_full_name_is_refused(name: str) -> None:
    assert refusal(DomainSettings, name=name, hosted_zone_id=ZONE).startswith("String should match pattern")


def test_a_domain_leaves_room_for_the_load_balancers_name_in_a_certificate() -> None:
    longest = "a" * 45 + ".example.com"
    assert len(DomainSettings(name=longest, hosted_zone_id=ZONE).origin_name) == 64

    message = refusal(DomainSettings, name=f"a{longest}", hosted_zone_id=ZONE)

    assert message == "String should have at most 57 characters"


@pytest.mark.parametrize("zone", ["0123", "z0123", "/hostedzone/Z0123", "Z"])
def test_a_hosted_zone_is_an_id(zone: str) -> None:
    message = refusal(DomainSettings, name="example.com", hosted_zone_id=zone)

    assert message == "String should match pattern '^Z[A-Z0-9]+$'"


def test_preload_takes_subdomains_and_a_year() -> None:
    assert HstsSettings(preload=True).max_age_seconds == 31_536_000

    assert refusal(HstsSettings, preload=True, include_subdomains=False) == (
        "must be true for preload, but is false; set it, or turn preload off"
    )
    assert refusal(HstsSettings, preload=True, max_age_seconds=31_535_999) == (
        "must be at least 31536000 (one year) for preload, but is 31535999; raise it, or turn preload off"
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"page_ttl_seconds": 0}, "Input should be greater than or equal to 1"),
        ({"page_ttl_seconds": 86_401}, "Input should be less than or equal to 86400"),
        ({"origin_read_timeout_seconds": 0}, "Input should be greater than or equal to 1"),
        ({"origin_read_timeout_seconds": 121}, "Input should be less than or equal to 120"),
        ({"hsts": {"max_age_seconds": 299}}, "Input should be greater than or equal to 300"),
        ({"hsts": {"max_age_seconds": 63_072_001}}, "Input should be less than or equal to 63072000"),
        ({"price_class": "PriceClass_100"}, "Input should be 'PriceClass_200' or 'PriceClass_All'"),
        ({"minimum_tls": "TLSv1.1_2016"}, "Input should be 'TLSv1.2_2021' or 'TLSv1.3_2025'"),
        ({"allowed_countries": ("Korea",)}, "String should match pattern '^[A-Z]{2}$'"),
        ({"content_security_policy": {"connect-src": ("'self'; x",)}}, r"String should match pattern '^[^\s;,]+$'"),
        (
            {"content_security_policy": {"connect-src": ()}},
            "Tuple should have at least 1 item after validation, not 0",
        ),
        ({"denied_browser_features": ("camera=()",)}, "String should match pattern '^[a-z]+(-[a-z]+)*$'"),
        ({"firewall": None}, "Extra inputs are not permitted"),
    ],
)
def test_a_bound_refuses_with_a_sentence(overrides: dict[str, Any], message: str) -> None:
    assert cdn_refusal(**overrides) == message


@pytest.mark.parametrize("source", ["'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"])
def test_scripts_from_anywhere_are_refused(source: str) -> None:
    assert cdn_refusal(content_security_policy={"script-src": ("'self'", source)}) == (
        f"must name where scripts come from, but is {source!r}; use 'self', a host, a hash or a nonce"
    )


def test_the_web_acl_has_no_default_because_it_costs_money() -> None:
    with pytest.raises(ValidationError) as refused:
        type(cdn_settings()).model_validate({})
    assert [(error["loc"], error["msg"]) for error in refused.value.errors()] == [(("web_acl",), "Field required")]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"rate_limit_requests": 9}, "Input should be greater than or equal to 10"),
        ({"rate_limit_requests": 2_000_000_001}, "Input should be less than or equal to 2000000000"),
        (
            {"optional_rule_groups": ("AWSManagedRulesSQLiRuleSet", "AWSManagedRulesSQLiRuleSet")},
            "must name a group once, but is ['AWSManagedRulesSQLiRuleSet', 'AWSManagedRulesSQLiRuleSet']; "
            "drop the second",
        ),
        (
            {"counted_rules": {"AWSManagedRulesAnonymousIpList": ("HostingProviderIPList",)}},
            "must name rule groups in use, but is 'AWSManagedRulesAnonymousIpList'; "
            "add it to optional_rule_groups, or drop it here",
        ),
        (
            {"counted_rules": {"AWSManagedRulesCommonRuleSet": ("Size Restrictions",)}},
            r"String should match pattern '^\w{1,128}$'",
        ),
    ],
)
def test_a_web_acl_refuses_with_a_sentence(overrides: dict[str, Any], message: str) -> None:
    assert web_acl_refusal(**overrides) == message
