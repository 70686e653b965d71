"""An environment whose data Terraform protects has AWS protect it too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalogue.yaml_file import SettingsFileError
from stacks import loader
from stacks.environment import Environment
from tools.command import ROOT


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of environments/ to spoil."""
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


def load(directory: Path) -> Environment:
    return loader.load("prod", directory)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (
            "  deletion_protection: true\n  final",
            "  deletion_protection: false\n  final",
            "database.deletion_protection",
        ),
        (
            "  objects:\n    force_destroy: false",
            "  objects:\n    force_destroy: true",
            "buckets.objects.force_destroy",
        ),
        ("  force_delete: false", "  force_delete: true", "repositories.force_delete"),
        (
            "  jwt-secret:\n    recovery_window_days: 30",
            "  jwt-secret:\n    recovery_window_days: 0",
            "secrets.jwt-secret.recovery_window_days",
        ),
    ],
)
def test_what_is_protected_is_protected_by_aws_too(directory: Path, old: str, new: str, key: str) -> None:
    """Terraform's `prevent_destroy` goes with the code: deleting a construct deletes that guard with it."""
    text = (directory / "aws" / "prod.yaml").read_text(encoding="utf-8")
    assert old in text
    (directory / "aws" / "prod.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsFileError, match=f"prod.yaml:[0-9]+: {key} .* with prevent_destroy"):
        load(directory)
    text = (directory / "aws" / "prod.yaml").read_text(encoding="utf-8")
    (directory / "aws" / "prod.yaml").write_text(
        text.replace("prevent_destroy: true", "prevent_destroy: false"), "utf-8"
    )
    load(directory)
