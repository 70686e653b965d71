"""How long CloudWatch Logs keeps a log group. Pure: no cdktf import."""

from __future__ import annotations

from typing import Literal

LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""What CloudWatch Logs takes (API reference: PutRetentionPolicy); "for ever" is left out on purpose."""
