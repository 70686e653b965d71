"""What holds data: marked where it is made, so that nothing has to list it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from adelie.seam.terraform import Construct, TerraformResource, TerraformStack, prevent_destroy

if TYPE_CHECKING:
    from adelie.shared.encryption import CustomerKey

Resource = TypeVar("Resource", bound=TerraformResource)


@dataclass(frozen=True, kw_only=True)
class BackupSource:
    """What AWS Backup copies where an environment has a backup plan."""

    kind: Literal["database", "bucket"]
    """Which permissions the copy takes."""
    arn: str
    key: CustomerKey | None
    """The customer key that the data is encrypted with; None if AWS's own key is."""


class DataStack(TerraformStack):
    """A stack that knows what in it holds data, because each construct marks it with `holds_data`.

    With `prevent_destroy`, Terraform refuses every plan that would destroy or replace what is marked, for as long as
    the resource is in the code.
    """

    def __init__(self, scope: Construct, id: str, *, prevent_destroy: bool) -> None:
        super().__init__(scope, id)
        self._prevent_destroy = prevent_destroy
        self._backup_sources: list[BackupSource] = []

    @property
    def backup_sources(self) -> tuple[BackupSource, ...]:
        """What AWS Backup can copy of all that was marked until now: databases first, then buckets."""
        return tuple(sorted(self._backup_sources, key=lambda source: source.kind, reverse=True))

    def hold(self, resource: TerraformResource, backup: BackupSource | None) -> None:
        """Protect what `holds_data` marked, and remember what can be copied."""
        if self._prevent_destroy:
            prevent_destroy(resource)
        if backup:
            self._backup_sources.append(backup)


def holds_data(resource: Resource, *, backup: BackupSource | None = None) -> Resource:
    """Mark a resource whose loss is a loss of data, and return it: called where the resource is made.

    Its stack protects it, and copies it if `backup` says how. In a stack that isn't a `DataStack`, nothing happens.
    Every resource of a type in `adelie.values.stateful.STATEFUL` must be marked (tests/contracts/test_data.py).
    """
    stack = TerraformStack.of(resource)
    if isinstance(stack, DataStack):
        stack.hold(resource, backup)
    return resource
