"""What only an emulator needs: refused in a real environment, with the file and the line, wherever it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic.fields import FieldInfo

from catalogue.settings import EmulatorOnly, Settings
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from stacks.environment import Environment, overlay_schema

ROOT = Path(__file__).parents[2]
ITEM = "<each>"
"""Stands for any key of a mapping of settings."""

Marked = tuple[tuple[str, ...], type[Settings], FieldInfo, EmulatorOnly]


def models(annotation: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[Settings]]]:
    """The settings that a type has in it, and where."""
    inside = (*path, ITEM) if get_origin(annotation) in {Mapping, tuple} else path
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield path, annotation
    for part in get_args(annotation):
        yield from models(part, inside)


def marked(model: type[Settings], path: tuple[str, ...] = ()) -> Iterator[Marked]:
    """(path, owner, field, mark) of every mark at or below a model: found by walking the types, not by name."""
    for name, field in model.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, EmulatorOnly):
                yield (*path, name), model, field, mark
        for where, inner in models(field.annotation, (*path, name)):
            yield from marked(inner, where)


MARKED = list(marked(Environment))
EACH = pytest.mark.parametrize("marking", MARKED, ids=[".".join(path) for path, *_ in MARKED])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


def value_of(mark: EmulatorOnly) -> Any:
    return "pl-12345678" if mark == EmulatorOnly() else mark.value


def state(directory: Path, marking: Marked, **more: Any) -> str:
    """Write the marked value into the overlay; its key as the loader says it."""
    path, owner, _, mark = marking
    file = directory / "aws" / "staging.yaml"
    overlay: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    here, key = overlay, list[str]()
    for part in path[:-1]:
        key.append(next(iter(here)) if part == ITEM else part)
        here = here[key[-1]]
    for other in here.keys() - owner.model_fields.keys():  # where a type of its own has other keys (`state`)
        del here[other]
    here[path[-1]] = value_of(mark)
    file.write_text(yaml.safe_dump({**overlay, **more}, sort_keys=False), encoding="utf-8")
    return ".".join((*key, path[-1]))


def line_of(file: Path, key: str) -> int:
    """The line of a dotted key in a file of `safe_dump`."""
    lines, start = file.read_text(encoding="utf-8").splitlines(), 0
    for depth, part in enumerate(key.split(".")):
        start = next(n for n in range(start, len(lines)) if lines[n].startswith(f"{'  ' * depth}{part}:"))
    return start + 1


@EACH
def test_a_real_environment_refuses_it_with_file_and_line(marking: Marked, directory: Path) -> None:
    key = state(directory, marking)
    with pytest.raises(SettingsFileError) as refused:
        loader.load("staging", directory)
    line = line_of(directory / "aws" / "staging.yaml", key)
    assert str(refused.value).startswith(f"environments/aws/staging.yaml:{line}: {key} can be ")
    assert " in an emulator only, but is " in str(refused.value)


@EACH
def test_an_emulated_environment_takes_it(marking: Marked, directory: Path) -> None:
    state(directory, marking, emulator={})
    assert loader.load("staging", directory).emulator is not None


@EACH
def test_no_default_is_for_an_emulator(marking: Marked) -> None:
    _, _, field, mark = marking
    assert field.is_required() or not mark.covers(field.default)


@EACH
def test_the_schema_that_editors_show_says_it(marking: Marked) -> None:
    path, owner, _, mark = marking
    description = overlay_schema()["$defs"][owner.__name__]["properties"][path[-1]]["description"]
    assert description.endswith(f"\n\nIt {mark.rule}.")


def test_marks_are_found_in_nested_settings_and_in_mappings_of_them() -> None:
    paths = {".".join(path) for path, *_ in MARKED}
    assert {"storage.assets.tls_only_policy", f"services.{ITEM}.wait_for_steady_state", "state.type"} <= paths


def test_what_base_states_is_refused_there(directory: Path) -> None:
    base = directory / "aws" / "base.yaml"
    text = base.read_text(encoding="utf-8").replace("  price_class:", "  access_logs: false\n  price_class:")
    base.write_text(text, encoding="utf-8")
    line = text.splitlines().index("  access_logs: false") + 1
    with pytest.raises(SettingsFileError) as refused:
        loader.load("staging", directory)
    assert str(refused.value) == (
        f"environments/aws/base.yaml:{line}: cdn.access_logs can be false in an emulator only, but is false; remove it."
    )


def test_a_mark_means_its_own_value_and_no_other() -> None:
    assert EmulatorOnly(False).covers(False)
    assert not EmulatorOnly(False).covers(0)
    assert EmulatorOnly(None).covers(None)
    assert EmulatorOnly().covers("pl-1")
    assert not EmulatorOnly().covers(None)
