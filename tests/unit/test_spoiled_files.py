"""Settings files spoilt in any way: one sentence that names a line of the file that is wrong, or a platform."""

from __future__ import annotations

import copy
import random
import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import main
from catalogue.yaml_file import SettingsFile, SettingsFileError, read
from stacks import loader
from tools.command import ROOT

pytestmark = pytest.mark.slow

FILES: Final = ("catalogue.yaml", "aws/base.yaml", "aws/prod.yaml", "aws/staging.yaml", "aws/localstack.yaml")
KINDS: Final = ("services", "jobs", "tasks", "buckets", "secrets")
SENTENCE: Final = re.compile(r"environments/(catalogue\.yaml|aws/[a-z]+\.yaml)(?::(\d+))?: [^\n]*[.)]")
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 80, 512, 10**30, 1.5, "", " ", "x", "a" * 300, "ü", "a\nb", "{0}", "{key}", "${x}"),
    *([], {}, [None], [[]], [{}], {"a": None}, {"x": {"y": {"z": 1}}}, ["database", "objects"], "/*", "10.0.0.0/8"),
    *("2026-01-01", "network", "0 18 * * *", "ARM64"),
)
NAMES: Final = (
    *("x", "x-start", "network", "service-x", "secret-x", "load-balancer", "exec", "discord", "backup", "aws"),
    *("database-role", "database-application", "a" * 33, "a" * 45, "a" * 64, "a" * 130),
)


def is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def plain(value: Any) -> Any:
    if is_mapping(value):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if is_list(value) else value


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if is_mapping(value) else enumerate(value) if is_list(value) else ()
    return [path, *(below for key, each in children for below in paths(each, (*path, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def spoil(documents: dict[str, Any], chance: random.Random) -> None:
    """Change one thing in one of the documents, or add one thing of another name to all."""
    document = documents[chance.choice(FILES)]
    if not (below := [path for path in paths(document) if path]):
        return
    *up, key = chance.choice(below)
    parent, value = at(document, tuple(up)), chance.choice(VALUES)
    match chance.choice(("remove", "replace", "move", "rename", "add", "wrap", "name")):
        case "remove":
            del parent[key]
        case "replace":
            parent[key] = value
        case "move":
            parent[key] = copy.deepcopy(at(document, chance.choice(below)))
        case "rename" if is_mapping(parent):
            parent[chance.choice(below)[-1] if chance.random() < 0.5 else chance.choice(NAMES)] = parent.pop(key)
        case "add" if is_mapping(parent[key]):
            parent[key][chance.choice(below)[-1]] = value
        case "add" if is_list(parent[key]):
            parent[key].append(value)
        case "wrap":
            parent[key] = [parent[key]] if chance.random() < 0.5 else {"x": parent[key]}
        case _:
            kind, name = chance.choice(KINDS), chance.choice(NAMES)
            for each in documents.values():
                if is_mapping(things := each.get(kind)) and things:
                    things[name] = copy.deepcopy(next(iter(things.values())))


def write(folder: Path, documents: dict[str, Any]) -> None:
    for file, document in documents.items():
        (folder / file).write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")


def sentence_about(folder: Path) -> str:
    with pytest.raises(SettingsFileError) as refused:
        loader.load_all(folder)
    said = SENTENCE.fullmatch(str(refused.value))
    assert said, f"no sentence with a file: {refused.value}"
    assert int(said[2] or 1) <= len((folder / said[1]).read_text().splitlines()), f"no such line: {refused.value}"
    return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_changed_is_refused_in_one_sentence_or_makes_a_platform(
    seed: int, folder: Path, tmp_path: Path
) -> None:
    originals = {file: plain(read(SettingsFile(folder, file)).values) for file in FILES}
    chance = random.Random(seed)  # noqa: S311 -- the same each time
    for _ in range(6):
        documents = copy.deepcopy(originals)
        for _ in range(chance.choice((1, 1, 2))):
            spoil(documents, chance)
        write(folder, documents)
        try:
            environments = loader.load_all(folder)
        except SettingsFileError:
            sentence_about(folder)
        else:
            main.build([chance.choice(environments)], outdir=str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: \0\n", "1: the character U+0000 can't be in YAML; remove it."),
        ("a: 1\nb: x\x07y\n", "2: the character U+0007 can't be in YAML; remove it."),
        ("a: !!bool 512\n", "1: a can't be read as !!bool; write it without a tag."),
        ("a: 1\nb: !!int true\n", "2: b can't be read as !!int; write it without a tag."),
        ("a: !!timestamp 1\n", "1: a can't be read as !!timestamp; write it without a tag."),
        ("a: [!mine 1]\n", "1: a[0] can't be read as !mine; write it without a tag."),
        ("a:\n  b: !!python/object:os.system x\n", "2: a.b can't be read as !!python/object:os.system; write it"),
        (f"a: {'9' * 5000}\n", "1: a can't be read as !!int; write it without a tag."),
        (
            "a: &a\n  - *a\n",
            "1: the file is nested more than 20 deep, or an alias stands in its own anchor; flatten it.",
        ),
        (f"a: {'[' * 5000}\n", "1: the file is nested more than 20 deep"),
        (f"a: {'[' * 50}{']' * 50}\n", "1: the file is nested more than 20 deep"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
            "1: the file has more than 20000 values up to here; use fewer aliases.",
        ),
        ("? [a, b]\n: 1\n", "1: a key there is a list or a mapping; write text in its place."),
        ("a: [1\n", "1: the file is not YAML: "),
        ("a: 1\nb\n", "2: the file is not YAML: could not find expected ':'; correct the syntax there."),
        (f"name: {{{', '.join(f'k{n}: {n}' for n in range(500))}}}\n", "1: name is the file's name; remove the key."),
    ],
)
def test_what_is_hardly_yaml_is_refused_in_one_sentence(text: str, said: str, folder: Path) -> None:
    (folder / "aws" / "prod.yaml").write_text(text, encoding="utf-8")
    assert sentence_about(folder).startswith(f"environments/aws/prod.yaml:{said}")


def test_a_value_without_end_is_shown_shortly(folder: Path) -> None:
    file = folder / "aws" / "prod.yaml"
    file.write_text(file.read_text().replace("  node_type: cache.m7g.large", f"  node_type: {list(range(500))}"))
    said = sentence_about(folder)
    assert "cache.node_type must be " in said
    assert len(said) < 300
