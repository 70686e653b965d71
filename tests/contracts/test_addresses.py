"""A renamed construct id is a destroyed database: the addresses of what holds data are written down.

`make accept` adds a new one to `stateful_addresses.txt`, and never removes one. One that goes must have a
`moved` block, or its line is removed by someone who means to destroy it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from adelie.seam import aws
from adelie.seam.terraform import TerraformStack
from adelie.values.stateful import STATEFUL
from tests.environments import BOOTSTRAPS, REAL
from tests.support import Synthesized, synthesize

COMMITTED = Path(__file__).with_name("stateful_addresses.txt")


def committed() -> Iterator[tuple[str, str]]:
    """(stack, address) of each line."""
    for line in COMMITTED.read_text(encoding="utf-8").splitlines():
        if words := line.split("#")[0].split():
            name, address = words
            yield name, address


def addresses(name: str) -> set[str]:
    return {address for stack, address in committed() if stack == name}


def present(stack: Synthesized) -> set[str]:
    return {f"{kind}.{name}" for kind, name, _ in stack.every() if kind in STATEFUL}


@pytest.mark.parametrize("name", [*REAL, *BOOTSTRAPS])
def test_no_stateful_address_is_lost(name: str, platforms: Mapping[str, Synthesized]) -> None:
    stack = platforms[name]
    moved = {block["from"] for block in stack.document.get("moved", [])}
    lost = addresses(name) - present(stack) - moved
    assert not lost, f"Terraform would destroy {sorted(lost)}: add a `moved` block, or keep the construct's id"


def test_no_stack_is_lost_with_all_it_holds() -> None:
    lost = {name for name, _ in committed()} - {*REAL, *BOOTSTRAPS}
    assert not lost, f"{sorted(lost)} are gone: bring the environment back, or remove its lines from {COMMITTED.name}"


@pytest.mark.parametrize("name", [*REAL, *BOOTSTRAPS])
def test_every_stateful_address_is_written_down(
    name: str, platforms: Mapping[str, Synthesized], pytestconfig: pytest.Config
) -> None:
    new = [f"{name} {address}" for address in sorted(present(platforms[name]) - addresses(name))]
    if new and pytestconfig.getoption("update_snapshots"):
        with COMMITTED.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in new)
        new = []
    assert not new, f"run `make accept` to add to {COMMITTED.name}: {new}"


def test_a_renamed_construct_says_where_it_was() -> None:
    """As docs/runbook.md has it; without the block the old address would be lost to the test above."""

    def build(stack: TerraformStack) -> None:
        aws.SqsQueue(stack, "renamed").move_from_id("aws_sqs_queue.old_1234ABCD")

    (block,) = synthesize(build).document["moved"]
    assert block == {"from": "aws_sqs_queue.old_1234ABCD", "to": "aws_sqs_queue.renamed"}
