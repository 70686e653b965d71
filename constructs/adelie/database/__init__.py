"""The database family: RDS PostgreSQL and ElastiCache."""

from adelie.database.application_role import ApplicationRole, ApplicationRoleSettings, known_regions
from adelie.database.cache import Cache, CacheSettings
from adelie.database.rds import Database, DatabaseSettings

__all__ = [
    "ApplicationRole",
    "ApplicationRoleSettings",
    "Cache",
    "CacheSettings",
    "Database",
    "DatabaseSettings",
    "known_regions",
]
