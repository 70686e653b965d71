from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console

from stacks.environment import Environment
from tests.environments import PLATFORMS
from tools.command import ToolError
from tools.command_line import main
from tools.inspect import schema, show


def _shown(name: str, width: int = 80) -> str:
    to = Console(file=io.StringIO(), width=width)
    show.show(name, to)
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


@pytest.mark.parametrize("name", PLATFORMS)
def test_it_is_yaml_with_every_value(name: str, environments: Mapping[str, Environment]) -> None:
    assert yaml.safe_load(_shown(name)) == environments[name].model_dump(mode="json")


def test_each_value_says_where_it_comes_from() -> None:
    lines = _shown("prod").splitlines()
    values = [line for line in lines if not line.endswith(":")]
    assert all("  # " in line for line in values)
    by_text = {line.split("  # ")[0].rstrip(): line.split("  # ")[1] for line in values}
    assert by_text["name: prod"] == "aws/prod.yaml"
    assert by_text["project: adelie"].startswith("aws/base.yaml:")
    assert by_text["  nat: per_az"].startswith("aws/prod.yaml:")
    assert by_text["emulator: null"] == "default"


def test_the_line_it_names_holds_the_key() -> None:
    root = Path(__file__).resolve().parents[2] / "environments"
    for line in _shown("prod").splitlines():
        value, _, source = line.partition("  # ")
        file, _, number = source.partition(":")
        if number and ": " in value and not value.lstrip().startswith("-"):
            key = value.strip().partition(":")[0]
            assert key in (root / file).read_text().splitlines()[int(number) - 1], line


def test_long_lines_are_not_wrapped_in_a_narrow_terminal(environments: Mapping[str, Environment]) -> None:
    assert yaml.safe_load(_shown("prod", width=20)) == environments["prod"].model_dump(mode="json")


def test_a_wrong_name_is_one_sentence() -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["show", "nowhere"])
    assert isinstance(exit_.value.code, str)
    assert exit_.value.code.startswith("environments/aws/nowhere.yaml does not exist; the environments are: ")


def test_the_schema_that_is_written_passes_the_check(tmp_path: Path) -> None:
    files = {tmp_path / file.name: text for file, text in schema.schemas().items()}
    schema.write(files)
    schema.check(files)
    of_aws: dict[str, Any] = json.loads((tmp_path / "schema.json").read_text())
    of_catalogue: dict[str, Any] = json.loads((tmp_path / "catalogue.schema.json").read_text())
    assert "network" in of_aws["properties"]
    assert set(of_catalogue["required"]) < set(of_aws["properties"])


def test_a_stale_or_missing_schema_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    expected = f"{file} is not what the types say; run `make accept` and commit it."
    with pytest.raises(ToolError) as missing:
        schema.check({file: {"title": "new"}})
    file.write_text("{}\n")
    with pytest.raises(ToolError) as stale:
        schema.check({file: {"title": "new"}})
    assert [str(missing.value), str(stale.value)] == [expected, expected]
