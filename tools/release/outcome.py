"""How a release, or a search for drift, ended."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    ROLLED_BACK = "rolled-back"
    DRIFT = "drift"
