"""Constructs that every family uses: the key, security groups, roles, the alarm topic, what holds data."""
