"""What an emulator lacks, by name: gaps.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("gaps.yaml")


@dataclass(frozen=True)
class Gap:
    """What an emulator can't do with a resource type."""

    lacks: str = ""
    """The API that it doesn't have: the resource is left out, with a warning."""
    unread: tuple[str, ...] = ()
    """Arguments that it takes and then answers wrongly: the state keeps what was sent."""
    found: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the double finds for a data source where the emulator has nothing, as its answer would have it."""
    undeletable: bool = False
    """It has no call to delete one: it stays in the emulator when Terraform destroys it."""
    stand_in: bool = False
    """It leaves out something that AWS makes by itself: stand_ins.py does it."""


def load(emulator: str) -> Mapping[str, Gap]:
    """The gaps of an emulator, by resource type; none for one that the file doesn't know."""
    known = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        kind: Gap(**{**gap, "unread": tuple(gap.get("unread", ()))}) for kind, gap in known.get(emulator, {}).items()
    }
