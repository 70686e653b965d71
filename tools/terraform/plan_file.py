"""A Terraform plan (`terraform show -json`), read for people: what changes, why, and what must not be shown."""
# A plan's values have no types here.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adelie.values.stateful import STATEFUL
from tools.command import Json, ToolError, shown

HIDDEN: Final = "(sensitive)"
UNKNOWN: Final = "(known after apply)"
_NONE: Final = "(none)"
_LONGEST: Final = 120
_FORMAT: Final = "1."
"""The major version that this reads; Terraform adds to it without changing it."""
_BOUNDS: Final = ("min_capacity", "max_capacity")
_MISSING: Final = object()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one resource."""

    address: str
    type: str
    action: str
    """create, update, replace, delete, move or drift."""
    values: tuple[tuple[str, str, str], ...]
    """Argument, before, after."""
    because: tuple[str, ...] = ()
    """The arguments that force a replacement."""
    moved_from: str = ""

    @property
    def destroys(self) -> bool:
        """Whether something that exists is gone afterwards."""
        return self.action in {"delete", "replace"}

    @property
    def holds_data(self) -> bool:
        """Whether it is of a type that holds data."""
        return self.type in STATEFUL


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a plan does to one stack."""

    stack: str
    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: tuple[str, ...]
    """The outputs that change."""
    scheduled: tuple[Change, ...] = ()
    """Bounds of services that one of their scheduled actions has set. They are no change of anybody's: a deploy puts
    back what the code says until the next action, so they are kept apart from `changes`."""

    def of(self, *actions: str) -> list[Change]:
        """The changes of these kinds."""
        return [change for change in self.changes if change.action in actions]


def read(file: Path) -> Plan:
    """The plan in a file called `<stack>.json`. Raises ToolError for a file that holds no plan."""
    try:
        document: Json = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ToolError(f"{shown(file)} does not exist; write it with `terraform show -json tfplan`.") from None
    except ValueError:
        document = None
    if not isinstance(document, dict) or not str(document.get("format_version", "")).startswith(_FORMAT):
        raise ToolError(f"{shown(file)} is no plan of format {_FORMAT}x; write it with `terraform show -json tfplan`.")
    resources = [each for each in document.get("resource_changes", ()) if each.get("mode") == "managed"]
    every = (_change(each) for each in resources)
    changes = tuple(sorted((change for change in every if change.action), key=lambda each: each.address))
    planned = {change.address for change in changes}
    scheduled = _set_by_schedule(resources)
    return Plan(
        stack=file.stem,
        changes=tuple(change for change in changes if change.address not in scheduled),
        scheduled=tuple(change for change in changes if change.address in scheduled),
        # Only what the plan undoes: after each deploy Terraform also lists what AWS has filled in itself.
        drift=tuple(
            change
            for change in (_change(each, "drift") for each in document.get("resource_drift", ()))
            if change.address in planned and change.values
        ),
        outputs=tuple(
            sorted(
                name for name, change in document.get("output_changes", {}).items() if change["actions"] != ["no-op"]
            )
        ),
    )


def _set_by_schedule(resources: Sequence[Mapping[str, Any]]) -> set[str]:
    """Addresses of the scalable targets whose bounds, and nothing else, are those of a scheduled action of theirs."""
    bounds_of: dict[str, set[tuple[int, int]]] = {}
    for resource in resources:
        if resource["type"] == "aws_appautoscaling_scheduled_action":
            action = resource["change"].get("before") or {}
            for bounds in action.get("scalable_target_action", ()):
                bounds_of.setdefault(action["resource_id"], set()).add(_bounds(bounds))
    return {
        resource["address"]
        for resource in resources
        if resource["type"] == "aws_appautoscaling_target"
        and resource["change"]["actions"] == ["update"]
        and {name for name, _, _ in _values(resource["change"])} <= set(_BOUNDS)
        and _bounds(resource["change"]["before"]) in bounds_of.get(resource["change"]["before"]["resource_id"], ())
    }


def _bounds(values: Mapping[str, Any]) -> tuple[int, int]:
    """Least and most tasks; the provider has them as text in a scheduled action."""
    least, most = (int(values[name]) for name in _BOUNDS)
    return least, most


def _change(resource: Mapping[str, Any], action: str = "") -> Change:
    change = resource["change"]
    moved_from = resource.get("previous_address", "")
    return Change(
        address=resource["address"],
        type=resource["type"],
        action=action or _action(change["actions"], moved=bool(moved_from)),
        values=tuple(_values(change)),
        because=tuple(".".join(map(str, path)) for path in change.get("replace_paths", ())),
        moved_from=moved_from,
    )


def _action(actions: list[str], *, moved: bool) -> str:
    if set(actions) == {"create", "delete"}:
        return "replace"
    (action,) = actions
    if action in {"no-op", "read"}:
        return "move" if moved else ""
    return action


def _values(change: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    hidden_before, hidden_after = change.get("before_sensitive") or {}, change.get("after_sensitive") or {}
    for name in sorted({*before, *after, *unknown}):
        old, new = before.get(name), UNKNOWN if unknown.get(name) is True else after.get(name)
        forced = any(path and path[0] == name for path in change.get("replace_paths", ()))
        if old == new or (not old and not new) or (new == UNKNOWN and not forced):
            continue
        if _any(hidden_before, name) or _any(hidden_after, name):
            yield name, HIDDEN, HIDDEN
        else:
            yield from _differences(name, _opened(old), _opened(new))


def _any(marks: object, name: str) -> bool:
    """Whether something in an argument is marked as sensitive."""
    if marks is True:
        return True
    mark = marks.get(name) if isinstance(marks, dict) else None
    return "true" in json.dumps(mark)


def _opened(value: Json) -> Json:
    """A policy or definition, which is a text of JSON, as what it says."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _differences(name: str, old: Json, new: Json) -> Iterator[tuple[str, str, str]]:
    """The parts that differ, by their path."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _differences(f"{name}.{key}", old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{name}[{index}]", one, other)
    elif old != new:
        yield name, _text(old), _text(new)


def _text(value: Json) -> str:
    if value is _MISSING or value is None:
        return _NONE
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
