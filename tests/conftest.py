"""Fixtures that the whole suite shares: every environment's stack, synthesized once a session."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Generator, Mapping
from functools import cache
from pathlib import Path

import botocore.session
import hypothesis
import pytest
from botocore.loaders import create_loader

import main
from stacks import loader
from stacks.environment import Environment
from tests.local_server import Answer, LocalServer
from tests.support import Synthesized

# Each boto3 session reads the models of the services again, EC2's alone for a tenth of a second, and each `mock_aws`
# starts with a new session. They are files that don't change: all sessions of the suite share what was read.
botocore.session.create_loader = cache(create_loader)

# A busy machine isn't a failure: an example of 10 ms took 764 where four suites shared two cores.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left with a deployment while the other has nothing to do."""
    items.sort(key=lambda item: not ("emulated" in item.path.parts or item.get_closest_marker("slow")))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite in the background of a shell ignores it, and so would the shells that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def environments() -> Mapping[str, Environment]:
    """Every environment of environments/, by name."""
    return {environment.name: environment for environment in loader.load_all()}


@pytest.fixture
def local_server() -> Generator[Callable[..., LocalServer]]:
    """Starts web servers that answer as a test says; they stop with the test."""
    started: list[LocalServer] = []

    def start(*answers: Answer) -> LocalServer:
        started.append(LocalServer(list(answers)))
        return started[-1]

    yield start
    for server in started:
        server.stop()


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite in the background of a shell ignores it, and so would the shells that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def platforms(
    environments: Mapping[str, Environment], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Synthesized]:
    """Every synthesized stack, by name, as `python main.py` writes it: the platforms and the accounts' bootstraps."""
    outdir: Path = tmp_path_factory.mktemp("cdktf.out")
    main.build(list(environments.values()), str(outdir)).synth()
    return {
        file.parent.name: Synthesized(json.loads(file.read_text()), file.parent)
        for file in sorted(outdir.glob("stacks/*/cdk.tf.json"))
    }
