"""What the compute family needs of constructs of other families."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from adelie.values.metric import Measured


class PrivateNetwork(Protocol):
    """A VPC with private subnets: `adelie.network.Network`."""

    @property
    def vpc_id(self) -> str:
        """The VPC."""
        ...

    @property
    def private_subnet_ids(self) -> Sequence[str]:
        """Subnets without public addresses, one a zone."""
        ...


class IssuedCertificate(Measured, Protocol):
    """A certificate that ACM has issued: `adelie.cdn.Certificate`."""

    @property
    def arn(self) -> str:
        """Its ARN, known once it is issued."""
        ...


class AccessLogBucket(Protocol):
    """A bucket that takes the load balancer's logs: `adelie.storage.LogBucket`."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        ...
