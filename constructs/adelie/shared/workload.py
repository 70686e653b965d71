"""What a connection needs to know of its other end, so that families do not import each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from adelie.shared.security_group import SecurityGroup
from adelie.values.policy import Statement


class Peer(Protocol):
    """Something with a place in the network: a service, a job, the bastion. `database.allow_from(peer)` takes it."""

    @property
    def peer_id(self) -> str:
        """Its name in lower-case kebab; becomes part of the construct ids of what is made for it: a public contract."""
        ...

    @property
    def security_group(self) -> SecurityGroup:
        """The security group its network interfaces have."""
        ...


class Workload(Peer, Protocol):
    """A peer that runs our code, with an environment and two IAM roles. `database.connect(workload)` takes it."""

    def add_environment(self, variables: Mapping[str, str]) -> None:
        """Put plain environment variables into its container. Raises ValueError if one is set already."""
        ...

    def add_secrets(self, secrets: Mapping[str, str]) -> None:
        """Put secrets into its container: variable to `valueFrom` (an ARN, `<arn>:<json key>::` for one key)."""
        ...

    def grant_task(self, grant_id: str, *statements: Statement) -> None:
        """Allow the code itself (the ECS task role) what the statements say."""
        ...

    def grant_execution(self, grant_id: str, *statements: Statement) -> None:
        """Allow ECS what it needs to start the container (the execution role), such as to read a secret."""
        ...
