"""The sizes that Fargate has. Pure: no cdktf import."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Literal

CpuUnits = Literal[256, 512, 1024, 2048, 4096, 8192, 16384]
"""CPU of a Fargate task; 1024 units are one vCPU."""

FARGATE_MEMORY_MIB: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {
        256: (512, 1024, 2048),
        512: tuple(range(1024, 4096 + 1, 1024)),
        1024: tuple(range(2048, 8192 + 1, 1024)),
        2048: tuple(range(4096, 16384 + 1, 1024)),
        4096: tuple(range(8192, 30720 + 1, 1024)),
        8192: tuple(range(16384, 61440 + 1, 4096)),
        16384: tuple(range(32768, 122880 + 1, 8192)),
    }
)
"""The memory that a Linux task may have, by its CPU units (ECS developer guide, "Task CPU and memory")."""


def nearest_memory_mib(cpu_units: int, memory_mib: int) -> int:
    """The smallest valid memory for `cpu_units` that is not below `memory_mib`, or the largest there is."""
    choices = FARGATE_MEMORY_MIB[cpu_units]
    return next((choice for choice in choices if choice >= memory_mib), choices[-1])


def describe_memory_choices(cpu_units: int) -> str:
    """The valid memory for `cpu_units` in words: "1024 to 4096 in steps of 1024"."""
    choices = FARGATE_MEMORY_MIB[cpu_units]
    steps = {after - before for before, after in pairwise(choices)}
    if len(steps) == 1:
        return f"{choices[0]} to {choices[-1]} in steps of {steps.pop()}"
    return ", ".join(map(str, choices[:-1])) + f" or {choices[-1]}"
