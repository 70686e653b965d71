"""What a family needs of another family's constructs: small protocols, so that no family imports another.

A construct takes these as arguments. What it builds for itself it imports: a database its secret (see pyproject.toml,
"Families do not import each other").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from adelie.shared.security_group import SecurityGroup
from adelie.values.metric import Measured
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


class PrivateNetwork(Protocol):
    """A VPC with subnets that have no public addresses: `adelie.network.vpc.Network`."""

    @property
    def vpc_id(self) -> str:
        """The VPC."""
        ...

    @property
    def private_subnet_ids(self) -> Sequence[str]:
        """Subnets with a way out, through NAT or endpoints; one per zone."""
        ...

    @property
    def isolated_subnet_ids(self) -> Sequence[str]:
        """Subnets with no way out, for what holds data; one per zone."""
        ...


class AccessLogBucket(Protocol):
    """A bucket that the load balancer and CloudFront may write logs to: `adelie.storage.log_bucket.LogBucket`."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        ...

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        ...


class IssuedCertificate(Measured, Protocol):
    """A certificate that ACM has issued: `adelie.cdn.domain.Certificate`."""

    @property
    def arn(self) -> str:
        """Its ARN, known once it is issued."""
        ...


class AssetsBucket(Protocol):
    """A bucket whose objects CloudFront serves: `adelie.storage.bucket.Bucket`."""

    @property
    def regional_domain_name(self) -> str:
        """`<bucket>.s3.<region>.amazonaws.com`."""
        ...

    def allow_cloudfront(self, distribution_arn: str) -> None:
        """Let this one distribution read objects."""
        ...


class PrivateLoadBalancer(Protocol):
    """A load balancer that CloudFront reaches: `adelie.compute.load_balancer.LoadBalancer`."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        ...

    @property
    def dns_name(self) -> str:
        """The name that AWS gave it."""
        ...

    @property
    def zone_id(self) -> str:
        """The hosted zone of that name."""
        ...

    @property
    def port(self) -> int:
        """The port of its one listener."""
        ...


class ReadableSecret(Protocol):
    """A secret that a role can be allowed to read: `adelie.storage.secret.Secret`."""

    @property
    def arn(self) -> str:
        """The secret's ARN."""
        ...

    def read_statements(self) -> Sequence[Statement]:
        """What a role needs to read the secret."""
        ...
