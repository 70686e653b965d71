"""The headers of every response, and the content security policy."""

from __future__ import annotations

import pytest

from adelie.cdn.headers import DEFAULT_CSP, content_security_policy
from tests.fakes.cdn import DOMAIN, build_cdn, cdn_settings, everything_set
from tests.support import Synthesized, synthesize


@pytest.fixture(scope="module")
def plain() -> Synthesized:
    """The defaults, without a domain."""
    return synthesize(lambda stack: build_cdn(stack, cdn_settings()))


@pytest.fixture(scope="module")
def full() -> Synthesized:
    """A domain and all that can be set."""
    return synthesize(lambda stack: build_cdn(stack, everything_set(), DOMAIN))


def test_the_security_headers_win_over_the_origins(plain: Synthesized) -> None:
    policy = plain.only("aws_cloudfront_response_headers_policy")
    assert policy["security_headers_config"] == {
        "strict_transport_security": {
            "access_control_max_age_sec": 31_536_000,
            "include_subdomains": True,
            "preload": False,
            "override": True,
        },
        "content_security_policy": {"content_security_policy": content_security_policy({}), "override": True},
        "frame_options": {"frame_option": "DENY", "override": True},
        "content_type_options": {"override": True},
        "referrer_policy": {"referrer_policy": "strict-origin-when-cross-origin", "override": True},
    }
    assert policy["custom_headers_config"]["items"] == [
        {
            "header": "Permissions-Policy",
            "value": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "override": True,
        }
    ]
    assert [item["header"] for item in policy["remove_headers_config"]["items"]] == ["Server", "X-Powered-By"]


def test_headers_are_as_set(full: Synthesized) -> None:
    policy = full.only("aws_cloudfront_response_headers_policy")
    hsts = policy["security_headers_config"]["strict_transport_security"]
    assert (hsts["access_control_max_age_sec"], hsts["preload"]) == (63_072_000, True)
    text: str = policy["security_headers_config"]["content_security_policy"]["content_security_policy"]
    assert "connect-src 'self' https://sentry.example;" in text
    assert "custom_headers_config" not in policy


def test_the_default_policy_of_content_loads_from_the_own_origin_only() -> None:
    assert content_security_policy({}) == (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'"
    )


def test_a_directive_replaces_its_default_and_no_other() -> None:
    text = content_security_policy({"img-src": ("'self'", "https://img.example"), "worker-src": ("blob:",)})
    directives = text.split("; ")
    assert "img-src 'self' https://img.example" in directives
    assert directives[-1] == "worker-src blob:"
    assert len(directives) == len(DEFAULT_CSP) + 1
