"""The bucket that holds Terraform's state."""

from __future__ import annotations

from typing import Final

from adelie.seam.terraform import Construct, prevent_destroy
from adelie.storage.base_bucket import ProtectedBucket
from adelie.storage.settings import ProtectedBucketSettings
from adelie.values.policy import Statement

NONCURRENT_DAYS: Final = 365
"""Days that an overwritten state is kept: a year in which a damaged one can be brought back."""


class StateBucket(ProtectedBucket):
    """The bucket of Terraform's states: versioned, encrypted, TLS only, and neither it nor a version can be deleted.

    Terraform refuses to destroy it (`prevent_destroy`), and its policy refuses everybody; to delete it, remove both
    first. Encrypted with S3's own key: a state has no secret in it, and can then be read when a customer key can't.
    """

    def __init__(self, scope: Construct, id: str, *, name: str) -> None:
        super().__init__(
            scope,
            id,
            settings=ProtectedBucketSettings(force_destroy=False, noncurrent_expiry_days=NONCURRENT_DAYS),
            bucket_name=name,
            key=None,
        )
        self._allow(
            Statement(
                sid="RefuseDeletion",
                effect="Deny",
                actions=["s3:DeleteBucket", "s3:DeleteObjectVersion"],
                resources=[self.arn, f"{self.arn}/*"],
                principals="*",
            )
        )
        self.name = name
        prevent_destroy(self._bucket)

    def read_statements(self, key: str) -> list[Statement]:
        """What reads the state under `key` (Terraform's S3 backend, "S3 Bucket Permissions")."""
        return [
            Statement(sid="FindState", actions=["s3:ListBucket"], resources=[self.arn]),
            Statement(sid="ReadState", actions=["s3:GetObject"], resources=[f"{self.arn}/{key}"]),
        ]

    def write_statements(self, key: str) -> list[Statement]:
        """What writes the state under `key`, and the lock file beside it."""
        state, lock = f"{self.arn}/{key}", f"{self.arn}/{key}.tflock"
        return [
            Statement(sid="WriteState", actions=["s3:PutObject"], resources=[state]),
            Statement(sid="LockState", actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources=[lock]),
        ]
