"""The contracts run over every environment that is found: adding a file puts it under all of them."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from stacks import loader
from tests.environments import BOOTSTRAPS, PLATFORMS, Stacks
from tools.command import ROOT

ADDED = "unheard-of"
CONTRACTS = [
    *sorted((ROOT / "tests" / "contracts").glob("*.py")),
    ROOT / "tests" / "snapshots" / "test_stacks.py",
    ROOT / "tests" / "emulated" / "conftest.py",
]


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.name)
def test_no_contract_names_an_environment(file: Path) -> None:
    texts = {node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)}
    assert not texts & {*PLATFORMS, *BOOTSTRAPS}, "take the names from tests/environments.py"


@pytest.fixture
def added(tmp_path: Path) -> Path:
    """environments/ with one more file: a real environment in an account of its own, like the last one there is."""
    directory = Path(shutil.copytree(ROOT / "environments", tmp_path / "environments"))
    like = [each for each in loader.load_all() if each.emulator is None][-1]
    text = (
        (directory / loader.TARGET / f"{like.name}.yaml")
        .read_text(encoding="utf-8")
        .replace(like.account_id, "999999999999")
    )
    (directory / loader.TARGET / f"{ADDED}.yaml").write_text(
        text.replace(like.network.vpc_cidr, "10.99.0.0/16"), encoding="utf-8"
    )
    return directory


def test_an_environment_that_is_added_is_under_every_contract(added: Path) -> None:
    found = Stacks(loader.load_all(added))
    assert {*found.platforms} == {*PLATFORMS, ADDED}
    assert ADDED in found.real
    assert {*found.bootstraps} == {*BOOTSTRAPS, f"bootstrap-{ADDED}"}
