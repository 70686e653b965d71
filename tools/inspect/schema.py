"""environments/schema.json, from which editors complete and explain keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from stacks.environment import overlay_schema
from tools.command import ROOT, ToolError, run, shown

SCHEMA: Final = ROOT / "environments" / "schema.json"


def write(file: Path) -> None:
    """Write the schema that the types say."""
    file.write_text(_text(), encoding="utf-8")


def check(file: Path) -> None:
    """Raise ToolError unless `file` is what the types say."""
    if not file.exists() or file.read_text(encoding="utf-8") != _text():
        raise ToolError(f"{shown(file)} is not what the types say; run `make schema` and commit it.")


def _text() -> str:
    return json.dumps(overlay_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(
    only_check: Annotated[bool, typer.Option("--check", help="Compare with the file instead of writing it.")] = False,
) -> None:
    """Write environments/schema.json from the types, or check it."""
    if only_check:
        check(SCHEMA)
    else:
        write(SCHEMA)


if __name__ == "__main__":
    run(main)
