"""The effective configuration as YAML, with the file and line of each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import yaml
from rich.console import Console
from rich.text import Text

from stacks import loader
from tools.command import Json

COMMENT_COLUMN: Final = 48
"""Where comments begin, unless the value before one is longer."""

KeyPath = tuple[str | int, ...]


def effective(name: str) -> list[str]:
    """The lines of the merged, typed configuration. Raises SettingsFileError."""
    environment, sources = loader.load_with_sources(name)
    known = {("name",): f"{loader.TARGET}/{name}.yaml"}
    known |= {path: f"{source.file.name}:{source.line}" for path, source in sources.items()}
    return list(_mapping(environment.model_dump(mode="json"), (), known, ""))


def _mapping(values: Mapping[str, Json], path: KeyPath, sources: Mapping[KeyPath, str], indent: str) -> Iterator[str]:
    for key, value in values.items():
        yield from _entry(f"{indent}{_scalar(key)}:", value, (*path, key), sources, f"{indent}  ")


def _items(values: list[Json], path: KeyPath, sources: Mapping[KeyPath, str], indent: str) -> Iterator[str]:
    for index, value in enumerate(values):
        here = (*path, index)
        if isinstance(value, dict) and value:
            lines = list(_mapping(cast("dict[str, Any]", value), here, sources, f"{indent}  "))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield from _entry(f"{indent}-", value, here, sources, f"{indent}  ")


def _entry(head: str, value: Json, path: KeyPath, sources: Mapping[KeyPath, str], indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _mapping(cast("dict[str, Any]", value), path, sources, indent)
    elif isinstance(value, list) and value:
        yield head
        yield from _items(cast("list[Any]", value), path, sources, indent)
    else:
        yield f"{f'{head} {_scalar(value)}':<{COMMENT_COLUMN}}  # {_source(path, sources)}"


def _source(path: KeyPath, sources: Mapping[KeyPath, str]) -> str:
    return sources.get(path, "default")


def _scalar(value: Json) -> str:
    """The value as YAML writes it in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("\n...\n").removesuffix("\n")


def show(name: str, to: Console) -> None:
    """Print the configuration: colours on a terminal, plain YAML (never wrapped) in a pipe."""
    for line in effective(name):
        value, separator, comment = line.rpartition("  # ")
        to.print(Text.assemble(value, (separator + comment, "dim")) if separator else Text(line), soft_wrap=True)
