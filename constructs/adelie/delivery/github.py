"""GitHub Actions as an identity provider: tokens of one workflow run in place of stored keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adelie import aws
from adelie.policy import Statement, policy_document
from adelie.terraform import Construct

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
"""What aws-actions/configure-aws-credentials asks GitHub's token for."""


class GitHubIdentity(Construct):
    """The OIDC provider of GitHub Actions in this account; AWS takes one a URL and account.

    Without thumbprints: AWS verifies GitHub's certificate against its own library of trusted authorities (IAM user
    guide, "Obtain the thumbprint for an OpenID Connect identity provider").

    >>> github = GitHubIdentity(self, "github", repository="example/infrastructure")  # doctest: +SKIP
    """

    def __init__(self, scope: Construct, id: str, *, repository: str) -> None:
        super().__init__(scope, id)
        self._repository = repository
        provider = aws.IamOpenidConnectProvider(self, "provider", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])
        self._arn = provider.arn

    def trust(self, *contexts: str) -> str:
        """A trust policy for runs of the repository in one of the contexts.

        A context is what GitHub puts behind the repository in the token's `sub`: "pull_request",
        "ref:refs/heads/main", "environment:prod". No wildcard: a fork's run has another repository in it.
        """
        return policy_document(
            Statement(
                sid="GitHubActions",
                actions=["sts:AssumeRoleWithWebIdentity"],
                principals={"Federated": [self._arn]},
                conditions={"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": self._subjects(contexts)}},
            )
        )

    def _subjects(self, contexts: Sequence[str]) -> list[str]:
        return [f"repo:{self._repository}:{context}" for context in contexts]
