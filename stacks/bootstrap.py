"""What must exist in an AWS account before the pipeline can deploy into it: the state's bucket and who may do what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adelie.delivery.github import GitHubIdentity
from adelie.delivery.roles import PermissionSets, PipelineRoles
from adelie.delivery.state_bucket import StateBucket
from adelie.seam.terraform import Construct, TerraformOutput, TerraformStack
from stacks import providers
from stacks.environment import Environment, S3State

PERMISSIONS: Final = Path(__file__).with_name("permissions.json")
"""What the roles may do: derived from the resource types of the stacks by `make accept`."""
FORMER_PROVIDER: Final = "aws_iam_openid_connect_provider.github_provider_BE3EB914"
"""Where GitHub's OIDC provider was in this stack."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An AWS account, and the environments that live in it."""

    environments: Sequence[Environment]
    state: S3State

    @property
    def stack_name(self) -> str:
        """What its bootstrap stack is called: `bootstrap-staging`."""
        return "-".join(("bootstrap", *(environment.name for environment in self.environments)))


def accounts(environments: Sequence[Environment]) -> list[Account]:
    """The accounts of the environments whose state is in S3."""
    by_id: dict[str, Account] = {}
    for environment in environments:
        if isinstance(environment.state, S3State):
            known = by_id.get(environment.account_id)
            together = (*known.environments, environment) if known else (environment,)
            by_id[environment.account_id] = Account(environments=together, state=environment.state)
    return list(by_id.values())


def identity(environment: Environment) -> GitHubIdentity:
    """Who of GitHub the roles of the environment's account trust."""
    return GitHubIdentity(repository=environment.github_repository, account_id=environment.account_id)


class Bootstrap(TerraformStack):
    """The state bucket, and for each environment of one account its two roles and their bound.

    Deployed by a person, once per account: `make bootstrap ENV=<environment>`, which keeps the state in a local file
    until the bucket exists and then moves it there; later changes with `cdktf deploy <the stack's name>`. What an
    account has only one of (GitHub's OIDC provider, service-linked roles) is created by `make bootstrap` and not by
    the stack: destroying the stack must not take it from others.
    """

    def __init__(self, scope: Construct, account: Account) -> None:
        super().__init__(scope, account.stack_name)
        first = account.environments[0]
        providers.configure_bootstrap(self, first, account.stack_name)
        github = identity(first)
        bucket = StateBucket(self, "state", name=account.state.bucket)
        TerraformOutput(self, "state_bucket", value=bucket.name, description="Where Terraform's states are")
        permissions = PermissionSets(**json.loads(PERMISSIONS.read_text(encoding="utf-8")))
        # The provider was the stack's once; a state that still has it forgets it, and the provider stays.
        self.add_override("removed", [{"from": FORMER_PROVIDER, "lifecycle": {"destroy": False}}])
        for environment in account.environments:
            self._pipeline_roles(environment, github, bucket, permissions)

    def _pipeline_roles(
        self, environment: Environment, github: GitHubIdentity, bucket: StateBucket, permissions: PermissionSets
    ) -> None:
        roles = PipelineRoles(
            self,
            environment.name,
            names=environment.names,
            github=github,
            state=bucket,
            state_key=providers.state_key(environment, environment.name),
            permissions=permissions,
            hosted_zone_id=environment.domain.hosted_zone_id if environment.domain else None,
        )
        for kind, arn in (("plan", roles.plan_role_arn), ("apply", roles.apply_role_arn)):
            TerraformOutput(
                self,
                f"{environment.name}_{kind}_role_arn",
                value=arn,
                description=f"What GitHub Actions takes to {kind} {environment.name}",
            )
