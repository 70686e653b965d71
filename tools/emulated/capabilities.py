"""docs/emulators.md: what each emulator was seen to do with each resource type.

The tests leave what they saw in tests/emulated/seen, a file for each environment and emulator.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tools.command import ROOT, Json
from tools.emulated.kinds import Kind

SEEN: Final = ROOT / "tests" / "emulated" / "seen"
FILE: Final = ROOT / "docs" / "emulators.md"
COLUMNS: Final = (Kind.MINISTACK, Kind.MOTO)

_INTRODUCTION: Final = """\
# What each emulator does

Drawn by `make capabilities` from what the tests saw when they applied the three stacks; don't edit it. *made*: the
emulator took every call and showed the resource again. *but for* names arguments that it took and did not show, so that
nobody knows whether it kept them, or, in italics, showed as something else. *left out* says what the emulator lacks:
the resource is in Terraform's state only, and `make up` says so.
"""


@dataclass(frozen=True)
class Capability:
    """What an emulator was seen to do with a resource type, over all environments."""

    lacks: str = ""
    unread: Mapping[str, str] = field(default_factory=dict[str, str])
    """The arguments that its answers don't bear out: "absent" or "differs"."""


def observed(kind: Kind) -> dict[str, Capability]:
    """Each resource type, as the emulator was seen to treat it in any environment."""
    found: dict[str, Capability] = {}
    for file in sorted(SEEN.glob(f"*-{kind}.json")):
        saw: Mapping[str, Mapping[str, Json]] = json.loads(file.read_text(encoding="utf-8"))
        for resource_type, what in saw.items():
            before = found.get(resource_type, Capability())
            unread = {**before.unread, **what.get("unread", {})}
            unread |= {name: "differs" for name, outcome in before.unread.items() if outcome == "differs"}
            found[resource_type] = Capability(what.get("lacks", before.lacks), unread)
    return found


def document() -> str:
    """The text of docs/emulators.md."""
    by_kind = {kind: observed(kind) for kind in COLUMNS}
    types = sorted({name for capabilities in by_kind.values() for name in capabilities})
    rows = [f"| `{name}` | {' | '.join(_cell(by_kind[kind].get(name)) for kind in COLUMNS)} |" for name in types]
    head = f"| resource type | {' | '.join(kind.label for kind in COLUMNS)} |"
    return "\n".join([_INTRODUCTION, head, "|---|" + "---|" * len(COLUMNS), *rows, ""])


def _cell(capability: Capability | None) -> str:
    if capability is None:
        return ""
    if capability.lacks:
        return f"left out: no {capability.lacks}"
    marked = [
        f"*`{name}`*" if outcome == "differs" else f"`{name}`" for name, outcome in sorted(capability.unread.items())
    ]
    return f"made, but for {', '.join(marked)}" if marked else "made"
