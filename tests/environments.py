"""Which environments there are, asked of environments/: what the contracts run over. No test keeps a list of names."""

from __future__ import annotations

from typing import Final

from stacks import loader
from stacks.bootstrap import accounts

_ALL: Final = loader.load_all()
PLATFORMS: Final = [environment.name for environment in _ALL]
"""Every environment's stack."""
REAL: Final = [environment.name for environment in _ALL if environment.emulator is None]
"""Those that are deployed into AWS."""
EMULATED: Final = [environment.name for environment in _ALL if environment.emulator is not None]
"""Those that are deployed into an emulator only."""
PROTECTED: Final = [environment.name for environment in _ALL if environment.prevent_destroy]
"""Those of whose data nothing may be lost."""
BACKED_UP: Final = [environment.name for environment in _ALL if environment.backup is not None]
"""Those whose data AWS Backup copies."""
BOOTSTRAPS: Final = [account.stack_name for account in accounts(_ALL)]
"""The stack of each account."""
