"""An environment's stack, deployed: the real Terraform, the double of the AWS provider, an emulated AWS."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from emulated_provider.provider import Provider, attached
from stacks.environment import Environment
from tests.emulated.cdktf_command import Cdktf
from tests.emulated.emulated_aws import EmulatedAws
from tests.emulated.inventory import inventory
from tests.emulated.kept_state import kept_state
from tests.support import Synthesized
from tools.emulated import emulators
from tools.emulated.emulators import Emulator
from tools.emulated.kinds import Kind
from tools.terraform.runner import Terraform, executable

EMULATORS: Final = (Kind.MINISTACK, Kind.MOTO)
SYNTHESIZED_ENDPOINT: Final = "http://localhost:4566"
IMAGE_TAG: Final = "4f2c1e9"
ASSETS: Final = "assets"
SETTINGS: Final = {"TF_VAR_image_tag": IMAGE_TAG, "TF_CLI_CONFIG_FILE": os.devnull}
"""What Terraform's environment has: the stack's input, and nothing of this machine's configuration."""


@dataclass(frozen=True)
class Deployment:
    """A stack that is deployed, and the emulated AWS that it is in."""

    environment: Environment
    aws: EmulatedAws
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
    cdktf: Cdktf | None = None
    """What deployed it and destroys it, if it isn't Terraform alone."""
    said: str = ""
    """What cdktf printed."""

    def client(self, service: str, region: str | None = None) -> Any:  # boto3's clients are made at run time
        """A boto3 client of a service, in the deployment's account and (unless another is given) region."""
        return self.aws.client(service, region)

    @property
    def emulator(self) -> Emulator:
        """What emulates it."""
        return self.aws.emulator

    def lacks(self, *resource_types: str) -> bool:
        """Whether the emulator lacks one of the types, so that it was left out."""
        return any(self.provider.lacks(resource_type) for resource_type in resource_types)

    def destroy(self) -> None:
        """Remove it, without reading each resource once more: a second plan has. Raises TerraformError."""
        if self.cdktf:
            self.cdktf.run("destroy", self.terraform.environment)
            return
        environment = {**self.terraform.environment, "TF_CLI_ARGS_destroy": "-refresh=false"}
        replace(self.terraform, environment=environment).destroy()

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
def emulated(kind: Kind, folder: Path, account_id: str | None = None) -> Generator[Emulator]:
    """A fresh emulator, killed when the block ends: to end by itself it would take down first what it holds."""
    emulator = emulators.start(kind, port=0, folder=folder, account_id=account_id, detached=False)
    try:
        yield emulator
    finally:
        if emulator.process is not None:
            emulator.process.kill()
        emulator.stop()


@contextmanager
def prepared(
    environment: Environment, kind: Kind, source: Synthesized, folder: Path
) -> Generator[tuple[Emulator, Provider, Terraform, Synthesized]]:
    """An emulator with what an account has before the first deploy, and Terraform ready to deploy to it."""
    with emulated(kind, folder, environment.account_id) as emulator, kept_state() as backend:
        stack = Synthesized(_for_this_emulator(source.document, environment, emulator, backend))
        (folder / "cdk.tf.json").write_text(json.dumps(stack.document), encoding="utf-8")
        if source.folder and (source.folder / ASSETS).exists():
            shutil.copytree(source.folder / ASSETS, folder / ASSETS)
        provider = Provider(kind, emulator.endpoint_url, folder=folder)
        with attached(provider) as reattach:
            yield emulator, provider, Terraform(executable(), folder, {**SETTINGS, **reattach}), stack


@contextmanager
def deployed(
    environment: Environment, kind: Kind, source: Synthesized, folder: Path, cdktf: Cdktf | None = None
) -> Generator[Deployment]:
    """The stack, applied to a fresh emulator: by Terraform, or by `cdktf deploy`."""
    if cdktf:
        cdktf.prepare(source)
    with prepared(environment, kind, source, cdktf.stack_folder if cdktf else folder) as (
        emulator,
        provider,
        terraform,
        stack,
    ):
        aws = EmulatedAws(emulator, environment.region)
        before, said = inventory(aws), ""
        if cdktf:
            said = cdktf.run("deploy", terraform.environment)
        else:
            terraform.init()
            terraform.validate()
            terraform.apply()
        state = {resource["address"]: resource["values"] for resource in terraform.resources()}
        outputs = terraform.outputs()
        yield Deployment(environment, aws, provider, terraform, stack, before, outputs, state, cdktf, said)


def _for_this_emulator(
    document: Mapping[str, Any], environment: Environment, emulator: Emulator, backend: Mapping[str, Any]
) -> dict[str, Any]:
    """The stack with this emulator's port, a hosted zone that exists there, and its state in the backend."""
    text = json.dumps(document).replace(SYNTHESIZED_ENDPOINT, emulator.endpoint_url)
    if environment.domain:
        zone = emulator.client("route53", environment.region).create_hosted_zone(
            Name=environment.domain.name, CallerReference=environment.name
        )
        text = text.replace(environment.domain.hosted_zone_id, zone["HostedZone"]["Id"].rpartition("/")[2])
    adapted = json.loads(text)
    return {**adapted, "terraform": {**adapted["terraform"], "backend": backend}}


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
