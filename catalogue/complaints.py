"""What is wrong with settings, in one sentence: file and line, key, rule, value and fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalogue.settings import Settings, as_yaml
from catalogue.yaml_file import KeyPath, SettingsFile, Source, dotted

_LONGEST: Final = 100
"""Characters of a value that a sentence shows; a whole mapping in place of a number has no end."""


def sentence(
    error: ValidationError, model: type[Settings], sources: Mapping[KeyPath, Source], own: SettingsFile
) -> str:
    """The first of pydantic's errors. `own` is the file in which somebody would add what is missing."""
    # A misspelt key is two errors: unknown as it is, and missing as it should be. The first says more.
    errors = sorted(error.errors(include_url=False), key=lambda details: details["type"] != "extra_forbidden")
    first = errors[0]
    path = _path(first)
    absent = [key for key in map(_missing_key, errors) if key and key[:-1] == path[:-1]] if _missing_key(first) else []
    source = next((sources[known] for known in _upwards(path) if known in sources), Source(own, 1))
    complaint = _complaint(first, path, model) if len(absent) <= 1 else _several_missing(absent)
    if _missing_key(first) and source.file != own:
        # What another file has of it is found, what this one must say isn't: that is written into this one.
        complaint += f" (the rest of it is in {source})"
        source = Source(own, 1)
    others = len(errors) - max(1, len(absent))
    more = f" ({others} more after this one)" if others else ""
    return f"{source}: {complaint}.{more}"


def closest(word: str, known: list[str]) -> str:
    """A fix for a misspelt word: the one that was meant, or all that there are."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}" if close else f"there are {', '.join(known) or 'none'}"


def _missing_key(details: ErrorDetails) -> KeyPath | None:
    return _path(details) if details["type"] == "missing" else None


def _several_missing(absent: list[KeyPath]) -> str:
    keys = ", ".join(str(key[-1]) for key in absent)
    return f"{dotted(absent[0][:-1]) or 'the file'} lacks {keys}; state them, because they have no default"


def _path(details: ErrorDetails) -> KeyPath:
    key = details.get("ctx", {}).get("key") if details["type"] == "setting" else None
    path = tuple(part for part in details["loc"] if part != "[key]")
    return (
        (*path, *(int(part) if part.isdigit() else part for part in key.split(".")))
        if isinstance(key, str) and key
        else path
    )


def _complaint(details: ErrorDetails, path: KeyPath, model: type[Settings]) -> str:
    key, value, context = dotted(path), _shortly(details["input"]), details.get("ctx", {})
    match details["type"]:
        case "setting":
            return f"{key} {details['msg']}"
        case "missing":
            return f"{key} is missing; state it, because it has no default"
        case "extra_forbidden":
            known = _known_keys(path[:-1], model)
            close = difflib.get_close_matches(str(path[-1]), known, n=1)
            fix = f"did you mean {close[0]!r}" if close else f"the keys there are {', '.join(known)}"
            return f"{key} is an unknown key; remove or correct it: {fix}"
        case "model_type" | "dict_type" | "model_attributes_type":
            rule = "must be a mapping of keys to values"
        case "tuple_type":
            rule = "must be a list"
        case "too_short":
            rule = f"must have at least {context['min_length']} items"
        case "too_long":
            rule = f"must have at most {context['max_length']} items"
        case "string_pattern_mismatch":
            rule = f"must match {context['pattern']}"
        case "union_tag_invalid":
            key, value = f"{key}.{context['discriminator'].strip(chr(39))}", repr(context["tag"])
            rule = f"must be one of {context['expected_tags']}"
        case _:
            rule = details["msg"].removeprefix("Input ").removeprefix("String ").replace("should", "must", 1)
            rule = rule[0].lower() + rule[1:]
    return f"{key} {rule}, but is {value}; correct it"


def _shortly(value: object) -> str:
    written = as_yaml(value)
    return written if len(written) <= _LONGEST else f"{written[:_LONGEST]} ..."


def _known_keys(path: KeyPath, model: type[Settings]) -> list[str]:
    """The keys a mapping may have, found by walking the JSON Schema (lists and mappings have one schema for all)."""
    here: dict[str, Any] = model.model_json_schema()
    definitions: dict[str, Any] = here.get("$defs", {})
    for part in path:
        by_pattern = next(iter(here.get("patternProperties", {}).values()), None)
        named = here.get("properties", {}).get(part)
        here = _resolve(named or by_pattern or here.get("additionalProperties") or here.get("items") or {}, definitions)
    return sorted(key for key in here.get("properties", {}) if key != "name" or path)


def _resolve(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    options = [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]
    for option in options:
        if "$ref" in option:
            return definitions[option["$ref"].rsplit("/", 1)[-1]]
    return next((option for option in options if option.get("type") in {"object", "array"}), schema)


def _upwards(path: KeyPath) -> Iterator[KeyPath]:
    for length in range(len(path), -1, -1):
        yield path[:length]
