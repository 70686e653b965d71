"""Whether IAM would allow a request: policies with conditions in, a verdict out.

@cloud-copilot/iam-simulate evaluates them (decisions/0007-permissions-are-evaluated.md), in one Node process for all
requests. What it can't judge is not taken for a no: an operator, a condition key, an action, an ARN or a context key
that AWS doesn't have raises `UnknownToIamError`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adelie.seam.startup import bundled_node

Policy = Mapping[str, Any]
Context = Mapping[str, str | Sequence[str]]

_SIMULATOR: Final = Path(__file__).with_name("simulate.mjs")
_OPERATOR: Final = re.compile(
    r"Null|((ForAllValues|ForAnyValue):)?("
    r"String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|"
    r"Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?"
)
"""IAM user guide: "IAM JSON policy elements: Condition operators", "Set operators for multivalued context keys"."""
_FREE_KEY: Final = re.compile(
    r"(kms:EncryptionContext|token\.actions\.githubusercontent\.com):|lambda:SourceFunctionArn$", re.IGNORECASE
)
"""Keys that the simulator has for no action, because their end is free or any action of a function's code has them. It
sees them as tags, which any action has and whose end is free."""
_AS_TAG: Final = "aws:PrincipalTag/"
_ANY_OF_ANY_KIND: Final = re.compile(r":\*/\*$")
"""`arn:aws:ec2:<region>:<account>:*/*`, as EC2 has it (user guide, "Grant permission to tag Amazon EC2 resources
during creation"). The simulator wants the kind of a resource spelt out, or nothing but the asterisk."""


class UnknownToIamError(Exception):
    """A policy or a request has something that AWS doesn't have, so no verdict on it would be worth anything."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource, and every policy that has a say in it."""

    principal: str
    """A session (`arn:aws:sts::...:assumed-role/...`), a service's name, or an identity provider's ARN."""
    action: str
    resource: str
    account: str
    """Whose the resource is."""
    context: Context = field(default_factory=dict[str, str])
    identity: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    """The principal's own policies, by name."""
    resource_policy: Policy | None = None
    boundary: Policy | None = None
    endpoint: Policy | None = None
    """The policy of the VPC endpoint that the request goes through."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What IAM says."""

    allowed: bool
    allowed_by: frozenset[tuple[str, str]]
    """(policy, Sid) of the statements that allow it; the policy on the resource is called "resource"."""
    denied_by: frozenset[tuple[str, str]]
    reason: str
    """In words, for a message."""


def evaluate(requests: Sequence[Request]) -> list[Verdict]:
    """The verdict on each, in order. Raises UnknownToIamError, or RuntimeError if the simulator fails."""
    sent = _Sent()
    places = [sent.add(request) for request in requests]
    answers = _simulate(
        json.dumps({"policies": sent.policies, "keys": sorted(sent.keys), "requests": list(sent.requests.values())})
    )
    return [_verdict(request, answers[place]) for request, place in zip(requests, places, strict=True)]


class _Sent:
    """What the simulator is given: each policy once, because reading one takes longest, and each request once."""

    def __init__(self) -> None:
        self.policies: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.requests: dict[str, dict[str, Any]] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._asked: dict[str, int] = {}

    def add(self, request: Request) -> int:
        """Take a request, its policies by their places in `policies`; the place of its answer."""
        asked = {
            "principal": request.principal,
            "action": request.action,
            "resource": request.resource,
            "account": request.account,
            "context": {_key(key): value for key, value in request.context.items()},
            "identity": {name: self._place("identity", policy) for name, policy in request.identity.items()},
            "resourcePolicy": self._place("resource", request.resource_policy),
            "boundary": self._place("identity", request.boundary),
            "endpoint": self._place("endpoint", request.endpoint),
        }
        text = json.dumps(asked)
        self.requests[text] = asked
        return self._asked.setdefault(text, len(self._asked))

    def _place(self, kind: str, policy: Policy | None) -> int | None:
        if policy is None:
            return None
        place = self._places.get((kind, id(policy)))
        if place is None:
            self.keys |= {key for key in _condition_keys(policy) if not _FREE_KEY.match(key)}
            taken = _taken(_for_everybody(policy) if kind == "endpoint" else policy)
            place = self._places[kind, id(policy)] = len(self.policies)
            self.policies.append({"kind": kind, "policy": taken})
        return place


def _condition_keys(policy: Policy) -> Iterator[str]:
    for statement in policy["Statement"]:
        for operator, tests in statement.get("Condition", {}).items():
            if not _OPERATOR.fullmatch(operator):
                raise UnknownToIamError(f"{statement.get('Sid')}: IAM has no condition operator {operator!r}")
            yield from tests


def _for_everybody(policy: Policy) -> Policy:
    """An endpoint's policy as the simulator takes it: "*" for {"AWS": "*"}, which is the same (IAM user guide, "AWS
    JSON policy elements: Principal"). It takes the policy for everybody's anyway, so one that isn't raises.
    """
    for statement in policy["Statement"]:
        if statement["Principal"] not in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            raise UnknownToIamError(f"{statement['Sid']}: only a VPC endpoint policy for everybody can be evaluated")
    return {**policy, "Statement": [{**each, "Principal": "*"} for each in policy["Statement"]]}


def _key(key: str) -> str:
    return f"{_AS_TAG}{key}" if _FREE_KEY.match(key) else key


def _taken(policy: Policy) -> Policy:
    """The policy as the simulator takes it."""
    statements = list[dict[str, Any]]()
    for statement in policy["Statement"]:
        taken = dict(statement)
        if condition := taken.get("Condition"):
            taken["Condition"] = {
                how: {_key(key): values for key, values in tests.items()} for how, tests in condition.items()
            }
        for element in ("Resource", "NotResource"):
            if element in taken:
                taken[element] = [_ANY_OF_ANY_KIND.sub(":*", arn) for arn in _listed(taken[element])]
        statements.append(taken)
    return {**policy, "Statement": statements}


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _simulate(sent: str) -> list[dict[str, Any]]:
    node = bundled_node()
    done = subprocess.run(
        [str(node) if node else "node", str(_SIMULATOR)], input=sent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the policy simulator failed; run `make setup`: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    if said["unknown"]:
        raise UnknownToIamError(f"IAM has no condition key {', '.join(map(repr, said['unknown']))}")
    answers: list[dict[str, Any]] = said["answers"]
    return answers


def _verdict(request: Request, answer: Mapping[str, Any]) -> Verdict:
    if "error" in answer:
        raise UnknownToIamError(f"{request.action} on {request.resource}: {answer['error']}")
    allowed_by, denied_by = (_pairs(answer[kind]) for kind in ("allowedBy", "deniedBy"))
    return Verdict(
        allowed=answer["result"] == "Allowed",
        allowed_by=allowed_by,
        denied_by=denied_by,
        reason="; ".join(_reasons(answer)).replace(_AS_TAG, ""),
    )


def _pairs(found: Iterable[Sequence[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((policy, sid) for policy, sid in found)


def _reasons(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["result"] == "Allowed":
        yield "allowed by " + ", ".join(f"{sid} of {policy}" for policy, sid in answer["allowedBy"])
        return
    parts = {"pb": "the permissions boundary", "vpce": "the VPC endpoint's policy"}
    yield from (f"{parts.get(each, each)} stops it" for each in answer["blockedBy"])
    yield from (f"{sid} of {policy} denies it" for policy, sid in answer["deniedBy"])
    yield from answer["nearly"]
    if not (answer["blockedBy"] or answer["deniedBy"] or answer["nearly"]):
        yield "no statement is for this principal, this action and this resource"
