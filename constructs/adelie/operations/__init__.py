"""The operations family: alarms and notifications, the dashboard, the budget and backups."""
