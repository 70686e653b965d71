"""The network family: VPC, subnets, NAT, endpoints, flow logs and the bastion."""

from adelie.network.bastion import Bastion
from adelie.network.settings import BastionSettings, FlowLogSettings, NetworkSettings
from adelie.network.vpc import Network
from adelie.network.zones import region_of_zone, zones_outside

__all__ = [
    "Bastion",
    "BastionSettings",
    "FlowLogSettings",
    "Network",
    "NetworkSettings",
    "region_of_zone",
    "zones_outside",
]
