"""An emulated AWS, asked with boto3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tools.emulated.emulators import Emulator


@dataclass(frozen=True)
class EmulatedAws:
    """An emulator's own account, and the region that is meant where none is named. Each client is made once."""

    emulator: Emulator
    region: str
    _made: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any], repr=False, compare=False)

    def client(self, service: str, region: str | None = None) -> Any:  # boto3's clients are made at run time
        """A boto3 client of a service."""
        key = service, region or self.region
        if key not in self._made:
            self._made[key] = self.emulator.client(*key)
        return self._made[key]
