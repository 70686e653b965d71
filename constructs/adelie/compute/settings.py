"""What an environment says of its cluster, load balancer and image repositories. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from adelie.values.log_retention import LogRetentionDays
from catalogue.settings import EmulatorOnly, Settings, reject

CapacityProvider = Literal["FARGATE", "FARGATE_SPOT"]
"""Where a task runs; Spot costs about a third, and may stop the task with two minutes' notice."""


class ClusterSettings(Settings):
    """The cluster: what is measured, and how its services mix FARGATE with FARGATE_SPOT."""

    container_insights: Literal["enhanced", "enabled", "disabled"]
    """CloudWatch Container Insights: `enhanced` measures each task and container; each metric costs."""
    fargate_base: Annotated[int, Field(ge=0, le=1000)]
    """How many tasks of each service stand on FARGATE before the weights divide the others."""
    fargate_weight: Annotated[int, Field(ge=0, le=1000)]
    """The share of FARGATE in the tasks beyond the base, relative to fargate_spot_weight."""
    fargate_spot_weight: Annotated[int, Field(ge=0, le=1000)]
    """The share of FARGATE_SPOT in the tasks beyond the base; 0 leaves Spot out."""
    exec_log_retention_days: LogRetentionDays = 365
    """Days that the record of ECS Exec sessions is kept (default 365)."""

    @model_validator(mode="after")
    def _has_capacity(self) -> Self:
        if self.fargate_weight == 0 and self.fargate_spot_weight == 0:
            reject("fargate_weight", "must not be 0 together with fargate_spot_weight", 0, "set one of them to 1")
        return self


class LoadBalancerSettings(Settings):
    """The load balancer in front of the services."""

    deletion_protection: bool
    """Whether deleting the load balancer must first be allowed by turning this off."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] = 60
    """Seconds that a silent connection stays open (default 60; 1 to 4000)."""
    desync_mitigation_mode: Literal["defensive", "strictest"] = "defensive"
    """What becomes of requests that can be read in two ways (default defensive; strictest takes only RFC 7230)."""
    access_logs: Annotated[bool, EmulatorOnly(False)] = True
    """Whether each request is logged to the log bucket (default true); false where an emulator cannot deliver them."""
    connection_logs: bool = False
    """Whether each TLS connection is logged as well, with its version and cipher (default false)."""
    cloudfront_prefix_list_id: Annotated[str | None, EmulatorOnly()] = None
    """Id of the prefix list of CloudFront's origin-facing addresses; omitted, Terraform looks it up by name, which
    an emulator may not know."""


class RepositorySettings(Settings):
    """How the image repositories are kept."""

    force_delete: bool
    """Whether a repository that still has images may be deleted, and its images with it."""
    untagged_expiry_days: Annotated[int, Field(ge=1, le=365)] = 14
    """Days after its push that an image without a tag is deleted (default 14)."""
