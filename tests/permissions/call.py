"""A row of the table: something that the running platform does, and what comes near it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypedDict

from tests.permissions.evaluation import Context

OTHER_ACCOUNT: Final = "999999999999"
"""Somebody else's, whose policies allow everything: what is refused there, is refused by ours."""
SOMEBODY: Final = f"arn:aws:iam::{OTHER_ACCOUNT}:role/any"
"""A role of that account."""


class Instead(TypedDict, total=False):
    """What is different in a near miss. In `context`, an empty text takes a key away."""

    who: str
    does: str
    on: str
    context: Context
    through: str | None


@dataclass(frozen=True, kw_only=True)
class Call:
    """Something that the running platform does, which IAM must allow; and what comes near, which it must not."""

    what: str
    """In words, for the message when it is refused."""
    who: str
    """A role's ARN, an AWS service's name, or an identity provider's ARN."""
    does: str | Sequence[str]
    """IAM's names of the actions."""
    on: str
    """The ARN of one resource, or "*" for what has no resource level."""
    source: str
    """The page of AWS's documentation that says so: who calls, what, and with which context keys."""
    near_misses: Mapping[str, Instead]
    context: Context = field(default_factory=dict[str, str])
    """The condition keys of this path; those that every request has are added (`Account.request`)."""
    through: str | None = None
    """The service whose VPC endpoint the call goes through, if the environment has one: "s3", "ecr.api"."""

    def __post_init__(self) -> None:
        if not self.near_misses:
            raise ValueError(f"{self.what}: a call needs a near miss, or nobody knows that the policy stops anything")

    @property
    def actions(self) -> tuple[str, ...]:
        """All actions, one by one."""
        return (self.does,) if isinstance(self.does, str) else tuple(self.does)

    def missed(self) -> Iterator[tuple[str, Call]]:
        """Each near miss, with what is different about it."""
        for different, instead in self.near_misses.items():
            context = {**self.context, **instead.get("context", {})}
            changes: dict[str, Any] = {**instead, "context": context}
            yield different, replace(self, **changes)


PLAIN_HTTP: Final[Instead] = {"context": {"aws:SecureTransport": "false", "s3:TlsVersion": ""}}
OLD_TLS: Final[Instead] = {"context": {"s3:TlsVersion": "1.1"}}
"""What every bucket refuses."""


def elsewhere(arn: str) -> str:
    """The same resource in another account; of a bucket, which has no account in its ARN, one that isn't ours."""
    *start, account, rest = arn.split(":", 5)
    return ":".join((*start, OTHER_ACCOUNT if account else "", rest if account else f"somebody-elses-{rest}"))


def another(arn: str) -> str:
    """A resource beside it: the same account, another name."""
    head, separator, rest = arn.rpartition("/" if "/" in arn else ":")
    return f"{head}{separator}another-{rest}"
