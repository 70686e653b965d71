"""`Settings`: the base of everything that a settings file can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

_ANYTHING: Final = object()


@dataclass(frozen=True)
class EmulatorOnly:
    """Marks, in a setting's `Annotated`, a value that only an emulator needs: a real environment refuses it.

    `EmulatorOnly(False)` marks that value, `EmulatorOnly()` every value but null. The setting's description in the JSON
    Schema says so by itself.
    """

    value: object = _ANYTHING

    def covers(self, value: object) -> bool:
        """Whether a setting that has the mark may have `value` in an emulator only."""
        if self.value is _ANYTHING:
            return value is not None
        return type(value) is type(self.value) and value == self.value

    @property
    def rule(self) -> str:
        """What completes the sentence "<key> ..."."""
        what = "set" if self.value is _ANYTHING else as_yaml(self.value)
        return f"can be {what} in an emulator only"


class Inherited:
    """Marks, in a setting's `Annotated`, one that has the value of the same name at the top level when it's omitted.

    The setting's description in the JSON Schema says so by itself.
    """

    rule: Final = "is that of the top level when omitted"


class Settings(BaseModel):
    """Frozen, strictly typed values that an environment owns; an unknown key is refused.

    The docstring under an attribute becomes its description in the JSON Schema that editors show. What can lose data or
    costs real money has no default. What only an emulator needs is marked `EmulatorOnly`; what one value at the
    top level is enough for, `Inherited`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> dict[str, Any]:
        """The JSON Schema of the settings, with a sentence about each mark in the description of its setting."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, field in cls.model_fields.items():
            for mark in (each for each in field.metadata if isinstance(each, EmulatorOnly | Inherited)):
                properties[name]["description"] += f"\n\nIt {mark.rule}."
        return schema


def refuse_what_is_for_an_emulator(settings: Settings) -> None:
    """Refuse, at its own key, the first value in `settings`, however deep, that is marked `EmulatorOnly`."""
    for key, value, mark, has_default in _for_an_emulator(settings, ""):
        reject(key, mark.rule, value, "remove it" if has_default else "use another value")


def _for_an_emulator(value: object, path: str) -> Iterator[tuple[str, object, EmulatorOnly, bool]]:
    """(key, value, mark, whether the setting has a default) of each such value at or below `path`."""
    if isinstance(value, Settings):
        for name, field in type(value).model_fields.items():
            key, given = f"{path}{name}", getattr(value, name)
            for mark in _marks(field.metadata):
                if mark.covers(given):
                    yield key, given, mark, not field.is_required()
            yield from _for_an_emulator(given, f"{key}.")
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[str, object]", value).items():
            yield from _for_an_emulator(item, f"{path}{name}.")
    elif isinstance(value, tuple):
        for index, item in enumerate(cast("tuple[object, ...]", value)):
            yield from _for_an_emulator(item, f"{path}{index}.")


def _marks(metadata: list[Any]) -> list[EmulatorOnly]:
    return [each for each in metadata if isinstance(each, EmulatorOnly)]


def reject(key: str, rule: str, value: object, fix: str) -> NoReturn:
    """Refuse `value` of the setting `key` from inside a pydantic validator of the model that owns the key.

    `rule` completes the sentence "<key> ..." ("must lie inside vpc_cidr"), `fix` is an imperative clause ("use a /16").
    `key` may be a dotted path below the model ("subnets.private"). The loader adds file and line.
    """
    raise PydanticCustomError(
        "setting",
        "{rule}, but is {value}; {fix}",  # pyright: ignore[reportArgumentType] -- pydantic fills the braces from the context
        {"key": key, "rule": rule, "value": as_yaml(value), "fix": fix},
    )


def as_yaml(value: object) -> str:
    """`value` as somebody would write it in an environment file, in one line; text stays in quotes.

    >>> as_yaml(None), as_yaml(True), as_yaml(("a", 1))
    ('null', 'true', "['a', 1]")
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return repr(list(cast("tuple[object, ...]", value)))
    return repr(value)
