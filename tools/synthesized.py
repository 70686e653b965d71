"""The synthesized stacks, read back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.command import ROOT, Json, ToolError, shown

OUT: Final = ROOT / "cdktf.out"


@dataclass(frozen=True)
class Resource:
    """One resource of a synthesized stack."""

    type: str
    name: str
    body: Mapping[str, Json]

    @property
    def address(self) -> str:
        """Terraform's address: `<type>.<name>`."""
        return f"{self.type}.{self.name}"

    @property
    def path(self) -> tuple[str, ...]:
        """The construct ids from the stack down to it, without the stack's own; empty if cdktf noted none."""
        path: str = self.body.get("//", {}).get("metadata", {}).get("path", "")
        return tuple(path.split("/")[1:])


def stack_file(name: str, out: Path = OUT) -> Path:
    """Where the environment's Terraform JSON is."""
    return out / "stacks" / name / "cdk.tf.json"


def stack_names(out: Path = OUT) -> list[str]:
    """The environments that are synthesized."""
    return sorted(file.parent.name for file in out.glob("stacks/*/cdk.tf.json"))


def read_stack(name: str, out: Path = OUT) -> dict[str, Json]:
    """The environment's Terraform JSON. Raises ToolError if it is not synthesized."""
    file = stack_file(name, out)
    if name not in stack_names(out):
        known = ", ".join(stack_names(out)) or "none"
        raise ToolError(f"{shown(file)} does not exist (synthesized: {known}); run `make synth`, or correct the name.")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ToolError(f"{shown(file)}:{error.lineno}: the file is not JSON; run `make synth` again.") from None


def resources(stack: Mapping[str, Json]) -> Iterator[Resource]:
    """Every resource of a stack, in the order of the JSON."""
    by_type: Mapping[str, Mapping[str, Mapping[str, Json]]] = stack.get("resource", {})
    for resource_type, by_name in by_type.items():
        for name, body in by_name.items():
            yield Resource(resource_type, name, body)
