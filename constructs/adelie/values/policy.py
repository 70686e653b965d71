"""IAM policy documents as typed statements. Pure: no cdktf import."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

POLICY_VERSION: Final = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy. `resources` are exact ARNs; `principals` only where the policy sits on a resource."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] = ()
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, Sequence[str]] | Literal["*"] | None = None
    """By kind: {"Service": ["ecs.amazonaws.com"]}; "*" only for a Deny."""
    conditions: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict[str, Mapping[str, Any]])

    def __post_init__(self) -> None:
        if self.effect == "Allow" and self.principals == "*":
            raise ValueError(f"statement {self.sid!r} allows everybody; name its principals")

    def to_json(self) -> dict[str, Any]:
        """The statement as IAM's JSON has it; lists of one stay lists, so that a diff shows one line per value."""
        statement: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if isinstance(self.principals, str):
            statement["Principal"] = self.principals
        elif self.principals is not None:
            statement["Principal"] = {kind: list(names) for kind, names in self.principals.items()}
        statement["Action"] = list(self.actions)
        if self.resources:
            statement["Resource"] = list(self.resources)
        if self.conditions:
            statement["Condition"] = {operator: dict(test) for operator, test in self.conditions.items()}
        return statement


def policy_document(*statements: Statement) -> str:
    """The JSON text of a policy. Raises ValueError for no statement, or two of the same Sid."""
    sids = [statement.sid for statement in statements]
    if not sids or len(set(sids)) != len(sids):
        raise ValueError(f"a policy needs statements with different Sids, not {sids}")
    return json.dumps({"Version": POLICY_VERSION, "Statement": [statement.to_json() for statement in statements]})


def assume_role_policy(service: str, *, source_account: str | None = None) -> str:
    """A trust policy for one AWS service, bound to `source_account` (confused deputy) if given."""
    conditions = {"StringEquals": {"aws:SourceAccount": source_account}} if source_account else {}
    return policy_document(
        Statement(
            sid="AssumeRole",
            actions=["sts:AssumeRole"],
            principals={"Service": [service]},
            conditions=conditions,
        )
    )
