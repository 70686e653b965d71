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


def reconcile(mine: Json, theirs: Json, path: str, note: Note) -> Json:
    """The value for the state: ours where the answer agrees or is silent, else theirs.

    What the configuration leaves to AWS inside a block stays null, as sets of blocks need it for an empty second plan.
    """
    if mine is None:
        return None
    if theirs is ABSENT:
        note(path, "absent", None)
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return {
            name: reconcile(item, theirs.get(name, ABSENT), f"{path}.{name}", note) if item != [] else item
            for name, item in mine.items()
        }
    if isinstance(mine, list) and isinstance(theirs, list) and any(isinstance(item, dict) for item in mine):
        return _reconcile_blocks(mine, theirs, path, note)
    if same(mine, theirs):
        note(path, "confirmed", theirs)
        return mine
    note(path, "differs", theirs)
    return theirs


def _reconcile_blocks(mine: list[Json], theirs: list[Json], path: str, note: Note) -> Json:
    """Pair each block with the one in the answer that says the same, wherever it stands; else with what is left."""
    left = list(theirs)
    result: list[Json] = []
    for item in mine:
        twin = next((other for other in left if _agrees(item, other)), left[0] if left else None)
        if twin is None:
            note(path, "differs", theirs)
            return [settle(other) for other in theirs]
        left.remove(twin)
        result.append(reconcile(item, twin, path, note))
    if left:
        note(path, "differs", theirs)
    return result + [settle(other) for other in left]


def _agrees(mine: Json, theirs: Json) -> bool:
    outcomes: list[Outcome] = []
    reconcile(mine, theirs, "", lambda _path, outcome, _theirs: outcomes.append(outcome))
    return "differs" not in outcomes


def settle(theirs: Json) -> Json:
    """A value that AWS alone decides: null where it said nothing."""
    if isinstance(theirs, dict):
        return {name: settle(item) for name, item in theirs.items()}
    if isinstance(theirs, list):
        return [settle(item) for item in theirs]
    return None if theirs is ABSENT else theirs


def same(mine: Json, theirs: Json) -> bool:
    """Whether two values mean the same: JSON by content, lists of scalars in any order, nothing and an empty value."""
    if mine == theirs or (not mine and not theirs):
        return True
    if isinstance(mine, list) and isinstance(theirs, list):
        return sorted(map(str, mine)) == sorted(map(str, theirs))
    if isinstance(mine, str) and isinstance(theirs, str) and mine[:1] in ("{", "["):
        try:
            return bool(json.loads(mine) == json.loads(theirs))
        except json.JSONDecodeError:
            return False
    return False
