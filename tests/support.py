"""Synthesizing in tests, and asking the synthesized JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adelie.seam.terraform import App, TerraformStack, Testing
from adelie.values.naming import AwsNames

_REFERENCE = re.compile(r"(?<![\w.])((?:data\.|ephemeral\.)?aws_\w+)\.([\w-]+)")
NAMES = AwsNames(project="adelie", environment="test", account_id="111111111111", region="ap-northeast-2")


@dataclass(frozen=True)
class Synthesized:
    """A stack's Terraform JSON, with the questions that tests ask of it."""

    document: Mapping[str, Any]
    folder: Path | None = None
    """Where it is written, with its assets; None if it is in memory only."""

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """All resources of a type, by the last part of their address."""
        return dict(self.document.get("resource", {}).get(resource_type, {}))

    def only(self, resource_type: str, containing: str = "") -> dict[str, Any]:
        """The one resource of a type whose address contains the text; an AssertionError if it is not exactly one."""
        found = {name: body for name, body in self.resources(resource_type).items() if containing in name}
        assert len(found) == 1, (
            f"{resource_type}*{containing}*: {sorted(found) or sorted(self.resources(resource_type))}"
        )
        return next(iter(found.values()))

    def every(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(type, name, body) of every resource."""
        for resource_type, by_name in self.document.get("resource", {}).items():
            for name, body in by_name.items():
                yield resource_type, name, body


def policy(text: str) -> list[dict[str, Any]]:
    """The statements of a policy document."""
    return json.loads(text)["Statement"]


def synthesize(build: Callable[[TerraformStack], object]) -> Synthesized:
    """Synthesize a stack with just what `build` puts into it."""
    stack = TerraformStack(
        App(context={"excludeStackIdFromLogicalIds": True, "allowSepCharsInLogicalIds": True}), "test"
    )
    build(stack)
    return Synthesized(json.loads(Testing.synth(stack)))


def references(value: object) -> set[str]:
    """The resources that a value refers to: `"${aws_subnet.a.id}"` gives `{"aws_subnet.a"}`."""
    return {f"{kind}.{name}" for kind, name in _REFERENCE.findall(json.dumps(value))}
