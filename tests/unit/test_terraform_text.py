"""`${` and `%{` in settings: what a container gets stands for itself, anything else of the kind is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

import main
from catalogue.yaml_file import SettingsFileError
from stacks import loader
from tools.command import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))


def edit(file: Path, old: str, new: str) -> int:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1 + new.count("\n")


def test_a_command_and_a_variable_reach_the_container_as_they_are_written(folder: Path, tmp_path: Path) -> None:
    edit(
        folder / "catalogue.yaml",
        "    port: 80\n",
        "    port: 80\n    command: [sh, -c, 'echo ${HOME} %{x}']\n    environment: {GREETING: '${NAME} $5'}\n",
    )
    main.build([loader.load("prod", folder)], str(tmp_path / "out")).synth()
    document = json.loads((tmp_path / "out" / "stacks" / "prod" / "cdk.tf.json").read_text())
    definitions = (
        json.loads(each["container_definitions"]) for each in document["resource"]["aws_ecs_task_definition"].values()
    )
    (container,) = next(each for each in definitions if "HOME" in str(each))
    assert container["command"] == ["sh", "-c", "echo $${HOME} %%{x}"]
    assert container["environment"] == [{"name": "GREETING", "value": "$${NAME} $5"}]


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("catalogue.yaml", "purpose: Application objects", "purpose: ${x}", "buckets.objects.purpose"),
        ("catalogue.yaml", "path: /api/v1/health", "path: /%{x}", "services.backend-api.health.path"),
        ("catalogue.yaml", "path: /api/v1/health", "path: '/${x}'", "services.backend-api.health.path"),
        ("aws/prod.yaml", "CostCenter: production", "CostCenter: ${x}", "tags.CostCenter"),
    ],
)
def test_what_terraform_would_fill_in_is_refused(folder: Path, file: str, old: str, new: str, key: str) -> None:
    line = edit(folder / file, old, new)
    value = yaml.safe_load(new.partition(": ")[2])
    with pytest.raises(SettingsFileError) as refused:
        loader.load("prod", folder)
    assert str(refused.value) == (
        f"environments/{file}:{line}: {key} must not have ${{ or %{{, which Terraform fills in, but is "
        f"{value!r}; write it without the brace."
    )
