"""How much memory and how many connections an instance class has. Pure: no cdktf import."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints

from catalogue.settings import reject

_BURSTABLE: Final = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}
_OF_A_LARGE: Final = {
    "large": 1,
    "xlarge": 2,
    "2xlarge": 4,
    "4xlarge": 8,
    "8xlarge": 16,
    "12xlarge": 24,
    "16xlarge": 32,
}

MEMORY_GIB: Final[Mapping[str, int]] = MappingProxyType(
    {
        **{f"db.{family}.{size}": gib for family in ("t3", "t4g") for size, gib in _BURSTABLE.items()},
        **{
            f"db.{family}.{size}": gib_of_a_large * larges
            for gib_of_a_large, families in (
                (8, ("m6g", "m6i", "m7g", "m7i", "m8g")),
                (16, ("r6g", "r6i", "r7g", "r7i", "r8g")),
            )
            for family in families
            for size, larges in _OF_A_LARGE.items()
        },
    }
)
"""GiB of memory (RDS user guide, "Hardware specifications for DB instance classes")."""

_MOST_CONNECTIONS: Final = 5000
_BYTES_A_CONNECTION: Final = 9_531_392
_RDS_KEEPS_MIB: Final = 328
_RDS_KEEPS_SHARE: Final = 0.036
_MIB: Final = 1024**2
_A_SLIP: Final = 0.9
"""How alike a class must be to be the one that was meant (difflib): two letters changed, and not another family."""


def _known(instance_class: str) -> str:
    if instance_class not in MEMORY_GIB:
        close = difflib.get_close_matches(instance_class, MEMORY_GIB, n=1, cutoff=_A_SLIP)
        other = f"use {close[0]}" if close else "use a class of " + ", ".join(sorted(_families()))
        fix = f"{other}, or add the class to adelie/database/sizes.py"
        reject("", "must be a class whose memory is known, for the alarms", instance_class, fix)
    return instance_class


def _families() -> set[str]:
    return {name.rpartition(".")[0] for name in MEMORY_GIB}


InstanceClass = Annotated[str, StringConstraints(pattern=r"^db\.[a-z0-9-]+\.[a-z0-9]+$"), AfterValidator(_known)]
"""An instance class, such as db.t4g.micro or db.m7g.large, whose memory is known here."""


def memory_mib(instance_class: str) -> int:
    """MiB of memory that an instance of the class has, with what RDS takes of it for itself.

    >>> memory_mib("db.m7g.large")
    8192
    """
    return MEMORY_GIB[instance_class] * 1024


def max_connections(instance_class: str) -> int:
    """About how many connections PostgreSQL takes in an instance of the class, unless a parameter says otherwise.

    The default is LEAST(DBInstanceClassMemory / 9531392, 5000) (RDS user guide, "Quotas and constraints"), where
    DBInstanceClassMemory is less than the memory: what RDS itself needs is taken off, and AWS doesn't say how much. 328
    MiB and 3.6 % are what two measured instances have in common: a db.m7g.large has 832 connections (GitHub,
    mitodl/ol-infrastructure, pull request 5427), a db.t4g.small 181 (kirill-markin/flashcards-open-source-app, 1657).

    >>> max_connections("db.m7g.large"), max_connections("db.r7g.2xlarge")
    (832, 5000)
    """
    left = memory_mib(instance_class) * (1 - _RDS_KEEPS_SHARE) - _RDS_KEEPS_MIB
    return min(int(left * _MIB / _BYTES_A_CONNECTION), _MOST_CONNECTIONS)
