"""The table: which calls the running platform makes, by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tests.permissions import (
    calls_backup,
    calls_delivery,
    calls_edge,
    calls_jobs,
    calls_operations,
    calls_release,
    calls_tasks,
)
from tests.permissions.account import Account
from tests.permissions.call import Call

PARTS: Final[Mapping[str, Callable[[Account], Iterator[Call]]]] = {
    "schedules": calls_jobs.schedules,
    "state machines": calls_jobs.state_machines,
    "starting containers": calls_tasks.starting,
    "running containers": calls_tasks.running,
    "sessions in containers": calls_tasks.sessions,
    "functions": calls_operations.functions,
    "topics": calls_operations.topics,
    "encrypted logs": calls_operations.encrypted_logs,
    "monitoring": calls_operations.monitoring,
    "bastion": calls_operations.bastion,
    "backups": calls_backup.backups,
    "assets": calls_edge.assets,
    "access logs": calls_edge.access_logs,
    "tokens": calls_delivery.tokens,
    "state": calls_delivery.state,
    "reading": calls_delivery.reading,
    "making roles": calls_delivery.making_roles,
    "changing": calls_delivery.changing,
    "releasing": calls_release.releasing,
}
