"""The VPC: three tiers of subnets over explicit availability zones, and their routes."""

from __future__ import annotations

from adelie.network.endpoints import Endpoints
from adelie.network.flow_logs import FlowLogs
from adelie.network.settings import NetworkSettings
from adelie.network.zones import letter_of_zone, zones_outside
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.encryption import CustomerKey
from adelie.values.naming import AwsNames
from catalogue import cidr

_ANYWHERE = "0.0.0.0/0"


class Network(Construct):
    """A VPC with a public, a private and an isolated subnet in each availability zone.

    - public: routes to the internet gateway; holds NAT gateways, and nothing gets a public address by itself.
    - private: routes out through NAT (as `settings.nat` says); services, load balancer, bastion, interface endpoints.
    - isolated: no route out of the VPC but to S3's gateway endpoint; databases and caches.

    Addresses depend on tier and zone letter only (`catalogue.cidr`): adding a zone leaves every other subnet as it is.
    The default security group is emptied, and connections are recorded in flow logs unless the settings turn them off.

    Raises ValueError if a zone of the settings does not belong to the environment's region.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: NetworkSettings, names: AwsNames, key: CustomerKey
    ) -> None:
        super().__init__(scope, id)
        _check_region(settings, names)
        self._names = names
        self._zones = {letter_of_zone(zone): zone for zone in settings.availability_zones}
        self.vpc_cidr = settings.vpc_cidr
        self.vpc_id = self._vpc().id
        self._empty_default_security_group()

        public = self._subnets("public")
        private = self._subnets("private")
        isolated = self._subnets("isolated")

        gateway = self._internet_gateway()
        self._route_public(public, gateway)
        nats = self._nat_gateways(settings, public, gateway)
        private_tables, private_associations = self._route_private(private, nats)
        isolated_table = self._route_isolated(isolated)

        # Through the association: what is placed there waits until its subnet has a way out, so that the first task
        # finds its image.
        self.private_subnet_ids = [association.subnet_id for association in private_associations]
        self.isolated_subnet_ids = [subnet.id for subnet in isolated.values()]

        Endpoints(
            self,
            "endpoints",
            services=settings.interface_endpoints,
            names=names,
            vpc_id=self.vpc_id,
            vpc_cidr=self.vpc_cidr,
            subnet_ids=[subnet.id for subnet in private.values()],
            route_table_ids=[*(table.id for table in private_tables), isolated_table.id],
        )
        if settings.flow_logs is not None:
            FlowLogs(self, "flow-logs", settings=settings.flow_logs, names=names, key=key, vpc_id=self.vpc_id)

    def _vpc(self) -> aws.Vpc:
        return aws.Vpc(
            self,
            "vpc",
            cidr_block=self.vpc_cidr,
            enable_dns_support=True,  # both are what private DNS names of interface endpoints need
            enable_dns_hostnames=True,
            tags=self._name("aws_vpc", "vpc"),
        )

    def _empty_default_security_group(self) -> None:
        aws.DefaultSecurityGroup(
            self, "default-group", vpc_id=self.vpc_id, tags=self._name("aws_default_security_group", "default-unused")
        )

    def _subnets(self, tier: cidr.Tier) -> dict[str, aws.Subnet]:
        vpc = cidr.parse_vpc_network(self.vpc_cidr)
        return {
            letter: aws.Subnet(
                self,
                f"{tier}-{letter}",
                vpc_id=self.vpc_id,
                availability_zone=zone,
                cidr_block=str(cidr.subnet(vpc, tier, letter)),
                map_public_ip_on_launch=False,
                tags=self._name("aws_subnet", tier, letter),
            )
            for letter, zone in self._zones.items()
        }

    def _internet_gateway(self) -> aws.InternetGateway:
        # Created with `nat: none` too: CloudFront's VPC origins ask for one on the VPC, although none of their
        # packets crosses it (CloudFront developer guide: Restrict access with VPC origins, prerequisites).
        return aws.InternetGateway(self, "internet", vpc_id=self.vpc_id, tags=self._name("aws_internet_gateway", "vpc"))

    def _route_public(self, subnets: dict[str, aws.Subnet], gateway: aws.InternetGateway) -> None:
        table = self._route_table("public")
        aws.Route(self, "public-out", route_table_id=table.id, destination_cidr_block=_ANYWHERE, gateway_id=gateway.id)
        self._associate("public", subnets, dict.fromkeys(subnets, table.id))

    def _nat_gateways(
        self, settings: NetworkSettings, subnets: dict[str, aws.Subnet], gateway: aws.InternetGateway
    ) -> dict[str, aws.NatGateway]:
        """The gateway that each zone uses, by letter: its own, a shared one, or none."""
        letters = list(subnets)
        if settings.nat == "none":
            return {}
        if settings.nat == "single":
            return dict.fromkeys(letters, self._nat_gateway(letters[0], subnets[letters[0]], gateway))
        return {letter: self._nat_gateway(letter, subnets[letter], gateway) for letter in letters}

    def _nat_gateway(self, letter: str, public: aws.Subnet, gateway: aws.InternetGateway) -> aws.NatGateway:
        tags = self._name("aws_nat_gateway", "nat", letter)
        address = aws.Eip(self, f"nat-{letter}-address", domain="vpc", tags=tags, depends_on=[gateway])
        return aws.NatGateway(
            self,
            f"nat-{letter}",
            allocation_id=address.allocation_id,
            subnet_id=public.id,
            tags=tags,
            depends_on=[gateway],  # AWS refuses a NAT gateway in a VPC that has no internet gateway yet
        )

    def _route_private(
        self, subnets: dict[str, aws.Subnet], nats: dict[str, aws.NatGateway]
    ) -> tuple[list[aws.RouteTable], list[aws.RouteTableAssociation]]:
        tables = {letter: self._route_table("private", letter) for letter in subnets}
        table_ids = {letter: table.id for letter, table in tables.items()}
        for letter, nat in nats.items():
            route = aws.Route(
                self,
                f"private-out-{letter}",
                route_table_id=tables[letter].id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=nat.id,
            )
            table_ids[letter] = route.route_table_id  # the same id, known once the route is there
        return list(tables.values()), self._associate("private", subnets, table_ids)

    def _route_isolated(self, subnets: dict[str, aws.Subnet]) -> aws.RouteTable:
        table = self._route_table("isolated")
        self._associate("isolated", subnets, dict.fromkeys(subnets, table.id))
        return table

    def _route_table(self, *parts: str) -> aws.RouteTable:
        return aws.RouteTable(
            self, "-".join((*parts, "routes")), vpc_id=self.vpc_id, tags=self._name("aws_route_table", *parts)
        )

    def _associate(
        self, tier: cidr.Tier, subnets: dict[str, aws.Subnet], table_ids: dict[str, str]
    ) -> list[aws.RouteTableAssociation]:
        return [
            aws.RouteTableAssociation(
                self, f"{tier}-{letter}-association", subnet_id=subnet.id, route_table_id=table_ids[letter]
            )
            for letter, subnet in subnets.items()
        ]

    def _name(self, resource_type: str, *parts: str) -> dict[str, str]:
        return {"Name": self._names.name(resource_type, *parts)}


def _check_region(settings: NetworkSettings, names: AwsNames) -> None:
    elsewhere = zones_outside(names.region, settings.availability_zones)
    if elsewhere:
        raise ValueError(
            f"availability_zones must be zones of {names.region}, but has {', '.join(elsewhere)}; "
            f"use zones such as {names.region}a"
        )
