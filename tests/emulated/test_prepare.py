"""Before the first deploy: repositories and supplied secrets stand, with what they need, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stacks.environment import Environment
from tests.emulated.deployment import prepared
from tests.support import Synthesized
from tools import prepare
from tools._emulators import Kind


def test_images_and_secrets_have_a_place_before_anything_else(
    environments: Mapping[str, Environment], platforms: Mapping[str, Synthesized], tmp_path: Path
) -> None:
    prod = environments["prod"]
    wanted = prepare.targets(platforms["prod"].document, prod)
    assert len(wanted) == 5
    with prepared(prod, Kind.MINISTACK, platforms["prod"], tmp_path) as (_, _, terraform, _):
        terraform.init()
        made: list[str] = []
        terraform.apply(lambda _done, _total, address: made.append(address), wanted)
        assert {address.partition(".")[0] for address in made} == {
            "aws_ecr_repository",
            "aws_kms_key",
            "aws_secretsmanager_secret",
        }
        assert set(wanted) < set(made)
