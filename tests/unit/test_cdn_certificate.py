"""Certificates: for one name, proven by one record, and awaited."""

from __future__ import annotations

import pytest

from adelie.cdn.domain import Certificate
from adelie.seam.terraform import TerraformOutput, TerraformStack
from tests.fakes.cdn import DOMAIN, build_cdn, cdn_settings
from tests.support import Synthesized, synthesize


@pytest.fixture(scope="module")
def stack() -> Synthesized:
    """The load balancer's certificate."""
    return synthesize(
        lambda stack: Certificate(
            stack, "certificate", settings=DOMAIN, name=DOMAIN.origin_name, region="ap-northeast-2"
        )
    )


def test_it_is_for_one_name_in_its_region_and_replaced_without_a_gap(stack: Synthesized) -> None:
    assert stack.only("aws_acm_certificate") == {
        "domain_name": "origin.adelie.example.com",
        "validation_method": "DNS",
        "region": "ap-northeast-2",
        "lifecycle": {"create_before_destroy": True},
    }


def test_it_is_proven_by_the_record_that_acm_asks_for(stack: Synthesized) -> None:
    (certificate,) = stack.resources("aws_acm_certificate")
    option = f"tolist(aws_acm_certificate.{certificate}.domain_validation_options).0"
    assert stack.only("aws_route53_record") == {
        "zone_id": "Z0123456789ABC",
        "name": f"${{{option}.resource_record_name}}",
        "type": f"${{{option}.resource_record_type}}",
        "records": [f"${{{option}.resource_record_value}}"],
        "ttl": 300,
        "allow_overwrite": True,
    }


def test_who_uses_it_waits_until_it_is_issued() -> None:
    def build(stack: TerraformStack) -> None:
        certificate = Certificate(stack, "certificate", settings=DOMAIN, name=DOMAIN.name, region="us-east-1")
        TerraformOutput(stack, "arn", value=certificate.arn)

    synthesized = synthesize(build)
    (issued,) = synthesized.resources("aws_acm_certificate_validation")
    (record,) = synthesized.resources("aws_route53_record")
    arn = synthesized.document["output"]["arn"]["value"]
    assert arn == f"${{aws_acm_certificate_validation.{issued}.certificate_arn}}"
    body = synthesized.only("aws_acm_certificate_validation")
    assert body["validation_record_fqdns"] == [f"${{aws_route53_record.{record}.fqdn}}"]
    assert body["region"] == "us-east-1"


def test_the_cdn_and_the_load_balancer_prove_different_names() -> None:
    def build(stack: TerraformStack) -> None:
        Certificate(stack, "certificate", settings=DOMAIN, name=DOMAIN.origin_name, region="ap-northeast-2")
        build_cdn(stack, cdn_settings(), DOMAIN)

    certificates = synthesize(build).resources("aws_acm_certificate").values()
    assert {(body["domain_name"], body["region"]) for body in certificates} == {
        ("origin.adelie.example.com", "ap-northeast-2"),
        ("adelie.example.com", "us-east-1"),
    }
