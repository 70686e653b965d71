"""The JSON Schemas of the settings files, from which editors complete and explain keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from catalogue.model import Catalogue
from stacks.environment import overlay_schema
from tools.command import ROOT, ToolError, shown

ENVIRONMENTS: Final = ROOT / "environments"


def schemas() -> Mapping[Path, dict[str, Any]]:
    """Each schema, by its file: that of the catalogue, and that of the environments on AWS."""
    return {
        ENVIRONMENTS / "catalogue.schema.json": Catalogue.model_json_schema(),
        ENVIRONMENTS / "aws" / "schema.json": overlay_schema(),
    }


def write(files: Mapping[Path, dict[str, Any]]) -> None:
    """Write the schemas that the types say."""
    for file, schema in files.items():
        file.write_text(_text(schema), encoding="utf-8")


def check(files: Mapping[Path, dict[str, Any]]) -> None:
    """Raise ToolError unless each file is what the types say."""
    for file, schema in files.items():
        if not file.exists() or file.read_text(encoding="utf-8") != _text(schema):
            raise ToolError(f"{shown(file)} is not what the types say; run `make accept` and commit it.")


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
