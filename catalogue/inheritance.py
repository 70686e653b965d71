"""A value said once at the top level, for every setting below that has its name and is marked `Inherited`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args, get_origin

from catalogue.settings import Inherited, Settings
from catalogue.yaml_file import KeyPath, Source


def inherit(model: type[Settings], values: dict[str, Any], sources: dict[KeyPath, Source]) -> None:
    """Put the top level's value, and its source, wherever `values` leaves out a setting that is marked `Inherited`."""
    for settings, mapping, path in list(_below(model, values, ())):
        for name, field in settings.model_fields.items():
            if any(isinstance(mark, Inherited) for mark in field.metadata) and name not in mapping and name in values:
                mapping[name] = values[name]
                if (name,) in sources:
                    sources[*path, name] = sources[name,]


def _below(
    model: type[Settings], values: dict[str, Any], path: KeyPath
) -> Iterator[tuple[type[Settings], dict[str, Any], KeyPath]]:
    """Every mapping below `values` that becomes settings of one type, with that type."""
    for name, field in model.model_fields.items():
        value, here = values.get(name), (*path, name)
        if not isinstance(value, dict):
            continue
        value = cast("dict[str, Any]", value)
        kinds = list(_settings_in(field.annotation))
        if len(kinds) != 1:
            continue
        by_name = any(get_origin(part) is Mapping for part in _parts(field.annotation))
        for key, mapping in (value if by_name else {"": value}).items():
            if isinstance(mapping, dict):
                below, there = cast("dict[str, Any]", mapping), (*here, key) if by_name else here
                yield kinds[0], below, there
                yield from _below(kinds[0], below, there)


def _parts(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 -- a type, as typing has them
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _settings_in(annotation: Any) -> Iterator[type[Settings]]:  # noqa: ANN401
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, Settings):
            yield part
