"""The schema of the provider double: generated from cdktf's package, exact; what is not known there is refused."""

from __future__ import annotations

import base64
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import Synthesized
from tools.command import ToolError
from tools.emulated import provider_schema
from tools.emulated.provider_schema import FILE, PROVIDER, Source, Types, check, generate, read_sources, types_of, write

NO_TYPES: Types = {"resource": [], "data": [], "ephemeral": []}


@pytest.fixture(scope="module")
def types(platforms: Mapping[str, Synthesized]) -> Types:
    return types_of([platform.document for platform in platforms.values()])


@pytest.fixture(scope="module")
def sources() -> Mapping[str, str]:
    return read_sources({**NO_TYPES, "resource": ["aws_vpc", "aws_security_group", "aws_wafv2_web_acl"]})


@pytest.fixture(scope="module")
def committed() -> Mapping[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))["provider_schemas"][PROVIDER]


def part(committed: Mapping[str, Any], path: str) -> Any:
    """An attribute or nested block of a resource, or of the provider; without what is inside the block."""
    resource, *blocks, last = path.split(".")
    found = committed["provider"] if resource == "aws" else committed["resource_schemas"][resource]
    for name in blocks:
        found = found["block"]["block_types"][name]
    members = found["block"]["attributes"] | found["block"].get("block_types", {})
    return {key: value for key, value in members[last].items() if key != "block"}


def test_the_committed_schema_is_what_cdktfs_package_says_of_the_stacks_types(types: Types) -> None:
    check(FILE, types)


def test_a_schema_of_other_types_is_refused_with_the_command_that_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    write(file, {**NO_TYPES, "data": ["aws_ssm_parameter"]})
    with pytest.raises(ToolError, match=r"is not the stacks' schema; run `make accept` and commit"):
        check(file, {**NO_TYPES, "data": ["aws_ec2_managed_prefix_list"]})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("aws_vpc.arn", {"computed": True, "type": "string"}),
        ("aws_vpc.cidr_block", {"computed": True, "optional": True, "type": "string"}),
        ("aws_subnet.vpc_id", {"required": True, "type": "string"}),
        ("aws_instance.tags", {"optional": True, "type": ["map", "string"]}),
        ("aws_db_instance.multi_az", {"computed": True, "optional": True, "type": "bool"}),
        ("aws_acm_certificate.validation_emails", {"computed": True, "type": ["list", "string"]}),
        ("aws_lb_target_group.load_balancer_arns", {"computed": True, "type": ["set", "string"]}),
        (
            "aws_acm_certificate.domain_validation_options",
            {
                "computed": True,
                "type": [
                    "set",
                    [
                        "object",
                        {
                            "domain_name": "string",
                            "resource_record_name": "string",
                            "resource_record_type": "string",
                            "resource_record_value": "string",
                        },
                    ],
                ],
            },
        ),
        (
            "aws_security_group.ingress",
            {
                "computed": True,
                "optional": True,
                "type": [
                    "set",
                    [
                        "object",
                        {
                            "cidr_blocks": ["list", "string"],
                            "description": "string",
                            "from_port": "number",
                            "ipv6_cidr_blocks": ["list", "string"],
                            "prefix_list_ids": ["list", "string"],
                            "protocol": "string",
                            "security_groups": ["set", "string"],
                            "self": "bool",
                            "to_port": "number",
                        },
                    ],
                ],
            },
        ),
        ("aws_ecs_service.network_configuration", {"max_items": 1, "nesting_mode": "list"}),
        ("aws_ecs_service.network_configuration.subnets", {"required": True, "type": ["set", "string"]}),
        ("aws_ecs_service.timeouts", {"nesting_mode": "single"}),
        ("aws_lb_listener.default_action", {"min_items": 1, "nesting_mode": "list"}),
        ("aws_lb_listener_rule.condition", {"min_items": 1, "nesting_mode": "set"}),
        (
            "aws_cloudfront_distribution.default_cache_behavior",
            {"max_items": 1, "min_items": 1, "nesting_mode": "list"},
        ),
        (
            "aws_secretsmanager_secret_version.secret_string_wo",
            {"optional": True, "type": "string", "write_only": True},
        ),
        ("aws_secretsmanager_secret_version.secret_string_wo_version", {"optional": True, "type": "number"}),
        ("aws_wafv2_web_acl.rule.statement", {"max_items": 1, "min_items": 1, "nesting_mode": "list"}),
        ("aws.default_tags", {"nesting_mode": "list"}),
        ("aws.endpoints.s3", {"optional": True, "type": "string"}),
        ("aws.allowed_account_ids", {"optional": True, "type": ["set", "string"]}),
    ],
)
def test_a_type_and_its_flags_are_the_providers(committed: Mapping[str, Any], path: str, expected: Any) -> None:
    assert part(committed, path) == expected


def test_terraforms_own_alias_is_no_argument_of_the_provider(committed: Mapping[str, Any]) -> None:
    attributes = committed["provider"]["block"]["attributes"]
    assert "region" in attributes
    assert "alias" not in attributes


def test_an_overridden_waf_action_takes_what_a_rules_own_action_takes(committed: Mapping[str, Any]) -> None:
    rule = committed["resource_schemas"]["aws_wafv2_web_acl"]["block"]["block_types"]["rule"]["block"]["block_types"]
    group = rule["statement"]["block"]["block_types"]["managed_rule_group_statement"]["block"]["block_types"]
    override = group["rule_action_override"]["block"]["block_types"]["action_to_use"]["block"]
    assert override == rule["action"]["block"]
    assert set(override["block_types"]) == {"allow", "block", "captcha", "challenge", "count"}


def test_the_random_password_is_ephemeral_and_sensitive(committed: Mapping[str, Any]) -> None:
    password = committed["ephemeral_resource_schemas"]["aws_secretsmanager_random_password"]["block"]["attributes"]
    assert password["random_password"] == {"computed": True, "sensitive": True, "type": "string"}
    assert password["exclude_characters"] == {"optional": True, "type": "string"}
    assert password["exclude_punctuation"] == {"optional": True, "type": "bool"}


@pytest.mark.parametrize(
    ("type_", "known", "changed", "refused"),
    [
        pytest.param(
            "aws_vpc",
            "this.getStringAttribute('arn')",
            "this.getDurationAttribute('arn')",
            r"aws_vpc\.arn: `return this\.getDurationAttribute\('arn'\);` \(line \d+ of cdktf's TypeScript\)",
            id="a getter",
        ),
        pytest.param(
            "aws_vpc",
            'storageClassType: "boolean"',
            'storageClassType: "decimal"',
            r"aws_vpc\.assign_generated_ipv6_cidr_block: `value: cdktf\.booleanToHclTerraform",
            id="a type",
        ),
        pytest.param(
            "aws_vpc",
            "// arn - computed: true, optional: false",
            "// arn - computed: true, deprecated: true, optional: false",
            r"aws_vpc: `// arn - computed: true, deprecated: true, optional: false, required: false` \(line ",
            id="a flag",
        ),
        pytest.param(
            "aws_vpc",
            "// cidr_block - computed: true, optional: true",
            "// cidr_block - computed: true, optional: false",
            r"aws_vpc\.cidr_block: `// cidr_block - computed: true, optional: false",
            id="an argument that is read-only",
        ),
        pytest.param(
            "aws_vpc",
            "  // cidr_block - computed: true, optional: true, required: false\n",
            "",
            r"aws_vpc\.cidr_block: `cidr_block: \{` \(line ",
            id="an argument without flags",
        ),
        pytest.param(
            "aws_vpc",
            "        isBlock: false,\n",
            "        isBlock: false,\n        isEphemeral: false,\n",
            r"aws_vpc: `assign_generated_ipv6_cidr_block: \{` \(line ",
            id="another property of an argument",
        ),
        pytest.param(
            "aws_security_group",
            "export class SecurityGroupEgressOutputReference",
            "export class SecurityGroupEgressReference",
            r"aws_security_group\.egress: cdktf's TypeScript declares no SecurityGroupEgressOutputReference; teach ",
            id="a class that is elsewhere",
        ),
        pytest.param(
            "aws_security_group",
            "listMapperHcl(securityGroupEgressToHclTerraform, false)",
            "listMapperHcl(securityGroupEgressToHclTerraform, isBlock)",
            r"aws_security_group\.egress: `value: cdktf\.listMapperHcl\(",
            id="a nesting",
        ),
        pytest.param(
            "aws_wafv2_web_acl",
            'type: "list",\n        storageClassType: "Wafv2WebAclVisibilityConfigList"',
            'type: "struct",\n        storageClassType: "Wafv2WebAclVisibilityConfigList"',
            r"aws_wafv2_web_acl\.visibility_config: `value: wafv2WebAclVisibilityConfigToHclTerraform",
            id="a single block other than timeouts",
        ),
        pytest.param(
            "aws_wafv2_web_acl",
            'storageClassType: "any"',
            'storageClassType: "string"',
            r"aws_wafv2_web_acl\.rule\.statement: `storageClassType: \"string\",`",
            id="what is kept by hand",
        ),
        pytest.param(
            "aws",
            "readonly roleArn?: string;",
            "readonly roleArn: string;",
            r"aws\.assume_role: `readonly roleArn: string;`",
            id="a required argument in a block of the provider",
        ),
    ],
)
def test_a_pattern_that_is_not_known_is_refused_with_its_place(
    sources: Mapping[str, str], type_: str, known: str, changed: str, refused: str
) -> None:
    text = sources["provider" if type_ == "aws" else provider_schema.folder("resource", type_)]
    assert known in text
    Source(type_, text).schema()
    with pytest.raises(ToolError, match=refused):
        Source(type_, text.replace(known, changed, 1)).schema()


def test_a_module_of_another_type_is_refused(sources: Mapping[str, str]) -> None:
    with pytest.raises(ToolError, match=r"has another type where aws_subnet should be; correct `folder` in "):
        Source("aws_subnet", sources["vpc"]).schema()


@pytest.mark.parametrize(
    ("types", "refused"),
    [
        pytest.param(
            {**NO_TYPES, "resource": ["aws_no_such"], "data": ["aws_no_such"]},
            r"has no module data-aws-no-such, no-such; correct the type's name in the stacks\.",
            id="in cdktf's package",
        ),
        pytest.param(
            {**NO_TYPES, "ephemeral": ["aws_no_such"]},
            r"cdktf has no ephemeral aws_no_such; write its schema in .*schema\.py\.",
            id="by hand",
        ),
    ],
)
def test_a_type_that_is_nowhere_is_refused_by_name(types: Types, refused: str) -> None:
    with pytest.raises(ToolError, match=refused):
        generate(types)


def test_without_a_synthesized_stack_the_command_that_makes_one_is_named() -> None:
    with pytest.raises(ToolError, match=r"No stack is synthesized; run `make synth`\."):
        types_of([])


@pytest.mark.parametrize(
    ("module", "source_map", "refused"),
    [
        ("ephemeral-secret", {"sourcesContent": [""]}, r"has ephemeral resources now; read them from there in "),
        ("provider", {"sources": ["index.ts"]}, r"module provider has no TypeScript in its source map; pin a version"),
    ],
)
def test_a_package_that_holds_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, source_map: Mapping[str, Any], refused: str
) -> None:
    code = provider_schema.SOURCE_MAP + base64.b64encode(json.dumps(source_map).encode())
    package = tmp_path / "another_provider"
    (package / "_jsii").mkdir(parents=True)
    with tarfile.open(package / "_jsii" / "another.jsii.tgz", "w:gz") as archive:
        file = tarfile.TarInfo(f"package/lib/{module}/index.js")
        file.size = len(code)
        archive.addfile(file, io.BytesIO(code))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(provider_schema, "PACKAGE", package.name)
    with pytest.raises(ToolError, match=refused):
        read_sources(NO_TYPES)


def test_without_cdktfs_package_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_schema, "PACKAGE", "no_such_package")
    with pytest.raises(ToolError, match=r"no_such_package is not installed; run `make setup`\."):
        read_sources(NO_TYPES)
