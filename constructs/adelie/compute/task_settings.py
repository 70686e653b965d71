"""What every container that we run can be told. Pure: no cdktf import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from adelie.compute.sizes import FARGATE_MEMORY_MIB, CpuUnits, describe_memory_choices, nearest_memory_mib
from adelie.values.log_retention import LogRetentionDays
from catalogue.settings import Settings, reject

EnvironmentVariable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
"""The name of an environment variable."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9_.-]+)+$")]
"""A directory in the container."""

RelativeFolder = Annotated[
    str, StringConstraints(pattern=r"^(\.|[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*)$")
]
"""A folder below another one: `backend`, `services/chat`, or `.` for that one itself."""

_SECRET_NAME: Final = re.compile(r"(^|_)(SECRET|TOKEN|KEY|PASSWD|PASSPHRASE|CREDENTIALS?)$|PASSWORD|WEBHOOK")


def volume_name(path: str) -> str:
    """The name of the volume that makes `path` writable: "/var/cache/nginx" is "var-cache-nginx"."""
    return re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")


class TaskSettings(Settings):
    """One container as a Fargate task: its size, its environment, and what it may do to itself."""

    cpu_units: CpuUnits
    """CPU; 1024 units are one vCPU. Costs by the second."""
    memory_mib: int
    """Memory in MiB; Fargate has certain sizes for each `cpu_units`."""
    cpu_architecture: Literal["ARM64", "X86_64"]
    """What the image is built for; ARM64 costs about a fifth less."""
    log_retention_days: LogRetentionDays
    """Days that the container's output stays in CloudWatch Logs."""
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """What to run instead of the image's own command; omitted, the image decides."""
    environment: Mapping[EnvironmentVariable, str] = Field(default_factory=dict[str, str])
    """Plain environment variables (default none). Connections add theirs; secrets are declared under secrets."""
    user: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+(:[a-z0-9_-]+)?$")] | None = None
    """The user, or user:group, that runs the container; omitted, the image decides."""
    writable_paths: tuple[AbsolutePath, ...] = ("/tmp",)  # noqa: S108 -- a path in the container, not on this machine
    """Directories that the container may write to, each an empty volume that lives as long as the task (default /tmp);
    the rest of its file system is read-only. nginx needs /var/cache/nginx and /var/run. A volume belongs to root unless
    the image declares it (VOLUME) with another owner (ECS developer guide, "Bind mounts")."""
    ephemeral_storage_gib: Annotated[int, Field(ge=21, le=200)] | None = None
    """Disk for image layers and writable paths, 21 to 200; omitted, the 20 GiB that cost nothing."""
    stop_timeout_seconds: Annotated[int, Field(ge=1, le=120)] = 30
    """Seconds between the request to stop and the kill (default 30; Fargate takes up to 120)."""
    linux_capabilities: Literal["none", "default"] = "none"
    """Capabilities of root in the container (default none); `default` for an image that starts as root and changes to
    another user, as nginx does."""

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

    @model_validator(mode="after")
    def _environment_is_plain(self) -> Self:
        for name in self.environment:
            if _SECRET_NAME.search(name):
                reject(f"environment.{name}", "must not be named like a secret", name, "declare it under secrets")
        return self

    @model_validator(mode="after")
    def _paths_differ(self) -> Self:
        twice = _first_duplicate(self.writable_paths)
        if twice:
            reject("writable_paths", "must name each directory once", twice, "remove one of them")
        return self


class BuiltTaskSettings(TaskSettings):
    """A container with an image of its own, which a release builds from the application's repository."""

    build: RelativeFolder | None = None
    """The folder of the application's repository that has the Dockerfile; omitted, the folder called like the service
    or job."""


def _first_duplicate(paths: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for path in paths:
        name = volume_name(path)
        if name in seen:
            return path
        seen.add(name)
    return None
