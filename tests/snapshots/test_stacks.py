"""One JSON file a stack, for a reviewer: the pull request shows what changes in the Terraform JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from tests.environments import BOOTSTRAPS, PLATFORMS
from tests.support import Synthesized


def readable(value: Any) -> Any:
    """The value without cdktf's `//` notes, and with JSON texts (policies, container definitions) opened up."""
    if isinstance(value, dict):
        return {key: readable(item) for key, item in cast("dict[str, Any]", value).items() if key != "//"}
    if isinstance(value, list):
        return [readable(item) for item in cast("list[Any]", value)]
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return {"json": readable(json.loads(value))}
        except json.JSONDecodeError:
            return value
    return value


class StackSnapshotExtension(JSONSnapshotExtension):
    """`prod.json` beside this file, because that is what a reviewer looks for."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(test_location.filepath).parent)

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:  # noqa: ARG003 -- syrupy passes both by name
        return str(index)


@pytest.mark.parametrize("name", [*PLATFORMS, *BOOTSTRAPS])
def test_stack_is_the_reviewed_one(
    name: str, platforms: Mapping[str, Synthesized], snapshot: SnapshotAssertion
) -> None:
    assert readable(platforms[name].document) == snapshot(name=name, extension_class=StackSnapshotExtension)


def test_every_snapshot_is_of_a_stack() -> None:
    left = {file.stem for file in Path(__file__).parent.glob("*.json")} - {*PLATFORMS, *BOOTSTRAPS}
    assert not left, f"remove the snapshots of stacks that are no more: {sorted(left)}"
