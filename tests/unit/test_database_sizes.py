"""What an instance class has: its memory as AWS lists it, and connections as instances were measured."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files

import pytest

from adelie.database.sizes import MEMORY_GIB, max_connections, memory_mib


def test_a_class_has_the_memory_of_the_ec2_instance_that_it_is_named_after() -> None:
    """By AWS's own list, of which moto has a copy."""
    listed = json.loads(gzip.decompress((files("moto") / "ec2/resources/instance_types.json.gz").read_bytes()))
    for name in MEMORY_GIB:
        assert memory_mib(name) == listed[name.removeprefix("db.")]["MemoryInfo"]["SizeInMiB"], name


@pytest.mark.parametrize(
    ("instance_class", "measured"), [("db.m7g.large", 832), ("db.t4g.small", 181), ("db.r7g.2xlarge", 5000)]
)
def test_connections_are_as_many_as_were_measured(instance_class: str, measured: int) -> None:
    assert max_connections(instance_class) == measured


def test_more_memory_takes_more_connections_up_to_5000() -> None:
    by_memory = sorted(MEMORY_GIB, key=memory_mib)
    connections = [max_connections(name) for name in by_memory]
    assert connections == sorted(connections)
    assert connections[0] > 0
    assert connections[-1] == 5000
    for name, most in zip(by_memory, connections, strict=True):
        assert most < memory_mib(name) * 1024**2 / 9_531_392  # less than the whole memory would give
