"""GitHub Actions as an identity provider: tokens of one workflow run in place of stored keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adelie.values.policy import Statement, policy_document

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
"""What aws-actions/configure-aws-credentials asks GitHub's token for."""


@dataclass(frozen=True, kw_only=True)
class GitHubIdentity:
    """The OIDC provider of GitHub Actions in an account, and who of GitHub a role trusts.

    It creates nothing: an account has one provider for each URL (IAM user guide, "Create an OpenID Connect identity
    provider"), which other pipelines of the account may have made and use. `make bootstrap` sees that there is one.

    >>> github = GitHubIdentity(repository="example/infrastructure", account_id="222222222222")
    >>> github.provider_arn
    'arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com'
    """

    repository: str
    """The repository whose runs are trusted, as owner/name."""
    account_id: str
    """The account that the provider is in."""

    @property
    def provider_arn(self) -> str:
        """The provider's ARN, which IAM makes of the account and the URL."""
        return f"arn:aws:iam::{self.account_id}:oidc-provider/{ISSUER}"

    def trust(self, *contexts: str) -> str:
        """A trust policy for runs of the repository in one of the contexts.

        A context is what GitHub puts behind the repository in the token's `sub`: "pull_request",
        "ref:refs/heads/main", "environment:prod". No wildcard: a fork's run has another repository in it.
        """
        return policy_document(
            Statement(
                sid="GitHubActions",
                actions=["sts:AssumeRoleWithWebIdentity"],
                principals={"Federated": [self.provider_arn]},
                conditions={"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": self._subjects(contexts)}},
            )
        )

    def _subjects(self, contexts: Sequence[str]) -> list[str]:
        return [f"repo:{self.repository}:{context}" for context in contexts]
