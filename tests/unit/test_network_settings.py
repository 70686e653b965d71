"""What an environment may say about its network and its bastion, and each sentence that refuses it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adelie.network.settings import BastionSettings, NetworkSettings
from adelie.network.zones import is_zone, letter_of_zone, region_of_zone, zones_outside
from tests.fakes.network import FARGATE_ENDPOINTS, network_settings


def _refusal(error: pytest.ExceptionInfo[ValidationError]) -> tuple[str | None, str]:
    """The key that the rule itself names (or the field's place), and the message."""
    first = error.value.errors()[0]
    key = first.get("ctx", {}).get("key") or ".".join(str(part) for part in first["loc"])
    return key, first["msg"]


OTHER_REGION = "must be a zone of ap-northeast-2, as the first one"
ZONE_RULE = "must be the full name of an availability zone that ends in a letter from a to h"


@pytest.mark.parametrize(
    ("overrides", "key", "message"),
    [
        (
            {"vpc_cidr": "10.20.3.0/16"},
            "vpc_cidr",
            "must be written with its first address and prefix, but is '10.20.3.0/16'; write 10.20.0.0/16",
        ),
        (
            {"vpc_cidr": "8.8.0.0/16"},
            "vpc_cidr",
            "must lie inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918), but is '8.8.0.0/16'; "
            "use a private network such as 10.20.0.0/16",
        ),
        (
            {"availability_zones": ("ap-northeast-2a",)},
            "availability_zones",
            "Tuple should have at least 2 items after validation, not 1",
        ),
        (
            {"availability_zones": ("a", "c")},
            "availability_zones.0",
            f"{ZONE_RULE}, but is 'a'; write it as ap-northeast-2a",
        ),
        (
            {"availability_zones": ("us-west-2a", "us-west-2-lax-1a")},
            "availability_zones.1",
            f"{ZONE_RULE}, but is 'us-west-2-lax-1a'; write it as ap-northeast-2a",
        ),
        (
            {"availability_zones": ("ap-northeast-2a", "ap-northeast-2i")},
            "availability_zones.1",
            f"{ZONE_RULE}, but is 'ap-northeast-2i'; write it as ap-northeast-2a",
        ),
        (
            {"availability_zones": ("ap-northeast-2a", "ap-northeast-2c", "ap-northeast-2a")},
            "availability_zones.2",
            "must be listed once, but is 'ap-northeast-2a'; remove it or use another zone",
        ),
        (
            {"availability_zones": ("ap-northeast-2a", "ap-northeast-1c")},
            "availability_zones.1",
            f"{OTHER_REGION}, but is 'ap-northeast-1c'; use a zone of ap-northeast-2",
        ),
        ({"nat": "many"}, "nat", "Input should be 'none', 'single' or 'per_az'"),
        (
            {"nat": "none", "interface_endpoints": ("ecr.api", "logs", "ssm")},
            "nat",
            "must give private subnets a way out, or endpoints for what Fargate tasks need to start, but is 'none'; "
            "use single or per_az, or add ecr.dkr, secretsmanager to interface_endpoints",
        ),
        (
            {"interface_endpoints": ("logs", "ssm", "logs")},
            "interface_endpoints.2",
            "must be listed once, but is 'logs'; remove it",
        ),
        ({"flow_logs": {}}, "flow_logs.retention_days", "Field required"),
        ({"vpc_name": "main"}, "vpc_name", "Extra inputs are not permitted"),
    ],
)
def test_a_network_that_cannot_work_is_refused(overrides: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        network_settings(**overrides)

    assert _refusal(error) == (key, message)


@pytest.mark.parametrize("key", ["vpc_cidr", "availability_zones", "nat", "interface_endpoints"])
def test_what_costs_money_or_cannot_be_changed_has_no_default(key: str) -> None:
    values = network_settings().model_dump()
    del values[key]

    with pytest.raises(ValidationError) as error:
        NetworkSettings.model_validate(values)

    assert _refusal(error) == (key, "Field required")


@pytest.mark.parametrize("endpoint", ["s3", "ecr", "com.amazonaws.ap-northeast-2.logs"])
def test_an_endpoint_is_one_of_a_closed_set(endpoint: str) -> None:
    with pytest.raises(ValidationError) as error:
        network_settings(interface_endpoints=(endpoint,))

    assert error.value.errors()[0]["loc"] == ("interface_endpoints", 0)
    assert error.value.errors()[0]["msg"].startswith("Input should be 'ecr.api', 'ecr.dkr', ")


@pytest.mark.parametrize("days", [0, 2, 366, 4000])
def test_flow_logs_are_kept_for_a_time_that_cloudwatch_takes(days: int) -> None:
    with pytest.raises(ValidationError) as error:
        network_settings(flow_logs={"retention_days": days})

    assert error.value.errors()[0]["loc"] == ("flow_logs", "retention_days")
    assert error.value.errors()[0]["msg"].startswith("Input should be 1, 3, 5, 7, 14, 30, ")


def test_flow_logs_are_on_unless_turned_off() -> None:
    on, off = network_settings().flow_logs, network_settings(flow_logs=None).flow_logs

    assert on is not None
    assert (on.retention_days, on.traffic) == (365, "ALL")
    assert off is None


@pytest.mark.parametrize(
    ("nat", "endpoints", "reaches"),
    [
        ("single", (), True),
        ("per_az", (), True),
        ("none", FARGATE_ENDPOINTS, False),
        ("none", (*FARGATE_ENDPOINTS, "ssm"), False),
        ("none", (*FARGATE_ENDPOINTS, "ssm", "ssmmessages"), True),
    ],
)
def test_session_manager_is_reached_through_nat_or_its_endpoints(
    nat: str, endpoints: tuple[str, ...], reaches: bool
) -> None:
    assert network_settings(nat=nat, interface_endpoints=endpoints).reaches_session_manager is reaches


@pytest.mark.parametrize(
    "zone", ["ap-northeast-2a", "us-east-1f", "us-gov-west-1b", "mx-central-1c", "eusc-de-east-1a"]
)
def test_a_zone_is_a_region_and_a_letter(zone: str) -> None:
    assert is_zone(zone)
    assert (region_of_zone(zone), letter_of_zone(zone)) == (zone[:-1], zone[-1])


@pytest.mark.parametrize("zone", ["", "a", "ap-northeast-2", "ap-northeast-2A", "us-west-2-lax-1a", "apne2-az1"])
def test_the_region_of_what_is_no_zone_is_an_error(zone: str) -> None:
    with pytest.raises(ValueError, match=f"^'{zone}' is not the full name of an availability zone, such as ap-north"):
        region_of_zone(zone)


def test_zones_outside_a_region_are_found() -> None:
    zones = ("ap-northeast-2a", "ap-northeast-1a", "us-east-1c")

    assert zones_outside("ap-northeast-2", zones) == ["ap-northeast-1a", "us-east-1c"]
    assert zones_outside("ap-northeast-1", zones[1:2]) == []


@pytest.mark.parametrize("instance_type", ["t4g.nano", "m7gd.large", "c8gn.xlarge", "g5g.xlarge"])
def test_a_bastion_runs_on_arm64(instance_type: str) -> None:
    assert BastionSettings(instance_type=instance_type).instance_type == instance_type


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        (
            {"instance_type": "t3.nano"},
            "instance_type",
            "must be an arm64 (Graviton) instance type, but is 't3.nano'; use t4g.nano",
        ),
        (
            {"instance_type": "g4dn.xlarge"},
            "instance_type",
            "must be an arm64 (Graviton) instance type, but is 'g4dn.xlarge'; use t4g.nano",
        ),
        ({}, "instance_type", "Field required"),
        (
            {"instance_type": "t4g.nano", "root_volume_gib": 7},
            "root_volume_gib",
            "Input should be greater than or equal to 8",
        ),
        (
            {"instance_type": "t4g.nano", "root_volume_gib": 65},
            "root_volume_gib",
            "Input should be less than or equal to 64",
        ),
        (
            {"instance_type": "t4g.nano", "ami_id": "al2023"},
            "ami_id",
            "String should match pattern '^ami-[0-9a-f]{8,17}$'",
        ),
        ({"instance_type": "t4g.nano", "key_name": "ops"}, "key_name", "Extra inputs are not permitted"),
    ],
)
def test_a_bastion_that_cannot_work_is_refused(values: dict[str, Any], key: str, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        BastionSettings.model_validate(values)

    assert _refusal(error) == (key, message)
