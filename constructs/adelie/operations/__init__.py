"""The operations family: who is told of what, what is seen at a glance, what it may cost, what can be brought back."""

from adelie.operations.alarm_settings import AlarmSettings
from adelie.operations.alarms import (
    CacheAlarms,
    CdnAlarms,
    CertificateAlarm,
    DatabaseAlarms,
    LoadBalancerAlarms,
    ServiceAlarms,
)
from adelie.operations.backup import BackupPlan, BackupSettings
from adelie.operations.budget import Budget, BudgetSettings
from adelie.operations.dashboard import Dashboard, Watched
from adelie.operations.discord import DiscordNotifier, NotifierSettings

__all__ = [
    "AlarmSettings",
    "BackupPlan",
    "BackupSettings",
    "Budget",
    "BudgetSettings",
    "CacheAlarms",
    "CdnAlarms",
    "CertificateAlarm",
    "Dashboard",
    "DatabaseAlarms",
    "DiscordNotifier",
    "LoadBalancerAlarms",
    "NotifierSettings",
    "ServiceAlarms",
    "Watched",
]
