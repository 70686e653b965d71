"""The database family: RDS PostgreSQL and ElastiCache."""

from adelie.database.cache import Cache, CacheSettings
from adelie.database.rds import Database, DatabaseSettings

__all__ = ["Cache", "CacheSettings", "Database", "DatabaseSettings"]
