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


def reconcile(mine: Json, theirs: Json, kind: Json, path: str, note: Note) -> Json:
    """The value for the state, of a Terraform type: ours where the answer agrees or is silent, else theirs.

    What the configuration leaves to AWS inside a block stays null, as sets of blocks need it for an empty second plan.
    """
    if mine is None:
        return None
    if theirs is ABSENT:
        note(path, "absent", None)
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        kinds = kind[1] if kind[0] == "object" else dict.fromkeys(mine, kind[1])
        return {
            name: item if item == [] else reconcile(item, theirs.get(name, ABSENT), kinds[name], f"{path}.{name}", note)
            for name, item in mine.items()
        }
    if isinstance(mine, list) and isinstance(theirs, list) and any(isinstance(item, dict) for item in mine):
        return _reconcile_blocks(mine, theirs, kind, path, note)
    if same(mine, theirs, ordered=kind[0] == "list"):
        note(path, "confirmed", theirs)
        return mine
    note(path, "differs", theirs)
    return theirs


def _reconcile_blocks(mine: list[Json], theirs: list[Json], kind: Json, path: str, note: Note) -> Json:
    """Compare block by block; in a set each with the one that says the same, else with what is left."""
    outer, inner = kind
    left = list(theirs)
    result: list[Json] = []
    for item in mine:
        candidates = left[:1] if outer == "list" else left
        twin = next((other for other in candidates if _agrees(item, other, inner)), left[0] if left else None)
        if twin is None:
            note(path, "differs", theirs)
            return [settle(other) for other in theirs]
        left.remove(twin)
        result.append(reconcile(item, twin, inner, path, note))
    if left:
        note(path, "differs", theirs)
    return result + [settle(other) for other in left]


def _agrees(mine: Json, theirs: Json, kind: Json) -> bool:
    outcomes: list[Outcome] = []
    reconcile(mine, theirs, kind, "", lambda _path, outcome, _theirs: outcomes.append(outcome))
    return "differs" not in outcomes


def settle(theirs: Json) -> Json:
    """A value that AWS alone decides: null where it said nothing."""
    if isinstance(theirs, dict):
        return {name: settle(item) for name, item in theirs.items()}
    if isinstance(theirs, list):
        return [settle(item) for item in theirs]
    return None if theirs is ABSENT else theirs


def same(mine: Json, theirs: Json, *, ordered: bool) -> bool:
    """Whether two values mean the same: JSON by content, sets in any order, nothing and an empty value."""
    if mine == theirs or (not mine and not theirs):
        return True
    if isinstance(mine, list) and isinstance(theirs, list):
        return not ordered and sorted(map(str, mine)) == sorted(map(str, theirs))
    if isinstance(mine, str) and isinstance(theirs, str) and mine[:1] in ("{", "["):
        try:
            return bool(json.loads(mine) == json.loads(theirs))
        except json.JSONDecodeError:
            return False
    return False
