"""What an entry of the table says: the AWS calls that make, show and remove a resource type.

A call is an operation by boto3's name, its parameters and, where it says so, when it is made (`if_set`: one of the
arguments in it is set; `if_there`: what it removes need not be there). Parameters and ids are templates: `$vpc_id` is
that argument's value, `$role:$name` a text of two, `$access_logs__bucket` an argument inside a block; `$id`, `$region`,
`$account` and `$folder` (of the stack) are always there. A parameter whose argument isn't set is left out, and so is
the list element it stands in, unless it is marked optional: `$description?`. Parts of answers are named in JMESPath,
with templates inside.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from emulated_provider.values import Json

_WHOLE: Final = re.compile(r"\$(\w+)(\??)")


@dataclass(frozen=True)
class Call:
    """One call: boto3's name of the operation, and its parameters."""

    operation: str
    parameters: Mapping[str, Json]
    optional: bool = False
    """Only made when one of the arguments in it is set."""
    may_be_gone: bool = False
    """What it removes need not be there."""


Part = tuple[Call, str]
"""A call, and the JMESPath of the part of its answer that is wanted."""


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A data source or an ephemeral resource: one call, and the part of its answer."""

    service: str
    read: Part
    more: tuple[Part, ...] = ()
    """Further calls, whose answers are put together with the first."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where names differ, in parameters and answers (see shapes.py)."""
    answers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where names differ in answers only."""
    computed: Mapping[str, str] = field(default_factory=dict[str, str])
    """Templates of attributes that no answer has."""
    normalized: tuple[str, ...] = ()
    """Arguments that AWS itself answers in another form than it was given."""


@dataclass(frozen=True, kw_only=True)
class Entry(Lookup):
    """A resource type. An empty first answer to `read` means that it is gone."""

    create: Call
    """Also gets every argument that no other template of `create` and `then` names."""
    into: str = ""
    """The parameter that these arguments go into, if not beside the others."""
    id: str
    """A part of the answer to `create`, or a template."""
    then: tuple[Call, ...] = ()
    """What finishes the creation."""
    delete: tuple[Call, ...] = ()
    tagged: str = ""
    """EC2's name for the type, which tags are given with."""
    derive: Callable[[Mapping[str, Json]], Mapping[str, Json]] = lambda _values: {}
    """Further values for the templates."""
    before_delete: Callable[[Any, Mapping[str, Json]], Mapping[str, Json]] = lambda _client, _values: {}
    """What has to happen first, given the client and the values; further values for the templates."""


def placeholders(template: Json) -> set[str]:
    """The arguments that a template names."""
    if isinstance(template, Mapping):
        return {name for item in template.values() for name in placeholders(item)}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(template, list):
        return {name for item in template for name in placeholders(item)}  # pyright: ignore[reportUnknownVariableType]
    return set(string.Template(template).get_identifiers()) if isinstance(template, str) else set()


def whole(template: str) -> tuple[str, bool] | None:
    """The argument that a template is, and whether it is optional; None for a text."""
    found = _WHOLE.fullmatch(template)
    return (found[1], bool(found[2])) if found else None


def text(template: str, values: Mapping[str, Json]) -> str:
    """A template of a text, filled in."""
    return string.Template(template).substitute(values)


def leaves(values: Mapping[str, Json], path: str = "") -> dict[str, Json]:
    """Each argument that is set, those inside blocks that stand once by their path: `access_logs__bucket`."""
    found: dict[str, Json] = {}
    for name, value in values.items():
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):  # pyright: ignore[reportUnknownArgumentType]
            found |= leaves(value[0], f"{path}{name}__")  # pyright: ignore[reportUnknownArgumentType]
        elif value is not None and value != []:
            found[path + name] = value
    return found
