"""Terraform's values as Python has them, and the types that a schema gives them.

A value is None, str, bool, int, float, list (lists and sets), dict (objects and maps) or UNKNOWN. A type is Terraform's
JSON for it: `"string"`, `["set", "string"]`, `["object", {"name": "string"}]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgpack  # pyright: ignore[reportMissingTypeStubs]

Json = Any
Block = Mapping[str, Json]
"""A block of `terraform providers schema -json`: `attributes` and `block_types`."""


class _Unknown:
    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN: Final = _Unknown()
_EXTENSION: Final = msgpack.ExtType(0, b"\x00")


def decode(data: bytes) -> Json:
    """The value in a DynamicValue."""
    return msgpack.unpackb(data, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False) if data else None


def encode(value: Json) -> bytes:
    """The value as a DynamicValue carries it."""
    return bytes(msgpack.packb(value, default=lambda _unknown: _EXTENSION) or b"")


def is_known(value: Json) -> bool:
    """Whether nothing in the value waits for an apply."""
    if isinstance(value, dict):
        return all(is_known(item) for item in value.values())
    return all(is_known(item) for item in value) if isinstance(value, list) else value is not UNKNOWN


def object_type(block: Block) -> Json:
    """The type of a block's value: an object of its attributes and nested blocks."""
    fields = {name: attribute_type(attribute) for name, attribute in block.get("attributes", {}).items()}
    for name, nested in block.get("block_types", {}).items():
        inner = object_type(nested["block"])
        fields[name] = inner if nested["nesting_mode"] == "single" else [nested["nesting_mode"], inner]
    return ["object", fields]


def attribute_type(attribute: Block) -> Json:
    """The type of an attribute, nested ones (of plugin-framework resources) too."""
    if "nested_type" not in attribute:
        return attribute["type"]
    nested = attribute["nested_type"]
    inner = ["object", {name: attribute_type(each) for name, each in nested["attributes"].items()}]
    return inner if nested["nesting_mode"] == "single" else [nested["nesting_mode"], inner]


class Schema:
    """One resource type's schema, with what the double asks of it."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.attributes: Mapping[str, Block] = block.get("attributes", {})
        self.types: Mapping[str, Json] = object_type(block)[1]
        self.arguments = frozenset(
            name
            for name in self.types
            if name not in self.attributes
            or self.attributes[name].get("optional")
            or self.attributes[name].get("required")
        )
        self.write_only = frozenset(name for name, each in self.attributes.items() if each.get("write_only"))

    def is_computed(self, name: str) -> bool:
        """Whether the provider gives the attribute a value when the configuration gives none."""
        return bool(self.attributes.get(name, {}).get("computed"))

    def empty(self, name: str) -> Json:
        """The value of an argument that isn't there: [] for a block, None for an attribute."""
        is_list = isinstance(self.types[name], list) and self.types[name][0] in ("list", "set")
        return [] if name not in self.attributes and is_list else None
