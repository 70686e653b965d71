"""Addresses: examples to read, and properties that must hold for every VPC."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations, product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.cidr import (
    LARGEST_VPC_PREFIX,
    SMALLEST_VPC_PREFIX,
    ZONE_LETTERS,
    InvalidCidrError,
    Tier,
    overlaps,
    parse_network,
    parse_vpc_network,
    subnet,
)

TIERS: tuple[Tier, ...] = get_args(Tier)


def _network(base: str, prefix: int, index: int) -> IPv4Network:
    range_ = IPv4Network(base)
    size = 1 << (32 - prefix)
    return IPv4Network((int(range_.network_address) + index % (range_.num_addresses // size) * size, prefix))


vpcs = st.builds(
    _network,
    st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
    st.integers(LARGEST_VPC_PREFIX, SMALLEST_VPC_PREFIX),
    st.integers(0, 2**14),
)
networks = st.builds(_network, st.just("10.0.0.0/8"), st.integers(8, 32), st.integers(0, 2**24))


@given(vpcs)
def test_every_vpc_that_the_properties_speak_of_is_a_valid_one(vpc: IPv4Network) -> None:
    assert parse_vpc_network(str(vpc)) == vpc


@given(vpcs)
def test_subnets_never_overlap_and_always_lie_inside(vpc: IPv4Network) -> None:
    subnets = [subnet(vpc, tier, letter) for tier, letter in product(TIERS, ZONE_LETTERS)]

    assert all(one.subnet_of(vpc) for one in subnets)
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


@given(vpcs)
def test_a_quarter_of_the_vpc_stays_free_for_another_tier(vpc: IPv4Network) -> None:
    spare = list(vpc.subnets(prefixlen_diff=2))[3]

    assert not any(subnet(vpc, tier, letter).overlaps(spare) for tier, letter in product(TIERS, ZONE_LETTERS))


@given(vpcs, st.lists(st.sampled_from(ZONE_LETTERS), unique=True, min_size=1), st.sampled_from(ZONE_LETTERS))
def test_adding_a_zone_anywhere_moves_no_other(vpc: IPv4Network, letters: list[str], added: str) -> None:
    def layout(zones: list[str]) -> dict[tuple[Tier, str], IPv4Network]:
        return {(tier, zone): subnet(vpc, tier, zone) for zone, tier in product(zones, TIERS)}

    before = layout(letters)

    for position in range(len(letters) + 1):
        after = layout([*letters[:position], added, *letters[position:]])
        assert {key: after[key] for key in before} == before


@given(vpcs)
def test_the_smallest_subnet_is_one_that_a_load_balancer_takes(vpc: IPv4Network) -> None:
    assert subnet(vpc, "private", "a").prefixlen <= 27


@pytest.mark.parametrize(
    ("tier", "letter", "expected"),
    [
        ("public", "a", "10.20.0.0/21"),
        ("public", "h", "10.20.56.0/21"),
        ("private", "a", "10.20.64.0/21"),
        ("private", "c", "10.20.80.0/21"),
        ("isolated", "a", "10.20.128.0/21"),
        ("isolated", "h", "10.20.184.0/21"),
    ],
)
def test_the_layout_of_a_16_is_a_public_contract(tier: Tier, letter: str, expected: str) -> None:
    assert str(subnet(IPv4Network("10.20.0.0/16"), tier, letter)) == expected


PRIVATE_RULE = "must lie inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)"
SIZE_RULE = (
    "must be between a /16 (AWS's largest) and a /22 (whose 32 subnets are the smallest that a load balancer takes)"
)


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.20.0.0", "the network '10.20.0.0' must be an IPv4 network in CIDR notation; write it as 10.20.0.0/16"),
        (
            "10.20.0.0/33",
            "the network '10.20.0.0/33' must be an IPv4 network in CIDR notation; write it as 10.20.0.0/16",
        ),
        ("fd00::/56", "the network 'fd00::/56' must be an IPv4 network in CIDR notation; write it as 10.20.0.0/16"),
        ("", "the network '' must be an IPv4 network in CIDR notation; write it as 10.20.0.0/16"),
        (
            "10.20.1.0/16",
            "the network '10.20.1.0/16' must be written with its first address and prefix; write 10.20.0.0/16",
        ),
        (
            "10.20.0.0/255.255.0.0",
            "the network '10.20.0.0/255.255.0.0' must be written with its first address and prefix; write 10.20.0.0/16",
        ),
        ("11.0.0.0/16", f"the network '11.0.0.0/16' {PRIVATE_RULE}; use a private network such as 10.20.0.0/16"),
        ("100.64.0.0/16", f"the network '100.64.0.0/16' {PRIVATE_RULE}; use a private network such as 10.20.0.0/16"),
        ("172.32.0.0/16", f"the network '172.32.0.0/16' {PRIVATE_RULE}; use a private network such as 10.20.0.0/16"),
        ("192.168.0.0/15", "the network '192.168.0.0/15' "),
        ("10.20.0.0/15", f"the network '10.20.0.0/15' {SIZE_RULE}; use 10.20.0.0/16"),
        ("10.20.4.0/23", f"the network '10.20.4.0/23' {SIZE_RULE}; use 10.20.0.0/16"),
    ],
)
def test_a_vpc_that_cannot_be_used_is_refused(cidr: str, message: str) -> None:
    with pytest.raises(InvalidCidrError) as caught:
        parse_vpc_network(cidr)

    assert str(caught.value) == message or (message.endswith(" ") and str(caught.value).startswith(message))


@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "10.20.4.0/22", "172.31.0.0/16", "192.168.0.0/16"])
def test_the_largest_and_the_smallest_vpc_are_taken(cidr: str) -> None:
    assert str(parse_vpc_network(cidr)) == cidr


def test_a_network_that_is_no_vpc_may_have_any_size() -> None:
    assert str(parse_network("10.10.10.0/24")) == "10.10.10.0/24"


@given(st.lists(networks, max_size=6))
def test_overlaps_finds_just_the_pairs_that_share_an_address(found: list[IPv4Network]) -> None:
    named = {f"network-{index}": network for index, network in enumerate(found)}

    pairs = overlaps({name: str(network) for name, network in named.items()})

    for one, other in combinations(named, 2):
        shares = named[one].network_address <= named[other].broadcast_address and (
            named[other].network_address <= named[one].broadcast_address
        )
        assert ((one, other) in pairs) == shares


def test_overlaps_names_each_pair_once_in_the_given_order() -> None:
    named = {"prod": "10.10.0.0/16", "staging": "10.20.0.0/16", "on-premises": "10.10.10.0/24", "twin": "10.20.0.0/16"}

    assert overlaps(named) == [("prod", "on-premises"), ("staging", "twin")]


def test_overlaps_refuses_what_is_no_network() -> None:
    with pytest.raises(InvalidCidrError, match=r"^the network '10\.10\.10\.1/24' must be written"):
        overlaps({"on-premises": "10.10.10.1/24"})
