"""Who reaches whom, as a network reviewer reads it: from the route tables and security groups that really exist.

Each check returns what it finds wrong, one sentence each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.emulated.deployment import Deployment
from tests.users import users
from tools.emulated.kinds import Kind

INTERNET = "internet"
CLOUDFRONT = "cloudfront"
ANYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Opening:
    """A permission of a security group, either way: to or from whom, and at which ports."""

    peer: str
    """A security group's short name, CLOUDFRONT, INTERNET or a CIDR."""
    ports: tuple[int, int]


class Network:
    """The deployment's network as its own EC2 API describes it."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.ec2 = deployment.client("ec2")
        cidr = str(deployment.environment.network.vpc_cidr)
        (self.vpc,) = (vpc["VpcId"] for vpc in self.ec2.describe_vpcs()["Vpcs"] if vpc["CidrBlock"] == cidr)
        self._in_vpc = [{"Name": "vpc-id", "Values": [self.vpc]}]

    @cached_property
    def groups(self) -> dict[str, Any]:
        """Every security group of the VPC, by its name without project and environment."""
        prefix = f"{self.deployment.environment.project}-{self.deployment.environment.name}-"
        found = self.ec2.describe_security_groups(Filters=self._in_vpc)["SecurityGroups"]
        return {group["GroupName"].removeprefix(prefix): group for group in found}

    def openings(self, group: str, direction: str) -> set[Opening]:
        """What a group's rules of a direction (`IpPermissions`, `IpPermissionsEgress`) open."""
        return {
            Opening(peer, (permission.get("FromPort", 0), permission.get("ToPort", 65535)))
            for permission in self.groups[group][direction]
            for peer in self._peers(permission)
        }

    def _peers(self, permission: dict[str, Any]) -> Iterator[str]:
        names = {group["GroupId"]: name for name, group in self.groups.items()}
        yield from (names[pair["GroupId"]] for pair in permission.get("UserIdGroupPairs", ()))
        yield from (CLOUDFRONT for _ in permission.get("PrefixListIds", ()))
        for key, cidr in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
            for item in permission.get(key, ()):
                yield INTERNET if item[cidr] in ANYWHERE else item[cidr]

    def reaches(self, source: str, target: str, port: int) -> bool:
        """Whether the source may send to the target and the target takes it."""
        out = self.openings(source, "IpPermissionsEgress")
        into = self.openings(target, "IpPermissions")
        return Opening(target, (port, port)) in out and Opening(source, (port, port)) in into

    def within_reach_of(self, start: str) -> dict[str, list[str]]:
        """Every group that connections from a start can get to hop by hop, with a way there."""
        ways: dict[str, list[str]] = {start: [start]}
        waiting = [start]
        while waiting:
            here = waiting.pop()
            for group in self.groups:
                if group not in ways and any(opening.peer == here for opening in self.openings(group, "IpPermissions")):
                    ways[group] = [*ways[here], group]
                    waiting.append(group)
        return ways

    @cached_property
    def default_routes(self) -> dict[str, str]:
        """Where each subnet sends what isn't for the VPC: `igw-...`, `nat-...` or nothing."""
        found: dict[str, str] = {}
        for table in self.ec2.describe_route_tables(Filters=self._in_vpc)["RouteTables"]:
            targets = [
                route.get("GatewayId") or route.get("NatGatewayId") or "?"
                for route in table["Routes"]
                if route.get("DestinationCidrBlock") in ANYWHERE
            ]
            for association in table["Associations"]:
                if association.get("SubnetId"):
                    found[association["SubnetId"]] = targets[0] if targets else ""
        return found


def admitted_from_anywhere(deployment: Deployment) -> list[str]:
    """Nothing takes connections from the whole internet, and the default group takes and sends nothing."""
    network = Network(deployment)
    open_groups = [
        name
        for name in network.groups
        if any(opening.peer == INTERNET for opening in network.openings(name, "IpPermissions"))
    ]
    default = network.groups["default"]
    return [f"{name} admits the internet" for name in open_groups] + [
        f"the default group has {direction}"
        for direction in ("IpPermissions", "IpPermissionsEgress")
        if default[direction]
    ]


def paths_to_the_data(deployment: Deployment) -> list[str]:
    """From CloudFront the data is behind the load balancer and who uses it; nothing else gets to it."""
    network, environment = Network(deployment), deployment.environment
    findings: list[str] = []
    if deployment.emulator.kind is Kind.MOTO:  # MiniStack doesn't show a rule's prefix list
        ways = network.within_reach_of(CLOUDFRONT)
        for store in ("database", "cache"):
            way = ways.get(store)
            if way not in [
                [CLOUDFRONT, "load-balancer", service, store]
                for service in environment.services.keys() & users(environment, store)
            ]:
                findings.append(f"the way from CloudFront to the {store} is {way}")
    bastion = {"bastion"} if environment.bastion else set[str]()
    meant: dict[str, set[tuple[str, int]]] = {
        "load-balancer": {(CLOUDFRONT, 443 if environment.tls_to_load_balancer else 80)},
        "database": {
            (peer, 5432) for peer in users(environment, "database", "database-owner") | {"database-role"} | bastion
        },
        "database-role": set(),
        "cache": {(peer, 6379) for peer in users(environment, "cache") | bastion},
        **{name: {("load-balancer", service.port)} for name, service in environment.services.items()},
        **{name: set() for name in (*environment.jobs, *environment.tasks)},
        "bastion": set(),
        "endpoints": {(str(environment.network.vpc_cidr), 443)},
    }
    for name in meant.keys() & network.groups.keys():
        found = {(each.peer, each.ports[0]) for each in network.openings(name, "IpPermissions")}
        expected = {each for each in meant[name] if each[0] != CLOUDFRONT or deployment.emulator.kind is Kind.MOTO}
        findings += [f"{name} takes {peer} at {port}" for peer, port in sorted(found - expected)]
        findings += [f"{name} does not take {peer} at {port}" for peer, port in sorted(expected - found)]
        findings += [
            f"{peer} may not send to {name} at {port}"
            for peer, port in sorted(expected)
            if peer in network.groups and not network.reaches(peer, name, port)
        ]
    return findings


def attached_groups(deployment: Deployment) -> list[str]:
    """Database, load balancer and services have their own security group and no other; none of them is public."""
    groups = {group["GroupId"]: name for name, group in Network(deployment).groups.items()}
    database = deployment.client("rds").describe_db_instances()["DBInstances"][0]
    balancer = deployment.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    attached = {
        "database": [each["VpcSecurityGroupId"] for each in database["VpcSecurityGroups"]],
        "load-balancer": balancer["SecurityGroups"],
    }
    for service in services(deployment):
        name = service["serviceName"].split("-", 2)[2]
        attached[name] = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    findings = [
        f"the {name} is in {[groups.get(each) for each in ids]}"
        for name, ids in attached.items()
        if [groups.get(each) for each in ids] != [name]
    ]
    if balancer["Scheme"] != "internal":
        findings.append(f"the load balancer is {balancer['Scheme']}")
    if database["PubliclyAccessible"]:
        findings.append("the database is publicly accessible")
    return findings


def routes(deployment: Deployment) -> list[str]:
    """The data's subnets have no way out; the tasks' goes through a NAT gateway, which is in a public one."""
    network = Network(deployment)
    ways = network.default_routes
    stores = deployment.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    isolated = {subnet["SubnetIdentifier"] for group in stores for subnet in group["Subnets"]}
    gateways = {
        gateway["NatGatewayId"]: gateway["SubnetId"]
        for gateway in network.ec2.describe_nat_gateways()["NatGateways"]
        if gateway["State"] != "deleted"
    }
    findings = [f"{subnet} of the database goes out by {ways[subnet]}" for subnet in isolated if ways[subnet]]
    for service in services(deployment):
        for subnet in service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]:
            if ways[subnet] not in gateways:
                findings.append(f"{subnet} of {service['serviceName']} goes out by {ways[subnet] or 'nothing'}")
    findings += [
        f"the NAT gateway {gateway} is in {subnet}, which goes out by {ways[subnet]}"
        for gateway, subnet in gateways.items()
        if not ways[subnet].startswith("igw-")
    ]
    expected = len(deployment.environment.network.availability_zones)
    if len(isolated) != expected or not gateways:
        findings.append(f"{len(isolated)} isolated subnets, {len(gateways)} NAT gateways")
    return findings


def services(deployment: Deployment) -> list[dict[str, Any]]:
    """Every ECS service of the cluster."""
    ecs = deployment.client("ecs")
    cluster = deployment.outputs["cluster_name"]
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    return ecs.describe_services(cluster=cluster, services=arns)["services"]
