"""Buckets for what the platform keeps."""

from __future__ import annotations

from adelie.seam import aws
from adelie.seam.terraform import Construct
from adelie.shared.collaborators import Workload
from adelie.shared.encryption import CustomerKey
from adelie.storage.base_bucket import Contents, ProtectedBucket
from adelie.storage.log_bucket import LogBucket
from adelie.storage.settings import BucketSettings
from adelie.values.naming import AwsNames
from adelie.values.policy import Statement
from adelie.values.sid import sid


class Bucket(ProtectedBucket):
    """A protected bucket whose accesses are logged to the log bucket, under `s3/<purpose>/`.

    Encrypted with the customer key (through a bucket key), or with S3's own key where `key` is None. What it holds
    counts as data that exists nowhere else; `rebuildable` says that each release creates it again, so that AWS Backup
    doesn't copy it, and the role that deploys may write and read it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: BucketSettings,
        names: AwsNames,
        purpose: str,
        key: CustomerKey | None,
        logs: LogBucket,
        rebuildable: bool = False,
    ) -> None:
        super().__init__(
            scope,
            id,
            settings=settings,
            bucket_name=names.bucket_name(purpose),
            key=key,
            contents=Contents.REBUILDABLE if rebuildable else Contents.DATA,
            transitions=[
                aws.S3BucketLifecycleConfigurationRuleTransition(
                    days=transition.after_days, storage_class=transition.storage_class
                )
                for transition in settings.transitions
            ],
        )
        self._purpose = purpose
        self._names = names
        self._key = key
        self.name = self._bucket.bucket
        self.regional_domain_name = self._bucket.bucket_regional_domain_name
        if settings.access_logs:
            self._log_to(logs)

    def grant_read(self, workload: Workload) -> None:
        """Let the code of `workload` list the bucket and read its objects."""
        workload.grant_task(f"{self._purpose}-read", *self._read_statements(), *self._key_statements(write=False))

    def grant_read_write(self, workload: Workload) -> None:
        """Let the code of `workload` list the bucket and read, write and delete its objects (versions stay)."""
        write = Statement(
            sid=sid("Write", self._purpose),
            actions=["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            resources=[f"{self.arn}/*"],
        )
        workload.grant_task(
            f"{self._purpose}-read-write", *self._read_statements(), write, *self._key_statements(write=True)
        )

    def connect(self, workload: Workload) -> None:
        """Let `workload` read and write, and give it the bucket's name in `<PURPOSE>_BUCKET`."""
        self.grant_read_write(workload)
        workload.add_environment({f"{self._purpose.upper().replace('-', '_')}_BUCKET": self.name})

    def allow_cloudfront(self, distribution_arn: str) -> None:
        """Let one CloudFront distribution read objects (origin access control).

        Objects, not the listing: what doesn't exist is a 403 and not a 404, and nobody can list the bucket at "/".
        Raises ValueError for a bucket with a customer key, whose key policy would have to know the distribution too.
        """
        if self._key is not None:
            raise ValueError(
                f"the bucket {self._purpose!r} has a customer key, which CloudFront may not use; "
                "give it key=None to serve it through CloudFront"
            )
        self._allow(
            Statement(
                sid="CloudFrontReads",
                actions=["s3:GetObject"],
                resources=[f"{self.arn}/*"],
                principals={"Service": ["cloudfront.amazonaws.com"]},
                conditions={"StringEquals": {"aws:SourceArn": distribution_arn}},
            )
        )

    def _log_to(self, logs: LogBucket) -> None:
        aws.S3BucketLoggingA(
            self,
            "access-logs",
            bucket=self._bucket.id,
            target_bucket=logs.name,
            target_prefix=logs.access_log_prefix(self._purpose),
        )

    def _read_statements(self) -> list[Statement]:
        return [
            Statement(sid=sid("List", self._purpose), actions=["s3:ListBucket"], resources=[self.arn]),
            Statement(sid=sid("Read", self._purpose), actions=["s3:GetObject"], resources=[f"{self.arn}/*"]),
        ]

    def _key_statements(self, *, write: bool) -> list[Statement]:
        if self._key is None:
            return []
        via_s3 = f"s3.{self._names.region}.amazonaws.com"
        if write:
            return [self._key.encrypt_decrypt_statement(sid("EncryptAndDecrypt", self._purpose), via_service=via_s3)]
        return [self._key.decrypt_statement(sid("Decrypt", self._purpose), via_service=via_s3)]
