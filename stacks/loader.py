"""Reading `environments/*.yaml`: base and overlay merged, typed, and every refusal a sentence with file and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalogue.settings import as_yaml
from stacks.environment import Environment

ENVIRONMENTS: Final = Path(__file__).resolve().parent.parent / "environments"
BASE: Final = "base"

KeyPath = tuple[str | int, ...]


class EnvironmentFileError(Exception):
    """An environment file that cannot be used; its text is one sentence: file, line, key, rule, value and fix."""


@dataclass(frozen=True)
class _Source:
    """Where a value, or the mapping that lacks one, is written."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}"


@dataclass(frozen=True)
class _Document:
    """The content of one file, and the source of each path in it."""

    values: dict[str, Any]
    sources: dict[KeyPath, _Source]


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


def available(directory: Path = ENVIRONMENTS) -> list[str]:
    """The names of all environments: every YAML file beside base.yaml."""
    return sorted(path.stem for path in directory.glob("*.yaml") if path.stem != BASE)


def load(name: str, directory: Path = ENVIRONMENTS) -> Environment:
    """The environment `name`: base.yaml with `<name>.yaml` over it.

    Mappings are merged key by key; anything else, lists included, replaces what base has; `null` removes it.
    Raises EnvironmentFileError.
    """
    return load_with_sources(name, directory)[0]


def load_all(directory: Path = ENVIRONMENTS) -> list[Environment]:
    """Every environment, in the order of their names. Raises EnvironmentFileError if there is none, or one is wrong."""
    names = available(directory)
    if not names:
        raise EnvironmentFileError(f"{_shown(directory)} has no environment beside {BASE}.yaml; add <name>.yaml to it.")
    environments = [load(name, directory) for name in names]
    _check_accounts(environments, directory)
    return environments


def _check_accounts(environments: list[Environment], directory: Path) -> None:
    """An account has one state bucket, and one repository that deploys into it."""
    of_account: dict[str, Environment] = {}
    for environment in environments:
        other = of_account.setdefault(environment.account_id, environment)
        for key in ("state", "github_repository"):
            its, theirs = getattr(environment, key), getattr(other, key)
            if its != theirs:
                raise EnvironmentFileError(
                    f"{_shown(directory / environment.name)}.yaml: {key} must be that of {other.name} ({theirs}), "
                    f"which lives in the same account {other.account_id}, but is {its}; make the two the same."
                )


def load_with_sources(
    name: str, directory: Path = ENVIRONMENTS
) -> tuple[Environment, Mapping[tuple[str | int, ...], str]]:
    """As `load`, with "<file>:<line>" for the path of each value that a file states (the others are defaults)."""
    overlay_file = directory / f"{name}.yaml"
    if not overlay_file.exists():
        known = ", ".join(available(directory)) or "none"
        raise EnvironmentFileError(f"{_shown(overlay_file)} does not exist; the environments are: {known}.")
    base, overlay = _read(directory / f"{BASE}.yaml"), _read(overlay_file)
    for document in (base, overlay):
        if ("name",) in document.sources:
            at = document.sources["name",]
            raise EnvironmentFileError(f"{_shown(at.file)}:{at.line}: name is the file's name; remove the key.")
    sources = {**base.sources, (): overlay.sources[()]}
    values = _merge(base.values, overlay.values, (), sources, overlay.sources)
    try:
        environment = Environment.model_validate({"name": name, **values})
    except ValidationError as error:
        raise EnvironmentFileError(_sentence(error, sources, overlay_file)) from None
    return environment, {path: str(source) for path, source in sources.items()}


def _read(file: Path) -> _Document:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EnvironmentFileError(f"{_shown(file)} does not exist; restore it from git.") from None
    except UnicodeDecodeError:
        raise EnvironmentFileError(f"{_shown(file)}:1: the file is not UTF-8 text; save it as UTF-8.") from None
    try:
        root = yaml.compose(text, Loader=_YamlLoader)
    except yaml.MarkedYAMLError as error:
        raise EnvironmentFileError(_syntax_sentence(file, text, error)) from None
    except yaml.YAMLError as error:
        raise EnvironmentFileError(f"{_shown(file)}:1: the file is not YAML ({error}); correct it.") from None
    if root is None:
        raise EnvironmentFileError(f"{_shown(file)}:1: the file is empty; state the environment's settings in it.")
    if not isinstance(root, yaml.MappingNode):
        line = root.start_mark.line + 1
        raise EnvironmentFileError(
            f"{_shown(file)}:{line}: the file must be a mapping of keys to values; write `key: value`."
        )
    sources: dict[KeyPath, _Source] = {(): _Source(file, root.start_mark.line + 1)}
    return _Document(_construct_mapping(root, (), file, sources), sources)


def _syntax_sentence(file: Path, text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    lines = text.splitlines()
    if line < len(lines) and "\t" in re.match(r"\s*", lines[line]).group():  # pyright: ignore[reportOptionalMemberAccess]
        return f"{_shown(file)}:{line + 1}: the line is indented with a tab, which YAML forbids; use spaces."
    return f"{_shown(file)}:{line + 1}: the file is not YAML: {error.problem}; correct the syntax there."


def _construct(node: yaml.Node, path: KeyPath, file: Path, sources: dict[KeyPath, _Source]) -> Any:  # noqa: ANN401
    if isinstance(node, yaml.MappingNode):
        return _construct_mapping(node, path, file, sources)
    if isinstance(node, yaml.SequenceNode):
        items: list[yaml.Node] = node.value
        for index, item in enumerate(items):
            sources[(*path, index)] = _Source(file, item.start_mark.line + 1)
        return tuple(_construct(item, (*path, index), file, sources) for index, item in enumerate(items))
    return _YamlLoader("").construct_object(node)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _construct_mapping(
    node: yaml.MappingNode, path: KeyPath, file: Path, sources: dict[KeyPath, _Source]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key_node, value_node in pairs:
        line = key_node.start_mark.line + 1
        key = key_node.value
        dotted = _dotted((*path, str(key)))
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != "tag:yaml.org,2002:str":
            raise EnvironmentFileError(f"{_shown(file)}:{line}: the key {key!r} is not text; quote it.")
        if key in values:
            first = sources[(*path, key)].line
            raise EnvironmentFileError(
                f"{_shown(file)}:{line}: {dotted} is written twice, first in line {first}; remove one of the two."
            )
        sources[(*path, key)] = _Source(file, line)
        values[key] = _construct(value_node, (*path, key), file, sources)
    return values


def _merge(
    base: dict[str, Any],
    overlay: dict[str, Any],
    path: KeyPath,
    sources: dict[KeyPath, _Source],
    overlay_sources: Mapping[KeyPath, _Source],
) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overlay.items():
        here = (*path, key)
        below = base.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            sources[here] = overlay_sources[here]
            merged[key] = _merge(below, value, here, sources, overlay_sources)  # pyright: ignore[reportUnknownArgumentType]
            continue
        merged[key] = value
        for stale in [known for known in sources if known[: len(here)] == here]:
            del sources[stale]
        sources.update({known: at for known, at in overlay_sources.items() if known[: len(here)] == here})
    return merged


def _sentence(error: ValidationError, sources: Mapping[KeyPath, _Source], overlay_file: Path) -> str:
    # A misspelt key is two errors: unknown as it is, and missing as it should be. The first says more.
    errors = sorted(error.errors(include_url=False), key=lambda details: details["type"] != "extra_forbidden")
    first = errors[0]
    path = _path(first)
    absent = [key for key in map(_missing_key, errors) if key and key[:-1] == path[:-1]] if _missing_key(first) else []
    source = next((sources[known] for known in _upwards(path) if known in sources), _Source(overlay_file, 1))
    complaint = _complaint(first, path) if len(absent) <= 1 else _several_missing(absent)
    if _missing_key(first) and source.file != overlay_file:
        # What base.yaml has of it is found, what the environment must say isn't: that is written into the other file.
        complaint += f" (the rest of it is in {source})"
        source = _Source(overlay_file, 1)
    others = len(errors) - max(1, len(absent))
    more = f" ({others} more after this one)" if others else ""
    return f"{_shown(source.file)}:{source.line}: {complaint}.{more}"


def _missing_key(details: ErrorDetails) -> KeyPath | None:
    return _path(details) if details["type"] == "missing" else None


def _several_missing(absent: list[KeyPath]) -> str:
    keys = ", ".join(str(key[-1]) for key in absent)
    return f"{_dotted(absent[0][:-1]) or 'the environment'} lacks {keys}; state them, because they have no default"


def _path(details: ErrorDetails) -> KeyPath:
    key = details.get("ctx", {}).get("key") if details["type"] == "setting" else None
    path = tuple(part for part in details["loc"] if part != "[key]")
    return (
        (*path, *(int(part) if part.isdigit() else part for part in key.split(".")))
        if isinstance(key, str) and key
        else path
    )


def _complaint(details: ErrorDetails, path: KeyPath) -> str:
    dotted, value, context = _dotted(path), as_yaml(details["input"]), details.get("ctx", {})
    match details["type"]:
        case "setting":
            return f"{dotted} {details['msg']}"
        case "missing":
            return f"{dotted} is missing; state it, because it has no default"
        case "extra_forbidden":
            known = _known_keys(path[:-1])
            close = difflib.get_close_matches(str(path[-1]), known, n=1)
            fix = f"did you mean {close[0]!r}" if close else f"the keys there are {', '.join(known)}"
            return f"{dotted} is an unknown key; remove or correct it: {fix}"
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
            dotted, value = f"{dotted}.{context['discriminator'].strip(chr(39))}", repr(context["tag"])
            rule = f"must be one of {context['expected_tags']}"
        case _:
            rule = details["msg"].removeprefix("Input ").removeprefix("String ").replace("should", "must", 1)
            rule = rule[0].lower() + rule[1:]
    return f"{dotted} {rule}, but is {value}; correct it"


def _known_keys(path: KeyPath) -> list[str]:
    """The keys a mapping may have, found by walking the JSON Schema (lists and mappings have one schema for all)."""
    here: dict[str, Any] = Environment.model_json_schema()
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


def _dotted(path: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _shown(file: Path) -> str:
    """The path as a person at the repository's root would type it."""
    return str(Path(file.parent.name) / file.name)
