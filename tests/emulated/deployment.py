"""An environment's stack, deployed: the real Terraform, the double of the AWS provider, an emulated AWS."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emulated_provider.provider import Provider, attached
from stacks.environment import Environment
from tests.emulated.inventory import inventory
from tests.support import Synthesized
from tools.emulated import emulators
from tools.emulated.emulators import Emulator, Kind
from tools.terraform.runner import Terraform, executable

EMULATORS: Final = (Kind.MINISTACK, Kind.MOTO)
SYNTHESIZED_ENDPOINT: Final = "http://localhost:4566"
IMAGE_TAG: Final = "4f2c1e9"
ASSETS: Final = "assets"
SETTINGS: Final = {"TF_VAR_image_tag": IMAGE_TAG, "TF_CLI_CONFIG_FILE": os.devnull}
"""What Terraform's environment has: the stack's input, and nothing of this machine's configuration."""


@dataclass(frozen=True)
class Deployment:
    """A stack that is deployed, and the emulated AWS that it stands in."""

    environment: Environment
    emulator: Emulator
    provider: Provider
    """Its `seen` says what the emulator's answers bore out."""
    terraform: Terraform
    stack: Synthesized
    """What Terraform was given."""
    before: Mapping[str, list[str]]
    """What the emulated AWS held before."""
    outputs: Mapping[str, Any]
    """The stack's outputs, by name."""
    state: Mapping[str, Any]
    """The values of every resource, by Terraform's address."""

    def client(self, service: str, region: str | None = None) -> Any:  # boto3's clients are made at run time
        """A boto3 client of a service, in the deployment's account and (unless told another) region."""
        return self.emulator.client(service, region or self.environment.region)

    def lacks(self, *resource_types: str) -> bool:
        """Whether the emulator lacks one of the types, so that it was left out."""
        return any(self.provider.lacks(resource_type) for resource_type in resource_types)

    def allow_destroying(self) -> None:
        """Take `prevent_destroy` out of what Terraform was given."""
        document = json.loads(json.dumps(self.stack.document))
        for by_name in document["resource"].values():
            for body in by_name.values():
                body.get("lifecycle", {}).pop("prevent_destroy", None)
        (self.terraform.folder / "cdk.tf.json").write_text(json.dumps(document), encoding="utf-8")

    def values(self, resource_type: str) -> dict[str, Any]:
        """The state's values of every resource of a type, by the last part of its address."""
        prefix = f"{resource_type}."
        return {address.removeprefix(prefix): v for address, v in self.state.items() if address.startswith(prefix)}


@contextmanager
def prepared(
    environment: Environment, kind: Kind, source: Synthesized, folder: Path
) -> Generator[tuple[Emulator, Provider, Terraform, Synthesized]]:
    """An emulator with what an account has before the first deploy, and Terraform ready to deploy to it."""
    emulator = emulators.start(kind, port=0, folder=folder, account_id=environment.account_id, detached=False)
    try:
        stack = Synthesized(_for_this_emulator(source.document, environment, emulator))
        (folder / "cdk.tf.json").write_text(json.dumps(stack.document), encoding="utf-8")
        if source.folder and (source.folder / ASSETS).exists():
            shutil.copytree(source.folder / ASSETS, folder / ASSETS)
        provider = Provider(kind, emulator.endpoint_url, folder=folder)
        with attached(provider) as reattach:
            yield emulator, provider, Terraform(executable(), folder, {**SETTINGS, **reattach}), stack
    finally:
        emulator.stop()


@contextmanager
def deployed(environment: Environment, kind: Kind, source: Synthesized, folder: Path) -> Generator[Deployment]:
    """The stack, applied to a fresh emulator."""
    with prepared(environment, kind, source, folder) as (emulator, provider, terraform, stack):
        before = inventory(emulator, environment.region)
        terraform.init()
        terraform.validate()
        terraform.apply()
        state = {resource["address"]: resource["values"] for resource in terraform.resources()}
        yield Deployment(environment, emulator, provider, terraform, stack, before, terraform.outputs(), state)


def _for_this_emulator(document: Mapping[str, Any], environment: Environment, emulator: Emulator) -> dict[str, Any]:
    """The stack with this emulator's port, a hosted zone that exists there, and its state beside it."""
    text = json.dumps(document).replace(SYNTHESIZED_ENDPOINT, emulator.endpoint_url)
    if environment.domain:
        zone = emulator.client("route53", environment.region).create_hosted_zone(
            Name=environment.domain.name, CallerReference=environment.name
        )
        text = text.replace(environment.domain.hosted_zone_id, zone["HostedZone"]["Id"].rpartition("/")[2])
    adapted = json.loads(text)
    adapted["terraform"].pop("backend")
    return adapted


def s3_backend_of(emulator: Emulator) -> dict[str, str]:
    """What Terraform's S3 backend needs beside the stack's settings, to find its bucket in the emulator."""
    return {
        "endpoint": emulator.endpoint_url,
        "access_key": emulator.account_id,
        "secret_key": "test",  # an emulator takes any
        "force_path_style": "true",
        "skip_credentials_validation": "true",
        "skip_metadata_api_check": "true",
        "sts_endpoint": emulator.endpoint_url,
        "skip_s3_checksum": "true",
    }
