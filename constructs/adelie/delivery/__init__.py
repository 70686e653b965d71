"""The delivery family: where Terraform's state lives, and the identities that a pipeline takes."""

from adelie.delivery.github import AUDIENCE, ISSUER, GitHubIdentity
from adelie.delivery.roles import PermissionSets, PipelineRoles
from adelie.delivery.state_bucket import StateBucket

__all__ = ["AUDIENCE", "ISSUER", "GitHubIdentity", "PermissionSets", "PipelineRoles", "StateBucket"]
