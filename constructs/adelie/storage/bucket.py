"""Buckets for what the platform keeps."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from adelie import aws
from adelie.policy import Statement
from adelie.settings import EmulatorOnly, Settings, reject
from adelie.storage.protected import Contents, ProtectedBucket, ProtectedBucketSettings
from adelie.storage.sid import sid
from adelie.terraform import Construct

if TYPE_CHECKING:
    from adelie.encryption import CustomerKey
    from adelie.naming import AwsTarget
    from adelie.storage.log_bucket import LogBucket
    from adelie.workload import Workload


class TransitionSettings(Settings):
    """A move of older objects to cheaper storage."""

    after_days: Annotated[int, Field(ge=0)]
    """Days after an object's creation; the infrequent-access classes take 30 or more."""
    storage_class: Literal["INTELLIGENT_TIERING", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]
    """Where it moves; GLACIER and DEEP_ARCHIVE can't be read without a restore of hours."""

    @model_validator(mode="after")
    def _is_old_enough(self) -> Self:
        if self.storage_class in {"STANDARD_IA", "ONEZONE_IA"} and self.after_days < 30:  # noqa: PLR2004 -- S3 user guide
            reject("after_days", f"must be 30 or more for {self.storage_class}", self.after_days, "use 30")
        return self


class BucketSettings(ProtectedBucketSettings):
    """One bucket: what happens to its objects as they age."""

    transitions: tuple[TransitionSettings, ...] = ()
    """Moves to cheaper storage, soonest first (default none: objects stay in S3 Standard)."""
    access_logs: Annotated[bool, EmulatorOnly(False)] = True
    """Log every access to the log bucket (default true). False is for an emulator that can't read the log bucket's
    policy and refuses (InvalidTargetBucketForLogging)."""

    @model_validator(mode="after")
    def _moves_in_order(self) -> Self:
        days = [transition.after_days for transition in self.transitions]
        if any(later <= sooner for sooner, later in itertools.pairwise(days)):
            reject("transitions", "must have rising after_days", days, "put the soonest first, one a day")
        return self


class Bucket(ProtectedBucket):
    """A protected bucket whose accesses are logged to the log bucket, under `s3/<purpose>/`.

    Encrypted with the customer key (through a bucket key), or with S3's own key where `key` is None. What it holds is
    taken for data that exists nowhere else; `rebuildable` says that each release makes it again, so that it isn't
    copied by AWS Backup, and the role that deploys may write and read it.

    >>> objects = Bucket(
    ...     self, "objects", settings=settings, target=target, purpose="objects", key=key, logs=logs
    ... )  # doctest: +SKIP
    >>> objects.connect(backend_api)  # OBJECTS_BUCKET, and the right to read and write  # doctest: +SKIP
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: BucketSettings,
        target: AwsTarget,
        purpose: str,
        key: CustomerKey | None,
        logs: LogBucket,
        rebuildable: bool = False,
    ) -> None:
        super().__init__(
            scope,
            id,
            settings=settings,
            bucket_name=target.bucket_name(purpose),
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
        self._target = target
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
        via_s3 = f"s3.{self._target.region}.amazonaws.com"
        if write:
            return [self._key.encrypt_decrypt_statement(sid("EncryptAndDecrypt", self._purpose), via_service=via_s3)]
        return [self._key.decrypt_statement(sid("Decrypt", self._purpose), via_service=via_s3)]
