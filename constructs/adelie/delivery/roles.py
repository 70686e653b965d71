"""The two identities that a pipeline has in one environment, and the bound of all roles it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from adelie.delivery.github import GitHubIdentity
from adelie.delivery.state_bucket import StateBucket
from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement, policy_document

_SESSION_SECONDS = 7200
"""Two hours: a first deploy waits for CloudFront, a database and the roll-out (IAM takes one to twelve hours)."""


@dataclass(frozen=True, kw_only=True)
class PermissionSets:
    """Statements as IAM's JSON has them, by the name of the managed policy that has them.

    `$account`, `$region`, `$project`, `$environment`, `$prefix`, `$hosted_zone_id`, `$state_bucket` and `$state_key`
    are filled in.
    """

    plan: Mapping[str, Sequence[Mapping[str, Any]]]
    apply: Mapping[str, Sequence[Mapping[str, Any]]]
    boundary: Sequence[Mapping[str, Any]]


class PipelineRoles(Construct):
    """A *plan* role that reads, an *apply* role that deploys, and the permissions boundary of the roles it creates.

    Plan is for pull requests and the main branch. Apply is for jobs in the GitHub environment of the same name, where
    GitHub asks for approval. Neither reads a secret; apply can't make a role without the boundary.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: AwsNames,
        github: GitHubIdentity,
        state: StateBucket,
        state_key: str,
        permissions: PermissionSets,
        hosted_zone_id: str | None,
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        self._values = {
            "account": names.account_id,
            "environment": names.environment,
            "hosted_zone_id": hosted_zone_id or "*",
            "prefix": names.prefix,
            "project": names.project,
            "region": names.region,
            "state_bucket": state.name,
            "state_key": state_key,
        }
        self._policy("boundary", permissions.boundary, "The most that a role of the platform may do")
        reads = {
            name: self._policy(name, statements, "What Terraform reads")
            for name, statements in permissions.plan.items()
        }
        writes = {
            name: self._policy(name, statements, "What Terraform writes")
            for name, statements in permissions.apply.items()
        }

        plan = self._role(
            "plan", "Plans changes, and looks for drift", github.trust("pull_request", "ref:refs/heads/main")
        )
        self._attach(plan, "plan", reads)
        self._allow(plan, "plan", state.read_statements(state_key))
        apply = self._role("apply", "Deploys and releases", github.trust(f"environment:{names.environment}"))
        self._attach(apply, "apply", {**reads, **writes})
        self._allow(apply, "apply", [*state.read_statements(state_key), *state.write_statements(state_key)])
        self.plan_role_arn = plan.arn
        self.apply_role_arn = apply.arn

    def _role(self, kind: str, description: str, trust: str) -> aws.IamRole:
        return aws.IamRole(
            self,
            f"{kind}-role",
            name=self._names.bootstrap_name(kind),
            description=description,
            assume_role_policy=trust,
            max_session_duration=_SESSION_SECONDS,
        )

    def _policy(self, name: str, statements: Sequence[Mapping[str, Any]], description: str) -> aws.IamPolicy:
        text = json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
        )
        return aws.IamPolicy(
            self,
            f"{name}-policy",
            name=self._names.bootstrap_name(name),
            description=description,
            policy=Template(text).substitute(self._values),
        )

    def _attach(self, role: aws.IamRole, kind: str, policies: Mapping[str, aws.IamPolicy]) -> None:
        for name, policy in policies.items():
            aws.IamRolePolicyAttachment(self, f"{kind}-{name}", role=role.name, policy_arn=policy.arn)

    def _allow(self, role: aws.IamRole, kind: str, statements: Sequence[Statement]) -> None:
        aws.IamRolePolicy(self, f"{kind}-state", name="state", role=role.name, policy=policy_document(*statements))
