"""Settings of a Fargate task, besides what the catalogue says of its container. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adelie.compute.sizes import FARGATE_MEMORY_MIB, CpuUnits, describe_memory_choices, nearest_memory_mib
from adelie.values.log_retention import LogRetentionDays
from catalogue.model import Container
from catalogue.settings import Inherited, reject


class TaskSettings(Container):
    """One container as a Fargate task: its size, and how it is kept."""

    cpu_units: CpuUnits
    """CPU; 1024 units are one vCPU. Costs by the second."""
    memory_mib: int
    """Memory in MiB; Fargate has certain sizes for each `cpu_units`."""
    cpu_architecture: Annotated[Literal["ARM64", "X86_64"], Inherited()]
    """What the image is built for; ARM64 costs about a fifth less."""
    log_retention_days: Annotated[LogRetentionDays, Inherited()]
    """Days that the container's output stays in CloudWatch Logs."""
    ephemeral_storage_gib: Annotated[int, Field(ge=21, le=200)] | None = None
    """Disk for image layers and writable paths, 21 to 200; omitted, the 20 GiB that cost nothing."""

    @model_validator(mode="after")
    def _size_exists(self) -> Self:
        if self.memory_mib not in FARGATE_MEMORY_MIB[self.cpu_units]:
            reject(
                "memory_mib",
                f"must be {describe_memory_choices(self.cpu_units)} for {self.cpu_units} cpu_units",
                self.memory_mib,
                f"use {nearest_memory_mib(self.cpu_units, self.memory_mib)} or other cpu_units",
            )
        return self
