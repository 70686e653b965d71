"""The synthesized network: tiers and their routes, NAT, endpoints, flow logs."""

from __future__ import annotations

import pytest

from adelie.network.vpc import Network
from adelie.seam.terraform import TerraformOutput, TerraformStack
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from tests.fakes.network import FARGATE_ENDPOINTS, build_network, network_settings, synthesize_readable
from tests.support import NAMES, Synthesized, policy


@pytest.fixture(scope="module")
def single() -> Synthesized:
    return synthesize_readable(build_network)


@pytest.fixture(scope="module")
def full() -> Synthesized:
    return synthesize_readable(
        lambda stack: build_network(
            stack,
            availability_zones=("ap-northeast-2c", "ap-northeast-2a", "ap-northeast-2b"),
            nat="per_az",
            interface_endpoints=(*FARGATE_ENDPOINTS, "ssm", "ssmmessages"),
            flow_logs={"retention_days": 30, "traffic": "REJECT"},
        )
    )


@pytest.fixture(scope="module")
def closed() -> Synthesized:
    return synthesize_readable(
        lambda stack: build_network(stack, nat="none", interface_endpoints=FARGATE_ENDPOINTS, flow_logs=None)
    )


def _tier_of_each_table(synthesized: Synthesized) -> dict[str, set[str]]:
    """The subnets (`network_public-a`) that each route table (`network_public-routes`) is associated with."""
    found: dict[str, set[str]] = {}
    for association in synthesized.resources("aws_route_table_association").values():
        table = association["route_table_id"].split(".")[1]
        found.setdefault(table, set()).add(association["subnet_id"].split(".")[1])
    return found


def _routes(synthesized: Synthesized) -> dict[str, tuple[str, str]]:
    """The destination and the next hop of each route table's one route."""
    routes: dict[str, tuple[str, str]] = {}
    for route in synthesized.resources("aws_route").values():
        table = route["route_table_id"].split(".")[1]
        assert table not in routes
        next_hop = route.get("gateway_id") or route["nat_gateway_id"]
        routes[table] = (route["destination_cidr_block"], next_hop)
    return routes


def test_the_vpc_resolves_private_names(single: Synthesized) -> None:
    vpc = single.only("aws_vpc")

    assert vpc["cidr_block"] == "10.20.0.0/16"
    assert (vpc["enable_dns_support"], vpc["enable_dns_hostnames"]) == (True, True)
    assert vpc["tags"] == {"Name": "adelie-test-vpc"}


def test_the_default_security_group_is_emptied(single: Synthesized) -> None:
    group = single.only("aws_default_security_group")

    assert group["vpc_id"] == "${aws_vpc.network_vpc.id}"
    assert "ingress" not in group
    assert "egress" not in group


def test_each_zone_has_a_subnet_of_each_tier_in_its_own_slot(single: Synthesized) -> None:
    subnets = single.resources("aws_subnet")

    assert {name: (body["availability_zone"], body["cidr_block"]) for name, body in subnets.items()} == {
        "network_public-a": ("ap-northeast-2a", "10.20.0.0/21"),
        "network_public-c": ("ap-northeast-2c", "10.20.16.0/21"),
        "network_private-a": ("ap-northeast-2a", "10.20.64.0/21"),
        "network_private-c": ("ap-northeast-2c", "10.20.80.0/21"),
        "network_isolated-a": ("ap-northeast-2a", "10.20.128.0/21"),
        "network_isolated-c": ("ap-northeast-2c", "10.20.144.0/21"),
    }
    assert {body["map_public_ip_on_launch"] for body in subnets.values()} == {False}
    assert subnets["network_private-c"]["tags"] == {"Name": "adelie-test-private-c"}


def test_another_zone_and_another_order_change_no_subnet(single: Synthesized, full: Synthesized) -> None:
    before, after = single.resources("aws_subnet"), full.resources("aws_subnet")

    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"network_public-b", "network_private-b", "network_isolated-b"}


def test_subnet_ids_come_in_the_order_of_the_zones() -> None:
    seen: list[Network] = []
    zones = ("ap-northeast-2c", "ap-northeast-2a")
    synthesized = synthesize_readable(
        lambda stack: _outputs(stack, seen, zones),
    )

    assert seen[0].vpc_cidr == "10.20.0.0/16"
    assert synthesized.document["output"]["ids"]["value"] == [
        "${aws_vpc.network_vpc.id}",
        "${aws_route_table_association.network_private-c-association.subnet_id}",
        "${aws_route_table_association.network_private-a-association.subnet_id}",
        "${aws_subnet.network_isolated-c.id}",
        "${aws_subnet.network_isolated-a.id}",
    ]


def _outputs(stack: TerraformStack, seen: list[Network], zones: tuple[str, ...]) -> None:
    network = build_network(stack, availability_zones=zones)
    seen.append(network)
    ids = [network.vpc_id, *network.private_subnet_ids, *network.isolated_subnet_ids]
    TerraformOutput(stack, "ids", value=ids)


def test_every_subnet_is_in_a_route_table_of_its_tier(single: Synthesized) -> None:
    assert _tier_of_each_table(single) == {
        "network_public-routes": {"network_public-a", "network_public-c"},
        # Their table by way of its route out: what is placed there waits for the route.
        "network_private-out-a": {"network_private-a"},
        "network_private-out-c": {"network_private-c"},
        "network_isolated-routes": {"network_isolated-a", "network_isolated-c"},
    }


def test_a_single_nat_gateway_in_the_first_zone_serves_all(single: Synthesized) -> None:
    through_nat = ("0.0.0.0/0", "${aws_nat_gateway.network_nat-a.id}")

    assert _routes(single) == {
        "network_public-routes": ("0.0.0.0/0", "${aws_internet_gateway.network_internet.id}"),
        "network_private-a-routes": through_nat,
        "network_private-c-routes": through_nat,
    }
    assert set(single.resources("aws_nat_gateway")) == {"network_nat-a"}


def test_with_nat_per_zone_each_zone_leaves_through_its_own(full: Synthesized) -> None:
    routes = _routes(full)

    for letter in "abc":
        nat = full.resources("aws_nat_gateway")[f"network_nat-{letter}"]
        assert nat["subnet_id"] == f"${{aws_subnet.network_public-{letter}.id}}"
        assert nat["allocation_id"] == f"${{aws_eip.network_nat-{letter}-address.allocation_id}}"
        assert routes[f"network_private-{letter}-routes"] == (
            "0.0.0.0/0",
            f"${{aws_nat_gateway.network_nat-{letter}.id}}",
        )
    assert "network_isolated-routes" not in routes


def test_nat_waits_for_the_internet_gateway(full: Synthesized) -> None:
    for body in (*full.resources("aws_nat_gateway").values(), *full.resources("aws_eip").values()):
        assert body["depends_on"] == ["aws_internet_gateway.network_internet"]
    assert {body["domain"] for body in full.resources("aws_eip").values()} == {"vpc"}


def test_without_nat_private_subnets_have_no_route_out(closed: Synthesized) -> None:
    assert set(_routes(closed)) == {"network_public-routes"}
    assert closed.resources("aws_nat_gateway") == {}
    assert closed.resources("aws_eip") == {}
    assert closed.only("aws_internet_gateway")["vpc_id"] == "${aws_vpc.network_vpc.id}"


def test_the_s3_gateway_endpoint_is_always_there_for_private_and_isolated(single: Synthesized) -> None:
    endpoint = single.only("aws_vpc_endpoint")

    assert endpoint["vpc_endpoint_type"] == "Gateway"
    assert endpoint["service_name"] == "com.amazonaws.ap-northeast-2.s3"
    assert endpoint["route_table_ids"] == [
        "${aws_route_table.network_private-a-routes.id}",
        "${aws_route_table.network_private-c-routes.id}",
        "${aws_route_table.network_isolated-routes.id}",
    ]


def test_through_s3s_endpoint_pass_own_buckets_and_files_that_aws_serves(single: Synthesized) -> None:
    own, served = policy(single.only("aws_vpc_endpoint")["policy"])

    assert own["Action"] == ["s3:*"]
    assert own["Condition"] == {"StringEquals": {"aws:ResourceAccount": "111111111111"}}
    assert served["Action"] == ["s3:GetObject"]
    assert served["Resource"] == [
        "arn:aws:s3:::prod-ap-northeast-2-starport-layer-bucket/*",
        "arn:aws:s3:::al2023-repos-ap-northeast-2-de612dc2/*",
        "arn:aws:s3:::amazon-ssm-ap-northeast-2/*",
    ]


def test_interface_endpoints_are_just_those_listed(full: Synthesized) -> None:
    interfaces = {
        body["service_name"]: body
        for body in full.resources("aws_vpc_endpoint").values()
        if body["vpc_endpoint_type"] == "Interface"
    }

    assert set(interfaces) == {
        f"com.amazonaws.ap-northeast-2.{service}" for service in (*FARGATE_ENDPOINTS, "ssm", "ssmmessages")
    }
    for body in interfaces.values():
        assert body["private_dns_enabled"] is True
        assert body["subnet_ids"] == [f"${{aws_subnet.network_private-{letter}.id}}" for letter in "cab"]
        assert body["security_group_ids"] == ["${aws_security_group.network_endpoints_access_group.id}"]
        (statement,) = policy(body["policy"])
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}


def test_interface_endpoints_answer_https_from_the_vpc_only(full: Synthesized) -> None:
    rule = full.only("aws_vpc_security_group_ingress_rule")

    assert rule["security_group_id"] == "${aws_security_group.network_endpoints_access_group.id}"
    assert (rule["cidr_ipv4"], rule["ip_protocol"], rule["from_port"], rule["to_port"]) == (
        "10.20.0.0/16",
        "tcp",
        443,
        443,
    )
    assert full.resources("aws_vpc_security_group_egress_rule") == {}


def test_flow_logs_go_into_an_encrypted_group_for_a_year_by_default(single: Synthesized) -> None:
    group = single.only("aws_cloudwatch_log_group")
    log = single.only("aws_flow_log")

    assert group["name"] == "adelie-test-vpc-flow-logs"
    assert group["retention_in_days"] == 365
    assert group["kms_key_id"] == "${aws_kms_key.key.arn}"
    assert log["vpc_id"] == "${aws_vpc.network_vpc.id}"
    assert log["traffic_type"] == "ALL"
    assert log["log_destination"] == "${aws_cloudwatch_log_group.network_flow-logs_group.arn}"
    assert log["iam_role_arn"] == "${aws_iam_role.network_flow-logs_role.arn}"


def test_flow_logs_are_kept_and_filtered_as_set(full: Synthesized) -> None:
    assert full.only("aws_cloudwatch_log_group")["retention_in_days"] == 30
    assert full.only("aws_flow_log")["traffic_type"] == "REJECT"


def test_the_flow_log_role_writes_to_its_own_group_for_this_account_only(single: Synthesized) -> None:
    (trust,) = policy(single.only("aws_iam_role")["assume_role_policy"])
    write, find = policy(single.only("aws_iam_role_policy")["policy"])
    group = "${aws_cloudwatch_log_group.network_flow-logs_group.arn}"

    assert trust["Principal"] == {"Service": ["vpc-flow-logs.amazonaws.com"]}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:ap-northeast-2:111111111111:vpc-flow-log/*"},
    }
    assert write["Action"] == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert write["Resource"] == [group, f"{group}:*"]
    assert find["Action"] == ["logs:DescribeLogGroups"]
    assert find["Resource"] == ["*"]


def test_without_flow_logs_there_is_neither_group_nor_role(closed: Synthesized) -> None:
    for resource_type in ("aws_flow_log", "aws_cloudwatch_log_group", "aws_iam_role", "aws_iam_role_policy"):
        assert closed.resources(resource_type) == {}


def test_zones_of_another_region_are_refused() -> None:
    settings = network_settings(availability_zones=("us-east-1a", "us-east-1b"))

    def build(stack: TerraformStack) -> None:
        key = CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
        Network(stack, "network", settings=settings, names=NAMES, key=key)

    with pytest.raises(ValueError, match=r"^availability_zones must be ") as error:
        synthesize_readable(build)

    assert str(error.value) == (
        "availability_zones must be zones of ap-northeast-2, but has us-east-1a, us-east-1b; "
        "use zones such as ap-northeast-2a"
    )
