"""`Settings`: the base of everything that an environment file can say. Pure: no cdktf import."""

from __future__ import annotations

from typing import NoReturn, cast

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """Frozen, strictly typed values that an environment owns; an unknown key is refused.

    The docstring under an attribute becomes its description in the JSON Schema that editors show. What can lose data or
    costs real money has no default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


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
