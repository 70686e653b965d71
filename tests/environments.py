"""Which stacks there are, asked of environments/: what the contracts run over. No contract keeps a list of names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stacks import loader
from stacks.bootstrap import accounts
from stacks.environment import Environment


@dataclass(frozen=True)
class Stacks:
    """The names of the stacks that some environments have."""

    environments: Sequence[Environment]

    @property
    def platforms(self) -> list[str]:
        """Every environment's."""
        return [each.name for each in self.environments]

    @property
    def real(self) -> list[str]:
        """Those that are deployed into AWS."""
        return [each.name for each in self.environments if each.emulator is None]

    @property
    def emulated(self) -> list[str]:
        """Those that are deployed into an emulator only."""
        return [each.name for each in self.environments if each.emulator is not None]

    @property
    def backed_up(self) -> list[str]:
        """Those whose data AWS Backup copies."""
        return [each.name for each in self.environments if each.backup is not None]

    @property
    def bootstraps(self) -> list[str]:
        """Each account's."""
        return [account.stack_name for account in accounts(self.environments)]


_FOUND: Final = Stacks(loader.load_all())
PLATFORMS: Final = _FOUND.platforms
REAL: Final = _FOUND.real
EMULATED: Final = _FOUND.emulated
BACKED_UP: Final = _FOUND.backed_up
BOOTSTRAPS: Final = _FOUND.bootstraps
