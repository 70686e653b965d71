"""The containers: what ECS does to start each, and what each does by what its variables tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.permissions.account import Account
from tests.permissions.call import OLD_TLS, OTHER_ACCOUNT, PLAIN_HTTP, SOMEBODY, Call, another, elsewhere
from tests.permissions.calls_common import taken, through

IMAGE = re.compile(r"(\d+)\.dkr\.ecr\.([\w-]+)\.amazonaws\.com/(.+):[^:]+")
EXECUTION = "Amazon ECS developer guide, Amazon ECS task execution IAM role"


def starting(account: Account) -> Iterator[Call]:
    """What ECS does with the execution role before a container runs; from inside the VPC, as Fargate does it."""
    for task, container in _containers(account):
        role, name = task["execution_role_arn"], container["name"]
        yield taken(account, role, by="ecs-tasks.amazonaws.com", source_arn=_any_task(account), source=EXECUTION)
        yield from _pull(account, role, task["task_role_arn"], name, container["image"])
        for secret in container["secrets"]:
            arn = ":".join(secret["valueFrom"].split(":")[:7])
            yield from reads_secret(account, role, arn, what=f"ECS reads {secret['name']} of {name}", source=EXECUTION)
        options = container["logConfiguration"]["options"]
        group = account.arn("logs", f"log-group:{options['awslogs-group']}")
        stream = f"log-stream:{options['awslogs-stream-prefix']}/{name}/0123456789abcdef"
        yield Call(
            what=f"{name} writes its log",
            who=role,
            does=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=f"{group}:{stream}",
            through="logs",
            source="Amazon ECS developer guide, Send Amazon ECS logs to CloudWatch",
            near_misses={
                "another group": {"on": f"{group}-another:{stream}"},
                "another account's": {"on": elsewhere(f"{group}:{stream}")},
                "it reads them": {"does": "logs:GetLogEvents"},
                **account.out_of_the_vpc("logs", f"{group}:{stream}"),
            },
        )


def running(account: Account) -> Iterator[Call]:
    """What a container does with the task role: its variables say with which bucket, secret, state machine, cache."""
    decrypting = {role for role, _ in _with_sessions(account)}
    for task, container in _containers(account):
        role, name = task["task_role_arn"], container["name"]
        directly_too = role in decrypting
        yield taken(account, role, by="ecs-tasks.amazonaws.com", source_arn=_any_task(account), source=EXECUTION)
        values = {variable["value"] for variable in container["environment"]}
        for bucket, body in account.each("aws_s3_bucket"):
            if body["bucket"] in values:
                yield from _objects(account, role, name, bucket, directly_too=directly_too)
        for machine, _ in account.each("aws_sfn_state_machine"):
            if machine in values:
                yield Call(
                    what=f"{name} starts {machine}",
                    who=role,
                    does="states:StartExecution",
                    on=machine,
                    source="Step Functions developer guide, Creating granular permissions",
                    near_misses={
                        "another state machine": {"on": another(machine)},
                        "another account's": {"on": elsewhere(machine)},
                    },
                )
        for secret in account.secrets():
            if secret in values:
                yield from reads_secret(
                    account,
                    role,
                    secret,
                    what=f"{name} reads {secret}",
                    source="Secrets Manager user guide, Get a secret value: a new password while the task runs",
                    directly_too=directly_too,
                )
        yield from _cache(account, role, name, values)


def sessions(account: Account) -> Iterator[Call]:
    """A shell in a running container: ECS Exec, where a service allows it."""
    for role, cluster in _with_sessions(account):
        settings = account.attributes("aws_ecs_cluster", cluster)["configuration"]["execute_command_configuration"]
        group = account.arn("logs", f"log-group:{settings['log_configuration']['cloud_watch_log_group_name']}")
        source = "Amazon ECS developer guide, Monitor Amazon ECS containers with ECS Exec"
        others = next(each for each in account.task_roles() if each not in dict(_with_sessions(account)))
        yield Call(
            what="a session opens its channels",
            who=role,
            does=[f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")],
            on="*",
            through="ssmmessages",
            source=source,
            near_misses={"in a container without it": {"who": others}},
        )
        yield Call(
            what="a session finds its log",
            who=role,
            does="logs:DescribeLogGroups",
            on="*",
            through="logs",
            source=source,
            near_misses={"in a container without it": {"who": others}},
        )
        yield Call(
            what="a session is recorded",
            who=role,
            does=["logs:CreateLogStream", "logs:PutLogEvents"],
            on=f"{group}:log-stream:ecs-execute-command-1",
            through="logs",
            source=source,
            near_misses={"in another group": {"on": f"{group}-another:log-stream:ecs-execute-command-1"}},
        )
        yield Call(
            what="a session looks for its stream",
            who=role,
            does="logs:DescribeLogStreams",
            on=f"{group}:log-stream:",  # as CloudWatch Logs names it when it refuses
            through="logs",
            source=source,
            near_misses={"in another group": {"on": f"{group}-another:log-stream:"}},
        )
        key = settings["kms_key_id"]
        yield Call(
            what="a session decrypts what is typed",
            who=role,
            does="kms:Decrypt",
            on=key,
            source=f"{source}: encrypted with a customer key",
            near_misses={"with another key": {"on": another(key)}, "in a container without it": {"who": others}},
        )


def reads_secret(
    account: Account,
    role: str,
    secret: str,
    *,
    what: str,
    source: str,
    in_vpc: bool = True,
    directly_too: bool = False,
) -> Iterator[Call]:
    """A role reads a secret: its value, and the key that it is encrypted with."""
    yield Call(
        what=what,
        who=role,
        does="secretsmanager:GetSecretValue",
        on=secret,
        through="secretsmanager" if in_vpc else None,
        source=source,
        near_misses={
            "another secret": {"on": another(secret)},
            "another account's": {"on": elsewhere(secret)},
            "another account's role": {"who": SOMEBODY},
            "it changes it": {"does": "secretsmanager:PutSecretValue"},
            **(account.out_of_the_vpc("secretsmanager", secret) if in_vpc else {}),
        },
    )
    yield through(
        account,
        account.secrets()[secret],
        service="secretsmanager",
        what=f"{what}: its decryption",
        who=role,
        does=["kms:Decrypt"],
        encryption_context={"SecretARN": secret},
        source="Secrets Manager user guide, Secret encryption and decryption: permissions for the KMS key",
        directly_too=directly_too,
    )


def _pull(account: Account, role: str, task_role: str, name: str, image: str) -> Iterator[Call]:
    found = IMAGE.fullmatch(image)
    assert found, f"{name} has an image of no repository of AWS: {image}"
    repository = f"arn:aws:ecr:{found[2]}:{found[1]}:repository/{found[3]}"
    source = "Amazon ECR user guide, Amazon ECR interface VPC endpoints"
    yield Call(
        what=f"ECS logs in to the registry for {name}",
        who=role,
        does="ecr:GetAuthorizationToken",
        on="*",
        through="ecr.api",
        source=EXECUTION,
        near_misses={
            "the container does": {"who": task_role},
            "another account's role": {"who": SOMEBODY},
        },
    )
    yield Call(
        what=f"ECS pulls the image of {name}",
        who=role,
        does=["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
        on=repository,
        through="ecr.dkr",
        source=EXECUTION,
        near_misses={
            "another repository": {"on": another(repository)},
            "another account's": {"on": elsewhere(repository)},
            "the container does": {"who": task_role},
            **account.out_of_the_vpc("ecr.dkr", repository),
        },
    )
    layers = f"arn:aws:s3:::prod-{account.region}-starport-layer-bucket"
    yield Call(
        what=f"ECS fetches the layers of {name}, with an address that ECR has signed",
        who=f"arn:aws:iam::{OTHER_ACCOUNT}:role/ecr",
        does="s3:GetObject",
        on=f"{layers}/1/layer",
        through="s3",
        source=f"{source}: minimum Amazon S3 bucket permissions",
        near_misses={
            "from another bucket": {"on": elsewhere(f"{layers}/1/layer")},
            "something goes out that way": {"does": "s3:PutObject"},
        },
    )


def _objects(account: Account, role: str, name: str, bucket: str, *, directly_too: bool) -> Iterator[Call]:
    common: dict[str, Any] = {"who": role, "through": "s3", "source": "S3 user guide, Policies and permissions"}
    for words, actions, tail in (
        ("lists its objects", ["s3:ListBucket"], ""),
        (
            "reads and writes its objects",
            [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "/any/key",
        ),
    ):
        yield Call(
            what=f"{name} {words}",
            does=actions,
            on=f"{bucket}{tail}",
            near_misses={
                **{other: {"on": f"{other}{tail}"} for other in account.buckets_beside(bucket)},
                "somebody else's bucket": {"on": elsewhere(f"{bucket}{tail}")},
                "over plain HTTP": PLAIN_HTTP,
                "over old TLS": OLD_TLS,
                "another account's role": {"who": SOMEBODY},
                **account.out_of_the_vpc("s3", f"{bucket}{tail}"),
            },
            **common,
        )
    yield through(
        account,
        account.key_of_bucket(bucket),
        service="s3",
        what=f"{name} reads and writes its objects: their encryption",
        who=role,
        does=["kms:Decrypt", "kms:GenerateDataKey"],
        encryption_context={"aws:s3:arn": f"{bucket}/any/key"},
        source="S3 user guide, Using server-side encryption with AWS KMS keys: permissions",
        directly_too=directly_too,
    )


def _cache(account: Account, role: str, name: str, values: set[str]) -> Iterator[Call]:
    for kind, attribute in (
        ("aws_elasticache_user", "user_name"),
        ("aws_elasticache_replication_group", "replication_group_id"),
    ):
        for arn, body in account.each(kind):
            if body[attribute] in values:
                yield Call(
                    what=f"{name} connects to the cache: its {kind.removeprefix('aws_elasticache_')}",
                    who=role,
                    does="elasticache:Connect",
                    on=arn,
                    source="ElastiCache user guide, Authenticating with IAM: both the user and the cache",
                    near_misses={"another": {"on": another(arn)}, "another account's": {"on": elsewhere(arn)}},
                )


def _containers(account: Account) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    for name, body in account.platform.resources("aws_ecs_task_definition").items():
        roles = {kind: account.arns.resolved(body[kind]) for kind in ("execution_role_arn", "task_role_arn")}
        for container in account.arns.document(body["container_definitions"]):
            yield {**roles, "name": name}, container


def _with_sessions(account: Account) -> Iterator[tuple[str, str]]:
    """(task role, cluster) of each service that lets people in."""
    roles = {arn: body["task_role_arn"] for arn, body in account.each("aws_ecs_task_definition")}
    for body in account.bodies("aws_ecs_service"):
        if body.get("enable_execute_command"):
            yield roles[body["task_definition"]], body["cluster"]


def _any_task(account: Account) -> str:
    return account.arn("ecs", "*")
