"""A renamed construct id is a destroyed database: the addresses of what holds data are written down by hand.

A new one is added to `stateful_addresses.txt` in the same change. One that goes must have a `moved` block, or its line
is removed by someone who means to destroy it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from adelie import aws
from adelie.stateful import STATEFUL
from adelie.terraform import TerraformStack
from tests.support import Synthesized, synthesize

COMMITTED = Path(__file__).with_name("stateful_addresses.txt")


def committed(environment: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in COMMITTED.read_text().splitlines())
    pairs = (line.split() for line in lines if line)
    return {address for name, address in pairs if name == environment}


def present(stack: Synthesized) -> set[str]:
    return {f"{kind}.{name}" for kind, name, _ in stack.every() if kind in STATEFUL}


@pytest.mark.parametrize("environment", ["staging", "prod", "bootstrap-staging", "bootstrap-prod"])
def test_no_stateful_address_is_lost(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[environment]
    moved = {block["from"] for block in stack.document.get("moved", [])}
    lost = committed(environment) - present(stack) - moved
    assert not lost, f"Terraform would destroy {sorted(lost)}: add a `moved` block, or keep the construct's id"


@pytest.mark.parametrize("environment", ["staging", "prod", "bootstrap-staging", "bootstrap-prod"])
def test_every_stateful_address_is_written_down(environment: str, platforms: Mapping[str, Synthesized]) -> None:
    new = present(platforms[environment]) - committed(environment)
    assert not new, f"add to {COMMITTED.name}: {sorted(f'{environment} {address}' for address in new)}"


def test_a_renamed_construct_says_where_it_was() -> None:
    """As docs/runbook.md has it; without the block the old address would be lost to the test above."""

    def build(stack: TerraformStack) -> None:
        aws.SqsQueue(stack, "renamed").move_from_id("aws_sqs_queue.old_1234ABCD")

    (block,) = synthesize(build).document["moved"]
    assert block == {"from": "aws_sqs_queue.old_1234ABCD", "to": "aws_sqs_queue.renamed"}
