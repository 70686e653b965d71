"""What the catalogue's names become on AWS: no two things are called the same, and no name is too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from adelie.compute.service_settings import ServiceSettings, target_group_name
from adelie.values.naming import AwsNames, InvalidNameError
from catalogue.model import Job
from catalogue.settings import reject
from catalogue.uses import job_prefix

RESERVED: Final = frozenset(
    {
        "alarms",
        "assets",
        "bastion",
        "cache",
        "cdn",
        "certificate",
        "cluster",
        "database",
        "key",
        "load-balancer",
        "logs",
        "network",
        "operations",
    }
)
"""The ids of the platform's own constructs, beside which jobs, tasks and buckets stand with their names as ids."""

_CALLED_SO: Final[Mapping[str, frozenset[str]]] = {
    # A security group, or the group of the log of ECS Exec.
    "services": frozenset({"bastion", "database-role", "exec", "load-balancer"}),
    # `aws` is the provider's id. A job also has a queue and alarms, as the notifier and the backups have.
    "jobs": RESERVED | {"aws", "backup", "database-role", "discord", "exec"},
    "tasks": RESERVED | {"aws", "database-role", "exec"},
    "buckets": RESERVED | {"aws"},
    "secrets": frozenset({"database-application"}),
}
"""What the platform itself calls something, by the kind of the thing that would be called the same."""

_LONGEST: Final[Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]] = {
    "services": (("aws_iam_role", ("execution",)),),
    "jobs": (("aws_iam_role", ("execution",)), ("aws_iam_role", ("scheduler",)), ("aws_sqs_queue", ("failures",))),
    "tasks": (("aws_iam_role", ("execution",)),),
    "secrets": (("aws_iam_role_policy", ("secret",)),),
}
"""The names that come near to their limits, by kind: the type, and what stands behind the name in the catalogue."""


def check_names(
    names: AwsNames,
    services: Mapping[str, ServiceSettings],
    jobs: Mapping[str, Job],
    others: Mapping[str, Mapping[str, object]],
) -> None:
    """Refuse, at its key, what can't be called so on AWS. `others` are tasks, buckets and secrets, by kind."""
    kinds: dict[str, Mapping[str, object]] = {"services": services, "jobs": jobs, **others}
    ids = {
        f"{prefix}-{name}" for prefix, kind in (("service", "services"), ("secret", "secrets")) for name in kinds[kind]
    }
    ids |= {f"repository-{name}" for name in (*services, *jobs)}
    for kind, things in kinds.items():
        for name in things:
            stands_beside = kind not in {"services", "secrets"}  # whose ids have a prefix
            if name in _CALLED_SO[kind] or (stands_beside and name in ids):
                reject(f"{kind}.{name}", "must not be named like a part of the platform", name, "rename it")
            try:
                _try(names, kind, name)
            except InvalidNameError as error:
                _too_long(f"{kind}.{name}", error, name)
    for name, service in services.items():
        _check_service(names, name, service)
    _check_outputs(jobs, others)


def start_command_output(name: str, job: Job) -> str:
    """What the output is called that says how to start the job."""
    return f"{job_prefix(name, job).lower()}_start_command"


def output(name: str, what: str) -> str:
    """What an output about a bucket or a task is called."""
    return f"{name.replace('-', '_')}_{what}"


def _try(names: AwsNames, kind: str, name: str) -> None:
    if kind == "buckets":
        names.bucket_name(name)
    for resource_type, behind in _LONGEST.get(kind, ()):
        names.name(resource_type, name, *behind)


def _check_service(names: AwsNames, name: str, service: ServiceSettings) -> None:
    try:
        target_group_name(names, name, service.port)
    except InvalidNameError as error:
        _too_long(f"services.{name}", error, name)
    for action in service.autoscaling.scheduled if service.autoscaling else ():
        try:
            names.name("aws_appautoscaling_scheduled_action", name, action)
        except InvalidNameError as error:
            _too_long(f"services.{name}.autoscaling.scheduled.{action}", error, action)


def _check_outputs(jobs: Mapping[str, Job], others: Mapping[str, Mapping[str, object]]) -> None:
    taken: dict[str, str] = {}
    for key, value, called in _outputs(jobs, others):
        other = taken.setdefault(called, key)
        if other != key:
            reject(key, f"must not make the output {called}, which {other} makes", value, "use another")


def _outputs(jobs: Mapping[str, Job], others: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str, str]]:
    """(key, value there, the output that follows from it)."""
    for kind, what in (("buckets", "bucket"), ("tasks", "command")):
        for name in others[kind]:
            yield f"{kind}.{name}", name, output(name, what)
    for name, job in jobs.items():
        key = f"jobs.{name}.variable_prefix" if job.variable_prefix else f"jobs.{name}"
        yield key, job.variable_prefix or name, start_command_output(name, job)


def _too_long(key: str, error: InvalidNameError, name: str) -> None:
    reject(key, f"makes a name that is too long ({error})", name, "shorten the key")
