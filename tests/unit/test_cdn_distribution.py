"""The distribution: what goes where, how long it is kept, and who may see it."""

from __future__ import annotations

from typing import Any

import pytest

from adelie.cdn.settings import DomainSettings
from adelie.seam.terraform import TerraformOutput, TerraformStack
from adelie.storage.log_bucket import LogBucket
from tests.fakes.cdn import DOMAIN, build_cdn, cdn_settings, everything_set
from tests.fakes.collaborators import FakeBucket, FakeLoadBalancer, FakeLogs
from tests.support import Synthesized, synthesize

US_EAST_1_TYPES = {
    "aws_acm_certificate",
    "aws_acm_certificate_validation",
    "aws_cloudwatch_log_delivery",
    "aws_cloudwatch_log_delivery_destination",
    "aws_cloudwatch_log_delivery_source",
    "aws_cloudwatch_log_group",
    "aws_wafv2_web_acl",
    "aws_wafv2_web_acl_logging_configuration",
}


@pytest.fixture(scope="module")
def minimal() -> Synthesized:
    """No domain, no web ACL, no logs, and an emulator's origin."""
    settings = cdn_settings(access_logs=False, origin_access="custom_origin", wait_for_deployment=False)
    return synthesize(lambda stack: build_cdn(stack, settings))


@pytest.fixture(scope="module")
def plain() -> Synthesized:
    """The defaults, without a domain."""
    return synthesize(lambda stack: build_cdn(stack, cdn_settings()))


@pytest.fixture(scope="module")
def full() -> Synthesized:
    """A domain and all that can be set."""
    return synthesize(lambda stack: build_cdn(stack, everything_set(), DOMAIN))


def distribution(stack: Synthesized) -> dict[str, Any]:
    return stack.only("aws_cloudfront_distribution")


def origins(stack: Synthesized) -> dict[str, dict[str, Any]]:
    return {origin["origin_id"]: origin for origin in distribution(stack)["origin"]}


def behaviors(stack: Synthesized) -> dict[str, dict[str, Any]]:
    """Every behaviour, by its path; the default is "*"."""
    body = distribution(stack)
    return {"*": body["default_cache_behavior"]} | {
        behavior["path_pattern"]: behavior for behavior in body["ordered_cache_behavior"]
    }


def cache_policy(stack: Synthesized, path: str) -> dict[str, Any]:
    """The cache policy that a behaviour refers to."""
    reference: str = behaviors(stack)[path]["cache_policy_id"]
    return stack.resources("aws_cloudfront_cache_policy")[reference.split(".")[1]]


def test_paths_go_to_their_origins(plain: Synthesized) -> None:
    assert {path: behavior["target_origin_id"] for path, behavior in behaviors(plain).items()} == {
        "*": "load-balancer",
        "/assets/*": "assets",
        "/api/*": "load-balancer",
    }


def test_only_the_api_takes_changes(plain: Synthesized) -> None:
    reading = {"GET", "HEAD", "OPTIONS"}
    assert {path: set(behavior["allowed_methods"]) for path, behavior in behaviors(plain).items()} == {
        "*": reading,
        "/assets/*": reading,
        "/api/*": reading | {"PUT", "POST", "PATCH", "DELETE"},
    }
    assert all(behavior["cached_methods"] == ["GET", "HEAD"] for behavior in behaviors(plain).values())


def test_nobody_is_served_over_plain_http(plain: Synthesized) -> None:
    assert {path: behavior["viewer_protocol_policy"] for path, behavior in behaviors(plain).items()} == {
        "*": "redirect-to-https",
        "/assets/*": "redirect-to-https",
        "/api/*": "https-only",
    }


def test_nothing_of_the_api_is_kept_and_all_but_the_host_is_passed_on(plain: Synthesized) -> None:
    api = behaviors(plain)["/api/*"]
    assert api["cache_policy_id"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert api["origin_request_policy_id"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader


@pytest.mark.parametrize("path", ["/assets/*", "*"])
def test_assets_and_pages_are_keyed_by_path_and_encoding_alone(plain: Synthesized, path: str) -> None:
    assert cache_policy(plain, path)["parameters_in_cache_key_and_forwarded_to_origin"] == {
        "cookies_config": {"cookie_behavior": "none"},
        "headers_config": {"header_behavior": "none"},
        "query_strings_config": {"query_string_behavior": "none"},
        "enable_accept_encoding_brotli": True,
        "enable_accept_encoding_gzip": True,
    }
    assert "origin_request_policy_id" not in behaviors(plain)[path]
    assert behaviors(plain)[path]["compress"] is True


def test_assets_are_kept_for_a_year_and_pages_no_longer_than_said(plain: Synthesized, full: Synthesized) -> None:
    def ttls(stack: Synthesized, path: str) -> tuple[int, int, int]:
        policy = cache_policy(stack, path)
        return policy["min_ttl"], policy["default_ttl"], policy["max_ttl"]

    assert ttls(plain, "/assets/*") == (0, 31_536_000, 31_536_000)
    assert ttls(plain, "*") == (0, 60, 60)
    assert ttls(full, "*") == (0, 300, 300)


def test_no_error_is_kept_or_replaced(plain: Synthesized) -> None:
    errors = distribution(plain)["custom_error_response"]
    assert {error["error_code"] for error in errors} == {404, 414, 500, 501, 502, 503, 504}
    for error in errors:
        assert set(error) == {"error_code", "error_caching_min_ttl"}
        assert error["error_caching_min_ttl"] == 0


def test_the_bucket_is_read_with_signed_requests_only(plain: Synthesized) -> None:
    access = plain.only("aws_cloudfront_origin_access_control")
    assert (access["signing_behavior"], access["signing_protocol"]) == ("always", "sigv4")
    assert access["origin_access_control_origin_type"] == "s3"
    (address,) = plain.resources("aws_cloudfront_origin_access_control")
    assert origins(plain)["assets"] == {
        "origin_id": "assets",
        "domain_name": FakeBucket().regional_domain_name,
        "origin_access_control_id": f"${{aws_cloudfront_origin_access_control.{address}.id}}",
    }


def test_the_bucket_is_asked_to_let_this_distribution_in() -> None:
    assets = FakeBucket()

    def build(stack: TerraformStack) -> None:
        cdn = build_cdn(stack, cdn_settings(), assets=assets)
        assert assets.readers == [cdn.distribution_arn]

    synthesize(build)
    assert len(assets.readers) == 1


def test_the_load_balancer_is_reached_privately(plain: Synthesized) -> None:
    balancer = FakeLoadBalancer(port=80)
    (address,) = plain.resources("aws_cloudfront_vpc_origin")
    assert origins(plain)["load-balancer"] == {
        "origin_id": "load-balancer",
        "domain_name": balancer.dns_name,
        "vpc_origin_config": {
            "vpc_origin_id": f"${{aws_cloudfront_vpc_origin.{address}.id}}",
            "origin_read_timeout": 60,
            "origin_keepalive_timeout": 30,
        },
    }
    (endpoint,) = plain.only("aws_cloudfront_vpc_origin")["vpc_origin_endpoint_config"]
    assert endpoint["arn"] == balancer.arn
    assert (endpoint["origin_protocol_policy"], endpoint["http_port"]) == ("http-only", 80)


def test_with_a_domain_the_load_balancer_speaks_tls_under_its_own_name(full: Synthesized) -> None:
    (endpoint,) = full.only("aws_cloudfront_vpc_origin")["vpc_origin_endpoint_config"]
    assert (endpoint["origin_protocol_policy"], endpoint["https_port"]) == ("https-only", 443)
    assert endpoint["origin_ssl_protocols"] == [{"items": ["TLSv1.2"], "quantity": 1}]
    assert origins(full)["load-balancer"]["domain_name"] == "origin.adelie.example.com"
    assert origins(full)["load-balancer"]["vpc_origin_config"]["origin_read_timeout"] == 120
    balancer = FakeLoadBalancer(port=443)
    record = full.only("aws_route53_record", "load-balancer_record")
    assert (record["name"], record["type"]) == ("origin.adelie.example.com", "A")
    assert record["alias"] == {"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": False}


def test_an_emulator_without_vpc_origins_is_given_the_dns_name(minimal: Synthesized) -> None:
    assert not minimal.resources("aws_cloudfront_vpc_origin")
    origin = origins(minimal)["load-balancer"]
    assert origin["domain_name"] == FakeLoadBalancer(port=80).dns_name
    assert "vpc_origin_config" not in origin
    assert origin["custom_origin_config"] == {
        "http_port": 80,
        "https_port": 443,
        "origin_protocol_policy": "http-only",
        "origin_ssl_protocols": ["TLSv1.2"],
        "origin_read_timeout": 60,
        "origin_keepalive_timeout": 30,
    }


def test_the_distribution_is_modern_and_serves_korea(plain: Synthesized, full: Synthesized) -> None:
    body = distribution(plain)
    assert body["enabled"] is True
    assert (body["http_version"], body["is_ipv6_enabled"]) == ("http2and3", True)
    assert body["price_class"] == "PriceClass_200"
    assert distribution(full)["price_class"] == "PriceClass_All"
    assert "default_root_object" not in body


def test_apply_waits_unless_told_not_to(plain: Synthesized, minimal: Synthesized) -> None:
    assert distribution(plain)["wait_for_deployment"] is True
    assert distribution(minimal)["wait_for_deployment"] is False


def test_countries_are_restricted_only_where_listed(plain: Synthesized, full: Synthesized) -> None:
    everywhere = distribution(plain)["restrictions"]["geo_restriction"]
    assert everywhere == {"restriction_type": "none", "locations": []}
    listed = distribution(full)["restrictions"]["geo_restriction"]
    assert listed == {"restriction_type": "whitelist", "locations": ["KR", "US"]}


def test_without_a_domain_cloudfront_uses_its_own_name_and_certificate(plain: Synthesized) -> None:
    assert distribution(plain)["viewer_certificate"] == {"cloudfront_default_certificate": True}
    assert "aliases" not in distribution(plain)
    assert not plain.resources("aws_route53_record")
    assert not plain.resources("aws_acm_certificate")


def test_with_a_domain_viewers_use_it_over_strong_tls(full: Synthesized) -> None:
    (issued,) = full.resources("aws_acm_certificate_validation")
    assert distribution(full)["aliases"] == ["adelie.example.com"]
    assert distribution(full)["viewer_certificate"] == {
        "acm_certificate_arn": f"${{aws_acm_certificate_validation.{issued}.certificate_arn}}",
        "minimum_protocol_version": "TLSv1.3_2025",
        "ssl_support_method": "sni-only",
    }


@pytest.mark.parametrize(("part", "record_type"), [("record-a_", "A"), ("record-aaaa_", "AAAA")])
def test_the_domain_leads_to_the_distribution(full: Synthesized, part: str, record_type: str) -> None:
    (address,) = full.resources("aws_cloudfront_distribution")
    record = full.only("aws_route53_record", part)
    assert (record["zone_id"], record["name"], record["type"]) == ("Z0123456789ABC", "adelie.example.com", record_type)
    assert record["alias"] == {
        "name": f"${{aws_cloudfront_distribution.{address}.domain_name}}",
        "zone_id": f"${{aws_cloudfront_distribution.{address}.hosted_zone_id}}",
        "evaluate_target_health": False,
    }


def test_it_is_known_by_the_name_that_viewers_use() -> None:
    def name(domain: DomainSettings | None) -> str:
        stack = synthesize(
            lambda stack: TerraformOutput(stack, "name", value=build_cdn(stack, cdn_settings(), domain).domain_name)
        )
        return stack.document["output"]["name"]["value"]

    assert name(DOMAIN) == "adelie.example.com"
    assert name(None).startswith("${aws_cloudfront_distribution.")
    assert name(None).endswith(".domain_name}")


def test_every_behaviour_has_the_security_headers(plain: Synthesized) -> None:
    (address,) = plain.resources("aws_cloudfront_response_headers_policy")
    for path, behavior in behaviors(plain).items():
        expected = f"${{aws_cloudfront_response_headers_policy.{address}.id}}"
        assert behavior["response_headers_policy_id"] == expected, path


def test_access_is_logged_where_the_log_bucket_lets_cloudfront_write(plain: Synthesized) -> None:
    (distribution_address,) = plain.resources("aws_cloudfront_distribution")
    source = plain.only("aws_cloudwatch_log_delivery_source")
    assert source["log_type"] == "ACCESS_LOGS"
    assert source["resource_arn"] == f"${{aws_cloudfront_distribution.{distribution_address}.arn}}"
    destination = plain.only("aws_cloudwatch_log_delivery_destination")
    assert destination["output_format"] == "json"
    assert destination["delivery_destination_configuration"] == [
        {"destination_resource_arn": f"{FakeLogs().arn}/{LogBucket.CLOUDFRONT_PREFIX}"}
    ]
    (source_address,) = plain.resources("aws_cloudwatch_log_delivery_source")
    (destination_address,) = plain.resources("aws_cloudwatch_log_delivery_destination")
    delivery = plain.only("aws_cloudwatch_log_delivery")
    assert delivery["delivery_source_name"] == f"${{aws_cloudwatch_log_delivery_source.{source_address}.name}}"
    assert (
        delivery["delivery_destination_arn"]
        == f"${{aws_cloudwatch_log_delivery_destination.{destination_address}.arn}}"
    )


def test_what_an_environment_leaves_out_is_not_made(minimal: Synthesized) -> None:
    assert not minimal.resources("aws_cloudwatch_log_delivery")
    assert not minimal.resources("aws_cloudwatch_log_delivery_source")
    assert not minimal.resources("aws_wafv2_web_acl")
    assert "web_acl_id" not in distribution(minimal)


def test_what_cloudfront_takes_from_us_east_1_is_there(full: Synthesized) -> None:
    regions = {kind: body.get("region") for kind, _, body in full.every() if kind in US_EAST_1_TYPES}
    assert regions == dict.fromkeys(US_EAST_1_TYPES, "us-east-1")
