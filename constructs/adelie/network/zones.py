"""Availability zones by name. Pure: no cdktf import."""

from __future__ import annotations

import re
from typing import Final

from catalogue.cidr import ZONE_LETTERS

# `ap-northeast-2a`: a region and a letter. Local and Wavelength zones (`us-west-2-lax-1a`) do not match on purpose:
# they lack some of the services that this platform puts into every zone.
_ZONE: Final = re.compile(rf"(?P<region>[a-z]{{2,4}}(-[a-z]+)+-[0-9])(?P<letter>[{ZONE_LETTERS}])")


def is_zone(name: str) -> bool:
    """Whether `name` has the shape of an availability zone's full name (`ap-northeast-2a`)."""
    return _ZONE.fullmatch(name) is not None


def region_of_zone(zone: str) -> str:
    """`ap-northeast-2` of `ap-northeast-2a`. Raises ValueError if `zone` isn't an availability zone's name."""
    return _matched(zone)["region"]


def letter_of_zone(zone: str) -> str:
    """`a` of `ap-northeast-2a`. Raises ValueError if `zone` isn't an availability zone's name."""
    return _matched(zone)["letter"]


def zones_outside(region: str, zones: tuple[str, ...]) -> list[str]:
    """Those of `zones` that do not belong to `region`."""
    return [zone for zone in zones if region_of_zone(zone) != region]


def _matched(zone: str) -> re.Match[str]:
    matched = _ZONE.fullmatch(zone)
    if matched is None:
        raise ValueError(f"{zone!r} is not the full name of an availability zone, such as ap-northeast-2a")
    return matched
