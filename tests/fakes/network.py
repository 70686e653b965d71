"""Settings and stacks for the tests of the network family."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from adelie.network.bastion import Bastion
from adelie.network.settings import BastionSettings, NetworkSettings
from adelie.network.vpc import Network
from adelie.seam.terraform import TerraformStack
from adelie.shared.encryption import CustomerKey, EncryptionSettings
from tests.support import NAMES, Synthesized, synthesize

FARGATE_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")


def synthesize_readable(build: Callable[[TerraformStack], object]) -> Synthesized:
    """As `synthesize`, with addresses that show the path of construct ids: without cdktf's hash behind it."""
    text = json.dumps(synthesize(build).document)
    return Synthesized(json.loads(re.sub(r"_[0-9A-F]{8}(?![0-9A-Za-z])", "", text)))


def network_settings(**overrides: Any) -> NetworkSettings:
    """A valid network of two zones, in the shape that the environment loader gives."""
    return NetworkSettings.model_validate(
        {
            "vpc_cidr": "10.20.0.0/16",
            "availability_zones": ("ap-northeast-2a", "ap-northeast-2c"),
            "nat": "single",
            "interface_endpoints": (),
            **overrides,
        }
    )


def build_network(stack: TerraformStack, **overrides: Any) -> Network:
    """A network under the id "network", with the key that its logs need."""
    key = CustomerKey(stack, "key", settings=EncryptionSettings(deletion_window_days=7), names=NAMES)
    return Network(stack, "network", settings=network_settings(**overrides), names=NAMES, key=key)


def build_bastion(stack: TerraformStack, **overrides: Any) -> Bastion:
    """A bastion under the id "bastion", in a network of its own."""
    settings = BastionSettings.model_validate({"instance_type": "t4g.nano", **overrides})
    return Bastion(stack, "bastion", settings=settings, names=NAMES, network=build_network(stack))
