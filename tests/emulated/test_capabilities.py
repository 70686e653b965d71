"""What each emulator was seen to do: a file for each deployment, which docs/emulators.md is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from emulated_provider import gaps
from tests.emulated.conftest import DEPLOYED
from tests.emulated.deployment import Deployment
from tests.environments import PLATFORMS
from tests.support import Synthesized
from tools.emulated import capabilities
from tools.emulated.kinds import Kind


class CapabilitySnapshotExtension(JSONSnapshotExtension):
    """`seen/prod-moto.json` beside this file."""

    @classmethod
    def dirname(cls, *, test_location: PyTestLocation) -> str:
        return str(Path(test_location.filepath).parent / "seen")

    @classmethod
    def get_snapshot_name(cls, *, test_location: PyTestLocation, index: SnapshotIndex = 0) -> str:  # noqa: ARG003 -- syrupy passes both by name
        return str(index)


def seen(deployment: Deployment) -> dict[str, Any]:
    """By resource type: why it was left out, or the arguments that the emulator's answers didn't bear out."""
    result: dict[str, Any] = {}
    for resource_type in sorted({kind for kind, _, _ in deployment.stack.every()}):
        arguments = deployment.provider.seen.get(resource_type, {})
        doubtful = {name: outcome for name, outcome in sorted(arguments.items()) if outcome != "confirmed"}
        lacking = deployment.provider.lacks(resource_type)
        result[resource_type] = {"lacks": lacking} if lacking else {"unread": doubtful}
    return result


def test_the_emulator_does_what_it_was_seen_to_do(deployment: Deployment, snapshot: SnapshotAssertion) -> None:
    name = f"{deployment.environment.name}-{deployment.emulator.kind}"
    assert seen(deployment) == snapshot(name=name, extension_class=CapabilitySnapshotExtension)


def test_every_type_is_made_in_at_least_one_emulator(platforms: Mapping[str, Synthesized]) -> None:
    left_out = [
        {resource_type for resource_type, gap in gaps.load(kind).items() if gap.lacks}
        for kind in (Kind.MINISTACK, Kind.MOTO)
    ]
    everything = {kind for platform in platforms.values() for kind, _, _ in platform.every()}
    assert everything
    assert left_out[0] & left_out[1] == set()


def test_every_type_is_in_a_stack_that_is_deployed(platforms: Mapping[str, Synthesized]) -> None:
    everything = {kind for name in PLATFORMS for kind, _, _ in platforms[name].every()}
    missing = everything - {kind for name in DEPLOYED for kind, _, _ in platforms[name].every()}
    assert not missing, f"add a record of an environment that has {sorted(missing)}: see DEPLOYED in conftest.py"


@pytest.mark.parametrize("kind", [Kind.MINISTACK, Kind.MOTO])
def test_no_gap_is_claimed_for_an_argument_that_is_answered_well(kind: Kind) -> None:
    observed = capabilities.observed(kind)
    for resource_type, gap in gaps.load(kind).items():
        for argument in gap.unread:
            assert any(
                outcome == "differs" and name.startswith(argument)
                for name, outcome in observed[resource_type].unread.items()
            ), f"{kind} answers {resource_type}.{argument} well: remove the gap"


def test_the_table_in_the_documentation_is_current() -> None:
    assert capabilities.FILE.read_text(encoding="utf-8") == capabilities.document(), "run `make capabilities`"
