"""Addresses: where each subnet lies in a VPC, and which networks overlap. Pure: no cdktf import.

A VPC is cut into 32 equal subnets: 4 tiers (the fourth is kept for one that does not exist yet) of 8 zones, `a` to `h`.
A subnet's slot follows from its tier and its zone's letter alone, never from a position in a list: adding a zone,
taking one away or listing them in another order moves nothing. (To renumber a subnet is to replace it and all in it.)

| VPC | subnets | usable addresses in each (AWS keeps 5) |
|---|---|---|
| /16 | /21 | 2043 |
| /20 | /25 | 123 |
| /22 | /27 | 27 |
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Final, Literal

Tier = Literal["public", "private", "isolated"]
"""`public` routes to the internet gateway, `private` out through NAT, `isolated` nowhere."""

ZONE_LETTERS: Final = "abcdefgh"
"""The zones that have a slot: AWS's largest region (us-east-1) has `a` to `f`; eight divide a network evenly."""

LARGEST_VPC_PREFIX: Final = 16
"""The largest VPC that AWS takes (VPC user guide: VPC CIDR blocks, /16 to /28)."""
SMALLEST_VPC_PREFIX: Final = 22
"""The smallest VPC whose subnets are still a /27, the least that a load balancer takes (ELB user guide: subnets)."""

_TIER_SLOT: Final[Mapping[Tier, int]] = {"public": 0, "private": 1, "isolated": 2}
_SLOT_BITS: Final = 5  # 4 tiers x 8 zones
_PRIVATE_RANGES: Final = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


class InvalidCidrError(ValueError):
    """A CIDR that cannot be used: `rule` is what it must be, `fix` what to do instead."""

    def __init__(self, cidr: str, rule: str, fix: str) -> None:
        super().__init__(f"the network {cidr!r} {rule}; {fix}")
        self.rule = rule
        self.fix = fix


def parse_network(cidr: str) -> IPv4Network:
    """The IPv4 network that `cidr` writes. Raises InvalidCidrError if it is none, or has bits set behind its prefix."""
    try:
        if "/" not in cidr:
            raise ValueError
        network = IPv4Network(cidr, strict=False)
    except ValueError:
        raise InvalidCidrError(cidr, "must be an IPv4 network in CIDR notation", "write it as 10.20.0.0/16") from None
    if cidr != str(network):
        raise InvalidCidrError(cidr, "must be written with its first address and prefix", f"write {network}")
    return network


def parse_vpc_network(cidr: str) -> IPv4Network:
    """The network of a VPC: private (RFC 1918) and neither too large for AWS nor too small for the subnets.

    Raises InvalidCidrError.
    """
    network = parse_network(cidr)
    if not any(network.subnet_of(private) for private in _PRIVATE_RANGES):
        raise InvalidCidrError(
            cidr,
            "must lie inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)",
            "use a private network such as 10.20.0.0/16",
        )
    if not LARGEST_VPC_PREFIX <= network.prefixlen <= SMALLEST_VPC_PREFIX:
        raise InvalidCidrError(
            cidr,
            f"must be between a /{LARGEST_VPC_PREFIX} (AWS's largest) and a /{SMALLEST_VPC_PREFIX} (whose 32 subnets "
            "are the smallest that a load balancer takes)",
            f"use {IPv4Network((network.network_address, LARGEST_VPC_PREFIX), strict=False)}",
        )
    return network


def subnet(vpc: IPv4Network, tier: Tier, zone_letter: str) -> IPv4Network:
    """The one place of `tier` in the zone that ends in `zone_letter`.

    >>> str(subnet(IPv4Network("10.20.0.0/16"), "private", "c"))
    '10.20.80.0/21'
    """
    slot = _TIER_SLOT[tier] * len(ZONE_LETTERS) + ZONE_LETTERS.index(zone_letter)
    prefix = vpc.prefixlen + _SLOT_BITS
    size = 1 << (vpc.max_prefixlen - prefix)
    return IPv4Network((int(vpc.network_address) + slot * size, prefix))


def overlaps(networks: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of names whose networks share an address, in the order of `networks`.

    Raises InvalidCidrError for a CIDR that `parse_network` refuses.

    >>> overlaps({"prod": "10.10.0.0/16", "staging": "10.20.0.0/16", "on-premises": "10.10.10.0/24"})
    [('prod', 'on-premises')]
    """
    parsed = {name: parse_network(cidr) for name, cidr in networks.items()}
    return [(one, other) for one, other in combinations(parsed, 2) if parsed[one].overlaps(parsed[other])]
