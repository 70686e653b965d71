"""The table, read: which AWS calls make, show and remove each resource type (table/*.yaml, explained in entry.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from emulated_provider.entry import Call, Entry, Lookup, Part
from emulated_provider.hooks import BEFORE_DELETE, DERIVE
from emulated_provider.values import Json

FOLDER: Final = Path(__file__).with_name("table")


def _call(operation: str, parameters: Mapping[str, Json] | None = None, when: str = "") -> Call:
    return Call(operation, parameters or {}, optional=when == "if_set", may_be_gone=when == "if_there")


def _part(operation: str, parameters: Mapping[str, Json], path: str) -> Part:
    return Call(operation, parameters), path


def _read(file: str) -> dict[str, dict[str, Any]]:
    """The entries of a file, with their calls and functions in place. An unknown key is an error."""
    entries: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))
    for entry in entries.values():
        entry["read"] = _part(*entry["read"])
        entry["more"] = tuple(_part(*each) for each in entry.get("more", ()))
        if "create" in entry:
            entry["create"] = _call(*entry["create"])
            entry["then"] = tuple(_call(*each) for each in entry.get("then", ()))
            entry["delete"] = tuple(_call(*each) for each in entry.get("delete", ()))
        if "derive" in entry:
            entry["derive"] = DERIVE[entry["derive"]]
        if "before_delete" in entry:
            entry["before_delete"] = BEFORE_DELETE[entry["before_delete"]]
        if "normalized" in entry:
            entry["normalized"] = tuple(entry["normalized"])
    return entries


ENTRIES: Final[Mapping[str, Entry]] = {
    kind: Entry(**entry)
    for file in ("network.yaml", "data.yaml", "workloads.yaml", "edge.yaml", "identity.yaml", "operations.yaml")
    for kind, entry in _read(file).items()
}

LOOKUPS: Final[Mapping[str, Lookup]] = {kind: Lookup(**entry) for kind, entry in _read("lookups.yaml").items()}

TAGS: Final[Mapping[str, Part]] = {
    service: _part(*part)
    for service, part in yaml.safe_load((FOLDER / "tags.yaml").read_text(encoding="utf-8")).items()
}

BOTO3_NAMES: Final = {"appautoscaling": "application-autoscaling", "sfn": "stepfunctions"}
"""boto3's names of services where the AWS provider's `endpoints` block has others."""
