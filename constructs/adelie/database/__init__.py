"""The database family: RDS PostgreSQL and ElastiCache."""
