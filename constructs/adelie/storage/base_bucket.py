"""What every bucket of the platform has in common."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.data import BackupSource, holds_data
from adelie.shared.encryption import CustomerKey
from adelie.storage.settings import ProtectedBucketSettings
from adelie.values.policy import Statement, policy_document

_LEAST_TLS_VERSION: Final = "1.2"


class Contents(StrEnum):
    """What a bucket holds, which decides who may read it and whether it is copied."""

    DATA = "data"
    """What exists nowhere else: AWS Backup copies it, and the role that deploys can't read it."""
    LOGS = "logs"
    """What AWS services write: not copied, and the role that deploys can't read it."""
    REBUILDABLE = "rebuildable"
    """What each release makes again: not copied, and the role that deploys may write it."""


class ProtectedBucket(Construct):
    """A bucket: versioned, encrypted, never public, its objects owned by the account, TLS only, with a lifecycle.

    The base of `Bucket` and `LogBucket`. S3 takes one policy per bucket: `_allow` adds to the one it has. `contents`
    is also in the synthesized JSON, as a comment (`//`), where the derivation of the pipeline's roles reads it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: ProtectedBucketSettings,
        bucket_name: str,
        key: CustomerKey | None,
        contents: Contents = Contents.DATA,
        expiry_days: int | None = None,
        transitions: Sequence[aws.S3BucketLifecycleConfigurationRuleTransition] = (),
    ) -> None:
        super().__init__(scope, id)
        self._statements: list[Statement] = []
        self._policy: aws.S3BucketPolicy | None = None
        self._bucket = aws.S3Bucket(self, "bucket", bucket=bucket_name, force_destroy=settings.force_destroy)
        self.arn = self._bucket.arn
        self._bucket.add_override("//.contents", contents.value)
        backup = BackupSource(kind="bucket", arn=self.arn, key=key) if contents is Contents.DATA else None
        holds_data(self._bucket, backup=backup)

        versioning = self._version()
        self._encrypt(key)
        self._own_objects()
        self._public_access_block = self._block_public_access()
        self._expire(settings, expiry_days, transitions, versioning)
        if settings.tls_only_policy:
            self._refuse_insecure_transport()

    def _version(self) -> aws.S3BucketVersioningA:
        return aws.S3BucketVersioningA(
            self,
            "versioning",
            bucket=self._bucket.id,
            versioning_configuration=aws.S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )

    def _encrypt(self, key: CustomerKey | None) -> None:
        default = aws.S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
            sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key.arn if key else None
        )
        aws.S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=self._bucket.id,
            rule=[
                aws.S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=default,
                    bucket_key_enabled=key is not None,  # one call to KMS for many objects, not one per object
                )
            ],
        )

    def _own_objects(self) -> None:
        aws.S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=self._bucket.id,
            rule=aws.S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )

    def _block_public_access(self) -> aws.S3BucketPublicAccessBlock:
        return aws.S3BucketPublicAccessBlock(
            self,
            "public-access",
            bucket=self._bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )

    def _expire(
        self,
        settings: ProtectedBucketSettings,
        expiry_days: int | None,
        transitions: Sequence[aws.S3BucketLifecycleConfigurationRuleTransition],
        versioning: aws.S3BucketVersioningA,
    ) -> None:
        expiration = (
            aws.S3BucketLifecycleConfigurationRuleExpiration(days=expiry_days)
            if expiry_days is not None
            else aws.S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)
        )
        aws.S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self._bucket.id,
            rule=[
                aws.S3BucketLifecycleConfigurationRule(
                    id="every-object",
                    status="Enabled",
                    filter=[aws.S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[expiration],
                    noncurrent_version_expiration=[
                        aws.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                            noncurrent_days=settings.noncurrent_expiry_days
                        )
                    ],
                    abort_incomplete_multipart_upload=[
                        aws.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                            days_after_initiation=settings.abort_multipart_days
                        )
                    ],
                    transition=list(transitions) or None,
                )
            ],
            depends_on=[versioning],  # rules for noncurrent versions need versions
        )

    def _refuse_insecure_transport(self) -> None:
        everything = [self.arn, f"{self.arn}/*"]
        self._allow(
            Statement(
                sid="RefusePlainHttp",
                effect="Deny",
                actions=["s3:*"],
                resources=everything,
                principals="*",
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            ),
            Statement(
                sid="RefuseOldTls",
                effect="Deny",
                actions=["s3:*"],
                resources=everything,
                principals="*",
                conditions={"NumericLessThan": {"s3:TlsVersion": _LEAST_TLS_VERSION}},
            ),
        )

    def _allow(self, *statements: Statement) -> aws.S3BucketPolicy:
        """Add statements to the bucket's policy, created with the first of them."""
        self._statements.extend(statements)
        document = policy_document(*self._statements)
        if self._policy is None:
            self._policy = aws.S3BucketPolicy(
                self,
                "policy",
                bucket=self._bucket.id,
                policy=document,
                # S3 refuses two changes of a bucket's access at once (OperationAborted).
                depends_on=[self._public_access_block],
            )
        else:
            self._policy.policy = document
        return self._policy
