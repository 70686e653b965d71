"""What an environment says of its buckets and secrets. Pure: no cdktf import."""

from __future__ import annotations

import itertools
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from catalogue.model import Bucket, Secret
from catalogue.settings import EmulatorOnly, Settings, reject

_SHORTEST_RECOVERY_DAYS: Final = 7  # Secrets Manager API reference: DeleteSecret takes 7 to 30, or no recovery at all.


class ProtectedBucketSettings(Settings):
    """What every bucket's settings have in common."""

    force_destroy: bool
    """Delete the objects with the bucket; false refuses to delete a bucket that isn't empty."""
    noncurrent_expiry_days: Annotated[int, Field(ge=1)]
    """Days after which an overwritten or deleted object is gone for good."""
    abort_multipart_days: Annotated[int, Field(ge=1)] = 7
    """Days after which the parts of an unfinished upload are deleted (default 7)."""
    tls_only_policy: Annotated[bool, EmulatorOnly(False)] = True
    """Refuse plain HTTP and TLS before 1.2 (default true). False is for an emulator that applies a conditional Deny
    without looking at its condition."""


class LogBucketSettings(ProtectedBucketSettings):
    """The log bucket: how long it keeps logs."""

    expiry_days: Annotated[int, Field(ge=1)]
    """Days after which a log file is deleted."""


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


class ApplicationBucketSettings(BucketSettings, Bucket):
    """One bucket of the application, as the catalogue has it and as it is kept."""


class SecretSettings(Secret):
    """One secret in Secrets Manager, beside what the catalogue says of it."""

    recovery_window_days: Annotated[int, Field(ge=0, le=30)]
    """Days in which a deleted secret can be restored: 7 to 30, or 0 for none. Until then its name stays taken."""
    generation: Annotated[int, Field(ge=1)] = 1
    """Raise it by one to replace a generated value (default 1), then roll the services, which read it at start."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if 0 < self.recovery_window_days < _SHORTEST_RECOVERY_DAYS:
            reject("recovery_window_days", "must be 0, or 7 to 30", self.recovery_window_days, "use 7, or 0 for none")
        if self.kind == "supplied" and "generation" in self.model_fields_set:
            reject("generation", "is for generated secrets", self.generation, "remove it: set a new value instead")
        return self
