"""An emulated AWS as the double calls it: past everything that this machine's environment and ~/.aws say."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config

from emulated_provider.gaps import Gap

_NOT_FROM_HERE: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""botocore's settings of which files and which profile it reads: none of this machine's."""
_CONFIG: Final = Config(
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    proxies={},
    use_fips_endpoint=False,
    use_dualstack_endpoint=False,
)
"""One try, straight to the endpoint: what the environment says of proxies and endpoints doesn't count."""


class Clients:
    """boto3's clients, each made once: those of a stack take a second, which each Terraform command would spend."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, service: str, region: str, endpoint: str, key: str) -> Any:  # noqa: ANN401 -- as `Aws.client`
        """The client of a service at an endpoint, with a dummy key."""
        wanted = service, region, endpoint, key
        with self._lock:
            if wanted not in self._made:
                self._made[wanted] = _session().client(
                    service,
                    region_name=region,
                    endpoint_url=endpoint,
                    aws_access_key_id=key,
                    aws_secret_access_key=key,
                    config=_CONFIG,
                )
            return self._made[wanted]


@dataclass(frozen=True)
class Aws:
    """An emulated AWS: its name, where each service answers, and which arguments the answers bore out."""

    name: str
    region: str
    endpoint_of: Callable[[str], str]
    access_key: str
    gaps: Mapping[str, Gap]
    seen: dict[str, dict[str, str]]
    clients: Clients = field(default_factory=Clients)

    def client(self, service: str, region: str) -> Any:  # noqa: ANN401 -- boto3's clients are made at run time
        """The boto3 client of a service."""
        return self.clients.get(service, region, self.endpoint_of(service), self.access_key)

    def account(self) -> str:
        """The account that the emulator says it is."""
        return self.client("sts", self.region).get_caller_identity()["Account"]


@cache
def _session() -> Any:  # noqa: ANN401 -- as `client`
    """boto3 without what this machine's ~/.aws says. One for all, since it reads each service's model once."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=_NOT_FROM_HERE))
