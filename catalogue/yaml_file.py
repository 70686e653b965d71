"""One YAML file as plain values, with the line of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.reader import ReaderError

KeyPath = tuple[str | int, ...]


class SettingsFileError(Exception):
    """A settings file that cannot be used; its text is one sentence: file, line, key, rule, value and fix."""


@dataclass(frozen=True)
class SettingsFile:
    """A file below the folder of all settings, such as `aws/prod.yaml` below `environments/`."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / self.name

    def __str__(self) -> str:
        """As somebody at the repository's root would type it."""
        return f"{self.folder.name}/{self.name}"


@dataclass(frozen=True)
class Source:
    """Where a value, or the mapping that lacks one, is written."""

    file: SettingsFile
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Document:
    """The content of one file, and the source of each path in it."""

    values: dict[str, Any]
    sources: dict[KeyPath, Source]


class _YamlLoader(yaml.SafeLoader):
    """YAML 1.2's core scalars: only `true` and `false` are booleans, and `18:00` is no number in base 60."""


_YamlLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:null", r"null|~|", ["n", "~", ""]),
    ("tag:yaml.org,2002:int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(0|[1-9][0-9]*)\.[0-9]+", "-+0123456789"),
):
    _YamlLoader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        _tag, re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def read(file: SettingsFile) -> Document:
    """The file's content. Raises SettingsFileError."""
    try:
        text = file.path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsFileError(f"{file} does not exist; restore it from git.") from None
    except UnicodeDecodeError:
        raise SettingsFileError(f"{file}:1: the file is not UTF-8 text; save it as UTF-8.") from None
    try:
        root = yaml.compose(text, Loader=_YamlLoader)
    except yaml.MarkedYAMLError as error:
        raise SettingsFileError(_syntax_sentence(file, text, error)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{error.character:04X}"
        raise SettingsFileError(f"{file}:{line}: {what} can't be in YAML; remove it.") from None
    except RecursionError:
        raise SettingsFileError(f"{file}:1: {_TOO_DEEP}") from None
    if root is None:
        raise SettingsFileError(f"{file}:1: the file is empty; state the settings in it.")
    line = root.start_mark.line + 1
    if not isinstance(root, yaml.MappingNode):
        raise SettingsFileError(f"{file}:{line}: the file must be a mapping of keys to values; write `key: value`.")
    sources: dict[KeyPath, Source] = {(): Source(file, line)}
    return Document(_mapping(root, (), file, sources), sources)


def dotted(path: KeyPath) -> str:
    """The path as people write it: services.web.uses[1]."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _syntax_sentence(file: SettingsFile, text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines()
    line = min(mark.line if mark else 0, len(lines) - 1)  # what is missing is missed behind the last line
    if "\t" in re.match(r"\s*", lines[line]).group():  # pyright: ignore[reportOptionalMemberAccess]
        return f"{file}:{line + 1}: the line is indented with a tab, which YAML forbids; use spaces."
    return f"{file}:{line + 1}: the file is not YAML: {error.problem}; correct the syntax there."


def _value(node: yaml.Node, path: KeyPath, file: SettingsFile, sources: dict[KeyPath, Source]) -> Any:  # noqa: ANN401
    line = node.start_mark.line + 1
    if len(path) > _DEEPEST:
        raise SettingsFileError(f"{file}:{line}: {_TOO_DEEP}")
    if len(sources) > _MOST:
        raise SettingsFileError(f"{file}:{line}: the file has more than {_MOST} values up to here; use fewer aliases.")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, file, sources)
    if isinstance(node, yaml.SequenceNode):
        items: list[yaml.Node] = node.value
        for index, item in enumerate(items):
            sources[(*path, index)] = Source(file, item.start_mark.line + 1)
        return tuple(_value(item, (*path, index), file, sources) for index, item in enumerate(items))
    try:
        return _YamlLoader("").construct_object(node)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    except (yaml.YAMLError, ValueError, LookupError, AttributeError):  # what PyYAML raises, by the tag
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        raise SettingsFileError(
            f"{file}:{line}: {dotted(path)} can't be read as {tag}; write it without a tag."
        ) from None


def _mapping(
    node: yaml.MappingNode, path: KeyPath, file: SettingsFile, sources: dict[KeyPath, Source]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key_node, value_node in pairs:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key_node, yaml.ScalarNode):
            raise SettingsFileError(f"{file}:{line}: a key there is a list or a mapping; write text in its place.")
        if key_node.tag != _TEXT:
            raise SettingsFileError(f"{file}:{line}: the key {key!r} is not text; quote it.")
        if key in values:
            first, what = sources[(*path, key)].line, dotted((*path, key))
            raise SettingsFileError(
                f"{file}:{line}: {what} is written twice, first in line {first}; remove one of the two."
            )
        sources[(*path, key)] = Source(file, line)
        values[key] = _value(value_node, (*path, key), file, sources)
    return values


_DEEPEST: Final = 20
"""Keys and numbers in the longest path that is read; no settings have half as many."""
_MOST: Final = 20_000
"""Values that are read of one file, aliases included: what ten lines of them can make fills any memory."""
_TOO_DEEP: Final = f"the file is nested more than {_DEEPEST} deep, or an alias stands in its own anchor; flatten it."
_TEXT: Final = "tag:yaml.org,2002:str"
