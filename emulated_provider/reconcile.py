"""What AWS answered against what Terraform has: which of the two a state keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from emulated_provider.shapes import ABSENT
from emulated_provider.values import Json

Outcome = Literal["confirmed", "absent", "differs"]
Note = Callable[[str, Outcome, Json], None]
"""Called with an argument's path, how the answer compares, and the answer."""


def reconcile(sent: Json, received: Json, kind: Json, path: str, note: Note) -> Json:
    """The value for the state, of a Terraform type: as sent if the answer agrees or has nothing, else as received.

    What the configuration leaves to AWS inside a block stays null, as sets of blocks need it for an empty second plan.
    """
    if sent is None:
        return None
    if received is ABSENT:
        note(path, "absent", None)
        return sent
    if isinstance(sent, dict) and isinstance(received, dict):
        kinds = kind[1] if kind[0] == "object" else dict.fromkeys(sent, kind[1])
        return {
            name: item
            if item == []
            else reconcile(item, received.get(name, ABSENT), kinds[name], f"{path}.{name}", note)
            for name, item in sent.items()
        }
    if isinstance(sent, list) and isinstance(received, list) and any(isinstance(item, dict) for item in sent):
        return _reconcile_blocks(sent, received, kind, path, note)
    if same(sent, received, ordered=kind[0] == "list"):
        note(path, "confirmed", received)
        return sent
    note(path, "differs", received)
    return received


def _reconcile_blocks(sent: list[Json], received: list[Json], kind: Json, path: str, note: Note) -> Json:
    """Compare block by block; in a set each with the block that agrees, else with one that is left."""
    outer, inner = kind
    left = list(received)
    result: list[Json] = []
    for item in sent:
        candidates = left[:1] if outer == "list" else left
        twin = next((other for other in candidates if _agrees(item, other, inner)), left[0] if left else None)
        if twin is None:
            note(path, "differs", received)
            return [settle(other) for other in received]
        left.remove(twin)
        result.append(reconcile(item, twin, inner, path, note))
    if left:
        note(path, "differs", received)
    return result + [settle(other) for other in left]


def _agrees(sent: Json, received: Json, kind: Json) -> bool:
    outcomes: list[Outcome] = []
    reconcile(sent, received, kind, "", lambda _path, outcome, _received: outcomes.append(outcome))
    return "differs" not in outcomes


def settle(received: Json) -> Json:
    """A value that AWS alone decides: null where it answered nothing."""
    if isinstance(received, dict):
        return {name: settle(item) for name, item in received.items()}
    if isinstance(received, list):
        return [settle(item) for item in received]
    return None if received is ABSENT else received


def same(sent: Json, received: Json, *, ordered: bool) -> bool:
    """Whether two values mean the same: JSON by content, sets in any order, nothing and an empty value."""
    if sent == received or (not sent and not received):
        return True
    if isinstance(sent, list) and isinstance(received, list):
        return not ordered and sorted(map(str, sent)) == sorted(map(str, received))
    if isinstance(sent, str) and isinstance(received, str) and sent[:1] in ("{", "["):
        try:
            return bool(json.loads(sent) == json.loads(received))
        except json.JSONDecodeError:
            return False
    return False
