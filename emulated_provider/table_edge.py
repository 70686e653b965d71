"""The table's entries for the edge: CloudFront, ACM, Route 53, WAF."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from emulated_provider.entry import Entry, call
from emulated_provider.shapes import LOCAL
from emulated_provider.values import Json


def _disable(client: Any, values: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ANN401 -- a boto3 client
    """AWS deletes a distribution only when it is disabled."""
    current = client.get_distribution_config(Id=values["id"])
    config = {**current["DistributionConfig"], "Enabled": False}
    return {
        "etag": client.update_distribution(Id=values["id"], IfMatch=current["ETag"], DistributionConfig=config)["ETag"]
    }


def _record(action: str) -> dict[str, Json]:
    record = {
        "Name": "$name",
        "Type": "$type",
        "TTL": "$ttl?",
        "ResourceRecords": "$records?",
        "AliasTarget": "$alias?",
    }
    return {"Changes": [{"Action": action, "ResourceRecordSet": record}]}


_ORIGIN: Final = {
    "origin.origin_id": "Id",
    "origin.custom_header": "CustomHeaders",
    "origin.origin_path": "OriginPath",
}


def _behavior(block: str) -> dict[str, str]:
    return {
        f"{block}.cached_methods": "AllowedMethods.CachedMethods",
        f"{block}.min_ttl": "MinTTL",
        f"{block}.lambda_function_association": "LambdaFunctionAssociations",
    }


def _headers(block: str) -> dict[str, str]:
    return {f"{block}.access_control_max_age_sec": "AccessControlMaxAgeSec"}


EDGE: Final[Mapping[str, Entry]] = {
    "aws_cloudfront_distribution": Entry(
        service="cloudfront",
        create=call(
            "create_distribution_with_tags",
            DistributionConfigWithTags={
                "DistributionConfig": {"CallerReference": "$caller_reference"},
                "Tags": {"Items": "$tags_all"},
            },
        ),
        derive=lambda _values: {"caller_reference": uuid.uuid4().hex},
        into="DistributionConfigWithTags.DistributionConfig",
        id="Distribution.Id",
        read=(call("get_distribution", Id="$id"), "merge(Distribution, Distribution.DistributionConfig, {ETag: ETag})"),
        before_delete=_disable,
        delete=(call("delete_distribution", Id="$id", IfMatch="$etag"),),
        names={
            "is_ipv6_enabled": "IsIPV6Enabled",
            "web_acl_id": "WebACLId",
            "ordered_cache_behavior": "CacheBehaviors",
            "custom_error_response.error_caching_min_ttl": "ErrorCachingMinTTL",
            "restrictions.geo_restriction.locations": "Items",
            "viewer_certificate.acm_certificate_arn": "ACMCertificateArn",
            "viewer_certificate.ssl_support_method": "SSLSupportMethod",
            "viewer_certificate.cloudfront_default_certificate": "CloudFrontDefaultCertificate",
            "wait_for_deployment": LOCAL,
            "retain_on_delete": LOCAL,
            **_ORIGIN,
            **_behavior("default_cache_behavior"),
            **_behavior("ordered_cache_behavior"),
        },
        computed={"hosted_zone_id": "Z2FDTNDATAQYW2"},
    ),
    "aws_cloudfront_origin_access_control": Entry(
        service="cloudfront",
        create=call("create_origin_access_control"),
        into="OriginAccessControlConfig",
        id="OriginAccessControl.Id",
        read=(
            call("get_origin_access_control", Id="$id"),
            "merge(OriginAccessControl.OriginAccessControlConfig, {ETag: ETag})",
        ),
        delete=(call("delete_origin_access_control", Id="$id", IfMatch="$etag"),),
        names={"origin_access_control_origin_type": "OriginAccessControlOriginType"},
    ),
    "aws_cloudfront_cache_policy": Entry(
        service="cloudfront",
        create=call("create_cache_policy"),
        into="CachePolicyConfig",
        id="CachePolicy.Id",
        read=(call("get_cache_policy", Id="$id"), "merge(CachePolicy.CachePolicyConfig, {ETag: ETag})"),
        delete=(call("delete_cache_policy", Id="$id", IfMatch="$etag"),),
        names={"min_ttl": "MinTTL", "max_ttl": "MaxTTL", "default_ttl": "DefaultTTL"},
    ),
    "aws_cloudfront_response_headers_policy": Entry(
        service="cloudfront",
        create=call("create_response_headers_policy"),
        into="ResponseHeadersPolicyConfig",
        id="ResponseHeadersPolicy.Id",
        read=(
            call("get_response_headers_policy", Id="$id"),
            "merge(ResponseHeadersPolicy.ResponseHeadersPolicyConfig, {ETag: ETag})",
        ),
        delete=(call("delete_response_headers_policy", Id="$id", IfMatch="$etag"),),
    ),
    "aws_cloudfront_vpc_origin": Entry(
        service="cloudfront",
        create=call("create_vpc_origin", Tags={"Items": "$tags_all"}),
        id="VpcOrigin.Id",
        read=(call("get_vpc_origin", Id="$id"), "merge(VpcOrigin, {ETag: ETag})"),
        delete=(call("delete_vpc_origin", Id="$id", IfMatch="$etag"),),
        names={
            "vpc_origin_endpoint_config.http_port": "HTTPPort",
            "vpc_origin_endpoint_config.https_port": "HTTPSPort",
        },
    ),
    "aws_acm_certificate": Entry(
        service="acm",
        create=call("request_certificate"),
        id="CertificateArn",
        read=(call("describe_certificate", CertificateArn="$id"), "Certificate"),
        delete=(call("delete_certificate", CertificateArn="$id"),),
        names={
            "arn": "CertificateArn",
            "domain_validation_options.resource_record_name": "ResourceRecord.Name",
            "domain_validation_options.resource_record_type": "ResourceRecord.Type",
            "domain_validation_options.resource_record_value": "ResourceRecord.Value",
        },
        answers={"validation_method": "DomainValidationOptions[0].ValidationMethod"},
    ),
    "aws_acm_certificate_validation": Entry(
        service="acm",
        create=call("describe_certificate"),
        id="$certificate_arn",
        read=(call("describe_certificate", CertificateArn="$id"), "Certificate"),
        names={"validation_record_fqdns": LOCAL},
    ),
    "aws_route53_record": Entry(
        service="route53",
        create=call("change_resource_record_sets", HostedZoneId="$zone_id", ChangeBatch=_record("UPSERT")),
        id="${zone_id}_${name}_$type",
        read=(
            call(
                "list_resource_record_sets", HostedZoneId="$zone_id", StartRecordName="$name", StartRecordType="$type"
            ),
            "ResourceRecordSets[?Type=='$type' && (Name=='$name' || Name=='$name.')]|[0]",
        ),
        delete=(call("change_resource_record_sets", HostedZoneId="$zone_id", ChangeBatch=_record("DELETE")),),
        names={
            "allow_overwrite": LOCAL,
            "alias.name": "DNSName",
            "alias.zone_id": "HostedZoneId",
        },
        answers={"name": LOCAL, "records": "ResourceRecords[].Value", "alias": "AliasTarget"},
        computed={"fqdn": "$name"},
        normalized=("alias",),
    ),
    "aws_wafv2_web_acl": Entry(
        service="wafv2",
        create=call("create_web_acl"),
        id="Summary.Id",
        read=(
            call("get_web_acl", Name="$name", Scope="$scope", Id="$id"),
            "merge(WebACL, {LockToken: LockToken})",
        ),
        delete=(call("delete_web_acl", Name="$name", Scope="$scope", Id="$id", LockToken="$lock_token"),),
        names={"arn": "ARN", "visibility_config.cloudwatch_metrics_enabled": "CloudWatchMetricsEnabled"},
        answers={"scope": LOCAL},
    ),
    "aws_wafv2_web_acl_logging_configuration": Entry(
        service="wafv2",
        create=call("put_logging_configuration"),
        into="LoggingConfiguration",
        id="$resource_arn",
        read=(call("get_logging_configuration", ResourceArn="$id"), "LoggingConfiguration"),
        delete=(call("delete_logging_configuration", ResourceArn="$id"),),
    ),
}
