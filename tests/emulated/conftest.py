"""The deployments that the emulated tests share: each environment on each emulator, applied once a session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from stacks.environment import Environment
from tests.emulated.cdktf_command import Cdktf
from tests.emulated.deployment import EMULATORS, IMAGE_TAG, Deployment, deployed
from tests.environments import EMULATED, PLATFORMS
from tests.support import Synthesized
from tools.emulated.capabilities import SEEN
from tools.emulated.kinds import Kind

HERE = Path(__file__).parent
DEPLOYED = [name for name in PLATFORMS if any(SEEN.glob(f"{name}-*.json"))]
"""The environments that are applied to emulators: those with a record in seen/.

Each takes a minute, and a new one repeats what the others show, so it is left out until somebody adds a record (`{}` in
`seen/<name>-moto.json`, then `make capabilities`). Contracts, snapshots and addresses have every environment.
"""
BY_CDKTF = EMULATED[0], Kind.MINISTACK
"""The deployment that `cdktf deploy` makes and `cdktf destroy` removes; the others are Terraform's."""
EVERY = [
    pytest.param((name, kind), id=f"{name}-{kind}", marks=pytest.mark.xdist_group(f"{name}-{kind}"))
    for name in DEPLOYED
    for kind in EMULATORS
]


@pytest.fixture(scope="session", params=EVERY)
def deployment(
    request: pytest.FixtureRequest,
    environments: Mapping[str, Environment],
    platforms: Mapping[str, Synthesized],
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Deployment]:
    """Each environment's stack, deployed to each emulator."""
    parameters: tuple[str, Kind] = request.param
    name, kind = parameters
    folder = tmp_path_factory.mktemp(f"{name}-{kind}")
    cdktf = Cdktf(folder, name, IMAGE_TAG) if parameters == BY_CDKTF else None
    with deployed(environments[name], kind, platforms[name], folder, cdktf) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Change a deployment only when every other test has looked at it, and destroy it last of all.

    A machine without Terraform skips what needs it; CI doesn't.
    """
    if shutil.which("terraform") is None and "CI" not in os.environ:
        without = pytest.mark.skip(
            reason="Terraform 1.11 or newer is not installed: nothing was deployed to an emulator"
        )
        for item in items:
            if item.path.is_relative_to(HERE):
                item.add_marker(without)
    items.sort(key=lambda item: [item.get_closest_marker(name) is not None for name in ("destroys", "last")])
