"""The provider double's parts, without Terraform and without an emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml

from emulated_provider import gaps, messages, shapes, table
from emulated_provider.aws import Aws
from emulated_provider.entry import Call, Entry, Lookup
from emulated_provider.lifecycle import ResourceError
from emulated_provider.provider import ADDRESS, SCHEMA_FILE, SENSITIVE, Provider
from emulated_provider.reconcile import reconcile
from emulated_provider.values import UNKNOWN, decode, encode

SESSION: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-2")
CLIENTS: dict[str, Any] = {}
VPC = {"cidr_block": "10.0.0.0/16", "enable_dns_support": True}


def model(service: str, operation: str) -> Any:
    client = CLIENTS.setdefault(service, SESSION.client(service))
    name = client.meta.method_to_api_mapping.get(operation)
    assert name, f"{service} has no operation {operation}"
    return client.meta.service_model.operation_model(name)


def calls(entry: Lookup) -> Iterator[Call]:
    yield from (part[0] for part in (entry.read, *entry.more))
    if isinstance(entry, Entry):
        yield from (entry.create, *entry.then, *entry.delete)


@pytest.mark.parametrize("kind", [*table.ENTRIES, *table.LOOKUPS])
def test_every_call_of_the_table_is_one_of_botocores(kind: str) -> None:
    entry = table.ENTRIES.get(kind) or table.LOOKUPS[kind]
    for each in calls(entry):
        shape = model(entry.service, each.operation).input_shape
        assert each.parameters.keys() <= shape.members.keys(), each.operation


def test_the_table_has_exactly_the_types_of_the_schema() -> None:
    schemas = json.loads(SCHEMA_FILE.read_text())["provider_schemas"][ADDRESS]
    assert table.ENTRIES.keys() == schemas["resource_schemas"].keys()
    assert table.LOOKUPS.keys() == schemas["data_source_schemas"].keys() | schemas["ephemeral_resource_schemas"].keys()


def test_every_gap_is_of_a_type_in_the_table() -> None:
    for emulator in yaml.safe_load(gaps.FILE.read_text()):
        assert gaps.load(emulator).keys() <= table.ENTRIES.keys() | table.LOOKUPS.keys()


def test_a_gap_of_an_unknown_sort_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gaps.yaml"
    file.write_text("moto: {aws_vpc: {lack: everything}}")
    monkeypatch.setattr(gaps, "FILE", file)
    with pytest.raises(TypeError, match="lack"):
        gaps.load("moto")


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "names", "parameters"),
    [
        ("ec2", "create_vpc", {"cidr_block": "10.0.0.0/16", "instance_tenancy": None}, {},
         {"CidrBlock": "10.0.0.0/16"}),
        ("ecs", "create_cluster", {"name": "a", "setting": [{"name": "containerInsights", "value": "enabled"}]},
         {"name": "clusterName"},
         {"clusterName": "a", "settings": [{"name": "containerInsights", "value": "enabled"}]}),
        ("cloudwatch", "put_metric_alarm", {"dimensions": {"QueueName": "q"}}, {},
         {"Dimensions": [{"Name": "QueueName", "Value": "q"}]}),
        ("ecs", "create_service", {"network_configuration": [{"assign_public_ip": False}]},
         {"network_configuration": "networkConfiguration.awsvpcConfiguration"},
         {"networkConfiguration": {"awsvpcConfiguration": {"assignPublicIp": "DISABLED"}}}),
        ("elbv2", "create_target_group", {"health_check": [{"path": "/", "matcher": "200"}]},
         {"health_check": ".", "health_check.path": "HealthCheckPath", "health_check.matcher": "Matcher.HttpCode"},
         {"HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}}),
        ("ecs", "register_task_definition", {"container_definitions": '[{"name": "app"}]', "cpu": 256}, {},
         {"containerDefinitions": [{"name": "app"}], "cpu": "256"}),
        ("s3", "delete_bucket", {"bucket": "b", "force_destroy": True}, {"force_destroy": shapes.LOCAL},
         {"Bucket": "b"}),
    ],
)  # fmt: skip
def test_arguments_become_parameters(
    service: str, operation: str, arguments: dict[str, Any], names: dict[str, str], parameters: dict[str, Any]
) -> None:
    assert shapes.to_api(arguments, model(service, operation).input_shape, names) == parameters


def test_cloudfronts_lists_carry_their_number() -> None:
    shape = model("cloudfront", "create_distribution").input_shape.members["DistributionConfig"]
    made = shapes.to_api({"aliases": ["a", "b"], "restrictions": [{"geo_restriction": [{"locations": []}]}]}, shape, {})
    assert made["Aliases"] == {"Quantity": 2, "Items": ["a", "b"]}
    assert made["Restrictions"]["GeoRestriction"]["Quantity"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"no_such_thing": 1}, "no_such_thing"), ({"instance_tenancy": "shared"}, "instance_tenancy .*not shared")],
)
def test_what_no_parameter_takes_is_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(shapes.UnknownArgumentError, match=said):
        shapes.to_api(arguments, model("ec2", "create_vpc").input_shape, {})


def test_answers_become_values() -> None:
    answer = {
        "CidrBlock": "10.0.0.0/16",
        "Tags": [{"Key": "a", "Value": "b"}],
        "Methods": {"Quantity": 1, "Items": ["GET"]},
    }
    kind = [
        "object",
        {"cidr_block": "string", "tags": ["map", "string"], "methods": ["set", "string"], "arn": "string"},
    ]
    assert shapes.from_api(answer, kind, {}) == {
        "cidr_block": "10.0.0.0/16",
        "tags": {"a": "b"},
        "methods": ["GET"],
        "arn": shapes.ABSENT,
    }


BLOCK = ["object", {"a": "string"}]


@pytest.mark.parametrize(
    ("mine", "theirs", "kind", "kept", "outcomes"),
    [
        ("a", "a", "string", "a", ["confirmed"]),
        ("a", "b", "string", "b", ["differs"]),
        ("a", shapes.ABSENT, "string", "a", ["absent"]),
        (None, "b", "string", None, []),
        (False, None, "bool", False, ["confirmed"]),
        ('{"a": 1}', '{ "a":1 }', "string", '{"a": 1}', ["confirmed"]),
        (["a", "b"], ["b", "a"], ["set", "string"], ["a", "b"], ["confirmed"]),
        (["a", "b"], ["b", "a"], ["list", "string"], ["b", "a"], ["differs"]),
        (
            [{"a": "1"}, {"a": "2"}],
            [{"a": "2"}, {"a": "1"}],
            ["set", BLOCK],
            [{"a": "1"}, {"a": "2"}],
            ["confirmed"] * 2,
        ),
        (
            [{"a": "1"}, {"a": "2"}],
            [{"a": "2"}, {"a": "1"}],
            ["list", BLOCK],
            [{"a": "2"}, {"a": "1"}],
            ["differs"] * 2,
        ),
        ([{"a": "1"}], [{"a": "1"}, {"a": "9"}], ["set", BLOCK], [{"a": "1"}, {"a": "9"}], ["confirmed", "differs"]),
        ({"a": "1"}, {"a": "1"}, ["map", "string"], {"a": "1"}, ["confirmed"]),
    ],
)
def test_the_state_keeps_what_the_answer_bears_out(
    mine: Any, theirs: Any, kind: Any, kept: Any, outcomes: list[str]
) -> None:
    noted: list[str] = []
    assert reconcile(mine, theirs, kind, "x", lambda _path, outcome, _theirs: noted.append(outcome)) == kept
    assert noted == outcomes


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    def account(_self: Aws) -> str:
        return "000000000000"

    monkeypatch.setattr(Aws, "account", account)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    return Provider("moto", "http://127.0.0.1:1")


def configure(provider: Provider, **config: Any) -> None:
    block = json.loads(SCHEMA_FILE.read_text())["provider_schemas"][ADDRESS]["provider"]["block"]
    everything: dict[str, Any] = dict.fromkeys(block["attributes"])
    everything |= dict[str, Any].fromkeys(block["block_types"], [])
    given = {"region": "ap-northeast-2", "default_tags": [{"tags": {"Project": "adelie"}}], **config}
    request = SimpleNamespace(config=SimpleNamespace(msgpack=encode({**everything, **given})))
    provider.configure_provider(request, None)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"endpoints": [{"ec2": "https://ec2.amazonaws.com"}]}, "isn't on this machine"),
        ({"endpoints": [{"ec2": "http://localhost.example.com:4566"}]}, "isn't on this machine"),
        ({"endpoints": [{"ec2": "http://notlocalhost.localstack.cloud:4566"}]}, "isn't on this machine"),
        ({"region": None}, "no region"),
        ({"access_key": "AKIAIOSFODNN7EXAMPLE"}, "dummy"),
        ({"allowed_account_ids": ["111111111111"]}, "the emulated account is 000000000000"),
    ],
)
def test_what_could_reach_a_real_account_is_refused(provider: Provider, config: dict[str, Any], said: str) -> None:
    with pytest.raises(ResourceError, match=said):
        configure(provider, **config)


def test_a_key_of_the_environment_that_could_be_real_is_refused(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
    with pytest.raises(ResourceError, match="dummy"):
        configure(provider)


def test_no_variable_leads_a_client_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hostile = tmp_path / "config"
    hostile.write_text("[default]\nendpoint_url = https://s3.amazonaws.com\ns3 =\n  addressing_style = virtual\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(hostile))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://amazonaws.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com")
    aws = Aws("moto", "ap-northeast-2", lambda _service: "http://127.0.0.1:1", "test", {}, {})
    for service in ("s3", "sts", "iam"):
        assert aws.client(service, "us-east-1").meta.endpoint_url == "http://127.0.0.1:1"


def plan(provider: Provider, kind: str, config: dict[str, Any], prior: dict[str, Any] | None) -> tuple[Any, Any]:
    schema = provider._schemas["resource_schemas"][kind]  # pyright: ignore[reportPrivateUsage]
    full = {name: config.get(name, schema.empty(name)) for name in schema.types}
    computed = {name: value for name, value in (prior or {}).items() if full[name] is None and schema.is_computed(name)}
    request = SimpleNamespace(
        type_name=kind,
        prior_state=SimpleNamespace(msgpack=encode(prior)),
        config=SimpleNamespace(msgpack=encode(full)),
        proposed_new_state=SimpleNamespace(msgpack=encode({**full, **computed})),
    )
    response = messages.RESPONSE["PlanResourceChange"]()
    provider.plan_resource_change(request, response)
    return decode(response.planned_state.msgpack), response


def test_a_new_resource_leaves_open_what_aws_decides(provider: Provider) -> None:
    configure(provider)
    planned, response = plan(provider, "aws_vpc", {**VPC, "tags": {"Name": "main"}}, None)
    assert planned["cidr_block"] == "10.0.0.0/16"
    assert planned["arn"] is UNKNOWN
    assert planned["region"] == "ap-northeast-2"
    assert planned["tags_all"] == {"Project": "adelie", "Name": "main"}
    assert not response.requires_replace


def test_an_unchanged_resource_stays_and_a_changed_one_is_replaced(provider: Provider) -> None:
    configure(provider)
    planned, _ = plan(provider, "aws_vpc", VPC, None)
    prior = {name: "made" if value is UNKNOWN else value for name, value in planned.items()}

    unchanged, response = plan(provider, "aws_vpc", VPC, prior)
    assert unchanged == prior
    assert not response.requires_replace
    assert not response.diagnostics

    changed, response = plan(provider, "aws_vpc", {**VPC, "cidr_block": "10.1.0.0/16"}, prior)
    assert [path.steps[0].attribute_name for path in response.requires_replace] == ["cidr_block"]
    assert changed["id"] is UNKNOWN
    assert "replaced" in response.diagnostics[0].summary

    configure(provider, default_tags=[{"tags": {"Project": "penguin"}}])
    _, response = plan(provider, "aws_vpc", VPC, prior)
    assert [path.steps[0].attribute_name for path in response.requires_replace] == ["tags_all"]


def test_a_write_only_argument_is_planned_as_nothing(provider: Provider) -> None:
    configure(provider)
    config = {"secret_id": "s", "secret_string_wo": "hush", "secret_string_wo_version": 1}
    planned, _ = plan(provider, "aws_secretsmanager_secret_version", config, None)
    assert planned["secret_string_wo"] is None


def test_what_is_sensitive_says_so(provider: Provider) -> None:
    response = messages.RESPONSE["GetProviderSchema"]()
    provider.get_provider_schema(None, response)
    kinds: dict[str, Any] = {
        **response.resource_schemas,
        **response.data_source_schemas,
        **response.ephemeral_resource_schemas,
    }
    for kind, names in SENSITIVE.items():
        marked = {attribute.name for attribute in kinds[kind].block.attributes if attribute.sensitive}
        assert marked == set(names), kind


def test_a_type_without_an_entry_is_named(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(provider)
    monkeypatch.delitem(table.ENTRIES, "aws_vpc")  # pyright: ignore[reportArgumentType]
    schema = provider._schemas["resource_schemas"]["aws_vpc"]  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(ResourceError, match="no entry"):
        provider._resources.read("aws_vpc", {"region": None}, schema)  # pyright: ignore[reportPrivateUsage]
