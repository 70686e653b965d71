"""One environment's AWS account as IAM sees it: its roles, and the policies on what is in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, Final, cast

from moto.iam.aws_managed_policies import aws_managed_policies_data

from stacks.environment import Environment
from tests.permissions.arns import Arns
from tests.permissions.call import OTHER_ACCOUNT, SOMEBODY, Call, Instead, elsewhere
from tests.permissions.evaluation import Policy, Request
from tests.support import Synthesized

EVERYTHING: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
OPEN: Final[Policy] = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
MASTER_SECRET: Final = "master_user_secret[0].secret_arn"
POLICIES_ON: Final[Mapping[str, tuple[str, str]]] = {
    "aws_s3_bucket_policy": ("bucket", "arn:aws:s3:::{}"),
    "aws_sns_topic_policy": ("arn", "{}"),
    "aws_sqs_queue_policy": ("queue_url", "{}"),
}
"""Where the policy on a resource is a resource of its own: the attribute that says on which, and its ARN."""


class Attributes(Mapping[str, Any]):
    """The attributes of a resource; the expressions in one are replaced when it is asked for."""

    def __init__(self, arns: Arns, body: Mapping[str, Any]) -> None:
        self._arns, self._body = arns, body

    def __getitem__(self, key: str) -> Any:
        return self._arns.resolved(self._body[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._body)

    def __len__(self) -> int:
        return len(self._body)


class Account:
    """The account of one environment: its platform and its bootstrap stack."""

    def __init__(self, environment: Environment, platform: Synthesized, bootstrap: Synthesized) -> None:
        self.environment = environment
        self.id, self.region, self.prefix = environment.account_id, environment.region, environment.names.prefix
        self.platform, self.bootstrap = platform, bootstrap
        self.arns = Arns(platform, account=self.id, region=self.region)
        self.bootstrap_arns = Arns(bootstrap, account=self.id, region=self.region)
        self._sides = ((platform, self.arns), (bootstrap, self.bootstrap_arns))

    def arn(self, service: str, rest: str, *, region: str | None = None) -> str:
        """The ARN of something in this account that has no resource in the stacks."""
        return f"arn:aws:{service}:{self.region if region is None else region}:{self.id}:{rest}"

    def pipeline_role(self, kind: str) -> str:
        """The ARN of the role that GitHub Actions takes to plan or to apply."""
        return self.arn("iam", f"role/{self.environment.names.bootstrap_name(kind)}", region="")

    @property
    def state_bucket(self) -> str:
        """The ARN of the bucket that Terraform's state is in."""
        return self.bootstrap_arns.of("aws_s3_bucket", next(iter(self.bootstrap.resources("aws_s3_bucket"))))

    @property
    def state_key(self) -> str:
        """The name of the state in its bucket."""
        return str(self.platform.document["terraform"]["backend"]["s3"]["key"])

    def out_of_the_vpc(self, service: str, to: str) -> dict[str, Instead]:
        """The near miss that the VPC endpoint of a service refuses, if there is one: data goes out to another account
        with somebody's credentials, and neither has to do with our policies.
        """
        if service not in self._endpoints:
            return {}
        return {"out of the VPC, with somebody's credentials": {"who": SOMEBODY, "on": elsewhere(to)}}

    def task_roles(self) -> list[str]:
        """The roles that the containers have."""
        return [body["task_role_arn"] for body in self.bodies("aws_ecs_task_definition")]

    def served(self) -> set[str]:
        """The ARNs of the buckets that CloudFront serves to everybody."""
        domains = {
            origin["domain_name"] for body in self.bodies("aws_cloudfront_distribution") for origin in body["origin"]
        }
        buckets = self.platform.resources("aws_s3_bucket")
        domain = "bucket_regional_domain_name"
        return {
            self.arns.of("aws_s3_bucket", name)
            for name in buckets
            if self.arns.of("aws_s3_bucket", name, domain) in domains
        }

    def buckets_beside(self, bucket: str) -> list[str]:
        """The ARNs of the platform's other buckets."""
        return [arn for arn, _ in self.each("aws_s3_bucket") if arn != bucket]

    def trusted(self, role: str) -> str:
        """The service that a role of the platform is for."""
        (statement,) = self._roles[role]["Statement"]
        (service,) = statement["Principal"]["Service"]
        return service

    def each(self, resource_type: str) -> Iterator[tuple[str, Attributes]]:
        """(ARN, attributes) of each of the platform's resources of a type."""
        for name, body in self.platform.resources(resource_type).items():
            yield self.arns.of(resource_type, name), Attributes(self.arns, body)

    def bodies(self, resource_type: str) -> Iterator[Attributes]:
        """The attributes of each of the platform's resources of a type that needs no ARN here."""
        for body in self.platform.resources(resource_type).values():
            yield Attributes(self.arns, body)

    def attributes(self, resource_type: str, arn: str) -> Attributes:
        """The attributes of one resource."""
        return dict(self.each(resource_type))[arn]

    def secrets(self) -> Mapping[str, str]:
        """The ARN of each secret, with that of its key."""
        own = {arn: body["kms_key_id"] for arn, body in self.each("aws_secretsmanager_secret")}
        of_databases = {
            self.arns.of("aws_db_instance", name, MASTER_SECRET): self.arns.resolved(
                body["master_user_secret_kms_key_id"]
            )
            for name, body in self.platform.resources("aws_db_instance").items()
        }
        return {**own, **of_databases}

    def key_of_bucket(self, bucket: str) -> str:
        """The ARN of the key that a bucket's objects are encrypted with."""
        for body in self.platform.resources("aws_s3_bucket_server_side_encryption_configuration").values():
            if bucket.endswith(f":{self.arns.resolved(body['bucket'])}"):
                (rule,) = body["rule"]
                (default,) = _listed(rule["apply_server_side_encryption_by_default"])
                return self.arns.resolved(str(default["kms_master_key_id"]))
        raise LookupError(f"nothing says how {bucket} is encrypted")

    def request(self, call: Call, action: str) -> Request:
        """The call as IAM is asked about it, with the keys that every request has (`aws:SecureTransport`,
        `aws:ResourceAccount`, a role's `aws:PrincipalArn` and `aws:PrincipalAccount`: IAM user guide, "AWS global
        condition context keys").
        """
        owner = self._owner(call.on)
        context: dict[str, str | Sequence[str]] = {"aws:SecureTransport": "true", "aws:ResourceAccount": owner}
        if action.startswith("s3:"):
            context["s3:TlsVersion"] = "1.3"
        principal, identity = call.who, cast(Mapping[str, Policy], {})
        role = re.fullmatch(r"arn:aws:iam::(\d+):role/(.+)", call.who)
        if role:
            principal = f"arn:aws:sts::{role[1]}:assumed-role/{role[2]}/session"
            identity = self._identity(call.who) if role[1] == self.id else {"another account's": EVERYTHING}
            context |= {"aws:PrincipalArn": call.who, "aws:PrincipalAccount": role[1]}
        context |= call.context
        return Request(
            principal=principal,
            action=action,
            resource=call.on,
            account=owner,
            context={key: value for key, value in context.items() if value != ""},
            identity=identity,
            boundary=self._boundaries.get(call.who),
            resource_policy=self._policy_on(call.on, action, owner),
            endpoint=self._endpoints.get(call.through) if call.through else None,
        )

    def grants(self) -> Iterator[tuple[str, str, str]]:
        """(policy, Sid, action) of each statement of the platform's roles, and on its resources and VPC endpoints."""
        for arn in self._roles:
            if arn in self._platform_roles:
                for policy, document in self._identity(arn).items():
                    if not policy.startswith("arn:"):
                        yield from ((policy, sid, action) for sid, action in _statements(document))
        endpoints = {f"endpoint {service}": document for service, document in self._endpoints.items()}
        for on, document in {**self._platform_policies, **endpoints}.items():
            yield from ((on, sid, action) for sid, action in _statements(document))

    def named(self, policy: str, call: Call) -> str:
        """The policy that a verdict on a call speaks of, as `grants` has it."""
        return {"resource": _base(call.on), "endpoint": f"endpoint {call.through}"}.get(policy, policy)

    def _owner(self, arn: str) -> str:
        if arn == "*":
            return self.id
        owner = arn.split(":")[4]
        if owner:
            return owner
        return self.id if _base(arn) in self._resource_policies or _base(arn) in self._buckets else OTHER_ACCOUNT

    def _policy_on(self, arn: str, action: str, owner: str) -> Policy | None:
        if owner != self.id:
            return OPEN
        if ":role/" in arn:
            return self._roles[arn] if action.startswith("sts:") else None
        if ":key/" in arn and arn not in self._resource_policies:
            # What KMS puts on a key by itself ("Default key policy").
            root = f"arn:aws:iam::{self.id}:root"
            statement = {
                "Sid": "Root",
                "Effect": "Allow",
                "Principal": {"AWS": root},
                "Action": "kms:*",
                "Resource": "*",
            }
            return {"Version": "2012-10-17", "Statement": [statement]}
        return self._resource_policies.get(_base(arn))

    def _identity(self, role: str) -> Mapping[str, Policy]:
        if role not in self._roles:
            raise LookupError(f"the stacks have no role {role}")
        return self._identities.get(role, {})

    @cached_property
    def _identities(self) -> dict[str, dict[str, Policy]]:
        """The policies of each role, by name; managed ones by ARN."""
        found = dict[str, dict[str, Policy]]()
        for stack, arns in self._sides:
            managed = {
                arns.of("aws_iam_policy", name): arns.document(body["policy"])
                for name, body in stack.resources("aws_iam_policy").items()
            }
            for name, body in stack.resources("aws_iam_role_policy").items():
                found.setdefault(self._role_called(arns, body), {})[name] = arns.document(body["policy"])
            for body in stack.resources("aws_iam_role_policy_attachment").values():
                arn = arns.resolved(str(body["policy_arn"]))
                policy = managed[arn] if arn in managed else managed_policies()[arn]
                found.setdefault(self._role_called(arns, body), {})[arn] = policy
        return found

    def _role_called(self, arns: Arns, body: Mapping[str, Any]) -> str:
        return self.arn("iam", f"role/{arns.resolved(str(body['role']))}", region="")

    @cached_property
    def _roles(self) -> dict[str, Policy]:
        """The trust policy of each role."""
        return {
            arns.of("aws_iam_role", name): arns.document(body["assume_role_policy"])
            for stack, arns in self._sides
            for name, body in stack.resources("aws_iam_role").items()
        }

    @cached_property
    def _platform_roles(self) -> set[str]:
        return {self.arns.of("aws_iam_role", name) for name in self.platform.resources("aws_iam_role")}

    @cached_property
    def _boundaries(self) -> dict[str, Policy]:
        bounds = {
            self.bootstrap_arns.of("aws_iam_policy", name): self.bootstrap_arns.document(body["policy"])
            for name, body in self.bootstrap.resources("aws_iam_policy").items()
        }
        return {
            arn: bounds[body["permissions_boundary"]]
            for arn, body in self.each("aws_iam_role")
            if body.get("permissions_boundary")
        }

    @cached_property
    def _buckets(self) -> set[str]:
        return {
            arns.of("aws_s3_bucket", name) for stack, arns in self._sides for name in stack.resources("aws_s3_bucket")
        }

    @cached_property
    def _resource_policies(self) -> dict[str, Policy]:
        return {**self._policies_on(self.bootstrap, self.bootstrap_arns), **self._platform_policies}

    @cached_property
    def _platform_policies(self) -> dict[str, Policy]:
        return self._policies_on(self.platform, self.arns)

    def _policies_on(self, stack: Synthesized, arns: Arns) -> dict[str, Policy]:
        found: dict[str, Policy] = {
            arns.of("aws_kms_key", name): arns.document(body["policy"])
            for name, body in stack.resources("aws_kms_key").items()
        }
        for kind, (attribute, template) in POLICIES_ON.items():
            for body in stack.resources(kind).values():
                arn = template.format(arns.resolved(str(body[attribute])))
                found[_queue_arn(arn)] = arns.document(body["policy"])
        for body in stack.resources("aws_lambda_permission").values():
            function = self.arn("lambda", f"function:{arns.resolved(body['function_name'])}")
            statements = cast(list[Any], found.get(function, {"Statement": []})["Statement"])
            found[function] = {"Version": "2012-10-17", "Statement": [*statements, _permission(arns, body, function)]}
        return found

    @cached_property
    def _endpoints(self) -> dict[str, Policy]:
        return {
            str(body["service_name"]).removeprefix(f"com.amazonaws.{self.region}."): self.arns.document(body["policy"])
            for body in self.platform.resources("aws_vpc_endpoint").values()
        }


@cache
def managed_policies() -> Mapping[str, Policy]:
    """AWS's managed policies by ARN, as moto ships them."""
    policies: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return {f"arn:aws:iam::aws:policy{policy['Path']}{name}": policy["Document"] for name, policy in policies.items()}


def _statements(document: Policy) -> Iterator[tuple[str, str]]:
    for statement in document["Statement"]:
        for action in statement["Action"]:
            yield statement["Sid"], action


def _listed(value: Any) -> list[Any]:
    """A block of Terraform's JSON: one that may come once is a list or not."""
    return cast(list[Any], value) if isinstance(value, list) else [value]


def _base(arn: str) -> str:
    """What the policy is on: of an object, its bucket."""
    return arn.split("/", maxsplit=1)[0] if arn.startswith("arn:aws:s3:::") else arn


def _queue_arn(arn: str) -> str:
    url = re.fullmatch(r"https://sqs\.([\w-]+)\.amazonaws\.com/(\d+)/(.+)", arn)
    return f"arn:aws:sqs:{url[1]}:{url[2]}:{url[3]}" if url else arn


def _permission(arns: Arns, body: Mapping[str, Any], function: str) -> dict[str, Any]:
    """The statement that Lambda makes of a permission (Lambda developer guide, "Resource-based policy")."""
    conditions: dict[str, dict[str, str]] = {}
    if "source_arn" in body:
        conditions["ArnLike"] = {"aws:SourceArn": arns.resolved(str(body["source_arn"]))}
    if "source_account" in body:
        conditions["StringEquals"] = {"aws:SourceAccount": arns.resolved(str(body["source_account"]))}
    return {
        "Sid": body["statement_id"],
        "Effect": "Allow",
        "Principal": {"Service": body["principal"]},
        "Action": [body["action"]],
        "Resource": function,
        **({"Condition": conditions} if conditions else {}),
    }
