"""The settings of an environment's customer key. Pure: no cdktf import."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from catalogue.settings import Settings


class EncryptionSettings(Settings):
    """How the environment's customer key is kept."""

    deletion_window_days: Annotated[int, Field(ge=7, le=30)]
    """Days between a key's deletion and its end, in which it can be saved; KMS takes 7 to 30."""
    rotation_period_days: Annotated[int, Field(ge=90, le=2560)] = 365
    """Days between automatic rotations of the key's material (default 365, as KMS; it takes 90 to 2560)."""
