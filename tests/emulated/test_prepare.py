"""Before the first release: what its steps before the deploy need exists, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stacks.environment import Environment
from tests.emulated.deployment import prepared
from tests.support import Synthesized
from tools.emulated.kinds import Kind
from tools.release import prepare


def test_images_secrets_and_migration_have_a_place_before_anything_else(
    environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized], tmp_path: Path
) -> None:
    prod = environments["prod"]
    wanted = prepare.targets(platforms["prod"].document, prod.release_tasks)
    with prepared(prod, Kind.MINISTACK, platforms["prod"], tmp_path) as (_, _, terraform, _):
        terraform.init()
        made: list[str] = []
        terraform.apply(lambda _done, _total, address: made.append(address), wanted)
        assert {address for address in made if address.startswith("aws_")} == set(wanted)
