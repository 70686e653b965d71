"""The delivery family: where Terraform's state lives, and the identities that a pipeline takes."""

from adelie.delivery.github import GitHubIdentity
from adelie.delivery.roles import PermissionSets, PipelineRoles
from adelie.delivery.state_bucket import StateBucket

__all__ = ["GitHubIdentity", "PermissionSets", "PipelineRoles", "StateBucket"]
