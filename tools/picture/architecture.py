"""What a synthesized stack consists of, for the architecture picture: nodes from resources, edges from references."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from tools.command import Json
from tools.synthesized import Resource, resources

_REFERENCE: Final = re.compile(r"\b(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Node:
    """One thing in the picture: `kind` says what it is, `id` which one."""

    id: str
    kind: str
    title: str
    lines: tuple[str, ...]
    count: int = 1


@dataclass(frozen=True)
class Architecture:
    """Nodes by id, and who reaches what: (from, to) with the port, or empty where it is an API."""

    nodes: Mapping[str, Node]
    edges: Mapping[tuple[str, str], str]
    region: str
    zones: tuple[str, ...]
    cidr: str

    def of_kind(self, *kinds: str) -> list[Node]:
        """The nodes of some kinds, in the order of the kinds."""
        return [node for kind in kinds for node in self.nodes.values() if node.kind == kind]


@dataclass(frozen=True)
class Stack:
    """A synthesized stack by resource type and by component: the construct right under the stack."""

    every: tuple[Resource, ...]
    provider: Mapping[str, Json]

    @classmethod
    def read(cls, document: Mapping[str, Json]) -> Stack:
        """The stack that a `cdk.tf.json` describes."""
        return cls(tuple(resources(document)), document["provider"]["aws"][0])

    def find(self, resource_type: str, component: str | None = None) -> list[Resource]:
        """The resources of a type, in one component or in all."""
        return [one for one in self.every if one.type == resource_type and component in {None, one.path[0]}]

    def first(self, resource_type: str, component: str | None = None) -> Mapping[str, Json]:
        """The arguments of the first resource of a type; empty if there is none."""
        found = self.find(resource_type, component)
        return found[0].body if found else {}


def read(document: Mapping[str, Json]) -> Architecture:
    """Derive the picture's content from a stack's Terraform JSON."""
    stack = Stack.read(document)
    nodes: dict[str, Node] = {}
    owners: dict[str, str] = {}
    for resource in stack.every:
        if resource.type in _MARKERS:
            node = _MARKERS[resource.type](stack, resource)
            known = nodes.get(node.id)
            nodes[node.id] = _joined(known, node) if known else node
            owners[resource.address] = node.id
    for resource in stack.every:
        if resource.type in _PARTS and resource.path[0] in nodes:
            owners[resource.address] = resource.path[0]
    vpc = stack.first("aws_vpc")
    return Architecture(
        nodes=nodes,
        edges=dict(_edges(stack, nodes, owners)),
        region=stack.provider["region"],
        zones=tuple(sorted({one.body["availability_zone"][-1] for one in stack.find("aws_subnet")})),
        cidr=vpc.get("cidr_block", ""),
    )


def _edges(stack: Stack, nodes: Mapping[str, Node], owners: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Opened ports first; then what refers to what: origins, targets, and the policies of each component's roles."""
    opened: set[tuple[str, str]] = set()
    groups = {one.address: one.path[0] for one in stack.find("aws_security_group")}
    for rule in stack.find("aws_vpc_security_group_ingress_rule"):
        for address in _references(rule, "referenced_security_group_id"):
            source, target = groups.get(address, ""), rule.path[0]
            if source in nodes and target in nodes and source != target:  # a database's own function is inside it
                opened.add((source, target))
                yield (source, target), str(rule.body["from_port"])
    for resource in stack.every:
        source = owners.get(resource.address) or _granted(resource)
        for address in _references(resource):
            target = owners.get(address, source)
            if source in nodes and source != target and (source, target) not in opened:
                opened.add((source, target))
                yield (source, target), ""


def _granted(resource: Resource) -> str:
    """The component that a policy of its own task or execution role grants something; empty for other resources."""
    is_grant = resource.type == "aws_iam_role_policy" and resource.path[-1].startswith(("task-", "execution-"))
    return resource.path[0] if is_grant else ""


def _references(resource: Resource, argument: str | None = None) -> Iterator[str]:
    body = {key: value for key, value in resource.body.items() if key not in {"//", "depends_on"}}
    for match in _REFERENCE.finditer(json.dumps(body.get(argument) if argument else body)):
        yield f"{match[1]}.{match[2]}"


def _joined(known: Node, more: Node) -> Node:
    """Several resources that are one thing in the picture, such as the NAT gateways of all zones."""
    lines = tuple(dict.fromkeys((*known.lines, *more.lines)))
    return Node(known.id, known.kind, known.title, lines, known.count + more.count)


def _block(value: Json) -> Mapping[str, Json]:
    """A nested block, which cdktf writes as an object or as a list of one."""
    blocks = cast("list[Mapping[str, Json]]", value if isinstance(value, list) else [value])
    return blocks[0]


def _distribution(_: Stack, resource: Resource) -> Node:
    versions = "HTTP/3" if "3" in resource.body.get("http_version", "") else "HTTP/2"
    names = resource.body.get("aliases") or ["its own cloudfront.net name"]
    return Node(resource.path[0], "cdn", "CloudFront", (", ".join(names), f"{versions}, security headers"))


def _web_acl(_: Stack, resource: Resource) -> Node:
    rules = json.dumps(resource.body.get("rule", []))
    limits = re.findall(r'"limit": (\d+)', rules)
    managed = rules.count('"managed_rule_group_statement"')
    return Node(
        "web-acl",
        "web-acl",
        "AWS WAF",
        (f"{managed} managed rule groups", *(f"{int(limit):,} requests an address" for limit in limits)),
    )


def _record(_: Stack, resource: Resource) -> Node:
    name = resource.body["name"]
    return Node("dns", "dns", "Route 53, ACM", (name,) if "${" not in name else (), count=0)


def _balancer(stack: Stack, resource: Resource) -> Node:
    listeners = sorted(stack.find("aws_lb_listener", resource.path[0]), key=lambda one: one.body["port"])
    front = listeners[-1].body if listeners else {"protocol": "no", "port": "listener"}
    lines = (f"internal, {front['protocol']} {front['port']}", "from CloudFront only")
    return Node(resource.path[0], "load-balancer", "Load balancer", lines)


def _task(stack: Stack, resource: Resource) -> Node:
    component = resource.path[0]
    size = f"Fargate, {_size(resource.body)}"
    if stack.find("aws_ecs_service", component):
        return Node(
            component, "service", _family(resource), (size, _tasks(stack, component), *_paths(stack, component))
        )
    if stack.find("aws_sfn_state_machine", component):
        return Node(component, "job", _family(resource), (size, "scheduled job"))
    return Node(component, "one-off", _family(resource), (size, "once, before a roll-out"))


def _family(resource: Resource) -> str:
    """The container's name."""
    return json.loads(resource.body["container_definitions"])[0]["name"]


def _tasks(stack: Stack, component: str) -> str:
    bounds = stack.first("aws_appautoscaling_target", component)
    if bounds:
        return f"{bounds['min_capacity']} to {bounds['max_capacity']} tasks"
    return f"{stack.first('aws_ecs_service', component)['desired_count']} tasks"


def _paths(stack: Stack, component: str) -> Iterator[str]:
    """The paths that the load balancer sends to a component's target group."""
    groups = {one.address for one in stack.find("aws_lb_target_group", component)}
    for rule in stack.find("aws_lb_listener_rule"):
        if groups.intersection(_references(rule, "action")):
            yield from _block(_block(rule.body["condition"])["path_pattern"])["values"]


def _size(definition: Mapping[str, Json]) -> str:
    return f"{int(definition['cpu']) / 1024:g} vCPU, {int(definition['memory']) / 1024:g} GiB"


def _bastion(_: Stack, resource: Resource) -> Node:
    lines = (resource.body.get("instance_type") or "EC2", "Session Manager only")
    return Node(resource.path[0], "bastion", "bastion", lines)


def _database(_: Stack, resource: Resource) -> Node:
    body = resource.body
    return Node(
        resource.path[0],
        "database",
        f"PostgreSQL {body['engine_version']}",
        (f"RDS, {body['instance_class']}", "Multi-AZ, TLS" if body.get("multi_az") else "one zone, TLS"),
        count=2 if body.get("multi_az") else 1,
    )


def _cache(_: Stack, resource: Resource) -> Node:
    body = resource.body
    nodes = body["num_cache_clusters"]
    return Node(
        resource.path[0],
        "cache",
        f"{body['engine'].capitalize()} {body['engine_version']}",
        (
            f"ElastiCache, {body['node_type']}",
            f"{nodes} node{'s' if nodes > 1 else ''}, TLS{', IAM sign-in' if body.get('user_group_ids') else ''}",
        ),
        count=nodes,
    )


def _bucket(stack: Stack, resource: Resource) -> Node:
    component = resource.path[0]
    kept = "private, versioned" if stack.find("aws_s3_bucket_versioning", component) else "private"
    what = {"assets": "frontend files", "logs": "access logs"}.get(component)
    if what:
        return Node(component, f"bucket-{component}", f"S3 {component}", (what, kept))
    return Node("objects", "bucket-objects", "S3 objects", ("application data", kept))  # one card for all of them


def _secret(_: Stack, resource: Resource) -> Node:
    return Node("secrets", "secrets", "Secrets Manager", (resource.body["name"].rpartition("/")[2],))


def _repository(_: Stack, resource: Resource) -> Node:
    return Node("images", "images", "ECR", (resource.body["name"].rpartition("/")[2].split("-", 2)[-1],))


def _key(_: Stack, resource: Resource) -> Node:
    days = resource.body.get("rotation_period_in_days", 365)
    return Node("key", "key", "Customer key", ("KMS: data, logs, secrets", f"rotated every {days} days"))


def _machine(stack: Stack, resource: Resource) -> Node:
    alarms = len(stack.find("aws_cloudwatch_metric_alarm", resource.path[0]))
    return Node("steps", "steps", "Step Functions", ("retries, time limit", f"failure queue, {alarms} alarms"))


def _alarms(stack: Stack, _: Resource) -> Node:
    alarms, budgets = stack.find("aws_cloudwatch_metric_alarm"), stack.find("aws_budgets_budget")
    counts = f"{len(alarms)} alarms" + (", a budget" if budgets else "")
    return Node("alarms", "alarms", "Alarms to Discord", (counts, "SNS, Lambda; dashboard"))


def _schedule(_: Stack, resource: Resource) -> Node:
    body = resource.body
    return Node(
        "schedule", "schedule", "Scheduler", (body["schedule_expression"], body["schedule_expression_timezone"])
    )


def _nat(_: Stack, __: Resource) -> Node:
    return Node("nat", "nat", "NAT gateway", ("connections out only",))


def _gateway(_: Stack, __: Resource) -> Node:
    return Node("gateway", "gateway", "Internet gateway", ("no way in: no public address",))


def _endpoint(_: Stack, resource: Resource) -> Node:
    return Node("endpoints", "endpoints", "VPC endpoints", (resource.body["service_name"].split(".", 3)[-1],))


_MARKERS: Final[Mapping[str, Callable[[Stack, Resource], Node]]] = {
    "aws_cloudfront_distribution": _distribution,
    "aws_db_instance": _database,
    "aws_ecr_repository": _repository,
    "aws_ecs_task_definition": _task,
    "aws_elasticache_replication_group": _cache,
    "aws_instance": _bastion,
    "aws_internet_gateway": _gateway,
    "aws_kms_key": _key,
    "aws_lb": _balancer,
    "aws_nat_gateway": _nat,
    "aws_route53_record": _record,
    "aws_s3_bucket": _bucket,
    "aws_scheduler_schedule": _schedule,
    "aws_secretsmanager_secret": _secret,
    "aws_sfn_state_machine": _machine,
    "aws_sns_topic": _alarms,
    "aws_vpc_endpoint": _endpoint,
    "aws_wafv2_web_acl": _web_acl,
}
"""The resource types that are in the picture, and how each becomes a node."""

_PARTS: Final = frozenset({"aws_cloudfront_vpc_origin", "aws_cloudfront_cache_policy"})
"""Types whose references count as those of their component's node."""
