"""Nothing is public but the front door: read from the subnets, routes, security groups and resources as synthesized."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from catalogue.cidr import overlaps
from stacks.environment import Environment
from tests.environments import PLATFORMS
from tests.support import Synthesized, references

ANYWHERE = {"0.0.0.0/0", "::/0"}


@pytest.fixture(params=PLATFORMS)
def stack(request: pytest.FixtureRequest, platforms: Mapping[str, Synthesized]) -> Synthesized:
    return platforms[request.param]


def test_no_security_group_admits_the_internet(stack: Synthesized) -> None:
    rules = stack.resources("aws_vpc_security_group_ingress_rule")
    assert rules
    for name, rule in rules.items():
        assert rule.get("cidr_ipv4") not in ANYWHERE, name
        assert rule.get("cidr_ipv6") not in ANYWHERE, name


def test_every_ingress_rule_opens_one_port(stack: Synthesized) -> None:
    for name, rule in stack.resources("aws_vpc_security_group_ingress_rule").items():
        assert rule["ip_protocol"] == "tcp", name
        assert rule["from_port"] == rule["to_port"], name


def test_egress_to_the_internet_is_https_only(stack: Synthesized) -> None:
    for name, rule in stack.resources("aws_vpc_security_group_egress_rule").items():
        if rule.get("cidr_ipv4") in ANYWHERE or rule.get("cidr_ipv6") in ANYWHERE:
            assert (rule["from_port"], rule["to_port"], rule["ip_protocol"]) == (443, 443, "tcp"), name


def test_rules_are_standalone(stack: Synthesized) -> None:
    for name, group in stack.resources("aws_security_group").items():
        assert not group.keys() & {"ingress", "egress"}, name
    for name, group in stack.resources("aws_default_security_group").items():
        assert not group.get("ingress"), name
        assert not group.get("egress"), name


def test_the_load_balancer_is_internal(stack: Synthesized) -> None:
    balancers = stack.resources("aws_lb")
    assert balancers
    for name, balancer in balancers.items():
        assert balancer["internal"] is True, name


def test_the_load_balancer_admits_only_cloudfront(stack: Synthesized) -> None:
    (balancer,) = stack.resources("aws_lb").values()
    groups = {reference for group in balancer["security_groups"] for reference in references(group)}
    rules = [
        rule
        for rule in stack.resources("aws_vpc_security_group_ingress_rule").values()
        if references(rule["security_group_id"]) & groups
    ]
    assert rules
    assert all(rule.keys() & {"prefix_list_id"} and not rule.keys() & {"cidr_ipv4"} for rule in rules)


def test_no_instance_task_or_database_has_a_public_address(stack: Synthesized) -> None:
    for name, subnet in stack.resources("aws_subnet").items():
        assert subnet.get("map_public_ip_on_launch", False) is False, name
    for name, instance in stack.resources("aws_instance").items():
        assert instance["associate_public_ip_address"] is False, name
    for name, service in stack.resources("aws_ecs_service").items():
        assert service["network_configuration"]["assign_public_ip"] is False, name
    for name, database in stack.resources("aws_db_instance").items():
        assert database["publicly_accessible"] is False, name


def test_data_lives_in_subnets_without_a_way_out(stack: Synthesized) -> None:
    data_subnets = {
        reference
        for kind in ("aws_db_subnet_group", "aws_elasticache_subnet_group")
        for group in stack.resources(kind).values()
        for subnet in group["subnet_ids"]
        for reference in references(subnet)
    }
    assert data_subnets
    tables = {
        reference
        for association in stack.resources("aws_route_table_association").values()
        if references(association["subnet_id"]) & data_subnets
        for reference in references(association["route_table_id"])
    }
    assert tables
    for name, route in stack.resources("aws_route").items():
        assert not references(route["route_table_id"]) & tables, name


def test_no_bucket_is_public(stack: Synthesized) -> None:
    buckets = {f"aws_s3_bucket.{name}" for name in stack.resources("aws_s3_bucket")}
    blocked: set[str] = set()
    for block in stack.resources("aws_s3_bucket_public_access_block").values():
        switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
        assert all(block[switch] is True for switch in switches)
        blocked |= references(block["bucket"])
    assert buckets
    assert buckets == blocked


def test_networks_could_be_connected_one_day(environments: Mapping[str, Environment]) -> None:
    named = {name: environment.network.vpc_cidr for name, environment in environments.items()}
    reserved = {
        name: cidr for environment in environments.values() for name, cidr in environment.reserved_cidrs.items()
    }
    found = overlaps({**named, **reserved})
    assert not found, f"these networks overlap, give one of each pair another network.vpc_cidr: {found}"
