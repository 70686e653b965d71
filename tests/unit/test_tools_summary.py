from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.environments import PLATFORMS
from tests.support import Synthesized
from tools.command import ToolError
from tools.inspect import summary


def _resource(path: str) -> dict[str, Any]:
    return {"//": {"metadata": {"path": path}}}


def _write(out: Path, name: str, document: Mapping[str, Any]) -> None:
    file = out / "stacks" / name / "cdk.tf.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(document))


def _shown(out: Path, width: int) -> str:
    to = Console(file=io.StringIO(), width=width)
    summary.show(out, to)
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


@pytest.fixture(scope="module")
def out(platforms: Mapping[str, Synthesized], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("out")
    for name, platform in platforms.items():
        _write(directory, name, platform.document)
    return directory


def test_no_resource_of_the_stacks_is_without_a_family(platforms: Mapping[str, Synthesized]) -> None:
    for name, platform in platforms.items():
        others = [address for address, family in summary.families(platform.document).items() if family == summary.OTHER]
        assert others == [], name


def test_a_shared_type_belongs_where_its_construct_does() -> None:
    stack = {
        "resource": {
            "aws_db_instance": {"db": _resource("prod/database/instance")},
            "aws_security_group": {
                "db": _resource("prod/database/security-group/group"),
                "host": _resource("prod/bastion/security-group/group"),
            },
            "aws_instance": {"host": _resource("prod/bastion/instance")},
        }
    }
    assert summary.families(stack) == {
        "aws_db_instance.db": "database",
        "aws_security_group.db": "database",
        "aws_security_group.host": "network",
        "aws_instance.host": "network",
    }


def test_an_unknown_type_is_other() -> None:
    stack = {"resource": {"aws_quantum_thing": {"it": _resource("prod/network/it")}}}
    assert summary.families(stack) == {"aws_quantum_thing.it": "other"}


def test_it_counts_by_family_and_environment(tmp_path: Path) -> None:
    vpcs = {"aws_vpc": {"one": _resource("prod/network/vpc"), "two": _resource("prod/network/other")}}
    _write(tmp_path, "prod", {"resource": {**vpcs, "aws_s3_bucket": {"b": _resource("prod/objects/bucket")}}})
    _write(tmp_path, "staging", {"resource": vpcs})
    lines = [line.split() for line in _shown(tmp_path, 80).splitlines()]
    assert ["│", "network", "│", "2", "│", "2", "│"] in lines
    assert ["│", "storage", "│", "1", "│", "-", "│"] in lines
    assert ["│", "total", "│", "3", "│", "2", "│"] in lines
    assert not any("database" in line for line in lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_fits_the_terminal_and_loses_nothing(out: Path, width: int) -> None:
    text = _shown(out, width)
    assert max(map(len, text.splitlines())) <= width
    unfolded = "".join(character for character in text if character not in " \n│")
    assert "…" not in text
    for name in PLATFORMS:
        assert unfolded.count(name) >= 2


def test_a_pipe_gets_no_colours_and_the_next_command(out: Path) -> None:
    text = _shown(out, 80)
    assert "\x1b" not in text
    assert "make test" in text


def test_nothing_synthesized_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as error:
        summary.summarize(tmp_path)
    assert str(error.value) == f"{tmp_path} holds no synthesized stack; run `make synth`."
