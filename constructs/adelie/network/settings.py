"""The settings of an environment's network and bastion."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adelie.network.zones import is_zone, region_of_zone
from adelie.values.log_retention import LogRetentionDays
from catalogue.cidr import ZONE_LETTERS, InvalidCidrError, parse_vpc_network
from catalogue.settings import EmulatorOnly, Settings, reject

InterfaceEndpoint = Literal[
    "ecr.api",
    "ecr.dkr",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "ec2messages",
    "states",
    "sts",
]
"""The last part of an endpoint's service name, `com.amazonaws.<region>.<this>`."""

FARGATE_ENDPOINTS: Final[frozenset[InterfaceEndpoint]] = frozenset({"ecr.api", "ecr.dkr", "logs", "secretsmanager"})
"""What a Fargate task needs to start without a way to the internet, beside the S3 gateway endpoint
(ECS developer guide: Amazon ECS interface VPC endpoints; the ECS endpoints themselves are for EC2 hosts only)."""

SESSION_MANAGER_ENDPOINTS: Final[frozenset[InterfaceEndpoint]] = frozenset({"ssm", "ssmmessages"})
"""What the SSM agent needs without a way to the internet; `ec2messages` only before agent 3.3.40 (Systems Manager user
guide: VPC endpoints), and Amazon Linux 2023 images have a newer one."""

# A Graviton type: the family's letters, its generation, then `g` and further attributes (t4g, m7gd, c8gn). The `g` of
# g4dn (a GPU family) comes before the generation; g5g has both and is Graviton.
_ARM64_TYPE: Final = re.compile(r"[a-z]+[0-9]+g[a-z]*\.[a-z0-9]+")


class FlowLogSettings(Settings):
    """How the VPC's flow logs are kept."""

    retention_days: LogRetentionDays
    """Days that records stay in CloudWatch Logs; a year or more keeps what an investigation needs."""
    traffic: Literal["ACCEPT", "REJECT", "ALL"] = "ALL"
    """Which connections are recorded (default ALL); REJECT alone is cheaper, and still shows blocked egress."""


class NetworkSettings(Settings):
    """One VPC: its addresses, its zones, its ways out."""

    vpc_cidr: str
    """The VPC's addresses: private (RFC 1918), /16 to /22; it cannot be changed without replacing everything in it."""
    availability_zones: Annotated[tuple[str, ...], Field(min_length=2, max_length=len(ZONE_LETTERS))]
    """Full zone names (ap-northeast-2a) of one region; two or more, because load balancers and databases need two.

    The first holds the NAT gateway of `nat: single` and the bastion: add a zone at the end."""
    nat: Literal["none", "single", "per_az"]
    """How private subnets reach the internet: `per_az` survives the loss of a zone, `single` does not, and with `none`
    there is no way out. Each gateway costs by the hour and by the gigabyte."""
    interface_endpoints: tuple[InterfaceEndpoint, ...]
    """AWS services reached inside the VPC instead of through NAT; each costs by the hour and zone. May be empty unless
    `nat` is `none`; the bastion then also needs ssm and ssmmessages."""
    flow_logs: Annotated[FlowLogSettings | None, EmulatorOnly(None)] = FlowLogSettings(retention_days=365)
    """Record of every connection (default: kept for 365 days); null records nothing, for an emulator without them."""

    @property
    def reaches_session_manager(self) -> bool:
        """Whether an SSM agent in a private subnet (the bastion, ECS Exec) finds its service."""
        return self.nat != "none" or SESSION_MANAGER_ENDPOINTS.issubset(self.interface_endpoints)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        self._check_vpc_cidr()
        self._check_zones()
        self._check_endpoints()
        return self

    def _check_vpc_cidr(self) -> None:
        try:
            parse_vpc_network(self.vpc_cidr)
        except InvalidCidrError as error:
            reject("vpc_cidr", error.rule, self.vpc_cidr, error.fix)

    def _check_zones(self) -> None:
        for index, zone in enumerate(self.availability_zones):
            key = f"availability_zones.{index}"
            if not is_zone(zone):
                rule = (
                    f"must be the full name of an availability zone that ends in a letter from a to {ZONE_LETTERS[-1]}"
                )
                reject(key, rule, zone, "write it as ap-northeast-2a")
            if zone in self.availability_zones[:index]:
                reject(key, "must be listed once", zone, "remove it or use another zone")
            region = region_of_zone(self.availability_zones[0])
            if region_of_zone(zone) != region:
                reject(key, f"must be a zone of {region}, as the first one", zone, f"use a zone of {region}")

    def _check_endpoints(self) -> None:
        for index, endpoint in enumerate(self.interface_endpoints):
            if endpoint in self.interface_endpoints[:index]:
                reject(f"interface_endpoints.{index}", "must be listed once", endpoint, "remove it")
        missing = sorted(FARGATE_ENDPOINTS - set(self.interface_endpoints))
        if self.nat == "none" and missing:
            reject(
                "nat",
                "must give private subnets a way out, or endpoints for what Fargate tasks need to start",
                self.nat,
                f"use single or per_az, or add {', '.join(missing)} to interface_endpoints",
            )


class BastionSettings(Settings):
    """The SSM-managed host that forwards ports into the VPC."""

    instance_type: str
    """An arm64 (Graviton) instance type; t4g.nano is enough for port forwarding."""
    root_volume_gib: Annotated[int, Field(ge=8, le=64)] = 8
    """Size of the encrypted gp3 root disk in GiB (default 8, the size of the Amazon Linux 2023 image)."""
    detailed_monitoring: bool = True
    """Metrics every minute instead of every five, for which CloudWatch charges (default true)."""
    ami_id: Annotated[str, StringConstraints(pattern=r"^ami-[0-9a-f]{8,17}$")] | None = None
    """A fixed arm64 image with the SSM agent; omitted, the current Amazon Linux 2023 is looked up when deploying.

    Set it to stay on one image, or where that public SSM parameter does not exist: in an emulator."""

    @model_validator(mode="after")
    def _is_arm64(self) -> Self:
        if not _ARM64_TYPE.fullmatch(self.instance_type):
            reject("instance_type", "must be an arm64 (Graviton) instance type", self.instance_type, "use t4g.nano")
        return self
