"""The one way to create a role, so that none is outside the permissions boundary."""

from __future__ import annotations

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.values.naming import AwsNames


def bounded_role(
    scope: Construct, id: str, *, names: AwsNames, name: str, trust: str, description: str | None = None
) -> aws.IamRole:
    """An IAM role called `name`, with the trust policy `trust`, inside the environment's permissions boundary.

    The apply role of the pipeline may create roles only with this boundary (`adelie.delivery`): whatever a change of
    the stack puts into a role's policy, the role can do no more than the boundary allows.
    """
    return aws.IamRole(
        scope,
        id,
        name=name,
        description=description,
        assume_role_policy=trust,
        permissions_boundary=names.permissions_boundary_arn,
    )
