"""The storage family: S3 buckets and Secrets Manager secrets."""
