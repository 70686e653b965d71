"""A copy of environments/ for a test to spoil, and the sentence that refuses it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalogue.yaml_file import SettingsFileError
from stacks import loader

ROOT = Path(__file__).parents[1]
SAMPLE = ("localstack", "prod", "staging")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of environments/ to spoil, without what may be added there."""
    others = {each for each in loader.available() if each not in SAMPLE}
    ignored = shutil.ignore_patterns(*(f"{each}.yaml" for each in others))
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments", ignore=ignored))


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), start=1) if text in line)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


def refusal(directory: Path, name: str = "staging") -> str:
    with pytest.raises(SettingsFileError) as refused:
        loader.load(name, directory)
    return str(refused.value)
