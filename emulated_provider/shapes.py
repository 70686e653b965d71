"""Terraform's values to AWS's parameters and back, along the shapes of botocore's service models.

An argument goes to the member of the same name, underscores and case aside (`cidr_block`, `CidrBlock`), also in the
plural (`setting`, `settings`). Where the names differ a table entry's `names` says where: a member (`TopicName`), one
further down (`Matcher.HttpCode`), the same structure (`.`, which unfolds a block) or LOCAL: not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from emulated_provider.values import Json

LOCAL: Final = "local"
ABSENT: Final = object()
"""In a value read from AWS: the answer has nothing for this attribute."""

Names = Mapping[str, str]
Shape = Any
"""A botocore shape."""


class UnknownArgumentError(Exception):
    """No parameter of the AWS call takes an argument."""


def to_api(value: Json, shape: Shape, names: Names, path: str = "") -> Json:  # noqa: PLR0911 -- one for each shape
    """The parameter that an argument's value makes. Raises UnknownArgumentError."""
    match shape.type_name:
        case "structure":
            return _to_structure(value, shape, names, path)
        case "list":
            if isinstance(value, str) and value.startswith("["):  # a list written as JSON: container_definitions
                return json.loads(value)
            if isinstance(value, dict):  # a map, as AWS writes tags and dimensions
                key, content = shape.member.members
                return [{key: name, content: text} for name, text in value.items()]
            items = value if isinstance(value, list) else [value]
            return [to_api(item, shape.member, names, path) for item in items]
        case "map":
            return {name: to_api(item, shape.value, names, path) for name, item in value.items()}
        case "blob":
            return value
        case "boolean":
            return value in (True, "true")
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case _:
            return _to_text(value, getattr(shape, "enum", None), path)


def _to_text(value: Json, allowed: list[str] | None, path: str) -> str:
    """A text, one of those that AWS's model allows; a switch is `true`, or `ENABLED` where the model has that."""
    if isinstance(value, bool):
        switched = "ENABLED" if value else "DISABLED"
        text = switched if allowed and switched in allowed else str(value).lower()
    else:
        text = str(value)
    if allowed and text not in allowed:
        raise UnknownArgumentError(f"{path.rstrip('.')} (AWS's model has {', '.join(allowed)}; not {text})")
    return text


def _to_structure(value: Json, shape: Shape, names: Names, path: str) -> Json:
    if not isinstance(value, list | dict):  # a structure of one member, such as a record's {"Value": ...}
        (name,) = shape.members
        return {name: to_api(value, shape.members[name], names, path)}
    if isinstance(value, list):
        if _is_counted(shape) and not _is_block_of(value, shape, names, path):
            items = [to_api(item, shape.members["Items"].member, names, path) for item in value]
            return {"Quantity": len(items), "Items": items}
        (value,) = value
    made: dict[str, Json] = {}
    for name, item in value.items():
        if item is None or item == []:
            continue
        target = names.get(path + name) or member(shape.members, name)
        if target is None:
            raise UnknownArgumentError(path + name)
        if target != LOCAL:
            _place(made, shape, target, item, names, f"{path}{name}.")
    if _is_counted(shape):
        made["Quantity"] = len(made.get("Items", ()))
    return made


def _place(  # noqa: PLR0917 -- as its callers have them
    made: dict[str, Json], shape: Shape, target: str, item: Json, names: Names, path: str
) -> None:
    """Put an argument where it belongs, beside what is there already."""
    if target == ".":
        made.update(_to_structure(item, shape, names, path))
        return
    *parents, last = target.split(".")
    for parent in parents:
        made, shape = made.setdefault(parent, {}), shape.members[parent]
    if last not in shape.members:
        raise UnknownArgumentError(path.rstrip("."))
    content = to_api(item, shape.members[last], names, path)
    made[last] = {**made[last], **content} if isinstance(made.get(last), dict) else content


def _is_counted(shape: Shape) -> bool:
    """Whether it is one of CloudFront's lists: `{"Quantity": 1, "Items": [...]}`."""
    return "Quantity" in shape.members and "Items" in shape.members


def _is_block_of(value: list[Json], shape: Shape, names: Names, path: str) -> bool:
    return (
        len(value) == 1
        and isinstance(value[0], dict)
        and all(
            names.get(path + name) or member(shape.members, name)
            for name, item in value[0].items()
            if item not in (None, [])
        )
    )


def from_api(value: Json, kind: Json, names: Names, path: str = "") -> Json:  # noqa: PLR0911 -- one for each type
    """What AWS answered, as Terraform's type has it; ABSENT in an object where the answer says nothing."""
    outer, inner = kind if isinstance(kind, list) else (kind, {})
    if value is None:
        return None
    match outer:
        case "object":
            return {name: _attribute(value, name, each, names, path) for name, each in inner.items()}
        case "list" | "set":
            counted = isinstance(value, dict) and "Items" in value and not _wants(inner, "items", names, path)
            items: Json = value["Items"] if counted else value
            return [from_api(item, inner, names, path) for item in (items if isinstance(items, list) else [items])]
        case "map":
            return dict(_pairs(value))
        case "bool":
            return value in (True, "true", "enabled", "ENABLED")
        case "number":
            number = float(value)
            return int(number) if number.is_integer() else number
        case _:
            while isinstance(value, dict | list) and len(value) == 1:  # what to_api wraps
                (value,) = value.values() if isinstance(value, dict) else value
            if isinstance(value, bool):
                return str(value).lower()
            return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)


def _attribute(value: Json, name: str, kind: Json, names: Names, path: str) -> Json:
    target = names.get(path + name) or (member(value, name) if isinstance(value, dict) else None)
    if target is None or target == LOCAL:
        return ABSENT
    if target != ".":
        for part in target.split("."):
            if not isinstance(value, dict) or part not in value:
                return ABSENT
            value = value[part]
    return from_api(value, kind, names, f"{path}{name}.")


def _wants(kind: Json, name: str, names: Names, path: str) -> bool:
    """Whether a block's own argument holds a counted list's items."""
    if not (isinstance(kind, list) and kind[0] == "object"):
        return False
    return name in kind[1] or any(names.get(path + each) == "Items" for each in kind[1])


def _pairs(value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from value.items()
        return
    for pair in value:
        key, content = pair.values()
        yield key, content


def member(members: Iterable[str], name: str) -> str | None:
    """The member that has an argument's name, in the singular or the plural."""
    flat = name.replace("_", "")
    by_name = {each.lower(): each for each in members}
    wanted = (flat, f"{flat}s", flat.removesuffix("y") + "ies", flat.removesuffix("s"))
    return next((by_name[each] for each in wanted if each in by_name), None)
