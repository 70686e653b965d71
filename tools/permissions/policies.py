"""Statements packed into managed policies, within the quotas of IAM, whatever an environment is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from string import Template
from typing import Any, Final

from tools.command import ToolError

POLICY_QUOTA: Final = 6144
"""Characters of a managed policy, white space not counted; it can't be raised (IAM user guide, "IAM and AWS STS
quotas")."""
ROLE_QUOTA: Final = 10
"""Managed policies on a role (the same page: "Managed policies per role", ten unless a person has it raised)."""
SPARE: Final = 2
"""Managed policies that a role may still get before the quota is reached: somebody's own, or those of a change that
can't wait for a higher quota."""

LONGEST: Final[Mapping[str, str]] = {
    "account": "0" * 12,
    "environment": "e" * 12,
    "hosted_zone_id": "Z" * 32,
    "prefix": "p" * 27,
    "project": "p" * 14,
    "region": "ap-northeast-2",
    "state_bucket": "b" * 63,
    "state_key": "k" * 35,
}
"""The longest values of what `adelie.delivery.PermissionSets` fills in: `name` and `project` of `Environment`, 32
characters of a hosted zone's id (Route 53 API reference), 63 of a bucket's name, and a state's key, which is made of
both names and `.tfstate`."""

Statement = dict[str, Any]
"""A statement as IAM's JSON has it."""


def size(statements: Sequence[Statement]) -> int:
    """The characters that IAM counts in a managed policy of these statements, with the longest names filled in."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}
    return len(Template(json.dumps(document, separators=(",", ":"))).substitute(LONGEST))


def pack(name: str, statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """The statements as policies `<name>-1`, `<name>-2` ...: in their order, each into the first that has room.

    So a further resource type fills the last policy, or opens one more, and nobody moves statements by hand.
    Raises ToolError for a statement that is longer than a policy.
    """
    policies: list[list[Statement]] = []
    for statement in statements:
        if size([statement]) > POLICY_QUOTA:
            raise ToolError(
                f"stacks/iam.yaml: the statement {statement['Sid']} alone has {size([statement])} characters, and a "
                f"managed policy takes {POLICY_QUOTA}; give its actions fewer ARNs."
            )
        room = next((each for each in policies if size([*each, statement]) <= POLICY_QUOTA), None)
        if room is None:
            policies.append([statement])
        else:
            room.append(statement)
    return {f"{name}-{number}": each for number, each in enumerate(policies, 1)}


def check_count(plan: Mapping[str, object], apply: Mapping[str, object]) -> None:
    """Refuse more policies than a role should have; apply has those of plan too. Raises ToolError."""
    count, limit = len(plan) + len(apply), ROLE_QUOTA - SPARE
    if count > limit:
        raise ToolError(
            f"stacks/iam.yaml: the apply role would have {count} managed policies, and {limit} is the most that leaves "
            f"{SPARE} of IAM's quota of {ROLE_QUOTA}; name resources by wildcard under `names`, or divide the role."
        )
