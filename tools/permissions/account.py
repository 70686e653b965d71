"""What an account has only one of: GitHub's OIDC provider, and a role for each service that needs one.

They are created if they are missing, left as they are if they aren't, and belong to no stack: destroying ours must not
take them from others who use the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import yaml
from botocore.exceptions import ClientError

from adelie.delivery.github import AUDIENCE, ISSUER, GitHubIdentity
from tools.command import ROOT

SPECIFICATION: Final = ROOT / "stacks" / "iam.yaml"
_TAKEN: Final = "has been taken in this account"
"""IAM's answer for a service-linked role that exists, with the code InvalidInput: "Service role name
AWSServiceRoleForECS has been taken in this account, please try a different suffix." """


def error_code(error: ClientError) -> str:
    """AWS's code of the error, such as AccessDenied."""
    return error.response.get("Error", {}).get("Code", "")


def services_with_a_role() -> list[str]:
    """The principals of the services that need a service-linked role: `service_linked_roles` of stacks/iam.yaml."""
    return yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["service_linked_roles"]


def ensure_service_linked_roles(iam: Any, services: Sequence[str]) -> list[str]:  # noqa: ANN401 -- a boto3 client
    """Create the service-linked roles that the account lacks; return the services that got one. Raises ClientError."""
    return [service for service in services if _ensure_service_linked_role(iam, service)]


def _ensure_service_linked_role(iam: Any, service: str) -> bool:  # noqa: ANN401 -- a boto3 client
    try:
        iam.create_service_linked_role(AWSServiceName=service)
    except ClientError as error:
        # InvalidInput is also the code for a service that there isn't.
        if error_code(error) == "InvalidInput" and _TAKEN in str(error):
            return False
        raise
    return True


def ensure_identity_provider(iam: Any, github: GitHubIdentity) -> bool:  # noqa: ANN401 -- a boto3 client
    """Create the account's OIDC provider of GitHub Actions, or take what exists; return whether it was created.

    One that exists keeps its audiences, thumbprints and tags, which other pipelines may need; ours is added to the
    audiences if it lacks it. A new one has no thumbprints: AWS verifies GitHub's certificate against its own library of
    trusted authorities (IAM user guide, "Obtain the thumbprint for an OpenID Connect identity provider").
    Raises ClientError.
    """
    try:
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])
    except ClientError as error:
        if error_code(error) != "EntityAlreadyExists":
            raise
        existing = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=github.provider_arn)
        if AUDIENCE not in existing["ClientIDList"]:
            iam.add_client_id_to_open_id_connect_provider(
                OpenIDConnectProviderArn=github.provider_arn, ClientID=AUDIENCE
            )
        return False
    return True
