"""The storage family: S3 buckets and Secrets Manager secrets."""

from adelie.storage.bucket import Bucket, BucketSettings, TransitionSettings
from adelie.storage.log_bucket import LogBucket, LogBucketSettings
from adelie.storage.protected import Contents
from adelie.storage.secret import Secret, SecretSettings

__all__ = [
    "Bucket",
    "BucketSettings",
    "Contents",
    "LogBucket",
    "LogBucketSettings",
    "Secret",
    "SecretSettings",
    "TransitionSettings",
]
